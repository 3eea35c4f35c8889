//! Measures and KPIs.

pub mod alert;
pub mod alert_rule;
pub mod item_ancestor_span;
pub mod kpi_change;
pub mod kpi_definition;
pub mod kpi_posting;
pub mod kpi_target;
pub mod kpi_threshold;
pub mod kpi_tick;
pub mod kpi_touch;
pub mod kpi_value;
pub mod measure_delta;
pub mod outdated;
