//! What may go wrong or right, what is done about it, and what has gone wrong: risks, responses, issues.

mod advance;
mod begin;
mod escalate;
mod issue;
mod issue_write;
mod measures;
mod response;
mod response_write;
mod risk;
mod risk_write;
pub mod rules;

pub use measures::measures;
pub use risk_write::keep;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![risk::declare(), response::declare(), issue::declare()]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [
        risk_write::mutations(),
        response_write::mutations(),
        issue_write::mutations(),
        advance::mutations(),
        escalate::mutations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
