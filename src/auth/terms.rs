//! What tokens of an issuer have to say, and which of our roles its names mean. Claims are looked at only after the signature
//! held; what is not said in so many words gives nothing.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    Identity, KeyPrint, Role, SKEW,
    claims::{ClaimPath, Claims},
};
use crate::error::{Code, Error};

/// Claims that ID tokens have and access tokens do not.
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];
/// Where tokens name the client that they were issued to: by OpenID Connect, by RFC 9068, by Entra's first version.
const PARTIES: [&str; 3] = ["azp", "client_id", "appid"];

/// Where an issuer's keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysAt {
    /// Files that the operator put there.
    Path(PathBuf),
    /// The issuer's own address.
    Issuer,
}

/// An issuer whose tokens are accepted, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// `iss`, letter for letter.
    pub issuer: String,
    /// `aud`: one of these.
    pub audiences: Vec<String>,
    /// Where tokens name roles; names of all places count.
    pub roles_at: Vec<ClaimPath>,
    /// What its names mean here; without it names are those of our roles.
    pub role_map: Option<BTreeMap<String, Vec<Role>>>,
    /// Clients whose tokens are accepted; any where there are none.
    pub authorized_parties: Vec<String>,
    /// Where its keys come from.
    pub keys_at: KeysAt,
}

/// What a signature vouched for; times are compared at every use.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who it is.
    pub identity: Arc<Identity>,
    not_before: Option<DateTime<Utc>>,
}

/// The kind of a token by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderType {
    /// `at+jwt`: an access token by RFC 9068.
    AccessToken,
    /// `JWT`, or nothing said.
    Any,
}

impl HeaderType {
    /// The kind that `typ` says; an error for what is no access token.
    pub fn read(typ: Option<&str>) -> Result<Self, Error> {
        let is = |name: &str| typ.is_some_and(|typ| typ.eq_ignore_ascii_case(name));
        match typ {
            None => Ok(Self::Any),
            _ if is("JWT") => Ok(Self::Any),
            _ if is("at+jwt") || is("application/at+jwt") => Ok(Self::AccessToken),
            _ => Err(refuse("The token is no access token by its header. Send the access token.")),
        }
    }
}

impl Terms {
    /// Who presents a token with these claims, which its signature vouches for.
    pub fn read(&self, typ: HeaderType, claims: &Claims, signer: KeyPrint) -> Result<Verified, Error> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if text("iss") != Some(&self.issuer) {
            return Err(foreign());
        }
        let is_ours = |audience: &str| self.audiences.iter().any(|ours| ours == audience);
        let for_us = match claims.get("aud") {
            Some(Value::String(one)) => is_ours(one),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(is_ours),
            _ => false,
        };
        if !for_us {
            return Err(refuse("The token is meant for another audience. Ask the issuer for one meant for this API."));
        }
        check_kind(typ, claims)?;
        self.check_party(claims)?;
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
        let identity = Identity {
            issuer: self.issuer.clone(),
            subject: subject.into(),
            roles: self.roles(claims)?,
            expires_at,
            key: None,
            signer: Some(signer),
        };
        Ok(Verified { identity: Arc::new(identity), not_before })
    }

    fn check_party(&self, claims: &Claims) -> Result<(), Error> {
        if self.authorized_parties.is_empty() {
            return Ok(());
        }
        let party = PARTIES.iter().find_map(|claim| claims.get(*claim)).and_then(Value::as_str);
        if party.is_some_and(|party| self.authorized_parties.iter().any(|known| known == party)) {
            return Ok(());
        }
        Err(refuse("The token was issued to a client (azp) that may not call this API. Ask its operator."))
    }

    fn roles(&self, claims: &Claims) -> Result<Vec<Role>, Error> {
        let mut roles = vec![];
        for path in &self.roles_at {
            let names = path.texts(claims).map_err(|_| {
                refuse(
                    "The token's groups did not fit into it, so its roles are not known. Use app roles, or groups of the application alone.",
                )
            })?;
            for name in names {
                match &self.role_map {
                    Some(map) => roles.extend(map.get(name).into_iter().flatten()),
                    None => roles.extend(Role::parse(name)),
                }
            }
        }
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }
}

/// An ID token tells an application who logged in; it is no key to an API, though it is signed by the same key.
fn check_kind(typ: HeaderType, claims: &Claims) -> Result<(), Error> {
    // Keycloak tells its kinds of tokens apart by a claim of this name, and puts `nonce` into access tokens too.
    let is_access_token = match claims.get("typ") {
        None => typ == HeaderType::AccessToken,
        Some(kind) if kind == "Bearer" => true,
        Some(_) => return Err(refuse("The token is no access token by its claims. Send the access token.")),
    };
    if !is_access_token && OF_ID_TOKENS.iter().any(|claim| claims.contains_key(*claim)) {
        return Err(refuse("The token is an ID token by its claims. Send the access token."));
    }
    Ok(())
}

impl Verified {
    /// Fails before and after its time.
    pub fn check_times(&self, now: DateTime<Utc>) -> Result<(), Error> {
        self.identity.check_time(now)?;
        if self.not_before.is_some_and(|start| now + SKEW < start) {
            return Err(refuse("The token does not hold yet (nbf). Check the clocks of issuer and server."));
        }
        Ok(())
    }
}

/// A numeric date; whole seconds are all that a check with a minute's skew needs.
fn instant(value: &Value) -> Option<DateTime<Utc>> {
    /// The year 9999: leaves room for the skew.
    const LATEST: f64 = 253_402_300_799.0;
    let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "checked above to lie between 1970 and 9999")]
    DateTime::from_timestamp(seconds as i64, 0)
}

/// The refusal of a token whose issuer is none of ours.
pub fn foreign() -> Error {
    refuse("The token comes from another issuer. Get a token from the configured issuer.")
}

fn refuse(line: &str) -> Error {
    Error::new(Code::Unauthenticated, line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PRINT: KeyPrint = KeyPrint([0; 32]);

    fn terms() -> Terms {
        Terms {
            issuer: "https://id.example.com".into(),
            audiences: vec!["api".into(), "api-2".into()],
            roles_at: vec![ClaimPath::of(&["roles"]), ClaimPath::of(&["groups"])],
            role_map: None,
            authorized_parties: vec![],
            keys_at: KeysAt::Issuer,
        }
    }

    fn read(terms: &Terms, typ: HeaderType, more: &Value) -> Result<Vec<Role>, String> {
        let mut claims = json!({"iss": "https://id.example.com", "aud": "api", "sub": "maria", "exp": 2_000_000_000});
        for (name, value) in more.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let read = terms.read(typ, claims.as_object().expect("claims"), PRINT);
        read.map(|verified| verified.identity.roles.clone()).map_err(|e| e.message)
    }

    #[test]
    fn names_mean_what_the_map_says_and_nothing_else() {
        let claims = json!({"roles": ["pmo-leads", "FINANCE", "pmo"], "groups": ["auditors"]});
        assert_eq!(read(&terms(), HeaderType::Any, &claims), Ok(vec![Role::Finance]));
        let map = BTreeMap::from([
            ("pmo-leads".to_owned(), vec![Role::PmoLead, Role::Sponsor]),
            ("auditors".to_owned(), vec![Role::Auditor]),
        ]);
        let mapped = Terms { role_map: Some(map), ..terms() };
        assert_eq!(
            read(&mapped, HeaderType::Any, &claims),
            Ok(vec![Role::PmoLead, Role::Sponsor, Role::Auditor]),
            "a name of ours counts only where the map has it"
        );
        assert_eq!(read(&Terms { role_map: Some(BTreeMap::new()), ..terms() }, HeaderType::Any, &claims), Ok(vec![]));
    }

    #[test]
    fn groups_that_did_not_fit_are_not_no_groups() {
        let moved = json!({"roles": ["FINANCE"], "_claim_names": {"groups": "src1"}});
        assert!(read(&terms(), HeaderType::Any, &moved).is_err_and(|line| line.contains("did not fit")));
        let by_roles = Terms { roles_at: vec![ClaimPath::of(&["roles"])], ..terms() };
        assert_eq!(read(&by_roles, HeaderType::Any, &moved), Ok(vec![Role::Finance]), "nobody asks for groups");
    }

    #[test]
    fn an_id_token_is_no_access_token() {
        for claims in [json!({"nonce": "n"}), json!({"at_hash": "x"}), json!({"c_hash": "x"}), json!({"typ": "ID"})] {
            assert!(read(&terms(), HeaderType::Any, &claims).is_err(), "{claims}");
        }
        assert_eq!(read(&terms(), HeaderType::AccessToken, &json!({"nonce": "n"})), Ok(vec![]));
        assert_eq!(read(&terms(), HeaderType::Any, &json!({"nonce": "n", "typ": "Bearer"})), Ok(vec![]));
        assert!(read(&terms(), HeaderType::AccessToken, &json!({"typ": "ID"})).is_err());
        for (typ, kind) in
            [(None, HeaderType::Any), (Some("jwt"), HeaderType::Any), (Some("AT+JWT"), HeaderType::AccessToken)]
        {
            assert_eq!(HeaderType::read(typ).ok(), Some(kind));
        }
        assert!(HeaderType::read(Some("id+jwt")).is_err() && HeaderType::read(Some("logout+jwt")).is_err());
    }

    #[test]
    fn only_named_clients_call_where_they_are_named() {
        let named = Terms { authorized_parties: vec!["portal".into()], ..terms() };
        for (claims, holds) in [
            (json!({"azp": "portal"}), true),
            (json!({"client_id": "portal"}), true),
            (json!({"appid": "portal"}), true),
            (json!({"azp": "other", "client_id": "portal"}), false),
            (json!({"azp": ["portal"]}), false),
            (json!({}), false),
        ] {
            assert_eq!(read(&named, HeaderType::Any, &claims).is_ok(), holds, "{claims}");
            assert!(read(&terms(), HeaderType::Any, &claims).is_ok(), "{claims}");
        }
    }

    #[test]
    fn one_of_several_audiences_is_enough() {
        for (aud, holds) in [
            (json!("api-2"), true),
            (json!(["x", "api-2"]), true),
            (json!(["x", "api-3"]), false),
            (json!([7]), false),
            (json!({"api": 1}), false),
        ] {
            assert_eq!(read(&terms(), HeaderType::Any, &json!({"aud": aud})).is_ok(), holds, "{aud}");
        }
    }
}
