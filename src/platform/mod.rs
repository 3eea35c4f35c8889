//! What keeps the server and its neighbors together: the keys that scripts and tools present, the audit trail.

pub mod api_key;
mod audit_event;
mod write;

pub use write::mutations;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![api_key::declare(), api_key::declare_grant(), audit_event::declare()]
}
