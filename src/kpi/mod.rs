//! KPIs: measures as dated amounts kept by the writes that change them, formulas over their sums, and what follows from
//! both. Nothing is stored twice but what has a history of its own.

pub mod answers;
pub mod bounds;
pub mod catalogue;
pub mod definition;
pub mod derive;
pub mod facts;
pub mod figure;
pub mod formula;
pub mod kpi_definition;
pub mod ledger;
pub mod measure;
pub mod money;
pub mod spans;
pub mod status;
pub mod stream;
pub mod value;

use crate::graph::decl::Entity;

/// The declarations of this room.
pub fn declarations() -> Vec<Entity> {
    vec![kpi_definition::declare()]
}
