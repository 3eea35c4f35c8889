//! What a stream says as Server-Sent Events. JSON has no line breaks of its own, so each answer is one line of data.

use serde_json::{Value as Json, json};

use super::super::subscription::Next;

/// What an answer's `Content-Type` says.
pub const MEDIA_TYPE: &str = "text/event-stream; charset=utf-8";
/// A word for those who listen, and for what stands between.
pub const BEAT: &str = ":\n\n";

/// An answer; its id is where a client goes on after it.
pub fn next(next: &Next) -> String {
    let id = next.cursor.as_ref().map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    format!("event: next\n{id}data: {}\n\n", String::from_utf8_lossy(&next.body))
}

/// Errors that end the operation.
pub fn error(errors: &Json) -> String {
    format!("event: next\ndata: {}\n\n{}", json!({ "errors": errors }), complete())
}

/// The end of the operation.
pub fn complete() -> String {
    "event: complete\ndata:\n\n".to_owned()
}
