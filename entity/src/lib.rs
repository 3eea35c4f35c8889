//! Foliograph's tables, one a file, by domain.
//!
//! Enum-like columns are plain text here and checked by the schema; `*_fold` columns hold [`str::to_lowercase`] of
//! their neighbor and are written with the row.

pub mod benefits;
pub mod finance;
pub mod kpi;
pub mod people;
pub mod platform;
pub mod portfolios;
pub mod raid;
pub mod reporting;
pub mod resources;
pub mod schedule;
pub mod strategy;

pub use benefits::{
    benefit, benefit_actual, benefit_contribution, benefit_measure, benefit_measure_point, benefit_plan_point,
    benefit_review, benefits_map_edge, benefits_map_node,
};
pub use finance::{
    actual, budget, budget_line, commitment, cost_category, cost_plan, cost_plan_line, fiscal_calendar, fiscal_period,
    forecast, forecast_line, fx_rate, fx_rate_set,
};
pub use kpi::{
    alert, alert_rule, item_ancestor_span, kpi_change, kpi_definition, kpi_posting, kpi_target, kpi_threshold,
    kpi_tick, kpi_touch, kpi_value, measure_delta, outdated,
};
pub use people::{org_unit, person, person_identity, role_assignment};
pub use platform::{
    api_key, api_key_grant, audit_event, external_link, feed_view, idempotency, outbox_event, outbox_head,
    server_secret, trusted_document,
};
pub use portfolios::{item_ancestor, portfolio_item, portfolio_tree_node};
pub use raid::{issue, risk, risk_response};
pub use reporting::{rag_assessment, status_report};
pub use resources::{
    allocation, allocation_period, allocation_segment, calendar_exception, certification, certification_held,
    overbooking, pool_week, rate, rate_card, request_skill, resource, resource_pool, resource_request, resource_role,
    resource_skill, skill, time_category, time_entry, time_off, timesheet, work_calendar,
};
pub use schedule::{baseline, baseline_item, baseline_period_value, progress_measurement, task};
pub use strategy::{alignment_cell, objective_contribution, strategic_objective};
