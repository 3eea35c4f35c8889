//! `/graphql/ws`: subscriptions, and queries and mutations too, over the protocol graphql-transport-ws.
//! A socket holds a bounded number of bytes however much happens and however slowly its client reads: events wait in the
//! outbox, not here.
//!
//! A page of another site can open a socket, but it has no token to put into the first message, and cookies are never a
//! credential here; its origin is refused all the same, unless it may call the API.

mod protocol;
mod socket;

use std::sync::Arc;

use axum::{
    extract::{Request, State, WebSocketUpgrade},
    http::header,
    response::Response,
};

use super::{
    envelope::{Refusal, RequestId},
    peer::Peer,
};
use crate::{
    app::App,
    error::{Code, Error},
};

/// The only protocol spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes that a socket's buffers begin with.
const BUFFER: usize = 4 * 1024;

/// Takes over a connection.
pub async fn open(
    State(app): State<Arc<App>>,
    axum::extract::Extension(RequestId(request_id)): axum::extract::Extension<RequestId>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let upgrade = upgrade
        .map_err(|_| Error::new(Code::BadRequest, "This address is for WebSockets: ask for an upgrade to one."))?;
    check_origin(&app, &request)?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let line = "The subprotocol graphql-transport-ws is spoken here, and no other.";
        return Err(Error::new(Code::BadRequest, line).into());
    }
    let peer = request.extensions().get::<Peer>().copied();
    let largest = app.config.limits.frame_bytes;
    Ok(upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(largest)
        .max_frame_size(largest)
        .on_upgrade(move |stream| socket::serve(app, stream, peer, request_id)))
}

/// A browser says which page opens a socket: one of this server, or one that may call the API.
fn check_origin(app: &App, request: &Request) -> Result<(), Error> {
    let headers = request.headers();
    let Some(origin) = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default()) else {
        return Ok(());
    };
    let own = request.extensions().get::<Peer>().is_some_and(|peer| peer.own_place(headers).is_origin(origin));
    if own || app.config.cors_origins.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(Error::new(Code::CsrfRejected, "Pages of this origin may not open a socket here; see --cors-origins."))
}
