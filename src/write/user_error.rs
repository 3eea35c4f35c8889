//! What a user can mend: a code, a line, and the path into the input down to the leaf. It never names a table or a
//! constraint, and never says more about a row than its reader may know.

use serde_json::{Value as Json, json};

/// A code of the published list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserCode {
    /// A value is missing.
    Required,
    /// A value makes no sense here.
    Invalid,
    /// A text is too long.
    TooLong,
    /// A number or date is outside what is allowed.
    OutOfRange,
    /// A number has more decimals than are kept.
    TooPrecise,
    /// Something of that name is there already.
    Duplicate,
    /// There is no such thing that the caller can see.
    NotFound,
    /// The caller may not do this.
    Forbidden,
    /// The object's state does not allow it.
    IllegalState,
    /// It can no longer be changed, or never could.
    Immutable,
    /// A rule of the domain; the parameter `rule` names it.
    Invariant,
    /// The fiscal period is closed.
    PeriodClosed,
    /// The object has changed since it was read.
    VersionConflict,
    /// The key was used with another input.
    IdempotencyKeyReused,
    /// The first request with this key has not ended.
    IdempotencyInProgress,
    /// A row of an imported file.
    ImportRow,
}

impl UserCode {
    /// Every code with what it says.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (Self::Required, "REQUIRED", "A value is missing."),
        (Self::Invalid, "INVALID", "A value makes no sense here."),
        (Self::TooLong, "TOO_LONG", "A text or a list is longer than allowed; `max` says how long it may be."),
        (Self::OutOfRange, "OUT_OF_RANGE", "A number or a date is outside what is allowed."),
        (Self::TooPrecise, "TOO_PRECISE", "A number has more decimals than are kept."),
        (Self::Duplicate, "DUPLICATE", "Something with this key or name is there already."),
        (Self::NotFound, "NOT_FOUND", "There is no such thing, or the caller cannot see it."),
        (Self::Forbidden, "FORBIDDEN", "The caller may not do this; `needs` names what is missing."),
        (Self::IllegalState, "ILLEGAL_STATE", "The state of the object does not allow this."),
        (Self::Immutable, "IMMUTABLE", "This can no longer be changed, or never could."),
        (Self::Invariant, "INVARIANT", "A rule of the domain forbids it; `rule` names it."),
        (Self::PeriodClosed, "PERIOD_CLOSED", "The fiscal period is closed."),
        (
            Self::VersionConflict,
            "VERSION_CONFLICT",
            "The object has changed since it was read; `currentVersion` and `conflictingFields` say how.",
        ),
        (Self::IdempotencyKeyReused, "IDEMPOTENCY_KEY_REUSED", "The key was used before with another input."),
        (
            Self::IdempotencyInProgress,
            "IDEMPOTENCY_IN_PROGRESS",
            "The first request with this key has not ended; ask again shortly.",
        ),
        (Self::ImportRow, "IMPORT_ROW", "A row of an imported file cannot be used."),
    ];

    /// The published text.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(code, ..)| *code == self).map_or("INVALID", |(_, text, _)| text)
    }
}

/// Where in the input something stands: `input`, `items`, `3`, `patch`, `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<String>);

impl Path {
    /// The input itself.
    pub fn input() -> Self {
        Self(vec!["input".to_owned()])
    }

    /// One step further up; the input itself has nothing above.
    #[must_use]
    pub fn up(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1).max(1)].to_vec())
    }

    /// One step further down.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // a name or a number, mostly made where it is said
    pub fn at(&self, step: impl ToString) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.to_string());
        Self(steps)
    }
}

/// One error that the user can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// What is wrong.
    pub code: UserCode,
    /// One line for a human.
    pub message: String,
    /// Where in the input.
    pub path: Path,
    /// Facts for a program.
    pub params: Vec<(&'static str, String)>,
}

impl UserError {
    /// An error at a place of the input.
    pub fn new(code: UserCode, path: Path, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path, params: vec![] }
    }

    /// The same error with a fact for programs.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // a name or a number, mostly made where it is said
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// A rule of the domain that does not hold.
    pub fn rule(path: Path, rule: &str, message: impl Into<String>) -> Self {
        Self::new(UserCode::Invariant, path, message).with("rule", rule)
    }

    /// As the payload shows it.
    pub fn to_json(&self) -> Json {
        let params: Vec<Json> =
            self.params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({
            "code": self.code.as_str(),
            "message": self.message,
            "path": self.path.0,
            "params": params,
            "retryable": self.code == UserCode::IdempotencyInProgress,
        })
    }
}
