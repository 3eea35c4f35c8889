//! What every exchange has in common: a request id, a span, the shape of an error, the headers of an answer.
//! Whatever happens inside, a panic too, the client gets one JSON error with the request's id.

use std::{num::NonZeroU32, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use serde::Serialize;
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    ALLOWANCE,
    negotiation::{self, Media},
    peer::Peer,
};
use crate::{
    app::App,
    auth::{Left, allowance::Refused},
    clock::Clock,
    error::{Code, Error},
    graph::Outcome,
    telemetry,
};

/// The request's id, in and out.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a client calls itself, for the log.
pub static CLIENT_NAME: HeaderName = HeaderName::from_static("x-client-name");
/// Which version of itself.
pub static CLIENT_VERSION: HeaderName = HeaderName::from_static("x-client-version");
/// Characters of the longest name or version of a client that is noted.
const LONGEST_NAME: usize = 64;
/// Characters of the longest request id that is taken over from a client.
const LONGEST_ID: usize = 64;

/// The id of the request that an answer belongs to.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// A request that is refused as a whole. [`wrap`] writes its body.
#[derive(Debug, Clone)]
pub struct Refusal {
    error: Arc<Error>,
    left: Option<Left>,
    offers_basic: bool,
    /// Whether the status follows the code whatever media type the client accepts.
    plain: bool,
}

impl Refusal {
    /// The same where Basic is a way to authenticate too: the challenge names it, which some tools wait for.
    pub fn offering_basic(self) -> Self {
        Self { offers_basic: true, ..self }
    }

    /// What it is for.
    pub fn code(&self) -> Code {
        self.error.code
    }

    /// A refusal that holds for some seconds.
    pub fn for_seconds(error: Error, seconds: u32) -> Self {
        Self::from(error.after_ms(seconds.saturating_mul(1_000)))
    }

    /// The same refusal where GraphQL's statuses do not hold: none is answered with 200.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { plain: true, ..self }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error: Arc::new(error), left: None, offers_basic: false, plain: false }
    }
}

impl From<Box<Refused>> for Refusal {
    fn from(refused: Box<Refused>) -> Self {
        let Refused { error, left } = *refused;
        Self { left: Some(left), ..Self::from(error) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

/// Runs a request inside its span and finishes its answer.
pub async fn wrap(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = app.clock.now();
    let id = request_id(request.headers(), app.clock.as_ref());
    let media = negotiation::answer_media(request.headers());
    let presented = request.headers().contains_key(header::AUTHORIZATION);
    let long_uri = is_longer(request.uri(), app.config.max_uri);
    let path = request.uri().path();
    // Asked again and again by machines: worth a line only where it fails.
    let quiet = matches!(path, "/healthz" | "/readyz" | "/metrics");
    let span = tracing::info_span!(
        "request", otel.kind = "server", request_id = id, method = %request.method(), path, status = Empty, outcome = Empty,
        client = Empty, client_version = Empty, operation = Empty, document = Empty, dataset = Empty, caller = Empty, rows = Empty, statements = Empty, masked = Empty, duration_ms = Empty,
    );
    telemetry::continue_trace(&span, request.headers());
    for (field, header) in [("client", &CLIENT_NAME), ("client_version", &CLIENT_VERSION)] {
        if let Some(name) = client(request.headers(), header) {
            span.record(field, name);
        }
    }
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(media);
    let peer = Peer::of(request.extensions(), request.headers(), &app.config.trusted_proxies);
    request.extensions_mut().insert(peer);

    let inner = async move {
        if long_uri {
            return Refusal::from(Error::new(Code::UriTooLong, "The address is too long. Send the request by POST."))
                .into_response();
        }
        let caught = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        caught.unwrap_or_else(|_| Refusal::from(Error::internal("a panic, logged at its place")).into_response())
    };
    async {
        let mut response = inner.await;
        if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
            write_refusal(&mut response, &refusal, media.unwrap_or(Media::Json), &id, presented);
        }
        finish_headers(response.headers_mut(), &id);
        let duration_ms = (app.clock.now() - started).num_milliseconds();
        tracing::record_all!(Span::current(), status = response.status().as_u16(), duration_ms = duration_ms);
        if !(quiet && response.status().is_success()) {
            tracing::info!("answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// Whether an address is longer than so many bytes; what most requests are sent to is not written out for it.
fn is_longer(uri: &Uri, most: usize) -> bool {
    match uri.path_and_query() {
        Some(path) if uri.authority().is_none() => path.as_str().len() > most,
        _ => uri.to_string().len() > most,
    }
}

/// What a client says of itself, where it is short and plain: it stands in logs.
fn client<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" ._-+/@()".contains(&b);
    let given = headers.get(name)?.to_str().ok()?;
    ((1..=LONGEST_NAME).contains(&given.len()) && given.bytes().all(plain)).then_some(given)
}

/// A client's own id where it is harmless in headers and logs, else a new one.
fn request_id(headers: &HeaderMap, clock: &dyn Clock) -> String {
    let harmless = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless);
    given.map_or_else(|| clock.new_id().simple().to_string(), String::from)
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    errors: [ErrorEntry<'a>; 1],
}

#[derive(Serialize)]
struct ErrorEntry<'a> {
    message: &'a str,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    request_id: &'a str,
    retryable: bool,
    docs_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<NonZeroU32>,
}

fn write_refusal(response: &mut Response, refusal: &Refusal, media: Media, id: &str, presented: bool) {
    let error = &refusal.error;
    Span::current().record("outcome", error.code.as_str());
    if let Some(cause) = &error.source {
        tracing::error!(code = error.code.as_str(), cause = %cause, "request failed");
    }
    if let Some(millis) = error.retry_after_ms {
        response.headers_mut().insert(header::RETRY_AFTER, seconds(millis).into());
    }
    if let Some(left) = &refusal.left {
        tell_allowance(response.headers_mut(), left);
    }
    if matches!(error.code, Code::Unauthenticated | Code::TokenExpired) {
        // RFC 6750, section 3.1: who presented nothing is told no error.
        let challenge = if presented {
            format!(
                "Bearer realm=\"foliograph\", error=\"invalid_token\", error_description=\"{}\"",
                error.message.replace(['"', '\\'], "'")
            )
        } else {
            "Bearer realm=\"foliograph\"".into()
        };
        let headers = response.headers_mut();
        headers.extend(HeaderValue::try_from(challenge).ok().map(|value| (header::WWW_AUTHENTICATE, value)));
        if refusal.offers_basic {
            let basic = HeaderValue::from_static("Basic realm=\"foliograph\", charset=\"UTF-8\"");
            headers.append(header::WWW_AUTHENTICATE, basic);
        }
    }
    let body = ErrorBody {
        errors: [ErrorEntry {
            message: &error.message,
            extensions: Extensions {
                code: error.code.as_str(),
                request_id: id,
                retryable: error.code.is_retryable(),
                docs_url: error.code.docs_url(),
                retry_after_ms: error.retry_after_ms,
            },
        }],
    };
    // Strings and numbers always have a JSON form.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let statuses = if refusal.plain { Media::Response } else { media };
    *response.status_mut() = negotiation::status(Outcome::Refused(error.code), statuses);
    response.headers_mut().insert(header::CONTENT_TYPE, media.header());
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
}

/// Whole seconds that are not fewer.
pub fn seconds(millis: NonZeroU32) -> i64 {
    millis.get().div_ceil(1_000).into()
}

/// What a caller has left.
pub fn tell_allowance(headers: &mut HeaderMap, left: &Left) {
    let [limit, remaining, reset] = &ALLOWANCE;
    headers.insert(limit, left.limit.into());
    headers.insert(remaining, left.remaining.into());
    headers.insert(reset, left.reset_seconds.into());
}

fn finish_headers(headers: &mut HeaderMap, id: &str) {
    headers.extend(HeaderValue::from_str(id).ok().map(|value| (REQUEST_ID.clone(), value)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.append(header::VARY, HeaderValue::from_static("Authorization, Accept"));
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::get};
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        clock::FixedClock,
        config::{Config, Toggle},
    };

    #[test]
    fn only_a_harmless_request_id_is_taken_over() {
        let id = |given: &str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID.clone(), given.parse().expect("value"))]);
            request_id(&headers, &FixedClock::at(chrono::DateTime::UNIX_EPOCH))
        };
        assert_eq!(id("trace-7.a_b"), "trace-7.a_b");
        for bad in ["", "a b", "a\"b", &"x".repeat(65)] {
            assert_eq!(id(bad).len(), 32, "{bad}");
        }
    }

    #[test]
    fn a_client_is_noted_by_a_short_and_plain_name() {
        let noted = |given: &str| {
            let headers = HeaderMap::from_iter([(CLIENT_NAME.clone(), given.parse().expect("value"))]);
            client(&headers, &CLIENT_NAME).map(str::to_owned)
        };
        for good in ["portal", "Power BI (desktop)", "@team/portal+1.2_3-rc"] {
            assert_eq!(noted(good).as_deref(), Some(good));
        }
        for bad in ["", "a\"b", "a;b", "a\tb", "é", &"x".repeat(65)] {
            assert_eq!(noted(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_panic_becomes_an_internal_error_with_the_request_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let database_url = format!("sqlite:{}?mode=rwc", folder.path().join("f.db").display());
        let config = Config { database_url, migrate: Toggle::On, ..Config::default() };
        let clock = Arc::new(FixedClock::at(chrono::DateTime::UNIX_EPOCH));
        let app = App::open(config, clock).await.expect("opened");
        let router = Router::new().route("/", get(panics)).layer(middleware::from_fn_with_state(app, wrap));
        let request = Request::get("/").header(&REQUEST_ID, "a-1").body(Body::empty()).expect("request");
        let response = router.oneshot(request).await.expect("answered");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[&REQUEST_ID], "a-1");
        let body = axum::body::to_bytes(response.into_body(), 1_024).await.expect("body");
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains(r#""code":"INTERNAL","requestId":"a-1""#) && !text.contains("secret"), "{text}");
    }

    async fn panics() -> Refusal {
        panic!("secret")
    }
}
