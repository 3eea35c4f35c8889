//! What an issuer publishes about itself, fetched: `<issuer>/.well-known/openid-configuration` and the keys that it names.
//! Only over TLS, from a loopback address also without; no redirect is followed, and what is too large or too slow is nothing.

use std::{error::Error as _, net::IpAddr, time::Duration};

use axum::http::{Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde::Deserialize;

use super::keys::{TokenKey, read_published};
use crate::error::{Code, Error};

/// How long one answer may take.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of the largest answer.
const LARGEST: usize = 256 * 1024;

/// Fetches what one issuer publishes.
pub struct Fetcher {
    issuer: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// What is read of an issuer's description.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

/// Whether keys may be fetched from this address: over TLS, or from this machine.
pub fn may_be_asked(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    !host.is_empty() && !has_user && uri.query().is_none() && (uri.scheme_str() == Some("https") || is_loopback(&uri))
}

/// Whether the address is one of this machine, without TLS.
pub fn is_plain_loopback(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| is_loopback(&uri))
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    uri.scheme_str() == Some("http") && (host == "localhost" || address.is_some_and(|address| address.is_loopback()))
}

impl Fetcher {
    /// Fetches from this issuer. Certificates are checked with those that the system trusts.
    pub fn new(issuer: &str) -> Result<Self, Error> {
        let tls = || ClientConfig::builder_with_provider(ring::default_provider().into());
        let roots = if is_plain_loopback(issuer) { RootCertStore::empty() } else { system_roots()? };
        let versions = tls().with_safe_default_protocol_versions().map_err(Error::internal)?;
        let tls = versions.with_root_certificates(roots).with_no_client_auth();
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let schemes = if is_plain_loopback(issuer) { builder.https_or_http() } else { builder.https_only() };
        // Asked once in minutes: no connection is kept.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(schemes.enable_http1().build());
        Ok(Self { issuer: issuer.to_owned(), client })
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys of now; the error is for the log.
    pub async fn keys(&self) -> Result<Vec<TokenKey>, String> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let description: Description = serde_json::from_slice(&self.get(&address).await?)
            .map_err(|e| format!("{address} does not describe an issuer: {e}"))?;
        if description.issuer != self.issuer {
            return Err(format!("{address} describes another issuer: {}", shown(&description.issuer)));
        }
        let address = description.jwks_uri;
        let stays_here = is_plain_loopback(&self.issuer) && is_plain_loopback(&address);
        if !stays_here && !address.starts_with("https://") {
            return Err(format!("its jwks_uri is no https address: {}", shown(&address)));
        }
        let set =
            String::from_utf8(self.get(&address).await?).map_err(|_| format!("{} is no text", shown(&address)))?;
        let keys = read_published(&set).map_err(|why| format!("{} {why}", shown(&address)))?;
        if keys.is_empty() {
            return Err(format!("{} holds no key to check tokens with", shown(&address)));
        }
        Ok(keys)
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, String> {
        let failed = |why: String| format!("{} cannot be read: {why}", shown(address));
        let request = Request::get(address).header(header::ACCEPT, "application/json").body(Empty::new());
        let request = request.map_err(|e| failed(e.to_string()))?;
        let answered = tokio::time::timeout(WITHIN, async {
            let answer = self.client.request(request).await.map_err(|e| whole(&e))?;
            if answer.status() != StatusCode::OK {
                return Err(format!("the status is {}", answer.status().as_u16()));
            }
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            body.map(|body| body.to_bytes().to_vec()).map_err(|e| e.to_string())
        });
        match answered.await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(failed(format!("no answer within {} seconds", WITHIN.as_secs()))),
        }
    }
}

/// A text of somebody else, short enough for a log.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// An error with what it comes from, which alone says something.
fn whole(error: &hyper_util::client::legacy::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

fn system_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(roots);
    }
    let line = "An issuer's keys are fetched over TLS, and this system has no certificates of authorities: install ca-certificates, or name a file of them in SSL_CERT_FILE.";
    Err(Error::new(Code::BadRequest, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for address in [
            "https://id.example.com",
            "https://id.example.com/realms/a",
            "https://id.example.com/",
            "http://localhost:8081/realms/a",
            "http://127.0.0.1:9",
            "http://[::1]:9",
        ] {
            assert!(may_be_asked(address), "{address}");
        }
        for address in [
            "http://id.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "https://",
            "ftp://id.example.com",
            "id.example.com",
            "https://user@id.example.com",
            "http://localhost@evil.example.com",
            "https://id.example.com?x=1",
            "",
        ] {
            assert!(!may_be_asked(address), "{address}");
        }
    }
}
