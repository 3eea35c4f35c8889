//! What each code of an error means to whoever meets it, and what she does then. A code without a meaning does not compile.

use crate::error::Code;

/// Every code, in the order of the guide.
pub const ALL: [Code; 36] = [
    Code::BadRequest,
    Code::GraphqlParseFailed,
    Code::GraphqlValidationFailed,
    Code::BadVariables,
    Code::OperationUnresolved,
    Code::QueryTooDeep,
    Code::QueryTooManyAliases,
    Code::QueryTooLarge,
    Code::QueryTooExpensive,
    Code::BatchingDisabled,
    Code::FilterForbidden,
    Code::Unauthenticated,
    Code::TokenExpired,
    Code::Forbidden,
    Code::CsrfRejected,
    Code::DocumentNotTrusted,
    Code::DocumentNotFound,
    Code::MethodNotAllowed,
    Code::NotAcceptable,
    Code::PayloadTooLarge,
    Code::UriTooLong,
    Code::UnsupportedMediaType,
    Code::RateLimited,
    Code::ConcurrencyLimited,
    Code::FieldForbidden,
    Code::NotFound,
    Code::InvalidId,
    Code::CursorMismatch,
    Code::CursorExpired,
    Code::PageSizeTooLarge,
    Code::CurrencyRequired,
    Code::OutOfRange,
    Code::ResultTooLarge,
    Code::Timeout,
    Code::Unavailable,
    Code::Internal,
];

/// What it means, and what to do.
pub fn meaning(code: Code) -> &'static str {
    match code {
        Code::BadRequest => {
            "The request cannot be read: no JSON, a member or header of the wrong kind, no document. Send it as the guide says."
        }
        Code::GraphqlParseFailed => "The document is not GraphQL. `locations` say where it stops making sense.",
        Code::GraphqlValidationFailed => {
            "The document does not fit the schema, for example names a field that is not there. Check it against `/schema.graphql`."
        }
        Code::BadVariables => "A variable is missing, unknown or of the wrong type.",
        Code::OperationUnresolved => {
            "The document has no operation of that name, or several and none was named: send `operationName`."
        }
        Code::QueryTooDeep => "Fields are nested deeper than the limit. Ask in two requests.",
        Code::QueryTooManyAliases => {
            "More aliases than the limit. Use variables and lists such as `nodes(ids:)` instead."
        }
        Code::QueryTooLarge => "The document is longer, or has more tokens, fields or directives, than the limit.",
        Code::QueryTooExpensive => {
            "The answer would cost more than one request may. Ask for smaller pages, fewer periods or a narrower filter."
        }
        Code::BatchingDisabled => "Several requests came in one body. Send one at a time.",
        Code::FilterForbidden => "A filter, order or group names a field that you may never read. Leave it out.",
        Code::Unauthenticated => "There is no credential, or it does not hold. Send a token or an API key.",
        Code::TokenExpired => "The credential's time is over. Get another and send the request again.",
        Code::Forbidden => "The whole request is refused: no role of yours does this.",
        Code::CsrfRejected => "A page of another origin sent it. The operator can allow its origin.",
        Code::DocumentNotTrusted => {
            "Only documents that the operator registered are answered here: send the id of one."
        }
        Code::DocumentNotFound => "No document is registered under this id.",
        Code::MethodNotAllowed => "This address does not answer this method, or a mutation came by GET: use POST.",
        Code::NotAcceptable => "No media type of the answer suits `Accept`.",
        Code::PayloadTooLarge => "The body is larger than the limit. Send lists in parts.",
        Code::UriTooLong => "The address is too long. Send the request by POST.",
        Code::UnsupportedMediaType => "The body is not `application/json` in UTF-8.",
        Code::RateLimited => {
            "Your allowance is spent, or too many bad credentials came from your address. Wait as long as `Retry-After` says."
        }
        Code::ConcurrencyLimited => "Too many of your requests run at the same time. Wait for one to end.",
        Code::FieldForbidden => {
            "You may not read this field (access mode ERROR). Leave it out, or use the mode MASK and take null."
        }
        Code::NotFound => {
            "There is no such row for you, or nothing at this address. A row that you may not see is told apart by nothing."
        }
        Code::InvalidId => "This is no id, or one of another type.",
        Code::CursorMismatch => "The cursor is not of this list, filter and order. Begin again without it.",
        Code::CursorExpired => {
            "What the cursor stands for is no longer kept. Begin again without it and read everything anew."
        }
        Code::PageSizeTooLarge => {
            "`first` or `last` is more than a page may have, or there are more than 100 ids. Ask for fewer."
        }
        Code::CurrencyRequired => "Money is compared where several currencies occur. Name one in the filter.",
        Code::OutOfRange => "A number is larger than can be stored or answered.",
        Code::ResultTooLarge => "There are more results than one answer holds. Ask for fewer with `first`, or filter.",
        Code::Timeout => "The time limit was reached. Ask for less at once.",
        Code::Unavailable => "The database cannot be reached just now.",
        Code::Internal => "Something failed on the server. Tell the operator the `requestId`: the log says why.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_told_once() {
        let texts = include_str!("../../error.rs").lines().filter_map(|line| {
            let text = line.trim().strip_prefix("Self::")?.split_once(" => \"")?.1.strip_suffix("\",")?;
            text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_').then_some(text)
        });
        let told: BTreeSet<&str> = ALL.into_iter().map(Code::as_str).collect();
        assert_eq!(told, texts.collect());
        assert_eq!(told.len(), ALL.len());
        assert!(ALL.into_iter().all(|code| meaning(code).ends_with('.')));
    }
}
