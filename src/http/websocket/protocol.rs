//! The messages of graphql-transport-ws, as bytes come and go. A message that does not fit closes the socket.

use axum::extract::ws::CloseFrame;
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};

use super::super::request;
use crate::graph::Request;

/// Characters of the longest id of an operation.
const LONGEST_ID: usize = 128;

/// A message of a client.
pub enum Message {
    /// Who she is.
    Init(Map<String, Json>),
    /// Are you there?
    Ping(Json),
    /// Yes.
    Pong,
    /// An operation.
    Subscribe(String, Box<Request>),
    /// No more of an operation.
    Complete(String),
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server stops; come back.
    GoingAway,
    /// A message makes no sense.
    BadMessage,
    /// No credential, or none that holds.
    Unauthorized,
    /// The token's time is over.
    Expired,
    /// The credential no longer holds.
    Revoked,
    /// No first message.
    InitTimeout,
    /// An id twice.
    DuplicateId,
    /// A first message twice.
    TooManyInits,
    /// More sockets than one principal may have.
    TooManySockets,
    /// A message is larger than one may be.
    TooLarge,
    /// Nothing was heard for too long.
    Dead,
}

impl End {
    /// The close frame.
    pub fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "going away"),
            Self::BadMessage => (4400, "bad message"),
            Self::Unauthorized => (4401, "unauthorized"),
            Self::Expired => (4403, "token expired"),
            Self::Revoked => (4403, "credential revoked"),
            Self::InitTimeout => (4408, "connection initialisation timeout"),
            Self::DuplicateId => (4409, "subscriber already exists"),
            Self::TooManyInits => (4429, "too many initialisation requests"),
            Self::TooManySockets => (4429, "too many sockets"),
            Self::TooLarge => (1009, "message too large"),
            Self::Dead => (4408, "nothing heard"),
        };
        CloseFrame { code, reason: reason.into() }
    }
}

/// Reads a message.
pub fn read(text: &str) -> Result<Message, End> {
    let Ok(Json::Object(mut members)) = serde_json::from_str(text) else { return Err(End::BadMessage) };
    let payload = members.remove("payload").unwrap_or_default();
    let ty = members.remove("type");
    let id = || match members.get("id") {
        Some(Json::String(id)) if (1..=LONGEST_ID).contains(&id.len()) => Ok(id.clone()),
        _ => Err(End::BadMessage),
    };
    match (ty.as_ref().and_then(Json::as_str), payload) {
        (Some("connection_init"), Json::Object(payload)) => Ok(Message::Init(payload)),
        (Some("connection_init"), Json::Null) => Ok(Message::Init(Map::new())),
        (Some("ping"), payload @ (Json::Object(_) | Json::Null)) => Ok(Message::Ping(payload)),
        (Some("pong"), Json::Object(_) | Json::Null) => Ok(Message::Pong),
        (Some("complete"), _) => id().map(Message::Complete),
        (Some("subscribe"), Json::Object(payload)) => {
            let request = request::from_members(payload).map_err(|_| End::BadMessage)?;
            Ok(Message::Subscribe(id()?, Box::new(request)))
        }
        _ => Err(End::BadMessage),
    }
}

/// A message without an operation.
pub fn plain(ty: &str, payload: &Json) -> String {
    match payload {
        Json::Null => json!({ "type": ty }).to_string(),
        payload => json!({ "type": ty, "payload": payload }).to_string(),
    }
}

/// An answer of an operation, its body as it is.
pub fn next(id: &str, body: &Bytes) -> String {
    let body = std::str::from_utf8(body).unwrap_or("null");
    format!("{{\"id\":{},\"type\":\"next\",\"payload\":{body}}}", Json::from(id))
}

/// Errors that end an operation.
pub fn error(id: &str, errors: &Json) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

/// The end of an operation.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}
