//! What figures are made by besides facts, as it was known: formulas, bounds, targets, rates, and what items say of
//! themselves. Of each row every version that differs, with the instant at which it became known. And who may know of
//! alerts: their classes.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table fx_rate_version rename column rate_id to id",
    "alter table fx_rate_version add column archived_at {instant}",
    "update fx_rate_version set archived_at = recorded_at where rate is null",
    "create index fx_rate_version_of on fx_rate_version (id, seq)",
    "create table kpi_definition_version (
    seq {serial} primary key,
    id {id} not null references kpi_definition (id),
    key {text} not null,
    kind {text} not null,
    formula {text} not null,
    tested_formula {text},
    formula_version {int} not null,
    unit {text} not null,
    classes {text} not null,
    green_from {long},
    green_to {long},
    amber_from {long},
    amber_to {long},
    hysteresis {long} not null,
    archived_at {instant},
    recorded_at {instant} not null
)",
    "create index kpi_definition_version_of on kpi_definition_version (id, seq)",
    "insert into kpi_definition_version (id, key, kind, formula, tested_formula, formula_version, unit, classes,
    green_from, green_to, amber_from, amber_to, hysteresis, archived_at, recorded_at)
    select id, key, kind, formula, tested_formula, formula_version, unit, classes,
    green_from, green_to, amber_from, amber_to, hysteresis, null, created_at from kpi_definition",
    "insert into kpi_definition_version (id, key, kind, formula, tested_formula, formula_version, unit, classes,
    green_from, green_to, amber_from, amber_to, hysteresis, archived_at, recorded_at)
    select id, key, kind, formula, tested_formula, formula_version, unit, classes,
    green_from, green_to, amber_from, amber_to, hysteresis, archived_at, archived_at from kpi_definition
    where archived_at is not null",
    "create table kpi_threshold_version (
    seq {serial} primary key,
    id {id} not null references kpi_threshold (id),
    item_id {id} not null,
    kpi_id {id} not null,
    valid_from_on {date} not null,
    green_from {long},
    green_to {long},
    amber_from {long},
    amber_to {long},
    hysteresis {long} not null,
    archived_at {instant},
    recorded_at {instant} not null
)",
    "create index kpi_threshold_version_of on kpi_threshold_version (id, seq)",
    "create index kpi_threshold_version_item on kpi_threshold_version (item_id)",
    "insert into kpi_threshold_version (id, item_id, kpi_id, valid_from_on, green_from, green_to, amber_from, amber_to,
    hysteresis, archived_at, recorded_at)
    select id, item_id, kpi_id, valid_from_on, green_from, green_to, amber_from, amber_to,
    hysteresis, null, created_at from kpi_threshold",
    "insert into kpi_threshold_version (id, item_id, kpi_id, valid_from_on, green_from, green_to, amber_from, amber_to,
    hysteresis, archived_at, recorded_at)
    select id, item_id, kpi_id, valid_from_on, green_from, green_to, amber_from, amber_to,
    hysteresis, archived_at, archived_at from kpi_threshold where archived_at is not null",
    "create table kpi_target_version (
    seq {serial} primary key,
    id {id} not null references kpi_target (id),
    item_id {id} not null,
    kpi_id {id} not null,
    target_on {date} not null,
    value {long} not null,
    archived_at {instant},
    recorded_at {instant} not null
)",
    "create index kpi_target_version_of on kpi_target_version (id, seq)",
    "create index kpi_target_version_item on kpi_target_version (item_id)",
    "insert into kpi_target_version (id, item_id, kpi_id, target_on, value, archived_at, recorded_at)
    select id, item_id, kpi_id, target_on, value, null, created_at from kpi_target",
    "insert into kpi_target_version (id, item_id, kpi_id, target_on, value, archived_at, recorded_at)
    select id, item_id, kpi_id, target_on, value, archived_at, archived_at from kpi_target where archived_at is not null",
    "create table portfolio_item_version (
    seq {serial} primary key,
    id {id} not null references portfolio_item (id),
    category {text},
    base_currency {text} not null,
    fx_rate_set_id {id},
    recorded_at {instant} not null
)",
    "create index portfolio_item_version_of on portfolio_item_version (id, seq)",
    "insert into portfolio_item_version (id, category, base_currency, fx_rate_set_id, recorded_at)
    select id, category, base_currency, fx_rate_set_id, created_at from portfolio_item",
    "create table fx_rate_set_version (
    seq {serial} primary key,
    id {id} not null references fx_rate_set (id),
    is_default {bool} not null,
    recorded_at {instant} not null
)",
    "create index fx_rate_set_version_of on fx_rate_set_version (id, seq)",
    "insert into fx_rate_set_version (id, is_default, recorded_at) select id, is_default, created_at from fx_rate_set",
    "alter table kpi_tick add column measures {text}",
    "alter table alert add column classes {text} not null default ''",
    "alter table alert add column is_alone {bool} not null default false",
    "update alert set classes = (select k.classes from kpi_definition k where k.id = alert.kpi_id),
    is_alone = (select i.kind = 'PROJECT' from portfolio_item i where i.id = alert.item_id)",
];

const DOWN: &[&str] = &[
    "alter table alert drop column is_alone",
    "alter table alert drop column classes",
    "alter table kpi_tick drop column measures",
    "drop table fx_rate_set_version",
    "drop table portfolio_item_version",
    "drop table kpi_target_version",
    "drop table kpi_threshold_version",
    "drop table kpi_definition_version",
    "drop index fx_rate_version_of",
    "update fx_rate_version set rate = null where archived_at is not null",
    "alter table fx_rate_version drop column archived_at",
    "alter table fx_rate_version rename column id to rate_id",
];
