//! From an `Authorization` header to a caller. Only a bearer token counts: cookies and addresses are never a credential.
//! An address that presented too many bad tokens is answered only for tokens that were good before.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, header},
};
use tracing::Span;

use super::envelope::Refusal;
use crate::{
    app::App,
    auth::Caller,
    error::{Code, Error},
};

/// Who sent a request with these headers.
pub async fn caller(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<Arc<Caller>, Refusal> {
    let token = bearer(headers)?;
    let clock = app.clock.as_ref();
    let identity = if let Some(known) = app.verifier.recall(token, clock) {
        known
    } else {
        // Absent only when the routes are called in process.
        let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        if let Some(seconds) = address.and_then(|address| app.failed_auth.blocked_for(address, clock.now())) {
            let line = "Too many bad credentials came from this address. Wait, then send a good one.";
            return Err(Refusal::for_seconds(Error::new(Code::RateLimited, line), seconds));
        }
        app.verifier.verify(token, clock).inspect_err(|e| {
            // An expired token was once ours: its owner is no guesser.
            if let (Code::Unauthenticated, Some(address)) = (e.code, address) {
                app.failed_auth.count(address, clock.now());
            }
        })?
    };
    Span::current().record("caller", identity.subject.as_str());
    Ok(app.caller_of(identity).await?)
}

fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let refuse = |line| Err(Error::new(Code::Unauthenticated, line));
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return refuse("A token is needed. Send 'Authorization: Bearer <token>'."),
        (Some(_), Some(_)) => return refuse("There is more than one Authorization header. Send one."),
        (Some(value), None) => value.to_str().unwrap_or_default(),
    };
    match value.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => refuse("The Authorization header holds no bearer token. Send 'Authorization: Bearer <token>'."),
    }
}
