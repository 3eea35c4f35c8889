//! What the organization wants to reach, and what its portfolios contribute to it.

mod alignment;
mod contribution;
mod contribution_write;
mod measures;
mod objective;
mod objective_write;
mod on_day;
pub mod rules;

pub use measures::measures;
pub use on_day::UNALIGNED;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![objective::declare(), contribution::declare(), alignment::declare()]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [objective_write::mutations(), contribution_write::mutations()].into_iter().flatten().collect()
}
