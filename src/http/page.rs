//! A part of a page that the server brings with it, under a policy that lets a browser load nothing from elsewhere.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// Pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// Their styles.
pub const STYLE: &str = "text/css; charset=utf-8";

/// The answer with this part.
pub fn part(policy: &'static str, media: &'static str, content: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, content).into_response()
}
