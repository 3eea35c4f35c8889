//! Bearer tokens: checked against configured keys, and made with the local one.
//! An [`Identity`] leaves this file only for a token whose signature, issuer, audience and time all hold; no message repeats a token.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Identity, Role, SKEW,
    keys::{LocalKey, PublicKey},
};
use crate::{
    clock::Clock,
    error::{Code, Error},
};

/// `iss` of tokens signed by the local key.
pub const LOCAL_ISSUER: &str = "foliograph-local";
/// `aud` of tokens signed by the local key.
pub const LOCAL_AUDIENCE: &str = "foliograph";
/// `kid` of the local key.
const LOCAL_KID: &str = "local";
/// Tokens remembered as verified.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");
/// Bytes of the longest token looked at.
const LONGEST: usize = 8 * 1024;

/// A key with all that a token signed by it has to say.
struct Trusted {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    issuer: String,
    audience: String,
    roles_claim: String,
}

/// What a signature vouched for; times are compared at every use.
#[derive(Clone)]
struct Verified {
    identity: Arc<Identity>,
    not_before: Option<DateTime<Utc>>,
}

/// Checks bearer tokens.
pub struct Verifier {
    trusted: Vec<Trusted>,
    remembered: Mutex<LruCache<[u8; 32], Verified>>,
}

/// An issuer whose tokens are accepted.
pub struct Issuer {
    /// `iss`.
    pub name: String,
    /// `aud`.
    pub audience: String,
    /// Where its tokens name roles.
    pub roles_claim: String,
    /// Its public keys.
    pub keys: Vec<PublicKey>,
}

impl Verifier {
    /// A verifier that trusts the local key, an issuer, or both.
    pub fn new(local: Option<&LocalKey>, issuer: Option<Issuer>) -> Self {
        let mut trusted = vec![];
        if let Some(Issuer { name, audience, roles_claim, keys }) = issuer {
            trusted.extend(keys.into_iter().map(|PublicKey { kid, algorithm, key }| Trusted {
                kid,
                algorithm,
                key,
                issuer: name.clone(),
                audience: audience.clone(),
                roles_claim: roles_claim.clone(),
            }));
        }
        trusted.extend(local.map(|key| Trusted {
            kid: Some(LOCAL_KID.into()),
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(key.secret()),
            issuer: LOCAL_ISSUER.into(),
            audience: LOCAL_AUDIENCE.into(),
            roles_claim: "roles".into(),
        }));
        Self { trusted, remembered: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// Who presents this token.
    pub fn verify(&self, token: &str, clock: &dyn Clock) -> Result<Arc<Identity>, Error> {
        if let Some(identity) = self.recall(token, clock) {
            return Ok(identity);
        }
        let verified = self.check(token)?;
        check_times(&verified, clock.now())?;
        let identity = verified.identity.clone();
        self.memory().put(fingerprint(token), verified);
        Ok(identity)
    }

    /// Who presents this token, if it was verified before and still holds: costs a hash, no signature check.
    pub fn recall(&self, token: &str, clock: &dyn Clock) -> Option<Arc<Identity>> {
        let known = self.memory().get(&fingerprint(token)).cloned()?;
        check_times(&known, clock.now()).ok().map(|()| known.identity)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, LruCache<[u8; 32], Verified>> {
        // Every entry is whole at any time, so a panic elsewhere has not spoiled them.
        self.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn check(&self, token: &str) -> Result<Verified, Error> {
        if token.len() > LONGEST {
            return Err(refuse("The token is longer than 8 KiB. Ask the issuer for one with fewer claims."));
        }
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| refuse("The credential is no signed JSON Web Token. Send 'Authorization: Bearer <token>'."))?;
        if header.crit.is_some() {
            return Err(refuse("The token's header asks for an extension (crit) that is not supported."));
        }
        let typ = header.typ.as_deref().unwrap_or("JWT");
        if !["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
            return Err(refuse("The token is no access token by its header. Send the access token."));
        }
        let mut candidates = self
            .trusted
            .iter()
            .filter(|key| header.kid.is_none() || key.kid == header.kid)
            .filter(|key| key.algorithm == header.alg);
        let (Some(key), None) = (candidates.next(), candidates.next()) else {
            return Err(refuse(
                "No key of this server fits the token's kid and algorithm. Get a token from the configured issuer.",
            ));
        };
        let mut signature_only = Validation::new(key.algorithm);
        // Claims are checked below, against the injected clock.
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &signature_only)
            .map_err(|_| refuse("The token's signature does not hold. Get a new token."))?
            .claims;
        key.identity(&claims)
    }
}

impl Trusted {
    fn identity(&self, claims: &Map<String, Value>) -> Result<Verified, Error> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if text("iss") != Some(&self.issuer) {
            return Err(refuse("The token comes from another issuer. Get a token from the configured issuer."));
        }
        let for_us = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        };
        if !for_us {
            return Err(refuse("The token is meant for another audience. Ask the issuer for one meant for this API."));
        }
        // Keycloak tells its kinds of tokens apart by a claim of this name.
        if text("typ").is_some_and(|kind| kind != "Bearer") {
            return Err(refuse("The token is no access token by its claims. Send the access token."));
        }
        let Some(subject) = text("sub").filter(|subject| !subject.is_empty()) else {
            return Err(refuse("The token names no subject (sub)."));
        };
        let Some(expires_at) = claims.get("exp").and_then(instant) else {
            return Err(refuse("The token has no expiry (exp)."));
        };
        let not_before = match claims.get("nbf") {
            None => None,
            Some(value) => Some(instant(value).ok_or_else(|| refuse("The token's nbf is no instant."))?),
        };
        let roles = self.roles(claims)?;
        Ok(Verified {
            identity: Arc::new(Identity {
                issuer: self.issuer.clone(),
                subject: subject.into(),
                roles,
                expires_at,
                key: None,
            }),
            not_before,
        })
    }

    fn roles(&self, claims: &Map<String, Value>) -> Result<Vec<Role>, Error> {
        // Auth0's claim names are URLs: a claim of the whole name goes before the path.
        let mut steps = self.roles_claim.split('.');
        let found = claims.get(&self.roles_claim).or_else(|| {
            let first = claims.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        });
        let names: Vec<&str> = match found {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(names)) => names.split_whitespace().collect(),
            // Entra leaves a list that is too long out of the token: that is not the same as having no roles.
            None if claims.get("_claim_names").is_some_and(|moved| moved.get(&self.roles_claim).is_some()) => {
                return Err(refuse("The token's roles did not fit into it. Use app roles instead of groups."));
            }
            _ => vec![],
        };
        let mut roles: Vec<Role> = names.into_iter().filter_map(Role::parse).collect();
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }
}

fn check_times(verified: &Verified, now: DateTime<Utc>) -> Result<(), Error> {
    verified.identity.check_time(now)?;
    if verified.not_before.is_some_and(|start| now + SKEW < start) {
        return Err(refuse("The token does not hold yet (nbf). Check the clocks of issuer and server."));
    }
    Ok(())
}

/// A numeric date; whole seconds are all that a check with a minute's skew needs.
fn instant(value: &Value) -> Option<DateTime<Utc>> {
    /// The year 9999: leaves room for the skew.
    const LATEST: f64 = 253_402_300_799.0;
    let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "checked above to lie between 1970 and 9999")]
    DateTime::from_timestamp(seconds as i64, 0)
}

fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn refuse(line: &str) -> Error {
    Error::new(Code::Unauthenticated, line)
}

/// Makes a token with the local key.
pub fn mint(
    key: &LocalKey,
    now: DateTime<Utc>,
    subject: &str,
    roles: &[Role],
    ttl: TimeDelta,
) -> Result<String, Error> {
    let header = Header { kid: Some(LOCAL_KID.into()), ..Header::new(Algorithm::HS256) };
    let claims = json!({
        "iss": LOCAL_ISSUER,
        "aud": LOCAL_AUDIENCE,
        "sub": subject,
        "roles": roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "iat": now.timestamp(),
        "exp": (now + ttl).timestamp(),
    });
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret())).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::FixedClock;

    const ISSUER: &str = "https://id.example.com";
    const RSA: (&str, &[u8]) = (include_str!("fixtures/rsa.private.pem"), include_bytes!("fixtures/rsa.pem"));
    const P256: (&str, &[u8]) = (include_str!("fixtures/p256.private.pem"), include_bytes!("fixtures/p256.pem"));
    const ED: (&str, &[u8]) = (include_str!("fixtures/ed25519.private.pem"), include_bytes!("fixtures/ed25519.pem"));

    fn clock() -> FixedClock {
        FixedClock::at(Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap())
    }

    fn verifier(local: Option<&LocalKey>) -> Verifier {
        let key = |kid: &str, algorithm, key: jsonwebtoken::errors::Result<DecodingKey>| PublicKey {
            kid: Some(kid.into()),
            algorithm,
            key: key.expect("key"),
        };
        let keys = vec![
            key("rs", Algorithm::RS256, DecodingKey::from_rsa_pem(RSA.1)),
            key("ps", Algorithm::PS256, DecodingKey::from_rsa_pem(RSA.1)),
            key("es", Algorithm::ES256, DecodingKey::from_ec_pem(P256.1)),
            key("ed", Algorithm::EdDSA, DecodingKey::from_ed_pem(ED.1)),
        ];
        let issuer = Issuer {
            name: ISSUER.into(),
            audience: "foliograph".into(),
            roles_claim: "realm_access.roles".into(),
            keys,
        };
        Verifier::new(local, Some(issuer))
    }

    fn claims() -> Value {
        let now = clock().now().timestamp();
        json!({"iss": ISSUER, "aud": ["account", "foliograph"], "sub": "maria", "exp": now + 300,
               "realm_access": {"roles": ["SPONSOR", "offline_access", "SPONSOR"]}})
    }

    fn signed(kid: &str, algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
        let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, key).expect("signed")
    }

    fn by_ed(claims: &Value) -> String {
        signed("ed", Algorithm::EdDSA, &EncodingKey::from_ed_pem(ED.0.as_bytes()).expect("key"), claims)
    }

    fn refused(token: &str) -> Code {
        verifier(None).verify(token, &clock()).expect_err("refused").code
    }

    fn with(claim: &str, value: Value) -> String {
        let mut claims = claims();
        claims[claim] = value;
        by_ed(&claims)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_other_text_is_refused(text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,60}[.][A-Za-z0-9_-]{0,60}[.][A-Za-z0-9_-]{0,60}", ".{8000,9000}"]) {
            prop_assert_eq!(refused(&text), Code::Unauthenticated);
        }

        #[test]
        fn any_header_and_claims_without_a_signature_are_refused(
            algorithm in prop_oneof!["HS256|RS256|PS256|ES256|EdDSA|none|None|HS512", ".{0,8}"], kid in prop_oneof!["rs|ps|es|ed|local", ".{0,8}"], subject in any::<String>(), signature in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
            let header = part(json!({ "alg": algorithm, "kid": kid, "typ": "JWT" }));
            let mut claims = claims();
            claims["sub"] = subject.into();
            let token = format!("{header}.{}.{}", part(claims), URL_SAFE_NO_PAD.encode(signature));
            prop_assert_eq!(refused(&token), Code::Unauthenticated);
        }

        #[test]
        fn signed_claims_of_any_kind_are_taken_or_refused(claim in "iss|aud|sub|exp|nbf|typ|realm_access", text in any::<String>(), number in any::<f64>(), kind in 0..5) {
            let value = match kind {
                0 => json!(text),
                1 => json!(number),
                2 => json!([text, number]),
                3 => json!({ "roles": [text, number, null] }),
                _ => Value::Null,
            };
            if let Ok(identity) = verifier(None).verify(&with(&claim, value), &clock()) {
                prop_assert_eq!(&identity.issuer, ISSUER);
                prop_assert!(!identity.subject.is_empty());
            }
        }
    }

    #[test]
    fn each_algorithm_of_the_list_is_accepted_with_its_key() {
        let rsa = EncodingKey::from_rsa_pem(RSA.0.as_bytes()).expect("key");
        let p256 = EncodingKey::from_ec_pem(P256.0.as_bytes()).expect("key");
        for token in [
            signed("rs", Algorithm::RS256, &rsa, &claims()),
            signed("ps", Algorithm::PS256, &rsa, &claims()),
            signed("es", Algorithm::ES256, &p256, &claims()),
            by_ed(&claims()),
        ] {
            let identity = verifier(None).verify(&token, &clock()).expect("accepted");
            assert_eq!((identity.subject.as_str(), identity.roles.clone()), ("maria", vec![Role::Sponsor]));
        }
    }

    #[test]
    fn the_key_fixes_the_algorithm() {
        let rsa = EncodingKey::from_rsa_pem(RSA.0.as_bytes()).expect("key");
        // The public key as an HMAC secret: the classic confusion.
        let public = EncodingKey::from_secret(RSA.1);
        assert_eq!(refused(&signed("rs", Algorithm::HS256, &public, &claims())), Code::Unauthenticated);
        assert_eq!(refused(&signed("rs", Algorithm::PS256, &rsa, &claims())), Code::Unauthenticated);
        assert_eq!(refused(&signed("rs", Algorithm::RS512, &rsa, &claims())), Code::Unauthenticated);
        assert_eq!(refused(&signed("nobody", Algorithm::RS256, &rsa, &claims())), Code::Unauthenticated);
        let none = by_ed(&claims());
        let (_, rest) = none.split_once('.').expect("parts");
        let (payload, _) = rest.split_once('.').expect("parts");
        for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0"] {
            assert_eq!(refused(&format!("{header}.{payload}.")), Code::Unauthenticated);
        }
    }

    #[test]
    fn a_changed_payload_is_refused() {
        let (token, other) = (by_ed(&claims()), with("sub", json!("admin")));
        let parts: Vec<_> = token.split('.').collect();
        let payload = other.split('.').nth(1).expect("payload");
        assert_eq!(refused(&format!("{}.{payload}.{}", parts[0], parts[2])), Code::Unauthenticated);
    }

    #[test]
    fn issuer_audience_and_kind_must_fit() {
        for token in [
            with("iss", json!("https://id.example.com/")),
            with("iss", json!(LOCAL_ISSUER)),
            with("aud", json!("account")),
            with("aud", Value::Null),
            with("sub", json!("")),
            with("exp", Value::Null),
            with("exp", json!(1e300)),
            with("nbf", json!("soon")),
            with("typ", json!("ID")),
        ] {
            assert_eq!(refused(&token), Code::Unauthenticated);
        }
    }

    #[test]
    fn times_hold_with_a_minute_of_skew() {
        let now = clock().now().timestamp();
        assert_eq!(refused(&with("exp", json!(now - 60))), Code::TokenExpired);
        assert_eq!(refused(&with("nbf", json!(now + 61))), Code::Unauthenticated);
        for token in [with("exp", json!(now - 59)), with("nbf", json!(now + 60))] {
            verifier(None).verify(&token, &clock()).expect("within the skew");
        }
    }

    #[test]
    fn a_remembered_token_still_expires() {
        let (verifier, clock, token) = (verifier(None), clock(), by_ed(&claims()));
        assert!(verifier.recall(&token, &clock).is_none());
        verifier.verify(&token, &clock).expect("holds");
        assert!(verifier.recall(&token, &clock).is_some());
        clock.advance_seconds(360);
        assert_eq!(verifier.verify(&token, &clock).expect_err("expired").code, Code::TokenExpired);
    }

    #[test]
    fn local_tokens_hold_only_where_the_local_key_does() {
        let key = LocalKey::ephemeral().expect("key");
        let token = mint(&key, clock().now(), "pat", &[Role::PmoLead], TimeDelta::hours(8)).expect("minted");
        let identity = verifier(Some(&key)).verify(&token, &clock()).expect("accepted");
        assert_eq!((identity.issuer.as_str(), identity.roles.clone()), (LOCAL_ISSUER, vec![Role::PmoLead]));
        assert_eq!(refused(&token), Code::Unauthenticated);
        let other = LocalKey::ephemeral().expect("key");
        assert!(verifier(Some(&other)).verify(&token, &clock()).is_err());
    }

    #[test]
    fn no_message_repeats_the_token() {
        for token in ["secret-text", "a.b.c", &with("aud", json!("secret-text"))] {
            let line = verifier(None).verify(token, &clock()).expect_err("refused").message;
            assert!(!line.contains("secret-text") && !line.contains(token), "{line}");
        }
    }
}
