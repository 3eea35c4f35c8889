//! The bounds that held for each value of a KPI, for whoever compares another figure with them; and ways to what is old.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table kpi_change add column green_from {long}",
    "alter table kpi_change add column green_to {long}",
    "alter table kpi_change add column amber_from {long}",
    "alter table kpi_change add column amber_to {long}",
    "create index kpi_change_unchanged on kpi_change (as_of) where not is_changed",
    "create index item_ancestor_span_until on item_ancestor_span (until_at) where until_at is not null",
];

const DOWN: &[&str] = &[
    "drop index item_ancestor_span_until",
    "drop index kpi_change_unchanged",
    "alter table kpi_change drop column amber_to",
    "alter table kpi_change drop column amber_from",
    "alter table kpi_change drop column green_to",
    "alter table kpi_change drop column green_from",
];
