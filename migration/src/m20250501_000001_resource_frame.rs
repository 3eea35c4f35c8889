//! What resources are described by: roles, skills, certificates, and calendars with their exceptions.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table resource_role (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    description {text},
    {audit},
    archived_at {instant},
    {audit_keys}
)",
    "create unique index resource_role_key on resource_role (key)",
    "create table skill (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    category {text},
    description {text},
    {audit},
    archived_at {instant},
    {audit_keys}
)",
    "create unique index skill_key on skill (key)",
    "create table certification (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    issuer {text},
    valid_months {int} check (valid_months between 1 and 1200),
    description {text},
    {audit},
    archived_at {instant},
    {audit_keys}
)",
    "create unique index certification_key on certification (key)",
    "create table work_calendar (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    base_id {id} references work_calendar (id),
    monday {text},
    tuesday {text},
    wednesday {text},
    thursday {text},
    friday {text},
    saturday {text},
    sunday {text},
    description {text},
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint work_calendar_base_other check (base_id <> id)
)",
    "create unique index work_calendar_key on work_calendar (key)",
    "create index work_calendar_base on work_calendar (base_id)",
    "create table calendar_exception (
    id {id} not null primary key,
    calendar_id {id} not null references work_calendar (id),
    name {text} not null,
    name_fold {text} not null,
    recurrence {text} not null check (recurrence in
        ('ONCE', 'DAILY', 'WEEKLY', 'MONTHLY_ON_DAY', 'MONTHLY_ON_POSITION', 'YEARLY_ON_DAY', 'YEARLY_ON_POSITION')),
    start_on {date} not null,
    end_on {date},
    occurrences {int} check (occurrences between 1 and 9999),
    every {int} not null check (every between 1 and 999),
    weekdays {text},
    month {int} check (month between 1 and 12),
    month_day {int} check (month_day between 1 and 31),
    position {text} check (position in ('FIRST', 'SECOND', 'THIRD', 'FOURTH', 'LAST')),
    position_of {text} check (position_of in
        ('DAY', 'WEEKDAY', 'WEEKEND_DAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY')),
    working_times {text} not null,
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint calendar_exception_days check (end_on >= start_on)
)",
    "create index calendar_exception_calendar on calendar_exception (calendar_id, start_on)",
];

const DOWN: &[&str] = &[
    "drop table calendar_exception",
    "drop table work_calendar",
    "drop table certification",
    "drop table skill",
    "drop table resource_role",
];
