//! What projects plan to do, when it was frozen, and how far it is: tasks, baselines, measurements of progress.

mod baseline;
mod baseline_parts;
mod baseline_steps;
mod baseline_write;
mod capture;
mod earned;
mod measures;
mod progress;
mod progress_write;
pub mod rules;
mod task;
mod task_tree;
mod task_write;

pub use measures::measures;

use crate::{
    graph::decl::Entity,
    write::{Mutation, PlainType},
};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![
        task::declare(),
        baseline::declare(),
        baseline::declare_item(),
        baseline::declare_period_value(),
        progress::declare(),
    ]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [
        task_write::mutations(),
        baseline_write::mutations(),
        baseline_parts::mutations(),
        vec![capture::mutation()],
        progress_write::mutations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Types that only the mutations of this domain need.
pub fn types() -> Vec<PlainType> {
    capture::types()
}
