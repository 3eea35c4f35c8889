//! `/graphql`: checks a request from the outside in, hands it to the engine, and gives the answer its status and headers.
//! The deadline covers all of it, the reading of the body too.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::{
    ACCESS_MASKED, ACCESS_MODE, GRAPHQL_COST, IDEMPOTENCY_KEY, QUERY_COST, credential,
    deprecation::{self, reports_deprecations},
    envelope::{Refusal, RequestId, seconds, tell_allowance},
    negotiation::{self, Media},
    request, stream,
};
use crate::{
    app::App,
    auth::{AccessMode, Caller},
    error::{Code, Error},
    graph::{Answer, CostWish, Outcome, Spent, Started},
    metrics::Observed,
};

/// Answers one request.
pub async fn answer(
    State(app): State<Arc<App>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(media): Extension<Option<Media>>,
    request: Request,
) -> Result<Response, Refusal> {
    let mut observed = app.metrics.requests.begin();
    let answered = within_deadline(&app, request_id, media, request, &mut observed).await;
    if let Err(refusal) = &answered {
        observed.ends(refusal.code().into());
    }
    answered
}

/// Nobody has more time than a service key; how much a caller has is known with her.
async fn within_deadline(
    app: &Arc<App>,
    request_id: String,
    media: Option<Media>,
    request: Request,
    observed: &mut Observed<'_>,
) -> Result<Response, Refusal> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let knowing = credential::reader(app, &parts.method, &parts.headers, &parts.extensions);
    let caller =
        timeout_at(began + app.config.timeout(), knowing).await.unwrap_or_else(|_| Err(Error::late().into()))?;
    let until = began + app.allowances.limits(&caller).time();
    // In a box: what is large is copied wherever it is handed on.
    let answering = Box::pin(of_caller(app, &caller, (request_id, media), (parts, body), observed));
    timeout_at(until, answering).await.unwrap_or_else(|_| Err(Error::late().into()))
}

async fn of_caller(
    app: &Arc<App>,
    caller: &Arc<Caller>,
    (request_id, media): (String, Option<Media>),
    (parts, body): (Parts, Body),
    observed: &mut Observed<'_>,
) -> Result<Response, Refusal> {
    let in_parts = parts.method == Method::POST && stream::parts_are_accepted(&parts.headers);
    // Whoever takes a subscription in parts takes everything else as JSON.
    let media = media.or(in_parts.then_some(Media::Json)).ok_or_else(|| {
        let line = "Accept application/graphql-response+json or application/json: other operations than subscriptions have no other form.";
        Error::new(Code::NotAcceptable, line)
    })?;
    // Before the body is read: who is over her limits takes no memory.
    let admitted = app.allowances.admit(caller)?;
    let read = if parts.method == Method::POST {
        negotiation::check_content_type(&parts.headers)?;
        request::from_body(&read_body(&parts.headers, body, body_limit(app, caller)).await?)?
    } else {
        request::from_address(&parts.uri)?
    };
    let idempotency_key = idempotency_key(&parts.headers)?;
    let access_mode = access_mode(&parts.headers)?.unwrap_or(caller.access_mode);
    let cost = cost_wish(&parts.headers)?;
    let reports_deprecations = reports_deprecations(&parts.headers)? || read.reports_deprecations;
    let asked = crate::graph::Request { access_mode, request_id, idempotency_key, reports_deprecations, cost, ..read };
    if !in_parts {
        return Ok(respond(Box::pin(app.engine.execute(asked, caller, admitted, observed)).await, media));
    }
    match Box::pin(app.engine.start(asked, caller, admitted, observed)).await {
        Started::Answered(answer) => Ok(respond(answer, media)),
        Started::Following(following) => stream::in_parts(app, following, caller.clone()),
    }
}

/// Bytes of a body of this caller.
pub(super) fn body_limit(app: &App, caller: &Caller) -> usize {
    let limits = app.allowances.limits(caller);
    if caller.rights.writes_anything() { limits.write_body } else { limits.body }
}

pub(super) fn respond(answer: Answer, media: Media) -> Response {
    // Together: a log of JSON is written anew with each record.
    tracing::record_all!(
        Span::current(),
        operation = answer.operation.as_deref().unwrap_or_default(),
        document = answer.document_hash.as_str(),
        rows = answer.rows,
        statements = answer.statements,
        masked = answer.masked,
        outcome = match answer.outcome {
            Outcome::Data => "DATA",
            Outcome::Refused(code) | Outcome::Failed(code) => code.as_str(),
        },
    );
    let mut response = (negotiation::status(answer.outcome, media), answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header());
    headers.insert(ACCESS_MASKED.clone(), answer.masked.into());
    deprecation::tell(headers, &answer.deprecated);
    tell_spent(headers, answer.spent.as_ref());
    if let Some(millis) = answer.retry_after_ms {
        headers.insert(header::RETRY_AFTER, seconds(millis).into());
    }
    if answer.outcome == Outcome::Refused(Code::MethodNotAllowed) {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// What a request cost, and what its caller has left.
pub(super) fn tell_spent(headers: &mut HeaderMap, spent: Option<&Spent>) {
    if let Some(spent) = spent {
        headers.insert(QUERY_COST.clone(), spent.actual.into());
        tell_allowance(headers, &spent.left);
    }
}

/// What the request asks for; none leaves it to the caller's credential.
pub(super) fn access_mode(headers: &HeaderMap) -> Result<Option<AccessMode>, Error> {
    let Some(value) = headers.get(&ACCESS_MODE) else { return Ok(None) };
    let mode = value.to_str().ok().and_then(AccessMode::parse);
    mode.map(Some).ok_or_else(|| Error::new(Code::BadRequest, "X-Access-Mode is MASK or ERROR."))
}

/// What the request wants done with its price.
pub(super) fn cost_wish(headers: &HeaderMap) -> Result<CostWish, Error> {
    let Some(value) = headers.get(&GRAPHQL_COST) else { return Ok(CostWish::None) };
    match value.as_bytes() {
        b"report" => Ok(CostWish::Report),
        b"validate" => Ok(CostWish::Validate),
        _ => Err(Error::new(Code::BadRequest, "GraphQL-Cost is report or validate.")),
    }
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned);
    headers
        .get(&IDEMPOTENCY_KEY)
        .map(text)
        .transpose()
        .map_err(|_| Error::new(Code::BadRequest, "The header Idempotency-Key holds up to 255 plain characters."))
}

/// Reads up to `limit` bytes, counting what arrives rather than trusting what was announced.
pub(super) async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Error> {
    let too_large = || Error::new(Code::PayloadTooLarge, format!("The body is larger than {limit} bytes."));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut read = BytesMut::with_capacity(announced.unwrap_or_default());
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Error::new(Code::BadRequest, "The body ended before it was complete."))?;
        if read.len() + chunk.len() > limit {
            return Err(too_large());
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}
