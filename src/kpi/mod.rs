//! KPIs: measures as dated amounts kept by the writes that change them, formulas over their sums, and what follows from
//! both. Nothing is stored twice but what has a history of its own.

pub mod catalogue;
pub mod facts;
pub mod formula;
pub mod ledger;
pub mod measure;
pub mod money;
pub mod status;
