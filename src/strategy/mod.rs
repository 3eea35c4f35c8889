//! What the organization wants to reach, and what its portfolios contribute to it.

mod alignment;
mod contribution;
mod objective;
pub mod rules;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![objective::declare(), contribution::declare(), alignment::declare()]
}
