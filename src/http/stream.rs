//! `/graphql/stream`: one operation over Server-Sent Events, as the protocol graphql-sse has it for distinct connections.
//! The id of an event is its cursor: a client that comes back with `Last-Event-ID` goes on after it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    credential,
    envelope::{Refusal, RequestId},
    graphql::{access_mode, body_limit, cost_wish, idempotency_key, read_body, respond, tell_spent},
    negotiation::{self, Media},
    request,
    subscription::{Next, Operation, Output, Seat},
};
use crate::{
    app::App,
    error::{Code, Error},
    graph::{Outcome, Started},
};

/// How often a word is sent where nothing happens, so that what stands between knows that somebody listens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Outputs that wait for the connection; an operation with more waits itself.
const WAITING: usize = 4;
/// Where a client goes on.
static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Answers one operation.
pub async fn answer(
    State(app): State<Arc<App>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = credential::reader(&app, &parts.method, &parts.headers, &parts.extensions).await?;
    if !accepts_events(&parts.headers) {
        let line = "Accept text/event-stream: this address answers with events; /graphql answers with JSON.";
        return Err(Error::new(Code::NotAcceptable, line).into());
    }
    let mut read = if parts.method == Method::POST {
        negotiation::check_content_type(&parts.headers)?;
        request::from_body(&read_body(&parts.headers, body, body_limit(&app, &caller)).await?)?
    } else {
        request::from_address(&parts.uri)?
    };
    read.request_id = request_id;
    read.access_mode = access_mode(&parts.headers)?.unwrap_or(caller.access_mode);
    read.idempotency_key = idempotency_key(&parts.headers)?;
    read.cost = cost_wish(&parts.headers)?;
    let seat = app.sockets.seat(&caller.identity).ok_or_else(|| {
        let most = app.config.limits.sockets;
        Error::new(Code::RateLimited, format!("At most {most} connections may stay open at a time; close one first."))
    })?;
    let (out, outputs) = mpsc::channel(WAITING);
    let operation =
        Operation { app: app.clone(), identity: caller.identity.clone(), number: 0, names_cursors: true, out };
    match operation.start(read, &caller).await {
        Started::Answered(answer) if matches!(answer.outcome, Outcome::Refused(_)) => {
            Ok(respond(answer, Media::Response))
        }
        Started::Answered(answer) => {
            let mut response = events(once(answer.body));
            tell_spent(response.headers_mut(), answer.spent.as_ref());
            Ok(response)
        }
        Started::Following(mut following) => {
            if let Some(cursor) = last_event_id(&parts.headers)? {
                following.after = Some(cursor);
            }
            let task = tokio::spawn(operation.run_on(following, caller));
            Ok(events(followed(Connection { app, outputs, task, seat, beats: beats(), is_over: false })))
        }
    }
}

/// A subscription's connection: what it has is given back when the client is gone.
struct Connection {
    app: Arc<App>,
    outputs: mpsc::Receiver<(u64, Output)>,
    task: tokio::task::JoinHandle<()>,
    #[expect(dead_code, reason = "given back with the connection")]
    seat: Seat,
    beats: Interval,
    is_over: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn beats() -> Interval {
    let mut beats = interval(HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// The events of a subscription; the first word says at once that it began.
fn followed(connection: Connection) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let stopping = connection.app.sockets.stopping();
    let open = connection.app.sockets.enter();
    stream::unfold((connection, open), move |(mut connection, open)| {
        let mut stopping = stopping.clone();
        async move {
            if connection.is_over {
                return None;
            }
            let text = tokio::select! {
                output = connection.outputs.recv() => match output {
                    Some((_, Output::Next(next))) => next_event(&next),
                    Some((_, Output::Error(errors))) => {
                        connection.is_over = true;
                        let body = Bytes::from(serde_json::json!({ "errors": errors }).to_string());
                        [next_event(&Next { body, cursor: None }), complete()].concat()
                    }
                    Some((_, Output::Complete)) => {
                        connection.is_over = true;
                        complete()
                    }
                    // The end without a word: the client comes back with what it has, and a new token.
                    Some((_, Output::Close(_))) | None => return None,
                },
                _ = connection.beats.tick() => ":\n\n".to_owned(),
                _ = stopping.wait_for(|stops| *stops) => return None,
            };
            Some((Ok(Bytes::from(text)), (connection, open)))
        }
    })
}

/// The one event of a query or a mutation.
fn once(body: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let text = [next_event(&Next { body, cursor: None }), complete()].concat();
    stream::iter([Ok(Bytes::from(text))])
}

/// An answer as an event. JSON has no line breaks of its own.
fn next_event(next: &Next) -> String {
    let id = next.cursor.as_ref().map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    format!("event: next\n{id}data: {}\n\n", String::from_utf8_lossy(&next.body))
}

fn complete() -> String {
    "event: complete\ndata:\n\n".to_owned()
}

fn events(body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    // Proxies that collect answers would keep events from their readers.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges =
        given.flat_map(|value| value.split(',')).map(|range| range.split(';').next().unwrap_or_default().trim());
    ranges.any(|range| matches!(range, "text/event-stream" | "text/*" | "*/*"))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(&LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::new(Code::BadRequest, "Last-Event-ID holds plain characters."))?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
