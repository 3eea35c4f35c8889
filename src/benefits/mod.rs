//! What items are to bring: benefits, their plans, and who helps to bring them.

mod benefit;
mod contribution;
mod plan_point;
pub mod rules;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![benefit::declare(), plan_point::declare(), contribution::declare()]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    vec![]
}
