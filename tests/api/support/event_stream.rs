//! A client of `/graphql/stream`, over a real loopback port: one operation a connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection over which events come.
pub struct EventStream {
    stream: TcpStream,
    read: Vec<u8>,
    /// Status line and headers.
    pub head: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `next` or `complete`.
    pub kind: String,
    /// Its cursor; empty where it has none.
    pub id: String,
    /// What it says.
    pub data: Value,
}

impl EventStream {
    /// Opens one, after the event of that id if one is given; what is read of the head is behind it. None where the server
    /// is gone.
    pub async fn open(address: SocketAddr, token: &str, body: &Value, last: Option<&str>) -> Option<Self> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let body = body.to_string();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /graphql/stream HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\
             Content-Type: application/json\r\n{last}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        let mut events = Self { stream, read: vec![], head: String::new() };
        events.head = events.until("\r\n\r\n").await?;
        Some(events)
    }

    /// What comes up to and with these characters; none where the connection ends before them.
    pub async fn until(&mut self, end: &str) -> Option<String> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|some| some == end.as_bytes()) {
                let rest = self.read.split_off(at + end.len());
                let text = std::mem::replace(&mut self.read, rest);
                return Some(String::from_utf8(text).expect("text"));
            }
            let count = self.stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
            self.read.extend_from_slice(&buffer[..count]);
        }
    }

    /// The next event; none where the connection ends before it. Words of the heartbeat are passed over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let text = self.until("\n\n").await?;
            let line = |name: &str| {
                let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
                lines.next().unwrap_or_default().trim().to_owned()
            };
            if !line("event:").is_empty() {
                let data = line("data:");
                let data = if data.is_empty() { Value::Null } else { serde_json::from_str(&data).expect("JSON") };
                return Some(Event { kind: line("event:"), id: line("id:"), data });
            }
        }
    }
}
