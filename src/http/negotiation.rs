//! Which media type and which status an answer has. Follows the published GraphQL-over-HTTP audits, not the draft's 422 and 294.
//! The status of every GraphQL answer is chosen in [`status`] and nowhere else.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    error::{Code, Error},
    graph::Outcome,
};

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says how the request ended.
    Response,
    /// `application/json`, for clients that read nothing from a status but success.
    Json,
}

impl Media {
    /// The value of `Content-Type`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// The status of a GraphQL answer.
pub fn status(outcome: Outcome, media: Media) -> StatusCode {
    let code = match outcome {
        // Once executed, only a fault of the server shows in the status.
        Outcome::Refused(code) | Outcome::Failed(code @ (Code::Timeout | Code::Unavailable | Code::Internal)) => code,
        Outcome::Data | Outcome::Failed(_) => return StatusCode::OK,
    };
    match code {
        Code::BadRequest | Code::BatchingDisabled => StatusCode::BAD_REQUEST,
        Code::GraphqlParseFailed
        | Code::GraphqlValidationFailed
        | Code::BadVariables
        | Code::OperationUnresolved
        | Code::QueryTooDeep
        | Code::QueryTooManyAliases
        | Code::QueryTooLarge
        | Code::QueryTooExpensive
        | Code::FilterForbidden
        | Code::FieldForbidden
        | Code::InvalidId
        | Code::CursorMismatch
        | Code::CursorExpired
        | Code::PageSizeTooLarge
        | Code::CurrencyRequired
        | Code::OutOfRange
        | Code::ResultTooLarge => match media {
            Media::Response => StatusCode::BAD_REQUEST,
            Media::Json => StatusCode::OK,
        },
        Code::Unauthenticated | Code::TokenExpired => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::CsrfRejected | Code::DocumentNotTrusted => StatusCode::FORBIDDEN,
        Code::NotFound | Code::DocumentNotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UriTooLong => StatusCode::URI_TOO_LONG,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::RateLimited | Code::ConcurrencyLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The media type that suits the client best, by `Accept`; `None` if none does.
pub fn answer_media(headers: &HeaderMap) -> Option<Media> {
    let ranges: Vec<Range> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    if !headers.contains_key(header::ACCEPT) {
        return Some(Media::Json);
    }
    let wish = |subtype: &str| {
        let best =
            ranges.iter().filter_map(|range| range.fits(subtype).map(|precision| (precision, range.quality))).max();
        best.map_or((0, 0), |(precision, quality)| (quality, precision))
    };
    let (response, json) = (wish("graphql-response+json"), wish("json"));
    match (response.0, json.0) {
        (0, 0) => None,
        // Asked for both alike by name, a client knows the newer one; by a wildcard, it may not.
        _ if response > json || (response == json && response.1 == EXACT) => Some(Media::Response),
        _ => Some(Media::Json),
    }
}

/// How precisely a range names a media type.
const EXACT: u8 = 3;

/// One part of `Accept`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1_000;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.trim().eq_ignore_ascii_case("q") {
                quality = thousandths(value.trim())?;
            } else if name.trim().eq_ignore_ascii_case("charset") && !is_utf8(value) {
                return None;
            }
        }
        Some(Self { kind, subtype, quality })
    }

    fn fits(&self, subtype: &str) -> Option<u8> {
        match (self.kind, self.subtype) {
            ("*", "*") => Some(1),
            (kind, "*") if kind.eq_ignore_ascii_case("application") => Some(2),
            (kind, name) if kind.eq_ignore_ascii_case("application") && name.eq_ignore_ascii_case(subtype) => {
                Some(EXACT)
            }
            _ => None,
        }
    }
}

/// A quality of RFC 9110: 0 to 1 with up to three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    let value = format!("{whole}{decimals:0<3}").parse().ok()?;
    (is_number && value <= 1_000).then_some(value)
}

fn is_utf8(charset: &str) -> bool {
    charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

/// Accepts a body of JSON in UTF-8 and nothing else: a form or plain text could be sent across sites without asking.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Error> {
    let refuse = |line| Err(Error::new(Code::UnsupportedMediaType, line));
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return refuse("Send the body without Content-Encoding.");
    }
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return refuse("Send the request with one Content-Type: application/json.");
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return refuse("Send the request as JSON, with Content-Type: application/json.");
    }
    let mut charsets =
        parts.filter_map(|part| part.split_once('=')).filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    if charsets.any(|(_, value)| !is_utf8(value)) {
        return refuse("Send the request in UTF-8.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("value"))])
    }

    #[test]
    fn accept_chooses_the_media_type() {
        assert_eq!(answer_media(&HeaderMap::new()), Some(Media::Json));
        for (accept, expected) in [
            ("application/graphql-response+json", Some(Media::Response)),
            ("application/json", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/graphql-response+json, application/json", Some(Media::Response)),
            ("application/json, application/graphql-response+json", Some(Media::Response)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Media::Response)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Media::Json)),
            ("application/json, */*;q=0.1", Some(Media::Json)),
            ("application/json;q=0.1, */*", Some(Media::Response)),
            ("application/graphql-response+json;charset=utf-8", Some(Media::Response)),
            ("APPLICATION/JSON; charset=\"UTF-8\"; Q=0.3", Some(Media::Json)),
            ("application/json;q=0, */*", Some(Media::Response)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Media::Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;charset=iso-8859-1", None),
            ("nonsense", None),
        ] {
            assert_eq!(answer_media(&headers(header::ACCEPT, accept)), expected, "{accept}");
        }
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""] {
            check_content_type(&headers(header::CONTENT_TYPE, good)).expect(good);
        }
        for bad in [
            "text/plain",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "",
        ] {
            assert!(check_content_type(&headers(header::CONTENT_TYPE, bad)).is_err(), "{bad}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }

    #[test]
    fn the_status_follows_the_audits() {
        let both = |outcome| (status(outcome, Media::Response).as_u16(), status(outcome, Media::Json).as_u16());
        assert_eq!(both(Outcome::Data), (200, 200));
        assert_eq!(both(Outcome::Refused(Code::GraphqlParseFailed)), (400, 200));
        assert_eq!(both(Outcome::Refused(Code::BadVariables)), (400, 200));
        assert_eq!(both(Outcome::Refused(Code::BadRequest)), (400, 400));
        assert_eq!(both(Outcome::Refused(Code::Unauthenticated)), (401, 401));
        assert_eq!(both(Outcome::Refused(Code::MethodNotAllowed)), (405, 405));
        for (code, due) in [
            (Code::GraphqlValidationFailed, (400, 200)),
            (Code::OperationUnresolved, (400, 200)),
            (Code::QueryTooDeep, (400, 200)),
            (Code::QueryTooManyAliases, (400, 200)),
            (Code::QueryTooLarge, (400, 200)),
            (Code::QueryTooExpensive, (400, 200)),
            (Code::FilterForbidden, (400, 200)),
            (Code::BatchingDisabled, (400, 400)),
            (Code::TokenExpired, (401, 401)),
            (Code::Forbidden, (403, 403)),
            (Code::CsrfRejected, (403, 403)),
            (Code::DocumentNotTrusted, (403, 403)),
            (Code::DocumentNotFound, (404, 404)),
            (Code::NotFound, (404, 404)),
            (Code::NotAcceptable, (406, 406)),
            (Code::PayloadTooLarge, (413, 413)),
            (Code::UriTooLong, (414, 414)),
            (Code::UnsupportedMediaType, (415, 415)),
            (Code::RateLimited, (429, 429)),
            (Code::Internal, (500, 500)),
            (Code::Unavailable, (503, 503)),
            (Code::Timeout, (504, 504)),
        ] {
            assert_eq!(both(Outcome::Refused(code)), due, "{code:?}");
        }
        for code in [
            Code::FieldForbidden,
            Code::InvalidId,
            Code::CursorMismatch,
            Code::CursorExpired,
            Code::PageSizeTooLarge,
            Code::NotFound,
        ] {
            assert_eq!(both(Outcome::Failed(code)), (200, 200), "{code:?}");
        }
        assert_eq!(both(Outcome::Failed(Code::Timeout)), (504, 504));
        assert_eq!(both(Outcome::Failed(Code::NotFound)), (200, 200));
    }
}
