//! A client of `/graphql/ws`, over a real loopback port.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue, protocol::CloseFrame},
};

/// One socket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one, with these subprotocols if any; the status where it is refused.
    pub async fn open(address: SocketAddr, protocol: &str, origin: Option<&str>) -> Result<Self, u16> {
        Self::open_with(address, protocol, origin, &[]).await
    }

    /// The same with more headers.
    pub async fn open_with(
        address: SocketAddr,
        protocol: &str,
        origin: Option<&str>,
        more: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).await.expect("connected");
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().expect("a request");
        let headers = request.headers_mut();
        if !protocol.is_empty() {
            headers.insert("sec-websocket-protocol", HeaderValue::from_str(protocol).expect("names"));
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin).expect("an origin"));
        }
        for (name, value) in more {
            headers.insert(*name, HeaderValue::from_str(value).expect("a value"));
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(e) => panic!("{e}"),
        }
    }

    /// Opens one and says who is there.
    pub async fn of(address: SocketAddr, token: &str) -> Self {
        let mut socket = Self::open(address, "graphql-transport-ws", None).await.expect("opened");
        socket
            .send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }))
            .await;
        let ack = socket.next().await;
        assert_eq!(ack["type"], json!("connection_ack"), "{ack}");
        socket
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: String) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// Sends bytes as a message of their own kind.
    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.expect("sent");
    }

    /// The next message, whatever it is.
    pub async fn any(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("a message").expect("whole") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next message, the server's questions whether anyone is there left out.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = self.any().await;
            if message["type"] != json!("ping") {
                return message;
            }
        }
    }

    /// Answers of an operation, as many as asked.
    pub async fn take(&mut self, id: &str, count: usize) -> Vec<Value> {
        let mut taken = vec![];
        while taken.len() < count {
            let mut message = self.next().await;
            assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message:#}");
            taken.push(message["payload"].take());
        }
        taken
    }

    /// Asks the server whether it is there; everything that it sent before is behind us then.
    pub async fn settle(&mut self) -> Vec<Value> {
        self.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
        let mut before = vec![];
        loop {
            let message = self.next().await;
            if message["type"] == json!("pong") {
                assert_eq!(message["payload"], json!({ "n": 1 }));
                return before;
            }
            before.push(message);
        }
    }

    /// Messages until the server closes, and the code with which it does.
    pub async fn ended(&mut self) -> (Vec<Value>, u16) {
        let mut messages = vec![];
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => messages.push(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return (messages, code.into()),
                Some(Ok(_)) => {}
                other => panic!("closed without a word: {other:?}"),
            }
        }
    }

    /// Code and reason with which the server closes; messages before it are passed over.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return (code.into(), reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("closed without a word: {other:?}"),
            }
        }
    }
}
