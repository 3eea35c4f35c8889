//! From a credential to a [`Caller`]: who asks, in which roles, with which rights and rows.

pub mod keys;
pub mod roles;
pub mod token;

use chrono::{DateTime, Utc};

pub use roles::Role;

/// What a verified credential says: nothing about rows, which never come from a token.
#[derive(Debug, Clone)]
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

/// Who asks, with all that rights need. Made by `auth::rows::load` from an [`Identity`].
#[derive(Debug, Clone)]
pub struct Caller {
    /// The credential.
    pub identity: Identity,
}
