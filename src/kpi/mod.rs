//! KPIs: measures as dated amounts kept by the writes that change them, formulas over their sums, and what follows from
//! both. Nothing is stored twice but what has a history of its own.

pub mod alert;
mod alert_rule;
mod alert_write;
mod alerts;
pub mod answers;
pub mod book;
pub mod bounds;
pub mod catalogue;
pub mod checks;
pub mod condition;
pub mod definition;
mod definition_write;
pub mod derivation;
pub mod derive;
pub mod facts;
pub mod figure;
pub mod formula;
mod kept;
pub mod kpi_definition;
mod kpi_posting;
mod kpi_target;
mod kpi_threshold;
pub mod ledger;
pub mod measure;
mod measures;
pub mod money;
mod of_day;
mod posting_write;
pub mod spans;
pub mod status;
mod stored;
pub mod stream;
mod targets;
mod threshold_write;
pub mod upkeep;
pub mod value;
mod versions;

pub use measures::measures;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this room.
pub fn declarations() -> Vec<Entity> {
    vec![
        kpi_definition::declare(),
        kpi_threshold::declare(),
        kpi_target::declare(),
        kpi_posting::declare(),
        alert_rule::declare(),
        alert::declare(),
    ]
}

/// The mutations of this room.
pub fn mutations() -> Vec<Mutation> {
    [definition_write::mutations(), threshold_write::mutations(), posting_write::mutations(), alert_write::mutations()]
        .into_iter()
        .flatten()
        .collect()
}
