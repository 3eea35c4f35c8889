//! From an `Authorization` header to a caller: a bearer token or an API key, and on GET a key as the password of Basic.
//! Cookies and addresses are never a credential. An address that presented too many bad ones is answered only for those that
//! were good before.

use std::{net::IpAddr, sync::Arc};

use axum::http::{Extensions, HeaderMap, Method, header};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tracing::Span;

use super::{envelope::Refusal, peer::Peer};
use crate::{
    app::App,
    auth::{Caller, Identity, api_keys},
    error::{Code, Error},
};

/// RFC 7617 pads; some tools do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who sent a request with these headers; a bearer token or key only.
pub async fn caller(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<Arc<Caller>, Refusal> {
    let value = authorization(headers)?;
    let Some(text) = with_scheme(value, "bearer") else {
        return Err(
            refuse("The Authorization header holds no bearer token. Send 'Authorization: Bearer <token>'.").into()
        );
    };
    identify(app, text, extensions).await
}

/// The same where data is read: on GET an API key may also be the password of Basic, of any user, since that is what the
/// credential stores of BI tools can send. Never on POST: a browser repeats Basic by itself, and a GET changes nothing.
pub async fn reader(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Arc<Caller>, Refusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return caller(app, headers, extensions).await;
    }
    let basic = authorization(headers).ok().and_then(|value| with_scheme(value, "basic"));
    let caller = match basic {
        None => caller(app, headers, extensions).await,
        Some(encoded) => {
            // What is no key at all takes the way of a key that does not hold: it counts, and is answered alike.
            let password = password(encoded).filter(|password| is_key(password));
            identify(app, password.as_deref().unwrap_or(api_keys::PREFIX), extensions).await
        }
    };
    caller.map_err(Refusal::offering_basic)
}

/// Whether the one bearer token that is due was presented, for what is no caller's. A wrong one is not counted: this one is
/// too long to be guessed, and a scraper with an old token would lock everybody at its address out.
pub fn check_token(headers: &HeaderMap, due: &str) -> Result<(), Error> {
    let presented = with_scheme(authorization(headers)?, "bearer").unwrap_or_default();
    // Hashes are of one length: how long the token is does not show either.
    let [presented, due] = [presented, due].map(Sha256::digest);
    if bool::from(presented.ct_eq(&due)) {
        return Ok(());
    }
    Err(refuse("This is not the token that this address asks for."))
}

/// Who presents this token or key, with all that rights need.
async fn identify(app: &App, text: &str, extensions: &Extensions) -> Result<Arc<Caller>, Refusal> {
    let clock = app.clock.as_ref();
    let address = extensions.get::<Peer>().and_then(|peer| peer.address);
    let recalled = if is_key(text) { app.keys.recall(text, address, clock) } else { app.verifier.recall(text, clock) };
    let identity = if let Some(known) = recalled {
        known
    } else {
        // A key is read again every few seconds: that it was good shows that it is no guess.
        let is_guess = !(is_key(text) && app.keys.was_good(text, address));
        let blocked =
            address.filter(|_| is_guess).and_then(|address| app.failed_auth.blocked_for(address, clock.now()));
        if let Some(seconds) = blocked {
            let line = "Too many bad credentials came from this address. Wait, then send a good one.";
            return Err(Refusal::for_seconds(Error::new(Code::RateLimited, line), seconds));
        }
        verify(app, text, address).await.inspect_err(|e| {
            // What has expired was once good: its owner is no guesser.
            if let (Code::Unauthenticated, Some(address)) = (e.code, address) {
                app.failed_auth.count(address, clock.now());
            }
        })?
    };
    Span::current().record("caller", identity.subject.as_str());
    Ok(app.caller_of(identity).await?)
}

async fn verify(app: &App, text: &str, address: Option<IpAddr>) -> Result<Arc<Identity>, Error> {
    if is_key(text) {
        app.keys.verify(&app.database.orm, app.clock.as_ref(), text, address).await
    } else {
        app.verifier.verify(text, app.clock.as_ref()).await
    }
}

fn is_key(text: &str) -> bool {
    text.starts_with(api_keys::PREFIX)
}

/// The one `Authorization` header.
fn authorization(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(refuse("A token is needed. Send 'Authorization: Bearer <token>'.")),
        (Some(_), Some(_)) => Err(refuse("There is more than one Authorization header. Send one.")),
        (Some(value), None) => Ok(value.to_str().unwrap_or_default().trim()),
    }
}

/// What follows the scheme, if it is this one.
fn with_scheme<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let (given, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    (given.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

/// The password of Basic credentials.
fn password(encoded: &str) -> Option<String> {
    let pair = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

fn refuse(line: &str) -> Error {
    Error::new(Code::Unauthenticated, line)
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn a_password_follows_the_first_colon() {
        // The pairs `any:fgk_a_b`, `:fgk_a_b`, `a:b:c`, without padding, without a colon, and no base64.
        for (encoded, due) in [
            ("YW55OmZna19hX2I=", Some("fgk_a_b")),
            ("OmZna19hX2I=", Some("fgk_a_b")),
            ("YTpiOmM=", Some("b:c")),
            ("YTpiOmM", Some("b:c")),
            ("Zmdr", None),
            ("?", None),
        ] {
            assert_eq!(password(encoded).as_deref(), due, "{encoded}");
        }
    }
}
