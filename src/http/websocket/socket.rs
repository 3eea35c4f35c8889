//! One socket: its first message, its heartbeat, its operations, and its end. All that is written passes through here, one
//! message after the other, and the next is taken only when the last was written.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message as Frame, WebSocket},
    http::{Extensions, HeaderMap, HeaderValue, header},
};
use chrono::SecondsFormat;
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use serde_json::{Map, Value as Json, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tungstenite::Error as WireError;

use super::{
    super::{
        credential,
        peer::Peer,
        subscription::{Ended, Operation, Output, Seat, Sender, access_mode},
    },
    protocol::{self, End, Message},
};
use crate::{
    app::App,
    auth::{AccessMode, Identity},
    error::Code,
    graph::{Request, refused},
    metrics::Ending,
};

/// Outputs that wait for the socket; an operation with more waits itself.
const WAITING: usize = 4;

type Sink = SplitSink<WebSocket, Frame>;
type Frames = SplitStream<WebSocket>;

/// A socket whose client is known.
struct Socket {
    app: Arc<App>,
    identity: Arc<Identity>,
    mode: AccessMode,
    request_id: String,
    operations: HashMap<String, (u64, JoinHandle<()>)>,
    ids: HashMap<u64, String>,
    count: u64,
    out: Sender,
    _seat: Seat,
}

/// Serves a connection to its end.
pub async fn serve(app: Arc<App>, stream: WebSocket, peer: Option<Peer>, request_id: String) {
    let _open = app.sockets.enter();
    let (mut sink, mut frames) = stream.split();
    let mut stopping = app.sockets.stopping();
    let first = tokio::select! {
        first = timeout(app.config.waits.first_message(), first(&app, &mut sink, &mut frames)) => first.unwrap_or(Err(Some(End::InitTimeout))),
        () = stops(&mut stopping) => Err(Some(End::GoingAway)),
    };
    let ended = match first {
        Err(end) => end,
        Ok(payload) => match welcome(&app, peer, &payload).await {
            Err(end) => Some(end),
            Ok((identity, mode, seat)) => {
                let (out, outputs) = mpsc::channel(WAITING);
                let (operations, ids) = (HashMap::new(), HashMap::new());
                let mut socket = Socket {
                    app: app.clone(),
                    identity,
                    mode,
                    request_id,
                    operations,
                    ids,
                    count: 0,
                    out,
                    _seat: seat,
                };
                Box::pin(socket.run(&mut sink, &mut frames, outputs)).await.err().flatten()
            }
        },
    };
    if let Some(end) = ended {
        // A client that is gone hears it no more.
        let _ = timeout(Duration::from_secs(1), sink.send(Frame::Close(Some(end.frame())))).await;
    }
}

/// Waits for the first message; none where the client went.
async fn first(app: &App, sink: &mut Sink, frames: &mut Frames) -> Result<Map<String, Json>, Option<End>> {
    loop {
        match frames.next().await {
            Some(Ok(Frame::Text(text))) => match protocol::read(&text).map_err(Some)? {
                Message::Init(payload) => return Ok(payload),
                Message::Ping(payload) => {
                    write(app, sink, protocol::plain("pong", &payload)).await?;
                }
                Message::Pong => {}
                Message::Subscribe(..) | Message::Complete(_) => return Err(Some(End::Unauthorized)),
            },
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
            Some(Ok(Frame::Binary(_))) => return Err(Some(End::BadMessage)),
            Some(Err(e)) => return Err(broken(e)),
            Some(Ok(Frame::Close(_))) | None => return Err(None),
        }
    }
}

/// How a socket ends whose bytes cannot be read; none where the client is gone.
fn broken(error: axum::Error) -> Option<End> {
    match error.into_inner().downcast_ref::<WireError>() {
        Some(WireError::Capacity(_)) => Some(End::TooLarge),
        Some(WireError::Io(_) | WireError::ConnectionClosed | WireError::AlreadyClosed) => None,
        _ => Some(End::BadMessage),
    }
}

/// Who sent a first message.
async fn welcome(
    app: &Arc<App>,
    peer: Option<Peer>,
    payload: &Map<String, Json>,
) -> Result<(Arc<Identity>, AccessMode, Seat), End> {
    let mode = access_mode(payload).map_err(|()| End::BadMessage)?;
    let given = payload.get("authorization").or_else(|| payload.get("Authorization")).and_then(Json::as_str);
    let value = HeaderValue::from_str(given.unwrap_or_default()).map_err(|_| End::Unauthorized)?;
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    let mut extensions = Extensions::new();
    if let Some(peer) = peer {
        extensions.insert(peer);
    }
    let caller = credential::caller(app, &headers, &extensions).await;
    let caller = caller.map_err(|refusal| match refusal.code() {
        Code::TokenExpired => End::Expired,
        Code::Unavailable | Code::Internal => End::GoingAway,
        _ => End::Unauthorized,
    })?;
    let seat = app.sockets.seat(&caller.identity).ok_or(End::TooManySockets)?;
    Ok((caller.identity.clone(), mode.unwrap_or(caller.access_mode), seat))
}

/// Ready when the server stops.
async fn stops(stopping: &mut watch::Receiver<bool>) {
    // The sender lives in the app, which this socket holds.
    let _ = stopping.wait_for(|stops| *stops).await;
}

async fn write(app: &App, sink: &mut Sink, text: String) -> Result<(), Option<End>> {
    match timeout(app.config.waits.silence(), sink.send(Frame::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(End::Dead)),
    }
}

impl Socket {
    /// Runs until it ends; the error says how to close, if there is somebody to say it to.
    async fn run(
        &mut self,
        sink: &mut Sink,
        frames: &mut Frames,
        mut outputs: mpsc::Receiver<(u64, Output)>,
    ) -> Result<Infallible, Option<End>> {
        let expires_at = self.identity.expires_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let waits = self.app.config.waits;
        let beat = u64::try_from(waits.heartbeat().as_millis()).unwrap_or(u64::MAX);
        let ack = json!({ "expiresAt": expires_at, "heartbeatMs": beat });
        self.write(sink, protocol::plain("connection_ack", &ack)).await?;
        let mut stopping = self.app.sockets.stopping();
        let mut head = self.app.events.head();
        let mut beats = interval(waits.heartbeat());
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.tick().await;
        let mut last_word = Instant::now();
        loop {
            let left = (self.identity.expires_at - self.app.clock.now()).to_std().map_err(|_| Some(End::Expired))?;
            if left.is_zero() {
                return Err(Some(End::Expired));
            }
            tokio::select! {
                frame = frames.next() => {
                    last_word = Instant::now();
                    match frame {
                        Some(Ok(Frame::Text(text))) => self.hear(sink, protocol::read(&text).map_err(Some)?).await?,
                        Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                        Some(Ok(Frame::Binary(_))) => return Err(Some(End::BadMessage)),
                        Some(Err(e)) => return Err(broken(e)),
                        Some(Ok(Frame::Close(_))) | None => return Err(None),
                    }
                }
                Some((number, output)) = outputs.recv() => self.pass(sink, number, output).await?,
                _ = beats.tick() => self.write(sink, protocol::plain("ping", &Json::Null)).await?,
                () = sleep_until(last_word + waits.silence()) => return Err(Some(End::Dead)),
                // Looked at again above, by the clock; also when something happened, since a clock may be moved. An operation
                // looks by itself then: each event would wake every socket twice.
                () = sleep(left) => {}
                _ = head.changed(), if self.operations.is_empty() => {}
                () = stops(&mut stopping) => return Err(Some(End::GoingAway)),
            }
        }
    }

    async fn hear(&mut self, sink: &mut Sink, message: Message) -> Result<(), Option<End>> {
        match message {
            Message::Init(_) => Err(Some(End::TooManyInits)),
            Message::Ping(payload) => self.write(sink, protocol::plain("pong", &payload)).await,
            Message::Pong => Ok(()),
            Message::Complete(id) => {
                if let Some((number, task)) = self.operations.remove(&id) {
                    task.abort();
                    self.ids.remove(&number);
                }
                Ok(())
            }
            Message::Subscribe(id, request) => self.subscribe(sink, id, *request).await,
        }
    }

    async fn subscribe(&mut self, sink: &mut Sink, id: String, request: Request) -> Result<(), Option<End>> {
        if self.operations.contains_key(&id) {
            return Err(Some(End::DuplicateId));
        }
        let most = self.app.config.limits.subscriptions;
        if self.operations.len() >= most {
            self.app.metrics.requests.begin().ends(Ending::Limited);
            let line = format!("A socket carries at most {most} operations at a time.");
            let error = crate::error::Error::new(Code::RateLimited, line);
            return self.write(sink, protocol::error(&id, &refused(error, &self.request_id))).await;
        }
        self.count += 1;
        let (app, identity) = (self.app.clone(), self.identity.clone());
        let (number, out) = (self.count, self.out.clone());
        let operation = Operation { app: app.clone(), identity, number, names_cursors: false, out };
        // A socket carries many requests: each has an id of its own, which the trail and the log name.
        let request_id = app.clock.new_id().simple().to_string();
        tracing::debug!(socket = self.request_id, operation = id, request_id, "an operation begins");
        let request = Request { access_mode: self.mode, request_id, ..request };
        self.ids.insert(self.count, id.clone());
        self.operations.insert(id, (self.count, tokio::spawn(operation.run(request))));
        Ok(())
    }

    /// Writes what an operation has, unless it was completed meanwhile.
    async fn pass(&mut self, sink: &mut Sink, number: u64, output: Output) -> Result<(), Option<End>> {
        let Some(id) = self.ids.get(&number).cloned() else { return Ok(()) };
        match output {
            Output::Next(next) => self.write(sink, protocol::next(&id, &next.body)).await,
            Output::Error(errors) => {
                self.forget(&id, number);
                self.write(sink, protocol::error(&id, &errors)).await
            }
            Output::Complete => {
                self.forget(&id, number);
                self.write(sink, protocol::complete(&id)).await
            }
            Output::Close(Ended::Expired) => Err(Some(End::Expired)),
            Output::Close(Ended::Revoked) => Err(Some(End::Revoked)),
        }
    }

    async fn write(&self, sink: &mut Sink, text: String) -> Result<(), Option<End>> {
        write(&self.app, sink, text).await
    }

    fn forget(&mut self, id: &str, number: u64) {
        self.ids.remove(&number);
        self.operations.remove(id);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.operations.values().for_each(|(_, task)| task.abort());
    }
}
