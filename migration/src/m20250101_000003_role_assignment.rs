//! Roles that people hold.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table role_assignment (
    id {id} not null primary key,
    key {text} not null,
    person_id {id} not null references person (id),
    role {text} not null
        check (role in ('PMO_LEAD', 'PROJECT_MANAGER', 'SPONSOR', 'RESOURCE_MANAGER', 'FINANCE', 'ANALYST',
                        'AUDITOR', 'INTEGRATION', 'ADMIN')),
    item_id {id} references portfolio_item (id),
    valid_from_on {date} not null,
    valid_to_on {date},
    approval_limit_amount {long} check (approval_limit_amount >= 0),
    approval_limit_currency {text} check (length(approval_limit_currency) = 3),
    {audit},
    {audit_keys},
    constraint role_assignment_period check (valid_to_on >= valid_from_on),
    constraint role_assignment_limit check ((approval_limit_amount is null) = (approval_limit_currency is null))
)",
    "create unique index role_assignment_key on role_assignment (key)",
    "create index role_assignment_person on role_assignment (person_id)",
    "create index role_assignment_item on role_assignment (item_id)",
];

const DOWN: &[&str] = &["drop table role_assignment"];
