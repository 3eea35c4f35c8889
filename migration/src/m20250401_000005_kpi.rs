//! KPIs: measures as dated amounts, what changed them, definitions, and the values that are kept.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table measure_delta (
    seq {serial} primary key,
    source_type {text} not null,
    source_id {id} not null,
    item_id {id} not null references portfolio_item (id),
    measure {text} not null,
    effective_on {date} not null,
    currency {text} check (length(currency) = 3),
    amount {long} not null,
    recorded_at {instant} not null,
    turn {long}
)",
    "create index measure_delta_new on measure_delta (item_id) where turn is null",
    "create index measure_delta_source on measure_delta (source_type, source_id)",
    "create index measure_delta_item on measure_delta (item_id, measure, effective_on)",
    "create index measure_delta_effective on measure_delta (effective_on)",
    "create table fx_rate_version (
    seq {serial} primary key,
    rate_id {id} not null references fx_rate (id),
    rate_set_id {id} not null references fx_rate_set (id),
    from_currency {text} not null,
    to_currency {text} not null,
    valid_from_on {date} not null,
    rate {long},
    recorded_at {instant} not null
)",
    "create index fx_rate_version_pair on fx_rate_version (from_currency, to_currency)",
    "create table kpi_touch (
    seq {serial} primary key,
    item_id {id} not null references portfolio_item (id),
    measure {text},
    at {instant} not null,
    request_id {text} not null,
    mutation {text} not null,
    actor_id {id} references person (id)
)",
    "create table item_ancestor_span (
    id {id} not null primary key,
    ancestor_id {id} not null references portfolio_item (id),
    item_id {id} not null references portfolio_item (id),
    since_at {instant} not null,
    until_at {instant}
)",
    "create index item_ancestor_span_ancestor on item_ancestor_span (ancestor_id, item_id)",
    "create index item_ancestor_span_item on item_ancestor_span (item_id)",
    "insert into item_ancestor_span (id, ancestor_id, item_id, since_at)
    select {new_id}, a.ancestor_id, a.item_id, i.created_at
    from item_ancestor a join portfolio_item i on i.id = a.item_id",
    "create table kpi_definition (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    description {text} not null,
    kind {text} not null check (kind in ('STANDARD', 'FORMULA', 'POSTED')),
    formula {text} not null,
    tested_formula {text},
    formula_version {int} not null check (formula_version >= 1),
    unit {text} not null check (unit in ('MONEY', 'RATIO', 'COUNT', 'DAYS', 'MONTHS', 'YEARS', 'NUMBER')),
    direction {text} not null check (direction in ('UP', 'DOWN', 'RANGE', 'NONE')),
    classes {text} not null,
    green_from {long},
    green_to {long},
    amber_from {long},
    amber_to {long},
    hysteresis {long} not null check (hysteresis >= 0),
    reference {text},
    {audit},
    archived_at {instant},
    {audit_keys}
)",
    "create unique index kpi_definition_key on kpi_definition (key)",
    "create table kpi_value (
    id {id} not null primary key,
    kpi_id {id} not null references kpi_definition (id),
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    class {text} not null,
    period_end_on {date} not null,
    as_of {instant} not null,
    value {long},
    numerator {text},
    denominator {text},
    unit {text} not null,
    status {text} check (status in ('GREEN', 'AMBER', 'RED')),
    target {long},
    null_reason {text},
    included_count {int} not null,
    excluded_null_count {int} not null,
    formula_version {int} not null,
    version {long} not null
)",
    "create unique index kpi_value_of on kpi_value (item_id, kpi_id)",
    "create index kpi_value_kpi on kpi_value (kpi_id)",
    "create index kpi_value_portfolio on kpi_value (portfolio_id)",
    "create table kpi_change (
    value_id {id} not null references kpi_value (id),
    version {long} not null,
    period_end_on {date} not null,
    as_of {instant} not null,
    value {long},
    numerator {text},
    denominator {text},
    unit {text} not null,
    status {text},
    target {long},
    null_reason {text},
    included_count {int} not null,
    excluded_null_count {int} not null,
    formula_version {int} not null,
    is_changed {bool} not null,
    turn {long} not null,
    primary key (value_id, version)
)",
    "create index kpi_change_as_of on kpi_change (as_of)",
    "create table kpi_tick (
    id {int} not null primary key,
    ticked_on {date},
    turn {long} not null
)",
    "insert into kpi_tick (id, turn) values (1, 0)",
];

const DOWN: &[&str] = &[
    "drop table kpi_tick",
    "drop table kpi_change",
    "drop table kpi_value",
    "drop table kpi_definition",
    "drop table item_ancestor_span",
    "drop table kpi_touch",
    "drop table fx_rate_version",
    "drop table measure_delta",
];
