//! What items are to bring: benefits, their plans, and who helps to bring them.

mod advance;
mod benefit;
mod contribution;
mod contribution_write;
mod measures;
pub mod owners;
mod parts;
mod plan_point;
mod plan_write;
pub mod rules;
mod write;

pub use measures::measures;
pub use write::blank;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![benefit::declare(), plan_point::declare(), contribution::declare()]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    let mut all = write::mutations();
    all.push(advance::mutation());
    all.extend(plan_write::mutations());
    all.extend(contribution_write::mutations());
    all
}
