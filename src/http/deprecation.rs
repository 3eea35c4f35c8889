//! What HTTP tells of a request that used something that is to go: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and where
//! the guide says more. Nothing is said where nothing is deprecated.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{NaiveDate, NaiveTime};

use crate::{
    error::{Code, Error},
    graph::deprecation::Deprecation,
};

/// Asks for `extensions.deprecations`.
pub static REPORT: HeaderName = HeaderName::from_static("graphql-deprecations");
/// Since when.
pub static DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// Until when.
pub static SUNSET: HeaderName = HeaderName::from_static("sunset");

/// What the request asks for.
pub fn reports_deprecations(headers: &HeaderMap) -> Result<bool, Error> {
    match headers.get(&REPORT) {
        None => Ok(false),
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"report") => Ok(true),
        Some(_) => Err(Error::new(Code::BadRequest, "GraphQL-Deprecations is report.")),
    }
}

/// Tells what was used: of several, since when the first of them is deprecated, and when the first of them goes.
pub fn tell(headers: &mut HeaderMap, used: &[&Deprecation]) {
    let (Some(since), Some(until)) = (used.iter().map(|d| d.since).min(), used.iter().map(|d| d.until).min()) else {
        return;
    };
    let since = format!("@{}", since.and_time(NaiveTime::MIN).and_utc().timestamp());
    headers.extend(HeaderValue::try_from(since).ok().map(|value| (DEPRECATION.clone(), value)));
    headers.extend(HeaderValue::try_from(end_of(until)).ok().map(|value| (SUNSET.clone(), value)));
    headers.append(
        header::LINK,
        HeaderValue::from_static("</docs#deprecations>; rel=\"deprecation\"; type=\"text/html\""),
    );
}

/// The last second of a day, as HTTP writes a date.
fn end_of(day: NaiveDate) -> String {
    format!("{} 23:59:59 GMT", day.format("%a, %d %b %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_go_is_told() {
        let old = Deprecation::new("A.old", "Use `new`.", "2026-01-31", "2027-06-30");
        let older = Deprecation::new("A.older", "Use `new`.", "2025-12-01", "2027-12-31");
        let mut headers = HeaderMap::new();
        tell(&mut headers, &[]);
        assert!(headers.is_empty());
        tell(&mut headers, &[&old, &older]);
        assert_eq!(headers[&DEPRECATION], "@1764547200");
        assert_eq!(headers[&SUNSET], "Wed, 30 Jun 2027 23:59:59 GMT");
        assert!(headers.contains_key(header::LINK));
    }

    #[test]
    fn only_report_is_asked_for() {
        let asks = |value: &str| {
            reports_deprecations(&HeaderMap::from_iter([(REPORT.clone(), value.parse().expect("a value"))]))
        };
        assert!(matches!(asks("report"), Ok(true)));
        assert!(matches!(reports_deprecations(&HeaderMap::new()), Ok(false)));
        assert_eq!(asks("yes").expect_err("refused").code, Code::BadRequest);
    }
}
