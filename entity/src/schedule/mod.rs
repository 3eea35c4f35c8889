//! What projects plan to do, when it was frozen, and how far it is.

pub mod baseline;
pub mod baseline_item;
pub mod baseline_period_value;
pub mod progress_measurement;
pub mod task;
