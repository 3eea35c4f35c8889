//! How a request ended, in few words: a code of the published list is one of many, a label has few values.

use crate::error::Code;

/// How a request ended, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// There are no errors in the answer.
    Ok,
    /// A mutation told its user what she can mend.
    UserError,
    /// Something that was named is not there.
    NotFound,
    /// A right is missing.
    Forbidden,
    /// It was asked wrongly.
    Invalid,
    /// It asked for more than is given.
    Limited,
    /// No credential, or one that does not hold.
    Unauthenticated,
    /// The client left before the answer.
    Cancelled,
    /// The time limit was reached.
    Timeout,
    /// The database could not be reached.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Ending {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::UserError,
        Self::NotFound,
        Self::Forbidden,
        Self::Invalid,
        Self::Limited,
        Self::Unauthenticated,
        Self::Cancelled,
        Self::Timeout,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::UserError => "user_error",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Invalid => "invalid",
            Self::Limited => "limited",
            Self::Unauthenticated => "unauthenticated",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The worst of an answer's errors; without any, it ended well.
    pub fn worst(codes: impl IntoIterator<Item = Code>) -> Self {
        codes.into_iter().map(Self::from).max().unwrap_or(Self::Ok)
    }
}

impl From<Code> for Ending {
    fn from(code: Code) -> Self {
        match code {
            Code::BadRequest
            | Code::GraphqlParseFailed
            | Code::GraphqlValidationFailed
            | Code::BadVariables
            | Code::OperationUnresolved
            | Code::BatchingDisabled
            | Code::MethodNotAllowed
            | Code::NotAcceptable
            | Code::UnsupportedMediaType
            | Code::InvalidId
            | Code::CursorMismatch
            | Code::CursorExpired
            | Code::CurrencyRequired
            | Code::OutOfRange => Self::Invalid,
            Code::QueryTooDeep
            | Code::QueryTooManyAliases
            | Code::QueryTooLarge
            | Code::QueryTooExpensive
            | Code::PayloadTooLarge
            | Code::UriTooLong
            | Code::PageSizeTooLarge
            | Code::ResultTooLarge
            | Code::RateLimited
            | Code::ConcurrencyLimited => Self::Limited,
            Code::Unauthenticated | Code::TokenExpired => Self::Unauthenticated,
            Code::FilterForbidden
            | Code::FieldForbidden
            | Code::Forbidden
            | Code::CsrfRejected
            | Code::DocumentNotTrusted => Self::Forbidden,
            Code::NotFound | Code::DocumentNotFound => Self::NotFound,
            Code::Timeout => Self::Timeout,
            Code::Unavailable => Self::Unavailable,
            Code::Internal => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_as_its_worst_error_says() {
        assert_eq!(Ending::worst([]), Ending::Ok);
        assert_eq!(Ending::worst([Code::NotFound, Code::FieldForbidden, Code::NotFound]), Ending::Forbidden);
        assert_eq!(Ending::worst([Code::Internal, Code::Timeout]), Ending::Internal);
    }

    #[test]
    fn all_are_listed_at_their_places() {
        for (at, ending) in Ending::ALL.into_iter().enumerate() {
            assert_eq!(ending as usize, at, "{ending:?}");
        }
    }
}
