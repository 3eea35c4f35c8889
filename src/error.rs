//! The one error type: a code of the published list, a line that is safe to show, and, kept from the client, the cause.

use std::{fmt, num::NonZeroU32};

/// A code of the published list (`extensions.code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request body is no JSON request.
    BadRequest,
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// A variable is missing, of the wrong type, or unknown.
    BadVariables,
    /// No operation, or several and none named.
    OperationUnresolved,
    /// Nested deeper than allowed.
    QueryTooDeep,
    /// More aliases than allowed.
    QueryTooManyAliases,
    /// More tokens, root fields, directives or selected fields than allowed.
    QueryTooLarge,
    /// A price above the limit, or more people and days than one answer may be made of.
    QueryTooExpensive,
    /// A batch of requests.
    BatchingDisabled,
    /// Filter, order or group on a field that the caller can never read.
    FilterForbidden,
    /// No credential, or one that does not hold.
    Unauthenticated,
    /// The credential's time is over.
    TokenExpired,
    /// The whole request is refused.
    Forbidden,
    /// A browser's cross-site request.
    CsrfRejected,
    /// A document that no operator registered, where only those are answered.
    DocumentNotTrusted,
    /// No document is registered under this id.
    DocumentNotFound,
    /// HTTP method.
    MethodNotAllowed,
    /// No media type of the response suits the client.
    NotAcceptable,
    /// Body larger than allowed.
    PayloadTooLarge,
    /// Address longer than allowed.
    UriTooLong,
    /// Body of another media type than JSON.
    UnsupportedMediaType,
    /// Too many failed authentications, or an allowance that is spent.
    RateLimited,
    /// Too many requests of one principal at the same time.
    ConcurrencyLimited,
    /// A field that the caller may not read (access mode ERROR).
    FieldForbidden,
    /// No such row for this caller.
    NotFound,
    /// Not an id, or an id of another type.
    InvalidId,
    /// A cursor that is not ours, or of another filter or order.
    CursorMismatch,
    /// A cursor of changes that are no longer kept; start again without it.
    CursorExpired,
    /// `first` or `last` over the maximum.
    PageSizeTooLarge,
    /// Money compared without a currency where several occur.
    CurrencyRequired,
    /// A number outside what can be stored or summed.
    OutOfRange,
    /// More results than one answer may hold; ask for fewer with `first`.
    ResultTooLarge,
    /// The time limit was reached.
    Timeout,
    /// The database cannot be reached.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The published text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadVariables => "BAD_VARIABLES",
            Self::OperationUnresolved => "OPERATION_UNRESOLVED",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooManyAliases => "QUERY_TOO_MANY_ALIASES",
            Self::QueryTooLarge => "QUERY_TOO_LARGE",
            Self::QueryTooExpensive => "QUERY_TOO_EXPENSIVE",
            Self::BatchingDisabled => "BATCHING_DISABLED",
            Self::FilterForbidden => "FILTER_FORBIDDEN",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::CsrfRejected => "CSRF_REJECTED",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::DocumentNotFound => "DOCUMENT_NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UriTooLong => "URI_TOO_LONG",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::RateLimited => "RATE_LIMITED",
            Self::ConcurrencyLimited => "CONCURRENCY_LIMITED",
            Self::FieldForbidden => "FIELD_FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::InvalidId => "INVALID_ID",
            Self::CursorMismatch => "CURSOR_MISMATCH",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::PageSizeTooLarge => "PAGE_SIZE_TOO_LARGE",
            Self::CurrencyRequired => "CURRENCY_REQUIRED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::ResultTooLarge => "RESULT_TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Where the guide says what to do about it, from the root of the server.
    pub fn docs_url(self) -> String {
        format!("/docs#{}", self.as_str())
    }

    /// Whether the same request may succeed later without a change.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::ConcurrencyLimited | Self::Timeout | Self::Unavailable)
    }
}

/// An error on its way to a client. `Display` is the client's line: one line, no SQL, no hidden value.
#[derive(Debug)]
pub struct Error {
    /// What went wrong, of the published list.
    pub code: Code,
    /// One line for the client.
    pub message: String,
    /// Response path of the field, where one field failed.
    pub path: Vec<PathSegment>,
    /// Line and column in the document.
    pub locations: Vec<(usize, usize)>,
    /// Schema coordinate, such as `Project.budget`.
    pub coordinate: Option<String>,
    /// Milliseconds after which the same request may be taken, where that is known.
    pub retry_after_ms: Option<NonZeroU32>,
    /// The cause, for the log only.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// One step of a response path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A response key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

impl Error {
    /// An error with a line for the client.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: vec![],
            locations: vec![],
            coordinate: None,
            retry_after_ms: None,
            source: None,
        }
    }

    /// The time limit of a request was reached.
    pub fn late() -> Self {
        Self::new(Code::Timeout, "The request took longer than its time limit. Ask for less at once.")
    }

    /// A fault of ours: the client learns that it happened, the log learns why.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(cause.into()),
            ..Self::new(Code::Internal, "Something failed on the server. The request id names it in the log.")
        }
    }

    /// The same error at a position of the document.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.locations.push((line, column));
        self
    }

    /// The same error, with the word that it holds for some milliseconds.
    #[must_use]
    pub fn after_ms(self, millis: u32) -> Self {
        Self { retry_after_ms: NonZeroU32::new(millis), ..self }
    }

    /// The same error about a member of the schema.
    #[must_use]
    pub fn about(mut self, coordinate: impl Into<String>) -> Self {
        self.coordinate = Some(coordinate.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        from_database(&e.to_string(), is_down(&e), sqlstate(&e), e)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, SystemIoFailure};
        let is_down = matches!(e.sqlite_error_code(), Some(CannotOpen | SystemIoFailure));
        from_database(&e.to_string(), is_down, None, e)
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(e: sea_orm::DbErr) -> Self {
        use sea_orm::{DbErr, RuntimeErr};
        let (mut down, mut state) = (matches!(e, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)), None);
        if let DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) = &e
        {
            down |= is_down(cause);
            state = sqlstate(cause);
        }
        from_database(&e.to_string(), down, state, e)
    }
}

fn is_down(e: &sqlx::Error) -> bool {
    matches!(e, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
}

fn sqlstate(e: &sqlx::Error) -> Option<String> {
    e.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

fn from_database(
    text: &str,
    down: bool,
    state: Option<String>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    let state = state.unwrap_or_default();
    // 57P01..03: shutting down or starting; 53300: no connection free; 57014: statement_timeout; 55P03: lock_timeout; 22003: numeric overflow.
    let (code, line) = if down || state.starts_with("57P") || state == "53300" || state.starts_with("08") {
        (Code::Unavailable, "The database cannot be reached just now.")
    } else if state == "57014" || state == "55P03" || text.contains("interrupted") {
        (Code::Timeout, "The request took longer than its time limit.")
    } else if state == "22003" || text.contains("integer overflow") {
        (Code::OutOfRange, "A sum is larger than can be answered.")
    } else {
        return Error::internal(cause);
    };
    Error { source: Some(Box::new(cause)), ..Error::new(code, line) }
}
