//! API keys: their text `fgk_<id>_<secret>`, how they are made and rotated, and who presents one.
//! Only the hash of a secret is kept; no message, log or `Debug` text holds a secret.

use std::{
    collections::HashSet,
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{api_key, api_key_grant};
use lru::LruCache;
use sea_orm::{ConnectionTrait, EntityTrait};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{AccessMode, Identity, KeyFacts, Role, SecretHash};
use crate::{
    clock::Clock,
    error::{Code, Error},
    graph::{encode_id, parse_id},
};

/// Issuer of the identities that keys give. No token can have it: the settings refuse an issuer of this name.
pub const KEY_ISSUER: &str = "foliograph-key";
/// What every key begins with, and no token does: a token begins with a JSON object in base64.
pub const PREFIX: &str = "fgk_";
/// Prefix of a key's public id.
pub const ID_PREFIX: &str = "key";
/// How long a key that was read may be used before it is read again.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// Keys remembered as good.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");
/// Characters of the longest name.
const LONGEST_NAME: usize = 200;
/// When a key without an end ends: the year 9999.
const NO_END: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("an instant");

/// What is presented: the only place of a secret, which leaves it through [`Presented::reveal`] alone.
#[derive(Clone)]
pub struct Presented {
    id: Uuid,
    secret: [u8; 32],
}

impl Presented {
    /// A key of this id with this secret.
    pub fn new(id: Uuid, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    fn random(id: Uuid) -> Result<Self, Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Self::new(id, secret))
    }

    /// Reads a text. One key has one text: no other case, padding or stray last bits.
    pub fn parse(text: &str) -> Option<Self> {
        // An id has no `_`, a secret may.
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let (_, id) = parse_id(&format!("{ID_PREFIX}_{id}"))?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        Some(Self::new(id, secret))
    }

    /// The text to hand out, once.
    pub fn reveal(&self) -> String {
        let id = encode_id(ID_PREFIX, self.id);
        format!("{PREFIX}{}_{}", &id[ID_PREFIX.len() + 1..], URL_SAFE_NO_PAD.encode(self.secret))
    }

    /// What is kept of the secret. It has 256 random bits, so a plain hash suffices: nobody can try them all.
    fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.secret).into())
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", encode_id(ID_PREFIX, self.id))
    }
}

/// What a new key is to be.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// Human key, unique; see [`human_key`].
    pub key: &'a str,
    /// What it is for.
    pub name: &'a str,
    /// Roles of whoever presents it, at least one.
    pub roles: &'a [Role],
    /// What a denied field gives where the request does not say.
    pub access_mode: AccessMode,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Items it is given, with all below them.
    pub items: &'a [Uuid],
    /// The person who makes it; none for the system.
    pub author: Option<Uuid>,
}

/// The human key that a name suggests: `Power BI (finance)` as `power-bi-finance`. None if there is no letter or digit.
pub fn human_key(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("-"))
}

/// The rows of a new key, and what to hand out once.
pub fn make(
    clock: &dyn Clock,
    new: &NewKey<'_>,
) -> Result<(api_key::Model, Vec<api_key_grant::Model>, Presented), Error> {
    let now = clock.now();
    if !(1..=LONGEST_NAME).contains(&new.name.trim().chars().count()) {
        return Err(refuse(format!("A key's name has 1 to {LONGEST_NAME} characters.")));
    }
    // A name is shown in terminals and in lines with tabs.
    if new.name.chars().any(char::is_control) {
        return Err(refuse("A key's name has no control characters."));
    }
    if new.roles.is_empty() {
        return Err(refuse("A key has at least one role."));
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(refuse("A key ends in the future."));
    }
    let presented = Presented::random(clock.new_id())?;
    let row = api_key::Model {
        id: presented.id,
        key: new.key.to_owned(),
        name: new.name.trim().to_owned(),
        secret_hash: presented.hash().0.to_vec(),
        roles: role_names(new.roles),
        access_mode: new.access_mode.as_str().to_owned(),
        expires_at: new.expires_at,
        revoked_at: None,
        version: 1,
        created_at: now,
        created_by_id: new.author,
        updated_at: now,
        updated_by_id: new.author,
    };
    let mut seen = HashSet::new();
    let items = new.items.iter().filter(|item| seen.insert(**item));
    let grants =
        items.map(|item| api_key_grant::Model { id: clock.new_id(), api_key_id: row.id, item_id: *item }).collect();
    Ok((row, grants, presented))
}

/// Gives a key another secret: the one before is refused from then on.
pub fn rotate(clock: &dyn Clock, row: &mut api_key::Model, author: Option<Uuid>) -> Result<Presented, Error> {
    if row.revoked_at.is_some() {
        return Err(refuse("The key was revoked. Make a new one."));
    }
    if row.expires_at.is_some_and(|end| end <= clock.now()) {
        return Err(refuse("The key has expired. Make a new one."));
    }
    let presented = Presented::random(row.id)?;
    row.secret_hash = presented.hash().0.to_vec();
    touch(clock, row, author);
    Ok(presented)
}

/// Ends a key for good; a second time changes nothing. Whether anything changed.
pub fn revoke(clock: &dyn Clock, row: &mut api_key::Model, author: Option<Uuid>) -> bool {
    if row.revoked_at.is_some() {
        return false;
    }
    row.revoked_at = Some(clock.now());
    touch(clock, row, author);
    true
}

fn touch(clock: &dyn Clock, row: &mut api_key::Model, author: Option<Uuid>) {
    row.version += 1;
    row.updated_at = clock.now();
    row.updated_by_id = author;
}

/// Roles as a key keeps them: each once, in the order of the published tables.
pub fn role_names(roles: &[Role]) -> String {
    let kept: Vec<_> = Role::ALL.into_iter().filter(|role| roles.contains(role)).map(Role::as_str).collect();
    kept.join(",")
}

/// The roles of a key. A name that is none any more gives no right.
pub fn roles(row: &api_key::Model) -> Vec<Role> {
    row.roles.split(',').filter_map(Role::parse).collect()
}

/// Checks keys, and remembers those that were good.
#[derive(Debug)]
pub struct KeyVerifier {
    remembered: Mutex<Good>,
}

/// When it was read and whose it is, by the hash of the text.
type Good = LruCache<[u8; 32], (DateTime<Utc>, Arc<Identity>)>;

impl Default for KeyVerifier {
    fn default() -> Self {
        Self { remembered: Mutex::new(LruCache::new(REMEMBERED)) }
    }
}

impl KeyVerifier {
    /// Who presents this text, if it was good less than five seconds ago: costs a hash.
    pub fn recall(&self, text: &str, clock: &dyn Clock) -> Option<Arc<Identity>> {
        let (at, identity) = self.memory().get(&fingerprint(text)).cloned()?;
        let now = clock.now();
        (at <= now && now - at < FRESH && identity.check_time(now).is_ok()).then_some(identity)
    }

    /// Whether this text was good when it was presented last: then it is no guess.
    pub fn was_good(&self, text: &str) -> bool {
        self.memory().contains(&fingerprint(text))
    }

    /// Who presents this text, by the table. An id that nobody has and a secret that is wrong take the same steps.
    pub async fn verify(
        &self,
        db: &impl ConnectionTrait,
        clock: &dyn Clock,
        text: &str,
    ) -> Result<Arc<Identity>, Error> {
        let now = clock.now();
        match check(db, now, text).await {
            Ok(identity) => {
                let identity = Arc::new(identity);
                self.memory().put(fingerprint(text), (now, identity.clone()));
                Ok(identity)
            }
            Err(e) => {
                if e.code == Code::Unauthenticated {
                    self.memory().pop(&fingerprint(text));
                }
                Err(e)
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Good> {
        // Every entry is whole at any time, so a panic elsewhere has not spoiled them.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn check(db: &impl ConnectionTrait, now: DateTime<Utc>, text: &str) -> Result<Identity, Error> {
    let presented = Presented::parse(text).ok_or_else(unknown)?;
    let hash = presented.hash();
    let row = api_key::Entity::find_by_id(presented.id).one(db).await?;
    identity(row, hash, now)
}

/// The row of a key that was good before: it must still be, with the same secret.
pub async fn current(db: &impl ConnectionTrait, now: DateTime<Utc>, key: &KeyFacts) -> Result<api_key::Model, Error> {
    let row = api_key::Entity::find_by_id(key.id).one(db).await?;
    good(row, key.secret_hash, now)
}

fn identity(row: Option<api_key::Model>, hash: SecretHash, now: DateTime<Utc>) -> Result<Identity, Error> {
    let row = good(row, hash, now)?;
    Ok(Identity {
        issuer: KEY_ISSUER.to_owned(),
        subject: encode_id(ID_PREFIX, row.id),
        roles: roles(&row),
        expires_at: row.expires_at.unwrap_or(NO_END),
        key: Some(KeyFacts { id: row.id, secret_hash: hash }),
    })
}

fn good(row: Option<api_key::Model>, hash: SecretHash, now: DateTime<Utc>) -> Result<api_key::Model, Error> {
    // Where there is no row something is compared too, so that both take the same steps.
    let kept: &[u8] = row.as_ref().map_or(&[0; 32], |row| &row.secret_hash);
    let fits = bool::from(kept.ct_eq(&hash.0));
    match row {
        Some(row) if fits && row.revoked_at.is_none() => {
            if row.expires_at.is_some_and(|end| now >= end) {
                return Err(expired());
            }
            Ok(row)
        }
        _ => Err(unknown()),
    }
}

fn fingerprint(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn unknown() -> Error {
    Error::new(Code::Unauthenticated, "The API key does not hold. Ask whoever manages keys here for a new one.")
}

/// The refusal of a key whose time is over.
pub fn expired() -> Error {
    Error::new(Code::TokenExpired, "The API key has expired. Ask whoever manages keys here for a new one.")
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    fn clock() -> FixedClock {
        FixedClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000))
    }

    fn made(clock: &FixedClock, expires_at: Option<DateTime<Utc>>) -> (api_key::Model, Presented) {
        let roles = [Role::Admin, Role::Integration, Role::Admin];
        let new = NewKey {
            key: "bi",
            name: " BI ",
            roles: &roles,
            access_mode: AccessMode::Error,
            expires_at,
            items: &[Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(1)],
            author: None,
        };
        let (row, grants, presented) = make(clock, &new).expect("made");
        assert_eq!(grants.iter().map(|grant| grant.item_id.as_u128()).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(
            (row.name.as_str(), row.roles.as_str(), row.access_mode.as_str()),
            ("BI", "INTEGRATION,ADMIN", "ERROR")
        );
        (row, presented)
    }

    #[test]
    fn a_key_has_exactly_one_text() {
        for secret in [[0; 32], [0xff; 32], [0xfb; 32]] {
            let key = Presented::new(Uuid::from_u128(7), secret);
            let text = key.reveal();
            let read = Presented::parse(&text).expect("its own text");
            assert_eq!((read.id, read.secret), (key.id, secret));
            let end = text.chars().next_back().expect("a character");
            // The last character carries four bits, so three more would decode alike if stray bits were let through.
            let stray = URL_SAFE_NO_PAD.encode([0xff; 33]).chars().next().filter(|c| *c != end).unwrap_or('A');
            for other in [
                text.to_uppercase(),
                format!("{text}="),
                format!("{text} "),
                format!("{text}AAAA"),
                text[..text.len() - 1].to_owned(),
                format!("{}{stray}", &text[..text.len() - 1]),
                text.replacen("fgk_", "fgk-", 1),
                text.replacen("fgk_", "", 1),
                text.replacen("fgk_", "fgk_key_", 1),
            ] {
                assert!(Presented::parse(&other).is_none_or(|read| read.secret != secret), "{other}");
            }
            assert!(!format!("{key:?}").contains(&text[32..]), "{key:?}");
        }
        for garbled in ["", "fgk_", "fgk__", "fgk_00000000000000000000000000_", "fgk_é_é"] {
            assert!(Presented::parse(garbled).is_none(), "{garbled}");
        }
    }

    #[test]
    fn a_key_holds_until_it_expires_is_rotated_or_revoked() {
        let clock = clock();
        let end = clock.now() + TimeDelta::seconds(10);
        let (mut row, first) = made(&clock, Some(end));
        let code = |row: &api_key::Model, key: &Presented, now| {
            identity(Some(row.clone()), key.hash(), now).map_err(|e| e.code).map(|identity| identity.roles)
        };
        let roles = Ok(vec![Role::Integration, Role::Admin]);
        assert_eq!(code(&row, &first, clock.now()), roles);
        assert_eq!(code(&row, &first, end - TimeDelta::milliseconds(1)), roles);
        assert_eq!(code(&row, &first, end), Err(Code::TokenExpired));
        let second = rotate(&clock, &mut row, None).expect("rotated");
        assert_eq!(
            (code(&row, &first, clock.now()), code(&row, &second, clock.now())),
            (Err(Code::Unauthenticated), roles)
        );
        assert_eq!(code(&row, &first, end), Err(Code::Unauthenticated), "who has no secret learns of no end");
        assert!(revoke(&clock, &mut row, None) && !revoke(&clock, &mut row, None));
        assert_eq!((code(&row, &second, clock.now()), row.version), (Err(Code::Unauthenticated), 3));
        assert!(rotate(&clock, &mut row, None).is_err());
        let (mut late, _) = made(&clock, Some(end));
        clock.advance_seconds(10);
        assert!(rotate(&clock, &mut late, None).is_err(), "another secret does not put its end off");
    }

    #[test]
    fn an_unknown_id_and_a_wrong_secret_are_refused_alike() {
        let clock = clock();
        let (row, _) = made(&clock, None);
        let wrong = Presented::new(row.id, [1; 32]).hash();
        let line = |row| identity(row, wrong, clock.now()).map_err(|e| (e.code, e.message)).expect_err("refused");
        assert_eq!(line(Some(row)), line(None));
        // The stand-in for no row is no way in.
        assert!(identity(None, SecretHash([0; 32]), clock.now()).is_err());
    }

    #[test]
    fn what_makes_no_key_is_refused() {
        let clock = clock();
        let good = NewKey {
            key: "bi",
            name: "BI",
            roles: &[Role::Analyst],
            access_mode: AccessMode::Mask,
            expires_at: None,
            items: &[],
            author: None,
        };
        assert!(make(&clock, &good).is_ok());
        for bad in [
            NewKey { name: " ", ..good },
            NewKey { name: "a\tb", ..good },
            NewKey { name: &"x".repeat(201), ..good },
            NewKey { roles: &[], ..good },
            NewKey { expires_at: Some(clock.now()), ..good },
        ] {
            assert_eq!(make(&clock, &bad).expect_err("refused").code, Code::BadRequest, "{bad:?}");
        }
    }

    #[test]
    fn a_name_suggests_a_human_key() {
        for (name, key) in
            [("Power BI (finance)", Some("power-bi-finance")), ("Größe 7", Some("größe-7")), (" -", None)]
        {
            assert_eq!(human_key(name).as_deref(), key);
        }
    }
}
