//! What items are to bring: benefits, their plans, who helps to bring them, and what was had of them.

mod actual;
mod actual_steps;
mod actual_write;
mod advance;
mod benefit;
pub mod calendar;
mod contribution;
mod contribution_write;
mod due;
mod edge_write;
mod map;
mod map_write;
mod measure;
mod measure_write;
mod measures;
pub mod owners;
mod parts;
mod plan_point;
mod plan_write;
pub mod realization;
mod review;
mod review_write;
pub mod rules;
mod streams;
mod tracking;
pub mod whole_map;
mod write;

pub use measures::measures;
pub use streams::streams;
pub use tracking::is_tracked;
pub use write::blank;

use crate::{
    graph::decl::Entity,
    write::{Mutation, PlainType},
};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![
        benefit::declare(),
        plan_point::declare(),
        contribution::declare(),
        measure::declare(),
        measure::declare_point(),
        actual::declare(),
        review::declare(),
        map::declare(),
        map::declare_edge(),
    ]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    let mut all = write::mutations();
    all.push(advance::mutation());
    all.extend(plan_write::mutations());
    all.extend(contribution_write::mutations());
    all.extend(measure_write::mutations());
    all.extend(actual_write::mutations());
    all.extend(actual_steps::mutations());
    all.extend(review_write::mutations());
    all.extend(map_write::mutations());
    all.extend(edge_write::mutations());
    all
}

/// Types of this domain that are no entity's.
pub fn types() -> Vec<PlainType> {
    [realization::types(), whole_map::types(), streams::types()].concat()
}
