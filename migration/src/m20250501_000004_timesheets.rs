//! What people have worked: weeks with their entries, categories beside projects, and what posting them needs to know.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table resource_pool add column most_week_minutes {int} check (most_week_minutes between 1 and 10080)",
    "alter table rate_card add column labor_category_id {id} references cost_category (id)",
    "alter table rate_card add column calendar_id {id} references fiscal_calendar (id)",
    "create table time_category (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    description {text},
    {audit},
    archived_at {instant},
    {audit_keys}
)",
    "create unique index time_category_key on time_category (key)",
    "create table timesheet (
    id {id} not null primary key,
    resource_id {id} not null references resource (id),
    week_start_on {date} not null,
    state {text} not null check (state in ('OPEN', 'SUBMITTED', 'APPROVED', 'POSTED', 'RETURNED')),
    due_at {instant} not null,
    submitted_at {instant},
    submitted_by_id {id} references person (id),
    submitted_principal {text},
    approved_at {instant},
    approved_by_id {id} references person (id),
    posted_at {instant},
    return_note {text},
    unrated_minutes {int} check (unrated_minutes >= 0),
    {audit},
    {audit_keys}
)",
    "create unique index timesheet_once on timesheet (resource_id, week_start_on)",
    "create index timesheet_state on timesheet (state, week_start_on)",
    "create table time_entry (
    id {id} not null primary key,
    timesheet_id {id} not null references timesheet (id),
    resource_id {id} not null references resource (id),
    item_id {id} references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    category_id {id} references time_category (id),
    state {text} not null check (state in ('OPEN', 'SUBMITTED', 'APPROVED', 'POSTED', 'RETURNED')),
    work_on {date} not null,
    minutes {int} not null check (minutes <> 0 and minutes between -1440 and 1440),
    start_time {text},
    end_time {text},
    is_billable {bool} not null,
    is_capex {bool} not null,
    note {text},
    posted_on {date},
    is_unrated {bool} not null,
    actual_id {id} references actual (id),
    reversal_of_id {id} references time_entry (id),
    reversal_reason {text},
    external_system {text},
    external_id {text},
    {audit},
    {audit_keys},
    constraint time_entry_of_one check ((item_id is null) = (category_id is not null)),
    constraint time_entry_times check ((start_time is null) = (end_time is null)),
    constraint time_entry_reverses check ((reversal_of_id is null) = (minutes > 0)),
    constraint time_entry_external check ((external_system is null) = (external_id is null))
)",
    "create index time_entry_sheet on time_entry (timesheet_id)",
    "create index time_entry_resource on time_entry (resource_id, work_on)",
    "create index time_entry_item on time_entry (item_id, work_on)",
    "create index time_entry_category on time_entry (category_id)",
    "create unique index time_entry_reversal on time_entry (reversal_of_id)",
    "create unique index time_entry_external on time_entry (external_system, external_id)",
];

const DOWN: &[&str] = &[
    "drop table time_entry",
    "drop table timesheet",
    "drop table time_category",
    "alter table rate_card drop column calendar_id",
    "alter table rate_card drop column labor_category_id",
    "alter table resource_pool drop column most_week_minutes",
];
