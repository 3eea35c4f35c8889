//! Servers that die and come back, and those who live with it: writers who ask until they are answered, and followers who
//! hang up at random and go on from their last cursor on whichever server is there.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{World, event_stream::EventStream, process::Process, writes::Chance};

const NOW: &str =
    "query($since: Cursor) { changes(types: [PROJECT], since: $since, first: 1000) { watermark hasMore } }";
/// Why a writer asks again.
const RETRIED: [&str; 4] = ["IDEMPOTENCY_IN_PROGRESS", "VERSION_CONFLICT", "UNAVAILABLE", "TIMEOUT"];
/// How long she does.
const LONGEST: Duration = Duration::from_mins(3);
/// Events that a follower takes at most before she hangs up.
const PATIENCE: usize = 60;

/// Server processes on one database.
pub struct Fleet {
    running: Vec<Process>,
    places: watch::Sender<Vec<Option<SocketAddr>>>,
}

/// The servers that are running; a place is empty while its server is dead.
#[derive(Clone)]
pub struct Servers(watch::Receiver<Vec<Option<SocketAddr>>>);

impl Fleet {
    /// Starts so many.
    pub async fn serve(world: &World, count: usize) -> Self {
        let mut running = vec![];
        for _ in 0..count {
            running.push(Process::serve(world).await);
        }
        let places = watch::Sender::new(running.iter().map(|server| Some(server.address())).collect());
        Self { running, places }
    }

    /// Where they are, now and later.
    pub fn servers(&self) -> Servers {
        Servers(self.places.subscribe())
    }

    /// The first of them.
    pub fn first(&self) -> SocketAddr {
        self.running[0].address()
    }

    /// Kills one of them so many times, evenly over what there is to do, and starts another in its place.
    pub async fn suffer(&mut self, world: &World, kills: usize, (done, total): (&watch::Sender<usize>, usize)) {
        let mut chance = Chance::new(99);
        let mut progress = done.subscribe();
        for kill in 1..=kills {
            progress.wait_for(|done| *done >= total * kill / (kills + 1)).await.expect("writers");
            let at = chance.below(self.running.len());
            self.places.send_modify(|all| all[at] = None);
            self.running[at].kill();
            self.running[at] = Process::serve(world).await;
            self.places.send_modify(|all| all[at] = Some(self.running[at].address()));
        }
    }
}

impl Servers {
    /// One of those that are there, when there is one.
    pub async fn any(&mut self, chance: &mut Chance) -> SocketAddr {
        let all = self.0.wait_for(|all| all.iter().any(Option::is_some)).await.expect("servers");
        let there: Vec<SocketAddr> = all.iter().copied().flatten().collect();
        *chance.one_of(&there)
    }

    /// Asks for a mutation until it is done. It carries a key, so that it is done once however often it is asked for: its
    /// server may die before it answers, or the same be under way elsewhere. Not for ever: what is refused that long is lost.
    pub async fn done(&mut self, chance: &mut Chance, token: &str, mutation: &str, body: &Value) {
        let (mut last, began) = (Value::Null, Instant::now());
        while began.elapsed() < LONGEST {
            let server = self.any(chance).await;
            if let Some(answer) = post(server, token, body).await {
                let payload = &answer["data"][mutation];
                if payload["userErrors"] == json!([]) {
                    return;
                }
                let errors = answer["errors"].as_array().into_iter().flatten().map(|e| &e["extensions"]["code"]);
                let faults = payload["userErrors"].as_array().into_iter().flatten().map(|e| &e["code"]);
                let mut codes = errors.chain(faults).filter_map(Value::as_str);
                assert!(codes.all(|code| RETRIED.contains(&code)), "{answer:#}");
                last = answer;
            }
            tokio::task::yield_now().await;
        }
        panic!("{mutation} was not done in {LONGEST:?}: {last:#}");
    }
}

/// The answer of a server; none where it is gone before it has answered.
pub async fn post(server: SocketAddr, token: &str, body: &Value) -> Option<Value> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(server).await.ok()?;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
}

/// Where the stream stands now.
pub async fn now(server: SocketAddr, token: &str) -> String {
    let mut since = Value::Null;
    loop {
        let body = json!({ "query": NOW, "variables": { "since": since } });
        let page = post(server, token, &body).await.expect("answered")["data"]["changes"].take();
        since = page["watermark"].clone();
        if page["hasMore"] == json!(false) {
            return since.as_str().expect("a watermark").to_owned();
        }
    }
}

/// What carries events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// graphql-transport-ws.
    Socket,
    /// Server-Sent Events.
    Events,
}

/// Somebody who follows, and hangs up now and then.
pub struct Follower {
    /// Who she is.
    pub token: String,
    /// The subscription, with a variable `after`.
    pub document: &'static str,
    /// Its other variables.
    pub variables: Value,
    /// The cursor after which she begins.
    pub after: String,
    /// How she listens.
    pub carrier: Carrier,
    /// When she hangs up, and where she comes back.
    pub chance: Chance,
    /// Whom she asks.
    pub servers: Servers,
}

/// What she saw.
pub struct Followed {
    /// The subscription's field of each event.
    pub events: Vec<Value>,
    /// How often she came.
    pub connections: usize,
}

/// A connection of hers.
enum Line {
    Socket(Box<WebSocketStream<TcpStream>>),
    Events(EventStream),
}

impl Follower {
    /// Follows until an event is the last.
    pub async fn follow(mut self, is_last: impl Fn(&Value) -> bool) -> Followed {
        let mut seen = Followed { events: vec![], connections: 0 };
        loop {
            let patience = 1 + self.chance.below(PATIENCE);
            let server = self.servers.any(&mut self.chance).await;
            let Some(mut line) = self.open(server).await else {
                tokio::task::yield_now().await;
                continue;
            };
            seen.connections += 1;
            for _ in 0..patience {
                let Some(event) = line.next().await else { break };
                event["cursor"].as_str().unwrap_or_else(|| panic!("no event: {event:#}")).clone_into(&mut self.after);
                seen.events.push(event);
                if seen.events.last().is_some_and(&is_last) {
                    return seen;
                }
            }
        }
    }

    async fn open(&self, server: SocketAddr) -> Option<Line> {
        match self.carrier {
            Carrier::Socket => self.open_socket(server).await,
            Carrier::Events => {
                let body = json!({ "query": self.document, "variables": self.variables });
                let events = EventStream::open(server, &self.token, &body, Some(&self.after)).await?;
                let status = events.head.split(' ').nth(1).unwrap_or_default();
                // Her last connection may be open still.
                assert!(["200", "429", "503"].contains(&status), "{}", events.head);
                (status == "200").then_some(Line::Events(events))
            }
        }
    }

    async fn open_socket(&self, server: SocketAddr) -> Option<Line> {
        let stream = TcpStream::connect(server).await.ok()?;
        let mut request = format!("ws://{server}/graphql/ws").into_client_request().ok()?;
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().ok()?);
        let (mut socket, _) = client_async(request, stream).await.ok()?;
        let init =
            json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", self.token) } });
        let mut variables = self.variables.clone();
        variables["after"] = json!(self.after);
        let payload = json!({ "query": self.document, "variables": variables });
        for message in [init, json!({ "id": "1", "type": "subscribe", "payload": payload })] {
            socket.send(Message::text(message.to_string())).await.ok()?;
        }
        Some(Line::Socket(Box::new(socket)))
    }
}

impl Line {
    /// The next event; none where the line is cut.
    async fn next(&mut self) -> Option<Value> {
        let mut body = match self {
            Self::Events(events) => events.next().await.filter(|event| event.kind == "next")?.data,
            Self::Socket(socket) => loop {
                match socket.next().await?.ok()? {
                    Message::Text(text) => {
                        let mut message: Value = serde_json::from_str(&text).expect("JSON");
                        assert_ne!(message["type"], json!("error"), "{message}");
                        match message["type"].as_str() {
                            Some("next") => break message["payload"].take(),
                            // Whoever says nothing for long is taken for gone.
                            Some("ping") => {
                                socket.send(Message::text(json!({ "type": "pong" }).to_string())).await.ok()?;
                            }
                            _ => {}
                        }
                    }
                    Message::Close(Some(frame)) => {
                        // Too many sockets: her last one may be open still.
                        assert!([1001, 4429].contains(&u16::from(frame.code)), "{frame:?}");
                    }
                    _ => {}
                }
            },
        };
        assert!(body["data"].is_object(), "no data: {body:#}");
        body["data"].as_object_mut()?.values_mut().next().map(Value::take)
    }
}
