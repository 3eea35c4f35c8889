//! What a request is answered with: the JSON body, how it ended, what was masked.

use std::num::NonZeroU32;

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};

use super::{
    deprecation::Deprecation,
    plan::{Plan, Root},
};
use crate::{
    auth::{AccessMode, Left},
    error::{Code, Error, PathSegment},
    metrics::Ending,
};

/// Validation errors in one answer.
const ERRORS_SHOWN: usize = 5;

/// How a request ended, for the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Executed; there is data, perhaps with errors beside it.
    Data,
    /// Refused before execution: the body has no `data`.
    Refused(Code),
    /// Executed, but no root field has data.
    Failed(Code),
}

/// The finished response.
#[derive(Debug)]
pub struct Answer {
    /// The whole JSON body.
    pub body: Bytes,
    /// How it ended.
    pub outcome: Outcome,
    /// Fields masked in this answer.
    pub masked: usize,
    /// SQL statements sent.
    pub statements: usize,
    /// Rows read.
    pub rows: usize,
    /// The operation's name, if it has one.
    pub operation: Option<String>,
    /// Hex of the document's hash, for logs.
    pub document_hash: String,
    /// What it cost; none where nobody was charged.
    pub spent: Option<Spent>,
    /// Milliseconds after which a refused request may be taken, where that is known.
    pub retry_after_ms: Option<NonZeroU32>,
    /// What it used that is to go.
    pub deprecated: Vec<&'static Deprecation>,
}

/// What a request cost, and what its caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Its price before it ran; 0 where it was refused before it had one.
    pub estimated: usize,
    /// Its price with the rows that were read; of a refused one, what it is charged.
    pub actual: usize,
    /// The bucket afterwards.
    pub left: Left,
}

impl Spent {
    /// As extensions show it.
    fn shown(&self) -> Json {
        let Left { limit, remaining, refill, .. } = self.left;
        json!({
            "estimated": self.estimated,
            "actual": self.actual,
            "bucket": { "limit": limit, "remaining": remaining, "refillPerSecond": refill },
        })
    }
}

/// What executing gave.
#[derive(Default)]
pub(super) struct Executed {
    /// The body up to the end of `data`.
    pub(super) body: Vec<u8>,
    pub(super) errors: Vec<Error>,
    /// Whether a mutation has told its user what to mend.
    pub(super) user_errors: bool,
    pub(super) any: bool,
    pub(super) access: Vec<Json>,
    pub(super) masked: usize,
    pub(super) statements: usize,
    pub(super) rows: usize,
    pub(super) cost: usize,
    /// What is told of its cost in the body.
    pub(super) told: Option<Spent>,
    pub(super) deprecated: Vec<&'static Deprecation>,
    /// Whether the body is to tell them.
    pub(super) reports_deprecations: bool,
}

impl Executed {
    /// How it ended, for those who count.
    pub(super) fn ending(&self) -> Ending {
        let at_least = if self.user_errors { Ending::UserError } else { Ending::Ok };
        ending(&self.errors).max(at_least)
    }

    /// What stands beside data and errors.
    fn extensions(&self) -> Map<String, Json> {
        let mut out = Map::new();
        if !self.access.is_empty() {
            out.insert("access".to_owned(), self.access.clone().into());
        }
        out.extend(self.told.map(|spent| ("cost".to_owned(), spent.shown())));
        if self.reports_deprecations {
            out.insert("deprecations".to_owned(), self.deprecated.iter().map(|d| d.told()).collect());
        }
        out
    }
}

/// How what has these errors ended, for those who count.
pub(super) fn ending(errors: &[Error]) -> Ending {
    Ending::worst(errors.iter().map(|e| e.code))
}

/// The body and what is known of it.
pub(super) fn answer(done: Executed, request_id: &str, operation: Option<String>, document_hash: String) -> Answer {
    let extensions = done.extensions();
    let mut body = done.body;
    if !done.errors.is_empty() {
        done.errors.iter().for_each(log);
        let errors: Vec<Json> = done.errors.iter().map(|e| error_json(e, request_id)).collect();
        body.extend_from_slice(b",\"errors\":");
        body.extend_from_slice(Json::from(errors).to_string().as_bytes());
    }
    if !extensions.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        body.extend_from_slice(Json::from(extensions).to_string().as_bytes());
    }
    body.push(b'}');
    let outcome = match done.errors.first() {
        Some(first) if !done.any => Outcome::Failed(first.code),
        _ => Outcome::Data,
    };
    Answer {
        body: body.into(),
        outcome,
        masked: done.masked,
        statements: done.statements,
        rows: done.rows,
        operation,
        document_hash,
        deprecated: done.deprecated,
        spent: None,
        retry_after_ms: None,
    }
}

/// Entries for what was masked, or errors for it.
pub(super) fn access(plan: &Plan, masked: &[u32], mode: AccessMode, errors: &mut Vec<Error>) -> Vec<Json> {
    let mut out = vec![];
    for (entry, count) in plan.access.iter().zip(masked).filter(|(_, n)| **n > 0) {
        match mode {
            AccessMode::Mask => out.push(json!({
                "path": entry.path, "coordinate": entry.coordinate, "needs": entry.needs.to_string(), "reason": entry.reason, "count": count,
            })),
            AccessMode::Error => {
                // A path must lead somewhere: up to the first list, whose elements the count covers.
                let path = entry.path.iter().take_while(|p| *p != "*").map(|p| PathSegment::Key(p.clone())).collect();
                let line = format!("`{}` needs {} ({count} times at {}).", entry.coordinate, entry.needs, entry.path.join("."));
                errors.push(Error { path, ..Error::new(Code::FieldForbidden, line).about(entry.coordinate.clone()) });
            }
        }
    }
    out
}

/// The answer of a request that was refused before execution.
pub(super) fn refusal(errors: &[Error], request_id: &str, operation: Option<String>, document_hash: String) -> Answer {
    errors.iter().for_each(log);
    let shown: Vec<Json> = errors.iter().take(ERRORS_SHOWN).map(|e| error_json(e, request_id)).collect();
    Answer {
        body: json!({ "errors": shown }).to_string().into(),
        outcome: Outcome::Refused(errors.first().map_or(Code::Internal, |e| e.code)),
        masked: 0,
        statements: 0,
        rows: 0,
        operation,
        document_hash,
        deprecated: vec![],
        spent: None,
        retry_after_ms: errors.first().and_then(|error| error.retry_after_ms),
    }
}

pub(super) fn at_root(mut error: Error, root: &Root) -> Error {
    if error.locations.is_empty() {
        error.locations.push(root.position);
    }
    if !is_before_execution(error.code) {
        error.path = root.path.iter().cloned().map(PathSegment::Key).collect();
    }
    error
}

/// Whether an error of this code refuses the whole request; the others leave neighbors standing.
pub fn is_before_execution(code: Code) -> bool {
    !matches!(
        code,
        Code::FieldForbidden
            | Code::NotFound
            | Code::InvalidId
            | Code::CursorMismatch
            | Code::CursorExpired
            | Code::PageSizeTooLarge
            | Code::CurrencyRequired
            | Code::OutOfRange
            | Code::ResultTooLarge
            | Code::Timeout
            | Code::Unavailable
            | Code::Internal
    )
}

pub(super) fn log(error: &Error) {
    if let Some(cause) = &error.source {
        tracing::error!(code = error.code.as_str(), %cause, "request failed");
    }
}

pub(super) fn error_json(error: &Error, request_id: &str) -> Json {
    let mut extensions = json!({ "code": error.code.as_str(), "requestId": request_id, "retryable": error.code.is_retryable(), "docsUrl": error.code.docs_url() });
    if let Some(coordinate) = &error.coordinate {
        extensions["coordinate"] = json!(coordinate);
    }
    if let Some(millis) = error.retry_after_ms {
        extensions["retryAfterMs"] = millis.get().into();
    }
    let mut out = json!({ "message": error.message, "extensions": extensions });
    if !error.locations.is_empty() {
        out["locations"] =
            error.locations.iter().map(|(line, column)| json!({ "line": line, "column": column })).collect();
    }
    if !error.path.is_empty() {
        out["path"] = error
            .path
            .iter()
            .map(|p| match p {
                PathSegment::Key(key) => json!(key),
                PathSegment::Index(i) => json!(i),
            })
            .collect();
    }
    out
}
