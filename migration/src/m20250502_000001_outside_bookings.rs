//! What other systems say of bookings, as they say it, and what they call calendars and their exceptions.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table allocation_segment (
    id {id} not null primary key,
    allocation_id {id} not null references allocation (id),
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    resource_id {id} not null references resource (id),
    position {int} not null check (position > 0),
    booking {text} not null check (booking in ('SOFT', 'HARD')),
    start_on {date} not null,
    end_on {date} not null,
    told_start {text} not null,
    told_finish {text} not null,
    told_sum {text} not null,
    unit {text} not null check (unit in ('HOURS', 'DAYS', 'FTE', 'PERCENT')),
    constraint allocation_segment_days check (end_on >= start_on)
)",
    "create unique index allocation_segment_once on allocation_segment (allocation_id, position)",
    "create index allocation_segment_resource on allocation_segment (resource_id, end_on)",
    "create index allocation_segment_item on allocation_segment (item_id)",
    "alter table work_calendar add column external_system {text}",
    "alter table work_calendar add column external_id {text}",
    "create unique index work_calendar_external on work_calendar (external_system, external_id)",
    "alter table calendar_exception add column external_system {text}",
    "alter table calendar_exception add column external_id {text}",
    "create unique index calendar_exception_external on calendar_exception (external_system, external_id)",
];

const DOWN: &[&str] = &[
    "drop index calendar_exception_external",
    "alter table calendar_exception drop column external_id",
    "alter table calendar_exception drop column external_system",
    "drop index work_calendar_external",
    "alter table work_calendar drop column external_id",
    "alter table work_calendar drop column external_system",
    "drop table allocation_segment",
];
