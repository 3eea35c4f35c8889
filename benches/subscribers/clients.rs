//! Followers, each with a socket of its own, that say when they were told something.

use std::{
    net::SocketAddr,
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

/// How long an event may take at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many open their sockets at the same time.
const AT_ONCE: usize = 32;

/// Followers of one figure.
pub struct Crowd {
    runtime: Runtime,
    server: SocketAddr,
    project: Value,
    count: usize,
    sender: Sender<Instant>,
    arrivals: Receiver<Instant>,
}

type Socket = WebSocketStream<TcpStream>;

impl Crowd {
    /// Nobody yet.
    pub fn new(server: SocketAddr, project: &Value) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let (sender, arrivals) = channel();
        Self { runtime: runtime.expect("a runtime"), server, project: project.clone(), count: 0, sender, arrivals }
    }

    /// More of them, each with her token and the number of the words in which she asks; ready when all have begun.
    pub fn join(&mut self, who: impl Iterator<Item = (String, usize)>) {
        let mut who = who.peekable();
        while who.peek().is_some() {
            let some = who.by_ref().take(AT_ONCE).map(|(token, words)| begin(self.server, token, self.asked(words)));
            let sockets = self.runtime.block_on(join_all(some));
            for socket in sockets {
                self.count += 1;
                self.runtime.spawn(listen(socket, self.sender.clone()));
            }
        }
    }

    fn asked(&self, words: usize) -> Value {
        let document = format!(
            "subscription($filter: KpiFilter) {{ kpiChanged(filter: $filter, initial: true) {{ ... on KpiChangeEvent {{ cursor at previous \
             previousStatus kpi {{ value{words}: value status unit periodEnd kpi {{ key }} scope {{ ... on PortfolioItem {{ key }} }} }} }} }} }}"
        );
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [self.project], "includeDescendants": false });
        json!({ "query": document, "variables": { "filter": filter } })
    }

    /// Waits until everybody was told once more; the instant at which the last was.
    pub fn told(&self) -> Instant {
        let next = |_| self.arrivals.recv_timeout(PATIENCE).expect("everybody is told");
        (0..self.count).map(next).max().expect("somebody")
    }
}

/// Opens a socket and follows.
async fn begin(server: SocketAddr, token: String, payload: Value) -> Socket {
    let stream = TcpStream::connect(server).await.expect("connected");
    let mut request = format!("ws://{server}/graphql/ws").into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a name"));
    let small = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(request, stream, Some(small)).await.expect("opened");
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
    for message in [init, subscribe] {
        socket.send(Message::text(message.to_string())).await.expect("sent");
    }
    // Whoever was told the value of now misses nothing that comes after it.
    for due in ["connection_ack", "next"] {
        let message = socket.next().await.expect("a message").expect("whole");
        assert!(message.to_text().is_ok_and(|text| text.contains(due)), "{message:?}");
    }
    socket
}

/// Says when something came.
async fn listen(mut socket: Socket, arrivals: Sender<Instant>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if text.contains("\"type\":\"ping\"") {
            let pong = Message::text(json!({ "type": "pong" }).to_string());
            if socket.send(pong).await.is_err() {
                return;
            }
        } else {
            assert!(text.contains("\"type\":\"next\""), "{text}");
            if arrivals.send(Instant::now()).is_err() {
                return;
            }
        }
    }
}
