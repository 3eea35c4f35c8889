//! What is told of items: status reports and the ratings in them.

pub mod rag_assessment;
pub mod rules;
mod status_report;

use crate::graph::decl::Entity;

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![status_report::declare(), rag_assessment::declare()]
}
