//! `/graphql`: checks a request from the outside in, hands it to the engine, and gives the answer its status and headers.
//! The deadline covers all of it, the reading of the body too.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tracing::Span;

use super::{
    ACCESS_MASKED, ACCESS_MODE, IDEMPOTENCY_KEY, credential,
    deprecation::{self, reports_deprecations},
    envelope::{Refusal, RequestId},
    negotiation::{self, Media},
    request,
};
use crate::{
    app::App,
    auth::AccessMode,
    error::{Code, Error},
    graph::{Answer, Outcome},
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
    let limit = app.config.timeout();
    let answering = within_deadline(&app, request_id, media, request, &mut observed);
    let answered = tokio::time::timeout(limit, answering).await.unwrap_or_else(|_| {
        Err(Error::new(Code::Timeout, "The request took longer than its time limit. Ask for less at once.").into())
    });
    if let Err(refusal) = &answered {
        observed.ends(refusal.code().into());
    }
    answered
}

async fn within_deadline(
    app: &App,
    request_id: String,
    media: Option<Media>,
    request: Request,
    observed: &mut Observed<'_>,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = credential::reader(app, &parts.method, &parts.headers, &parts.extensions).await?;
    let media = media.ok_or_else(|| {
        Error::new(
            Code::NotAcceptable,
            "Accept application/graphql-response+json or application/json: there is nothing else.",
        )
    })?;
    let read = if parts.method == Method::POST {
        negotiation::check_content_type(&parts.headers)?;
        let writes = caller.rights.writes_anything();
        let limit = if writes { app.config.max_write_body.max(app.config.max_body) } else { app.config.max_body };
        request::from_body(&read_body(&parts.headers, body, limit).await?)?
    } else {
        request::from_address(&parts.uri)?
    };
    let idempotency_key = idempotency_key(&parts.headers)?;
    let access_mode = access_mode(&parts.headers)?.unwrap_or(caller.access_mode);
    let reports_deprecations = reports_deprecations(&parts.headers)? || read.reports_deprecations;
    let asked = crate::graph::Request { access_mode, request_id, idempotency_key, reports_deprecations, ..read };
    Ok(respond(app.engine.execute(asked, &caller, observed).await, media))
}

pub(super) fn respond(answer: Answer, media: Media) -> Response {
    let span = Span::current();
    span.record("operation", answer.operation.as_deref().unwrap_or_default())
        .record("document", answer.document_hash.as_str())
        .record("rows", answer.rows)
        .record("statements", answer.statements)
        .record("masked", answer.masked)
        .record(
            "outcome",
            match answer.outcome {
                Outcome::Data => "DATA",
                Outcome::Refused(code) | Outcome::Failed(code) => code.as_str(),
            },
        );
    let mut response = (negotiation::status(answer.outcome, media), answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header());
    headers.insert(ACCESS_MASKED.clone(), answer.masked.into());
    deprecation::tell(headers, &answer.deprecated);
    if answer.outcome == Outcome::Refused(Code::MethodNotAllowed) {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// What the request asks for; none leaves it to the caller's credential.
pub(super) fn access_mode(headers: &HeaderMap) -> Result<Option<AccessMode>, Error> {
    let Some(value) = headers.get(&ACCESS_MODE) else { return Ok(None) };
    let mode = value.to_str().ok().and_then(AccessMode::parse);
    mode.map(Some).ok_or_else(|| Error::new(Code::BadRequest, "X-Access-Mode is MASK or ERROR."))
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
