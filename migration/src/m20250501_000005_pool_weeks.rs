//! What pools can do and are booked for, week by week, and who is overbooked; and what of both is to be made again.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table resource_pool add column serves_id {id}",
    "create index resource_pool_serves on resource_pool (serves_id)",
    "create table pool_week (
    pool_id {id} not null references resource_pool (id),
    ends_on {date} not null,
    capacity {long} not null check (capacity >= 0),
    free {long} not null check (free >= 0),
    over_capacity {long} not null check (over_capacity >= 0),
    demand {long} not null check (demand >= 0),
    skill_demand {long} not null check (skill_demand >= 0),
    skill_covered {long} not null check (skill_covered >= 0 and skill_covered <= skill_demand),
    recorded {long} not null check (recorded >= 0),
    worked {long} not null check (worked >= 0),
    sheets_expected {long} not null check (sheets_expected >= 0),
    sheets_in_time {long} not null check (sheets_in_time >= 0 and sheets_in_time <= sheets_expected),
    primary key (pool_id, ends_on)
)",
    "create table overbooking (
    id {id} not null primary key,
    resource_id {id} not null references resource (id),
    state {text} not null check (state in ('OPEN', 'RESOLVED')),
    start_on {date} not null,
    end_on {date} not null,
    day_count {int} not null check (day_count > 0),
    capacity_minutes {int} not null check (capacity_minutes >= 0),
    booked_minutes {int} not null check (booked_minutes > 0),
    excess_minutes {int} not null check (excess_minutes > 0),
    is_hard {bool} not null,
    resolved_at {instant},
    {audit},
    {audit_keys},
    constraint overbooking_days check (end_on >= start_on),
    constraint overbooking_resolved check ((state = 'RESOLVED') = (resolved_at is not null))
)",
    "create index overbooking_resource on overbooking (resource_id, state)",
    "create index overbooking_state on overbooking (state, start_on)",
    "create table outdated (
    seq {serial} primary key,
    source {text} not null,
    owner_id {id} not null,
    at {instant} not null,
    request_id {text} not null,
    mutation {text} not null,
    actor_id {id} references person (id)
)",
];

const DOWN: &[&str] = &[
    "drop table outdated",
    "drop table overbooking",
    "drop table pool_week",
    "drop index resource_pool_serves",
    "alter table resource_pool drop column serves_id",
];
