//! API keys: their text `fgk_<id>_<secret>`, and who presents one.
//! Only the hash of a secret is kept; no message, log or `Debug` text holds a secret.

use std::{
    fmt,
    net::IpAddr,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entity::api_key;
use lru::LruCache;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{AddressRange, Identity, KeyFacts, Role, SecretHash};
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
/// How exactly it is kept when a key was used last.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);
/// Keys remembered as good.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");
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

    /// A key of this id with a new secret.
    pub fn random(id: Uuid) -> Result<Self, Error> {
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

    /// What a table keeps of the secret.
    pub fn kept(&self) -> Vec<u8> {
        self.hash().0.to_vec()
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

/// The human key that a name suggests: `Power BI (finance)` as `power-bi-finance`. None if there is no letter or digit.
pub fn human_key(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("-"))
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

/// Where the key is taken from. A name that is no range any more lets nobody in.
fn ranges(row: &api_key::Model) -> Option<Vec<AddressRange>> {
    let text = row.address_ranges.as_deref()?;
    Some(text.split(',').filter_map(AddressRange::parse).collect())
}

/// Whether the key is taken from this address; where none is known, only one that is taken from anywhere.
fn is_taken_from(row: &api_key::Model, address: Option<IpAddr>) -> bool {
    ranges(row).is_none_or(|ranges| address.is_some_and(|from| ranges.iter().any(|range| range.contains(from))))
}

/// Checks keys, and remembers those that were good.
#[derive(Debug)]
pub struct KeyVerifier {
    remembered: Mutex<Good>,
    used: Mutex<LruCache<Uuid, DateTime<Utc>>>,
}

/// When it was read and whose it is, by the hash of the text and of where it came from.
type Good = LruCache<[u8; 32], (DateTime<Utc>, Arc<Identity>)>;

impl Default for KeyVerifier {
    fn default() -> Self {
        Self { remembered: Mutex::new(LruCache::new(REMEMBERED)), used: Mutex::new(LruCache::new(REMEMBERED)) }
    }
}

impl KeyVerifier {
    /// Who presents this text from there, if it was good less than five seconds ago: costs a hash.
    pub fn recall(&self, text: &str, address: Option<IpAddr>, clock: &dyn Clock) -> Option<Arc<Identity>> {
        let (at, identity) = self.memory().get(&fingerprint(text, address)).cloned()?;
        let now = clock.now();
        (at <= now && now - at < FRESH && identity.check_time(now).is_ok()).then_some(identity)
    }

    /// Whether this text was good when it was presented from there last: then it is no guess.
    pub fn was_good(&self, text: &str, address: Option<IpAddr>) -> bool {
        self.memory().contains(&fingerprint(text, address))
    }

    /// Notes that a key was used. True once a minute: then [`note_use`] is due.
    pub fn is_use_new(&self, key: Uuid, now: DateTime<Utc>) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = used.get(&key).is_some_and(|at| *at <= now && now - *at < USE_NOTED);
        if !is_known {
            used.put(key, now);
        }
        !is_known
    }

    /// Who presents this text from there, by the table. An id that nobody has and a secret that is wrong take the same steps.
    pub async fn verify(
        &self,
        db: &impl ConnectionTrait,
        clock: &dyn Clock,
        text: &str,
        address: Option<IpAddr>,
    ) -> Result<Arc<Identity>, Error> {
        let now = clock.now();
        match check(db, now, text, address).await {
            Ok(identity) => {
                let identity = Arc::new(identity);
                self.memory().put(fingerprint(text, address), (now, identity.clone()));
                Ok(identity)
            }
            Err(e) => {
                if e.code == Code::Unauthenticated {
                    self.memory().pop(&fingerprint(text, address));
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

async fn check(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    text: &str,
    address: Option<IpAddr>,
) -> Result<Identity, Error> {
    let presented = Presented::parse(text).ok_or_else(unknown)?;
    let facts = KeyFacts { id: presented.id, secret_hash: presented.hash(), address };
    let row = api_key::Entity::find_by_id(presented.id).one(db).await?;
    identity(row, facts, now)
}

/// The row of a key that was good before: it must still be, with the same secret, from where it was presented.
pub async fn current(db: &impl ConnectionTrait, now: DateTime<Utc>, key: &KeyFacts) -> Result<api_key::Model, Error> {
    let row = api_key::Entity::find_by_id(key.id).one(db).await?;
    good(row, key, now)
}

/// Writes when a key was used last. Nothing else of the row changes, nothing is told, and an instant that another process
/// wrote within the minute stands.
pub async fn note_use(db: &impl ConnectionTrait, key: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    use api_key::Column as C;
    let is_long_ago = Condition::any().add(C::LastUsedAt.is_null()).add(C::LastUsedAt.lte(now - USE_NOTED));
    let row = api_key::Entity::update_many().col_expr(C::LastUsedAt, Expr::value(now));
    row.filter(C::Id.eq(key)).filter(is_long_ago).exec(db).await?;
    Ok(())
}

fn identity(row: Option<api_key::Model>, facts: KeyFacts, now: DateTime<Utc>) -> Result<Identity, Error> {
    let row = good(row, &facts, now)?;
    Ok(Identity {
        issuer: KEY_ISSUER.to_owned(),
        subject: encode_id(ID_PREFIX, row.id),
        roles: roles(&row),
        expires_at: row.expires_at.unwrap_or(NO_END),
        key: Some(facts),
        signer: None,
    })
}

fn good(row: Option<api_key::Model>, facts: &KeyFacts, now: DateTime<Utc>) -> Result<api_key::Model, Error> {
    // Where there is no row something is compared too, so that both take the same steps.
    let kept: &[u8] = row.as_ref().map_or(&[0; 32], |row| &row.secret_hash);
    let fits = bool::from(kept.ct_eq(&facts.secret_hash.0));
    match row {
        // From elsewhere a right key is answered like a wrong one: who found it learns nothing, not even its end.
        Some(row) if fits && row.revoked_at.is_none() && is_taken_from(&row, facts.address) => {
            if row.expires_at.is_some_and(|end| now >= end) {
                return Err(expired());
            }
            Ok(row)
        }
        _ => Err(unknown()),
    }
}

fn fingerprint(text: &str, address: Option<IpAddr>) -> [u8; 32] {
    let from = address.map(|address| address.to_canonical().to_string()).unwrap_or_default();
    // No key has a blank, so the two cannot run into each other.
    Sha256::new().chain_update(from).chain_update(b" ").chain_update(text).finalize().into()
}

fn unknown() -> Error {
    Error::new(Code::Unauthenticated, "The API key does not hold. Ask whoever manages keys here for a new one.")
}

/// The refusal of a key whose time is over.
pub fn expired() -> Error {
    Error::new(Code::TokenExpired, "The API key has expired. Ask whoever manages keys here for a new one.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::FixedClock;

    fn clock() -> FixedClock {
        FixedClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000))
    }

    fn facts(key: &Presented, address: Option<IpAddr>) -> KeyFacts {
        KeyFacts { id: key.id, secret_hash: key.hash(), address }
    }

    fn made(clock: &FixedClock, expires_at: Option<DateTime<Utc>>) -> (api_key::Model, Presented) {
        let presented = Presented::random(clock.new_id()).expect("random");
        let row = api_key::Model {
            id: presented.id,
            key: "bi".into(),
            name: "BI".into(),
            secret_hash: presented.kept(),
            roles: role_names(&[Role::Admin, Role::Integration, Role::Admin]),
            access_mode: "ERROR".into(),
            expires_at,
            revoked_at: None,
            address_ranges: None,
            last_used_at: None,
            version: 1,
            created_at: clock.now(),
            created_by_id: None,
            updated_at: clock.now(),
            updated_by_id: None,
        };
        assert_eq!(row.roles, "INTEGRATION,ADMIN");
        (row, presented)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_key_is_read_as_it_was_revealed(id in any::<u128>(), secret in any::<[u8; 32]>()) {
            let text = Presented::new(Uuid::from_u128(id), secret).reveal();
            let read = Presented::parse(&text).expect("its own text");
            prop_assert_eq!((read.id.as_u128(), read.secret), (id, secret));
            prop_assert!(Presented::parse(&(text + "A")).is_none());
        }

        #[test]
        fn any_text_is_one_key_or_none(text in prop_oneof![any::<String>(), "fgk_.{0,90}", "fgk_[0-9a-z]{26}_[A-Za-z0-9_-]{42,44}"]) {
            if let Some(read) = Presented::parse(&text) {
                prop_assert_eq!(read.reveal(), text);
            }
        }
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
            identity(Some(row.clone()), facts(key, None), now).map_err(|e| e.code).map(|identity| identity.roles)
        };
        let roles = Ok(vec![Role::Integration, Role::Admin]);
        assert_eq!(code(&row, &first, clock.now()), roles);
        assert_eq!(code(&row, &first, end - TimeDelta::milliseconds(1)), roles);
        assert_eq!(code(&row, &first, end), Err(Code::TokenExpired));
        let second = Presented::random(row.id).expect("random");
        row.secret_hash = second.kept();
        assert_eq!(
            (code(&row, &first, clock.now()), code(&row, &second, clock.now())),
            (Err(Code::Unauthenticated), roles)
        );
        assert_eq!(code(&row, &first, end), Err(Code::Unauthenticated), "who has no secret learns of no end");
        row.revoked_at = Some(clock.now());
        assert_eq!(code(&row, &second, clock.now()), Err(Code::Unauthenticated));
    }

    #[test]
    fn an_unknown_id_and_a_wrong_secret_are_refused_alike() {
        let clock = clock();
        let (row, _) = made(&clock, None);
        let wrong = facts(&Presented::new(row.id, [1; 32]), None);
        let line = |row| identity(row, wrong, clock.now()).map_err(|e| (e.code, e.message)).expect_err("refused");
        assert_eq!(line(Some(row)), line(None));
        // The stand-in for no row is no way in.
        assert!(identity(None, KeyFacts { secret_hash: SecretHash([0; 32]), ..wrong }, clock.now()).is_err());
    }

    #[test]
    fn from_elsewhere_a_right_key_is_a_wrong_one() {
        let clock = clock();
        let (mut row, key) = made(&clock, Some(clock.now() + TimeDelta::seconds(10)));
        let outcome = |row: &api_key::Model, from: Option<&str>, now| {
            let from = from.map(|from| from.parse().expect("an address"));
            identity(Some(row.clone()), facts(&key, from), now).map(|_| ()).map_err(|e| (e.code, e.message))
        };
        let wrong = Err((Code::Unauthenticated, unknown().message));
        assert_eq!(outcome(&row, None, clock.now()), Ok(()), "without ranges from anywhere");
        row.address_ranges = Some("192.0.2.0/24,2001:db8::/32".into());
        for from in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"] {
            assert_eq!(outcome(&row, Some(from), clock.now()), Ok(()), "{from}");
        }
        for from in [Some("192.0.3.1"), Some("2001:db9::1"), None] {
            assert_eq!(outcome(&row, from, clock.now()), wrong, "{from:?}");
            assert_eq!(outcome(&row, from, clock.now() + TimeDelta::seconds(60)), wrong, "nor is its end told");
        }
        row.address_ranges = Some("garbled".into());
        assert_eq!(outcome(&row, Some("192.0.2.9"), clock.now()), wrong);
    }

    #[test]
    fn a_use_is_new_once_a_minute() {
        let (verifier, clock, key) = (KeyVerifier::default(), clock(), Uuid::from_u128(7));
        assert!(verifier.is_use_new(key, clock.now()) && !verifier.is_use_new(key, clock.now()));
        assert!(verifier.is_use_new(Uuid::from_u128(8), clock.now()), "another key");
        clock.advance_seconds(59);
        assert!(!verifier.is_use_new(key, clock.now()));
        clock.advance_seconds(1);
        assert!(verifier.is_use_new(key, clock.now()));
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
