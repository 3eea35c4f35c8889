//! Portfolios, programs and projects: one tree, one table, one interface `PortfolioItem`.

pub mod external_link;
mod item;
mod measures;
pub mod rules;
mod tree;
mod tree_node;
mod write;

pub use measures::measures;
pub use write::blank;

use crate::{
    graph::decl::Entity,
    write::{Mutation, Work},
};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    let [portfolio, program, project] = item::declare();
    let members = [portfolio, program, project];
    let interface = item::interface(&members);
    members.into_iter().chain([interface, external_link::declare(), tree_node::declare()]).collect()
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [write::mutations(), external_link::mutations()].into_iter().flatten().collect()
}

/// The declaration of an item's kind.
fn entity_of(work: &Work<'_>, kind: &str) -> &'static Entity {
    work.lens.model.of_kind("PortfolioItem", kind)
}
