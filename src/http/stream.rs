//! Subscriptions over an answer of HTTP that does not end: `/graphql/stream` as Server-Sent Events, by the protocol graphql-sse
//! for distinct connections, and `/graphql` as parts of `multipart/mixed`. The id of an event is its cursor: a client that comes
//! back with `Last-Event-ID` goes on after it.

mod events;
mod parts;

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, Stream},
};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use super::{
    credential,
    deprecation::reports_deprecations,
    envelope::{Refusal, RequestId},
    graphql::{access_mode, body_limit, cost_wish, idempotency_key, read_body, respond, tell_spent},
    negotiation::{self, Media},
    request,
    subscription::{Ended, Next, Operation, Output, Seat},
};
use crate::{
    app::App,
    auth::Caller,
    error::{Code, Error},
    graph::{Following, Outcome, Started, refused},
};

/// Outputs that wait for the connection; an operation with more waits itself.
const WAITING: usize = 4;
/// When to ask again for a place that others of the same caller have.
const SEAT_SECONDS: u32 = 5;
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
    read.reports_deprecations |= reports_deprecations(&parts.headers)?;
    let seat = seat(&app, &caller)?;
    let (operation, outputs) = begun(&app, &caller, Form::Events);
    match operation.start(read, &caller).await {
        Started::Answered(answer) if matches!(answer.outcome, Outcome::Refused(_)) => {
            Ok(respond(answer, Media::Response))
        }
        Started::Answered(answer) => {
            let mut response = Form::Events.response(once(answer.body));
            tell_spent(response.headers_mut(), answer.spent.as_ref());
            Ok(response)
        }
        Started::Following(mut following) => {
            if let Some(cursor) = last_event_id(&parts.headers)? {
                following.after = Some(cursor);
            }
            Ok(told(&app, operation, outputs, (following, caller), Form::Events, seat))
        }
    }
}

/// Follows a subscription that came as a request of `/graphql`, as parts.
pub(super) fn in_parts(app: &Arc<App>, following: Box<Following>, caller: Arc<Caller>) -> Result<Response, Refusal> {
    let seat = seat(app, &caller)?;
    let (operation, outputs) = begun(app, &caller, Form::Parts);
    Ok(told(app, operation, outputs, (following, caller), Form::Parts, seat))
}

pub(super) use parts::are_accepted as parts_are_accepted;

/// How what happens is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Server-Sent Events.
    Events,
    /// Parts of `multipart/mixed`.
    Parts,
}

impl Form {
    /// The first word: that it began.
    fn begin(self) -> String {
        match self {
            Self::Events => events::BEAT.to_owned(),
            Self::Parts => parts::BEGIN.to_owned(),
        }
    }

    fn beat(self) -> String {
        match self {
            Self::Events => events::BEAT.to_owned(),
            Self::Parts => parts::beat(),
        }
    }

    fn next(self, next: &Next) -> String {
        match self {
            Self::Events => events::next(next),
            Self::Parts => parts::next(next),
        }
    }

    fn error(self, errors: &serde_json::Value) -> String {
        match self {
            Self::Events => events::error(errors),
            Self::Parts => parts::error(errors),
        }
    }

    fn complete(self) -> String {
        match self {
            Self::Events => events::complete(),
            Self::Parts => parts::END.to_owned(),
        }
    }

    /// The last word of a connection that ends before its operation; none where a client that hears none comes back by
    /// itself, with a new token and the cursor that it has.
    fn fatal(self, error: Error, request_id: &str) -> Option<String> {
        match self {
            Self::Events => None,
            Self::Parts => Some(parts::fatal(&refused(error, request_id))),
        }
    }

    fn response(self, body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
        let mut response = Body::from_stream(body).into_response();
        let media_type = match self {
            Self::Events => events::MEDIA_TYPE,
            Self::Parts => parts::MEDIA_TYPE,
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        // Proxies that collect answers would keep events from their readers.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

/// A place for a connection that stays open.
fn seat(app: &App, caller: &Caller) -> Result<Seat, Refusal> {
    app.sockets.seat(&caller.identity).ok_or_else(|| {
        let most = app.config.limits.sockets;
        let line = format!("At most {most} connections may stay open at a time; close one first.");
        Refusal::for_seconds(Error::new(Code::RateLimited, line), SEAT_SECONDS)
    })
}

/// An operation that has a connection for itself, and what comes of it.
fn begun(app: &Arc<App>, caller: &Caller, form: Form) -> (Operation, mpsc::Receiver<(u64, Output)>) {
    let (out, outputs) = mpsc::channel(WAITING);
    let names_cursors = form == Form::Events;
    (Operation { app: app.clone(), identity: caller.identity.clone(), number: 0, names_cursors, out }, outputs)
}

/// The answer that tells what a subscription follows.
fn told(
    app: &Arc<App>,
    operation: Operation,
    outputs: mpsc::Receiver<(u64, Output)>,
    (following, caller): (Box<Following>, Arc<Caller>),
    form: Form,
    seat: Seat,
) -> Response {
    let request_id = following.request_id().to_owned();
    let task = tokio::spawn(operation.run_on(following, caller));
    let beats = beats(app);
    let connection = Connection { app: app.clone(), outputs, task, seat, beats, form, request_id, is_over: false };
    form.response(followed(connection))
}

/// A subscription's connection: what it has is given back when the client is gone.
struct Connection {
    app: Arc<App>,
    outputs: mpsc::Receiver<(u64, Output)>,
    task: tokio::task::JoinHandle<()>,
    #[expect(dead_code, reason = "given back with the connection")]
    seat: Seat,
    beats: Interval,
    form: Form,
    request_id: String,
    is_over: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn beats(app: &App) -> Interval {
    let (every, now) = (app.config.waits.heartbeat(), Instant::now());
    let mut beats = interval_at(now + every, every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

impl Connection {
    /// What is written of an output; none ends the connection without a word.
    fn written(&mut self, output: Option<Output>) -> Option<String> {
        let end = match output {
            Some(Output::Next(next)) => return Some(self.form.next(&next)),
            Some(Output::Error(errors)) => Some(self.form.error(&errors)),
            Some(Output::Complete) => Some(self.form.complete()),
            Some(Output::Close(Ended::Expired)) => self
                .fatal(Code::TokenExpired, "The token has expired. Come back with a new one, after the last cursor."),
            Some(Output::Close(Ended::Revoked)) => self.fatal(Code::Unauthenticated, "The credential no longer holds."),
            None => None,
        };
        self.is_over = true;
        end
    }

    fn fatal(&mut self, code: Code, line: &str) -> Option<String> {
        self.is_over = true;
        self.form.fatal(Error::new(code, line), &self.request_id)
    }
}

/// What is told of a subscription; the first word says at once that it began.
fn followed(connection: Connection) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let stopping = connection.app.sockets.stopping();
    let open = connection.app.sockets.enter();
    let begin = stream::iter([Ok(Bytes::from(connection.form.begin()))]);
    begin.chain(stream::unfold((connection, open), move |(mut connection, open)| {
        let mut stopping = stopping.clone();
        async move {
            if connection.is_over {
                return None;
            }
            let text = tokio::select! {
                output = connection.outputs.recv() => connection.written(output.map(|(_, output)| output))?,
                _ = connection.beats.tick() => connection.form.beat(),
                _ = stopping.wait_for(|stops| *stops) => {
                    connection.fatal(Code::Unavailable, "The server stops. Come back, after the last cursor.")?
                }
            };
            Some((Ok(Bytes::from(text)), (connection, open)))
        }
    }))
}

/// The one event of a query or a mutation.
fn once(body: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let text = [events::next(&Next { body, cursor: None }), events::complete()].concat();
    stream::iter([Ok(Bytes::from(text))])
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
