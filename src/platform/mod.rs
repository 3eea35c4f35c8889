//! What keeps the server and its neighbors together: the keys that scripts and tools present.

pub mod api_key;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![api_key::declare(), api_key::declare_grant()]
}
