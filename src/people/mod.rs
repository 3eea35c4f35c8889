//! People: who there is, where they belong, and which roles they were given.

pub mod charge;
mod org_unit;
mod person;
pub mod role_assignment;
mod write;

pub use write::mutations;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![person::declare(), person::declare_identity(), org_unit::declare(), role_assignment::declare()]
}
