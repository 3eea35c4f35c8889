//! Bearer tokens: checked against the keys of the issuer that they name, and made with the local one.
//! An [`Identity`] leaves this file only for a token whose signature, issuer, audience and time all hold; no message repeats a token.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Identity, KeyPrint, Role,
    claims::{ClaimPath, Claims},
    fetch::Fetcher,
    issuer_keys::IssuerKeys,
    keys::{self, LocalKey, TokenKey},
    terms::{self, HeaderType, KeysAt, Terms, Verified},
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

/// An issuer whose tokens are accepted.
pub struct Issuer {
    terms: Terms,
    keys: Keys,
}

/// The keys of an issuer.
enum Keys {
    /// Known from the start.
    Fixed(Arc<[TokenKey]>),
    /// Fetched from the issuer.
    Published(Arc<IssuerKeys>),
}

/// Checks bearer tokens.
pub struct Verifier {
    issuers: Vec<Issuer>,
    remembered: Mutex<LruCache<[u8; 32], Verified>>,
}

impl Issuer {
    /// An issuer on these terms; its keys are read where they lie in files, else fetched later.
    pub fn open(terms: Terms) -> Result<Self, Error> {
        let keys = match &terms.keys_at {
            KeysAt::Path(path) => Keys::Fixed(keys::read_public(Path::new(path))?.into()),
            KeysAt::Issuer => Keys::Published(Arc::new(IssuerKeys::new(Fetcher::new(&terms.issuer)?))),
        };
        Ok(Self { terms, keys })
    }

    fn local(key: &LocalKey) -> Self {
        let terms = Terms {
            issuer: LOCAL_ISSUER.into(),
            audiences: vec![LOCAL_AUDIENCE.into()],
            roles_at: vec![ClaimPath::of(&["roles"])],
            role_map: None,
            authorized_parties: vec![],
            keys_at: KeysAt::Issuer,
        };
        let secret = DecodingKey::from_secret(key.secret());
        let key = TokenKey::new(Some(LOCAL_KID.into()), Algorithm::HS256, secret);
        Self { terms, keys: Keys::Fixed([key].into()) }
    }

    /// The key that a token names, fetched where it is new.
    async fn key(&self, named: &Named, now: DateTime<Utc>) -> Result<TokenKey, Error> {
        match &self.keys {
            Keys::Fixed(keys) => named.choose(keys).and_then(|key| key.ok_or_else(unfit)),
            Keys::Published(published) => {
                if let Some(key) = published.known(now).and_then(|keys| named.choose(&keys).transpose()) {
                    return key;
                }
                // No such key yet: perhaps the issuer has a new one.
                published.ask(now).await;
                match published.known(now).map(|keys| named.choose(&keys)) {
                    Some(Ok(Some(key))) => Ok(key),
                    Some(Ok(None)) if !published.has_failed() => Err(unfit()),
                    Some(Err(e)) => Err(e),
                    Some(Ok(None)) | None => Err(unreachable()),
                }
            }
        }
    }

    /// Fails where a key that let somebody in lets nobody in any more.
    fn check_signer(&self, signer: KeyPrint, now: DateTime<Utc>) -> Result<(), Error> {
        let keys = match &self.keys {
            Keys::Fixed(keys) => keys.clone(),
            Keys::Published(published) => published.known(now).ok_or_else(unreachable)?,
        };
        if keys.iter().any(|key| key.print == signer) { Ok(()) } else { Err(unfit()) }
    }
}

/// What a token's header says of its key.
struct Named {
    kid: Option<String>,
    algorithm: Algorithm,
}

impl Named {
    /// The one key that is meant; none where no key has the name, an error where one has it that does not fit.
    fn choose(&self, keys: &[TokenKey]) -> Result<Option<TokenKey>, Error> {
        let named = || keys.iter().filter(|key| self.kid.is_none() || key.kid == self.kid);
        let mut fitting = named().filter(|key| key.algorithm == self.algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(Some(key.clone())),
            (None, _) if named().next().is_none() => Ok(None),
            _ => Err(unfit()),
        }
    }
}

impl Verifier {
    /// A verifier that trusts the local key and these issuers.
    pub fn new(local: Option<&LocalKey>, mut issuers: Vec<Issuer>) -> Self {
        issuers.extend(local.map(Issuer::local));
        Self { issuers, remembered: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// Who presents this token. Where its key is new its issuer is asked, for a few seconds at most.
    pub async fn verify(&self, token: &str, clock: &dyn Clock) -> Result<Arc<Identity>, Error> {
        if let Some(identity) = self.recall(token, clock) {
            return Ok(identity);
        }
        let verified = self.check(token, clock.now()).await?;
        verified.check_times(clock.now())?;
        let identity = verified.identity.clone();
        self.memory().put(fingerprint(token), verified);
        Ok(identity)
    }

    /// Who presents this token, if it was verified before and still holds: costs a hash, no signature check.
    pub fn recall(&self, token: &str, clock: &dyn Clock) -> Option<Arc<Identity>> {
        let known = self.memory().get(&fingerprint(token)).cloned()?;
        let holds = known.check_times(clock.now()).and_then(|()| self.check_signer(&known.identity, clock.now()));
        holds.ok().map(|()| known.identity)
    }

    /// Fails where the key that signed somebody's token is no longer one of its issuer's.
    pub fn check_signer(&self, identity: &Identity, now: DateTime<Utc>) -> Result<(), Error> {
        let Some(signer) = identity.signer else { return Ok(()) };
        self.issuer(&identity.issuer).ok_or_else(terms::foreign)?.check_signer(signer, now)
    }

    /// Fetches the keys of issuers where that is due, several at the same time. True where a key was withdrawn since.
    pub async fn refresh(&self, now: DateTime<Utc>) -> bool {
        futures_util::future::join_all(self.published().map(|keys| keys.refresh(now))).await;
        // Each is asked: the word is taken with the answer.
        let withdrawn = self.published().filter(|keys| keys.take_withdrawal()).count();
        withdrawn > 0
    }

    /// Whether there is anything to refresh.
    pub fn fetches_keys(&self) -> bool {
        self.published().next().is_some()
    }

    fn published(&self) -> impl Iterator<Item = &Arc<IssuerKeys>> {
        self.issuers.iter().filter_map(|issuer| match &issuer.keys {
            Keys::Published(published) => Some(published),
            Keys::Fixed(_) => None,
        })
    }

    fn issuer(&self, name: &str) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.terms.issuer == name)
    }

    fn memory(&self) -> MutexGuard<'_, LruCache<[u8; 32], Verified>> {
        // Every entry is whole at any time, so a panic elsewhere has not spoiled them.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, Error> {
        if token.len() > LONGEST {
            return Err(refuse("The token is longer than 8 KiB. Ask the issuer for one with fewer claims."));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| no_token())?;
        if header.crit.is_some() {
            return Err(refuse("The token's header asks for an extension (crit) that is not supported."));
        }
        let typ = HeaderType::read(header.typ.as_deref())?;
        // Nothing vouches for this name yet: it only chooses whose keys the signature is checked with.
        let issuer = claimed_issuer(token).and_then(|name| self.issuer(&name)).ok_or_else(terms::foreign)?;
        let named = Named { kid: header.kid, algorithm: header.alg };
        let key = issuer.key(&named, now).await?;
        let mut signature_only = Validation::new(key.algorithm);
        // Claims are checked by the issuer's terms, against the injected clock.
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &signature_only)
            .map_err(|_| refuse("The token's signature does not hold. Get a new token."))?
            .claims;
        issuer.terms.read(typ, &claims, key.print)
    }
}

/// The issuer that a token says it comes from.
fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: Option<Value>,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claimed: Claimed = serde_json::from_slice(&payload).ok()?;
    claimed.iss?.as_str().map(str::to_owned)
}

fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn refuse(line: &str) -> Error {
    Error::new(Code::Unauthenticated, line)
}

fn no_token() -> Error {
    refuse("The credential is no signed JSON Web Token. Send 'Authorization: Bearer <token>'.")
}

fn unfit() -> Error {
    refuse("No key of this server fits the token's kid and algorithm. Get a token from the configured issuer.")
}

fn unreachable() -> Error {
    Error::new(Code::Unavailable, "The keys of the token's issuer cannot be fetched just now. Try again later.")
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
    use futures_util::FutureExt as _;
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
        let key = |kid: &str, algorithm, key: jsonwebtoken::errors::Result<DecodingKey>| {
            TokenKey::new(Some(kid.into()), algorithm, key.expect("key"))
        };
        let keys = Keys::Fixed(Arc::new([
            key("rs", Algorithm::RS256, DecodingKey::from_rsa_pem(RSA.1)),
            key("ps", Algorithm::PS256, DecodingKey::from_rsa_pem(RSA.1)),
            key("es", Algorithm::ES256, DecodingKey::from_ec_pem(P256.1)),
            key("ed", Algorithm::EdDSA, DecodingKey::from_ed_pem(ED.1)),
        ]));
        let terms = Terms {
            issuer: ISSUER.into(),
            audiences: vec!["foliograph".into()],
            roles_at: vec![ClaimPath::of(&["realm_access", "roles"])],
            role_map: None,
            authorized_parties: vec![],
            keys_at: KeysAt::Issuer,
        };
        Verifier::new(local, vec![Issuer { terms, keys }])
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
        verifier(None).verify(token, &clock()).now_or_never().expect("nothing to wait for").expect_err("refused").code
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
            if let Ok(identity) = verifier(None).verify(&with(&claim, value), &clock()).now_or_never().expect("nothing to wait for") {
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
            let identity =
                verifier(None).verify(&token, &clock()).now_or_never().expect("nothing to wait for").expect("accepted");
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
            verifier(None)
                .verify(&token, &clock())
                .now_or_never()
                .expect("nothing to wait for")
                .expect("within the skew");
        }
    }

    #[test]
    fn a_remembered_token_still_expires() {
        let (verifier, clock, token) = (verifier(None), clock(), by_ed(&claims()));
        assert!(verifier.recall(&token, &clock).is_none());
        verifier.verify(&token, &clock).now_or_never().expect("nothing to wait for").expect("holds");
        assert!(verifier.recall(&token, &clock).is_some());
        clock.advance_seconds(360);
        assert_eq!(
            verifier.verify(&token, &clock).now_or_never().expect("nothing to wait for").expect_err("expired").code,
            Code::TokenExpired
        );
    }

    #[test]
    fn local_tokens_hold_only_where_the_local_key_does() {
        let key = LocalKey::ephemeral().expect("key");
        let token = mint(&key, clock().now(), "pat", &[Role::PmoLead], TimeDelta::hours(8)).expect("minted");
        let identity = verifier(Some(&key))
            .verify(&token, &clock())
            .now_or_never()
            .expect("nothing to wait for")
            .expect("accepted");
        assert_eq!((identity.issuer.as_str(), identity.roles.clone()), (LOCAL_ISSUER, vec![Role::PmoLead]));
        assert_eq!(refused(&token), Code::Unauthenticated);
        let other = LocalKey::ephemeral().expect("key");
        assert!(verifier(Some(&other)).verify(&token, &clock()).now_or_never().expect("nothing to wait for").is_err());
    }

    #[test]
    fn no_message_repeats_the_token() {
        for token in ["secret-text", "a.b.c", &with("aud", json!("secret-text"))] {
            let line = verifier(None)
                .verify(token, &clock())
                .now_or_never()
                .expect("nothing to wait for")
                .expect_err("refused")
                .message;
            assert!(!line.contains("secret-text") && !line.contains(token), "{line}");
        }
    }
}
