//! From a credential to a [`Caller`]: who asks, in which roles, with which rights and rows.

pub mod keys;
pub mod policy;
pub mod roles;
pub mod rows;
pub mod steps;
pub mod token;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use policy::{Class, Permission, Rights, Scopes};
pub use roles::Role;
pub use rows::{Callers, Reach, RowSet, Rows};
pub use steps::Step;

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
    /// The rows that relate to the person.
    pub rows: Rows,
}

impl Caller {
    /// A caller with the rights of these roles.
    pub fn new(identity: Arc<Identity>, person: Option<Uuid>, roles: Vec<Role>, rows: Rows) -> Self {
        let mut rights = Rights::of(&roles);
        rights.reach = rows.reach();
        Self { identity, person, roles, rights, rows }
    }

    /// Whether the other caller has the same rights on the same rows.
    pub fn sees_like(&self, other: &Self) -> bool {
        self.person == other.person && self.rights == other.rights && self.rows == other.rows
    }
}
