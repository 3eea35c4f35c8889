//! GraphQL over HTTP, exports, health, figures, the SDL and the explorer.
//! The engine sees only requests that are authenticated, sized and well formed; every answer leaves through `envelope`.

mod connections;
mod credential;
mod deprecation;
mod envelope;
mod explorer;
mod export;
mod graphql;
mod guide;
mod health;
mod metrics;
mod negotiation;
mod page;
mod peer;
mod request;
mod stream;
mod subscription;
mod throttle;
mod websocket;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate as _, SizeAbove},
    },
    cors::CorsLayer,
};

pub use connections::serve;
pub use explorer::FIRST_QUERY;
pub use subscription::Sockets;
pub use throttle::Throttle;

use crate::{
    app::App,
    config::{Config, MetricsReaders},
    error::{Code, Error},
};
use envelope::{CLIENT_NAME, CLIENT_VERSION, REQUEST_ID, Refusal};

/// Below this many bytes compression costs more than it saves.
const COMPRESS_ABOVE: u16 = 1_024;

/// What a denied field gives, asked for by the client.
static ACCESS_MODE: HeaderName = HeaderName::from_static("x-access-mode");
/// Where `changes` goes on after an export.
static WATERMARK: HeaderName = HeaderName::from_static("x-watermark");
/// What makes a repeated mutation harmless.
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What is to be done with the price of a request.
static GRAPHQL_COST: HeaderName = HeaderName::from_static("graphql-cost");
/// What a request cost.
static QUERY_COST: HeaderName = HeaderName::from_static("x-query-cost");
/// What may be spent at once, what is left of it, and in how many seconds it is full again.
static ALLOWANCE: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];
/// How many fields were masked in this answer.
static ACCESS_MASKED: HeaderName = HeaderName::from_static("x-access-masked");

/// The routes.
pub fn router(app: &Arc<App>) -> Router {
    let mut routes = Router::new()
        .route("/graphql", get(graphql::answer).post(graphql::answer))
        .route("/export/v1/{file}", get(export::answer))
        .route("/graphql/ws", get(websocket::open))
        .route("/graphql/stream", get(stream::answer).post(stream::answer))
        .route("/schema.graphql", get(schema))
        .route("/healthz", get(health::process))
        .route("/readyz", get(health::database));
    routes = routes.merge(guide::routes(app));
    if app.config.has_explorer() {
        routes = routes.merge(explorer::routes());
    }
    if app.config.metrics_readers() != MetricsReaders::Nobody {
        routes = routes.route("/metrics", get(metrics::page));
    }
    let routes = routes
        .fallback(async || Refusal::from(Error::new(Code::NotFound, "There is nothing at this address.")))
        .method_not_allowed_fallback(async || {
            Refusal::from(Error::new(Code::MethodNotAllowed, "This address does not answer this method; see Allow."))
        })
        .with_state(app.clone())
        .layer(middleware::from_fn_with_state(app.clone(), envelope::wrap))
        .layer(CompressionLayer::new().compress_when(
            // What is told as it happens is not collected until there is enough to compress.
            SizeAbove::new(COMPRESS_ABOVE).and(NotForContentType::SSE).and(NotForContentType::const_new("multipart/")),
        ));
    match cors(&app.config) {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}

/// The SDL, for anyone who is authenticated.
async fn schema(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    credential::caller(&app, request.headers(), request.extensions()).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], app.engine.sdl()).into_response())
}

fn cors(config: &Config) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = config.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    // Credentials stay off: a cookie is never a credential here.
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                ACCESS_MODE.clone(),
                GRAPHQL_COST.clone(),
                IDEMPOTENCY_KEY.clone(),
                deprecation::REPORT.clone(),
                REQUEST_ID.clone(),
                CLIENT_NAME.clone(),
                CLIENT_VERSION.clone(),
                HeaderName::from_static("traceparent"),
                HeaderName::from_static("last-event-id"),
            ])
            .expose_headers(
                [
                    ACCESS_MASKED.clone(),
                    QUERY_COST.clone(),
                    deprecation::DEPRECATION.clone(),
                    deprecation::SUNSET.clone(),
                    header::LINK,
                    REQUEST_ID.clone(),
                    header::RETRY_AFTER,
                    header::CONTENT_DISPOSITION,
                    WATERMARK.clone(),
                ]
                .into_iter()
                .chain(ALLOWANCE.iter().cloned())
                .collect::<Vec<_>>(),
            )
            .max_age(Duration::from_hours(1)),
    )
}
