//! Portfolios, programs and projects: one tree, one table, one interface `PortfolioItem`.

mod external_link;
mod item;
pub mod rules;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    let [portfolio, program, project] = item::declare();
    let members = [portfolio, program, project];
    let interface = item::interface(&members);
    members.into_iter().chain([interface, external_link::declare()]).collect()
}
