//! What a stream says as parts of `multipart/mixed`, as Apollo's clients read subscriptions over HTTP. Each part ends with the
//! delimiter of the next, so that it is whole as soon as it is there.

use axum::http::{HeaderMap, header};
use serde_json::{Value as Json, json};

use super::super::subscription::Next;

/// What an answer's `Content-Type` says.
pub const MEDIA_TYPE: &str = "multipart/mixed;boundary=\"-\";subscriptionSpec=1.0";
/// The first word: it announces a part.
pub const BEGIN: &str = "\r\n---";
/// The last one.
pub const END: &str = "--\r\n";

/// A word for those who listen, and for what stands between.
pub fn beat() -> String {
    part("{}")
}

/// An answer.
pub fn next(next: &Next) -> String {
    part(&format!("{{\"payload\":{}}}", String::from_utf8_lossy(&next.body)))
}

/// Errors of the operation, which end it.
pub fn error(errors: &Json) -> String {
    part(&json!({ "payload": { "errors": errors } }).to_string()) + END
}

/// Errors of the connection, which ends before the operation does.
pub fn fatal(errors: &Json) -> String {
    part(&json!({ "payload": null, "errors": errors }).to_string()) + END
}

fn part(body: &str) -> String {
    format!("\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{body}\r\n---")
}

/// Whether a client asks for parts where there is a subscription.
pub fn are_accepted(headers: &HeaderMap) -> bool {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(is_asked_for)
}

fn is_asked_for(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let is_mixed = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/mixed"));
    let (mut is_spoken, mut is_refused) = (false, false);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        is_spoken |= name.trim().eq_ignore_ascii_case("subscriptionSpec") && value == "1.0";
        is_refused |= name.trim().eq_ignore_ascii_case("q") && value.parse() == Ok(0.0_f32);
    }
    is_mixed && is_spoken && !is_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_asked_for_by_their_version() {
        let accepts =
            |value: &str| are_accepted(&HeaderMap::from_iter([(header::ACCEPT, value.parse().expect("a value"))]));
        for good in [
            "multipart/mixed;subscriptionSpec=1.0, application/json",
            "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json",
            "application/json;q=0.9, Multipart/Mixed; boundary=\"-\"; subscriptionspec=\"1.0\"; q=0.1",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in [
            "multipart/mixed",
            "multipart/mixed;deferSpec=20220824",
            "multipart/mixed;subscriptionSpec=2.0",
            "multipart/mixed;subscriptionSpec=1.0;q=0",
            "application/json;subscriptionSpec=1.0",
            "*/*",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(!are_accepted(&HeaderMap::new()));
    }
}
