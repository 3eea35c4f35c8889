//! From a credential to a [`Caller`]: who asks, in which roles, with which rights and rows.

pub mod address;
pub mod allowance;
pub mod api_keys;
pub mod claims;
pub mod fetch;
pub mod issuer_keys;
pub mod keys;
pub mod policy;
pub mod roles;
pub mod rows;
pub mod steps;
pub mod terms;
pub mod token;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub use address::AddressRange;
pub use allowance::{Admitted, Allowances, Left};
pub use policy::{Class, Permission, Reads, Rights, Scopes};
pub use roles::Role;
pub use rows::{Callers, Reach, RowSet, Rows};
pub use steps::Step;

use crate::error::{Code, Error};

/// How far the clock of an issuer may differ from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// What a verified credential says: nothing about rows, which never come from a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `iss` of the token.
    pub issuer: String,
    /// `sub` of the token.
    pub subject: String,
    /// Roles named in the token that we know.
    pub roles: Vec<Role>,
    /// When the credential ends.
    pub expires_at: DateTime<Utc>,
    /// The API key, where it is one. Only [`api_keys`] sets it, so no token passes for a key, whatever its claims.
    pub key: Option<KeyFacts>,
    /// What names the key that signed the token: a token is worth what its key is. None for what is no token.
    pub signer: Option<KeyPrint>,
}

/// What names a key that tokens are checked with: a hash of all that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPrint(pub(crate) [u8; 32]);

/// Which API key was presented, with which secret and from where: a key that is rotated is another credential, and one that
/// is taken from some addresses is looked at again with the address of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyFacts {
    /// Its row.
    pub id: Uuid,
    /// What is kept of its secret.
    pub secret_hash: SecretHash,
    /// Where it was presented from, where that is known.
    pub address: Option<IpAddr>,
}

/// SHA-256 of a secret; kept out of texts all the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

impl Identity {
    /// Fails once the credential's time is over. A token's end is by its issuer's clock, a key's by ours.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), Error> {
        match self.key {
            Some(_) if now >= self.expires_at => Err(api_keys::expired()),
            None if now >= self.expires_at + SKEW => {
                Err(Error::new(Code::TokenExpired, "The token has expired. Get a new one."))
            }
            _ => Ok(()),
        }
    }
}

/// What a denied field gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessMode {
    /// `null` and an entry in `extensions.access`.
    #[default]
    Mask,
    /// `null` and an error `FIELD_FORBIDDEN`.
    Error,
}

impl AccessMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Mask, Self::Error];

    /// The name used in headers, tables and the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mask => "MASK",
            Self::Error => "ERROR",
        }
    }

    /// The mode of that name, in either case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str().eq_ignore_ascii_case(name))
    }
}

/// Who asks, with all that rights need. Made by [`rows::load`] from an [`Identity`].
#[derive(Debug, Clone)]
pub struct Caller {
    /// The credential.
    pub identity: Arc<Identity>,
    /// The person behind it; none when nobody has this identity.
    pub person: Option<Uuid>,
    /// Roles of the token and of valid assignments, sorted.
    pub roles: Vec<Role>,
    /// What the roles give.
    pub rights: Rights,
    /// The rows that relate to the person, or are granted to the key.
    pub rows: Rows,
    /// What a denied field gives where the request does not say.
    pub access_mode: AccessMode,
    names: Names,
}

/// Short names of what a caller sees, each made when it is asked for first: a follower is named again for each event.
#[derive(Debug, Default)]
struct Names {
    principal: OnceLock<String>,
    view: OnceLock<[u8; 16]>,
    eyes: OnceLock<[u8; 32]>,
}

impl Clone for Names {
    /// A copy may become another caller: it is named anew.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Caller {
    /// A caller with the rights of these roles, whose denied fields are masked.
    pub fn new(identity: Arc<Identity>, person: Option<Uuid>, roles: Vec<Role>, rows: Rows) -> Self {
        let mut rights = Rights::of(&roles);
        if identity.key.is_some() {
            rights = rights.of_key();
        }
        if rows.owns_benefits {
            rights = rights.of_benefit_owner();
        }
        if !rows.resources.herself.is_empty() {
            rights = rights.of_team_member();
        }
        rights.reach = rows.reach();
        Self { identity, person, roles, rights, rows, access_mode: AccessMode::default(), names: Names::default() }
    }

    /// Whose doing something is, in a text that never changes: what is kept or counted by caller is kept under this.
    pub fn principal(&self) -> String {
        match &self.identity.key {
            Some(key) => format!("key:{}", key.id),
            None => format!("{}|{}", self.identity.issuer, self.identity.subject),
        }
    }

    /// The same, made once.
    pub fn principal_name(&self) -> &str {
        self.names.principal.get_or_init(|| self.principal())
    }

    /// Whether it is a service key, for which limits of its own hold.
    pub fn is_key(&self) -> bool {
        self.identity.key.is_some()
    }

    /// The name of the rows that she sees, made so if it is asked for first.
    pub fn view_name(&self, make: impl FnOnce() -> [u8; 16]) -> [u8; 16] {
        *self.names.view.get_or_init(make)
    }

    /// The name of all that her rights on rows depend on, likewise.
    pub fn eyes_name(&self, make: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
        *self.names.eyes.get_or_init(make)
    }

    /// On which rows she may take a step.
    pub fn takes(&self, step: Step) -> Scopes {
        self.rights.takes(step)
    }

    /// Whether the other caller has the same rights on the same rows.
    pub fn sees_like(&self, other: &Self) -> bool {
        self.person == other.person && self.rights == other.rights && self.rows == other.rows
    }
}
