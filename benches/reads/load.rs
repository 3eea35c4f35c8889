//! Clients: each a thread with one kept connection that sends its next request when the last was answered.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Barrier,
    time::{Duration, Instant},
};

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        Self { stream, read: vec![0; 1 << 20] }
    }

    /// Sends a request; the answer's body.
    fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).expect("sent");
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.read[filled..]).expect("an answer");
            assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(&self.read[..filled]));
            filled += read;
            let Some(end) = self.read[..filled].windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.read[..end]).to_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{}", String::from_utf8_lossy(&self.read[..filled]));
            let length = head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let (from, to) = (end + 4, end + 4 + length.expect("a length"));
            if to > self.read.len() {
                self.read.resize(to, 0);
            }
            self.stream.read_exact(&mut self.read[filled..to]).expect("the rest");
            return &self.read[from..to];
        }
    }
}

/// A POST of a GraphQL body.
pub fn request(token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One answer as JSON.
pub fn once(address: SocketAddr, request: &[u8]) -> serde_json::Value {
    serde_json::from_slice(Client::open(address).send(request)).expect("JSON")
}

/// What a run of the clients gave.
pub struct Done {
    /// Answers.
    pub count: u64,
    /// How long it took.
    pub took: Duration,
}

/// Runs some clients for a time. `begun` is called when all are connected.
pub fn run(address: SocketAddr, requests: &[Vec<u8>], clients: usize, time: Duration, begun: impl FnOnce()) -> Done {
    let start = Barrier::new(clients + 1);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..clients)
            .map(|n| {
                let start = &start;
                scope.spawn(move || {
                    let mut client = Client::open(address);
                    // One answer before the clock runs: connections to the database open, statements are prepared.
                    client.send(&requests[n % requests.len()]);
                    start.wait();
                    start.wait();
                    let end = Instant::now() + time;
                    let mut count = 0;
                    while Instant::now() < end {
                        client.send(&requests[(n * 7 + usize::try_from(count).unwrap_or(0)) % requests.len()]);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        start.wait();
        begun();
        let from = Instant::now();
        start.wait();
        let count = running.into_iter().map(|client| client.join().expect("a client")).sum();
        Done { count, took: from.elapsed() }
    })
}
