//! Measures and KPIs.

pub mod item_ancestor_span;
pub mod kpi_change;
pub mod kpi_definition;
pub mod kpi_tick;
pub mod kpi_touch;
pub mod kpi_value;
pub mod measure_delta;
