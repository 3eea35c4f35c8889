//! Portfolios, programs and projects.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table portfolio_item (
    id {id} not null primary key,
    kind {text} not null check (kind in ('PORTFOLIO', 'PROGRAM', 'PROJECT')),
    is_restricted {bool} not null,
    portfolio_id {id} references portfolio_item (id),
    program_id {id} references portfolio_item (id),
    parent_id {id} references portfolio_item (id),
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    description {text},
    description_fold {text},
    state {text} not null
        check (state in ('PROPOSED', 'APPROVED', 'ACTIVE', 'ON_HOLD', 'CLOSING', 'CLOSED', 'CANCELLED')),
    category {text} check (category in ('RUN', 'GROW', 'TRANSFORM')),
    priority {int} check (priority between 1 and 5),
    confidentiality {text} not null check (confidentiality in ('NORMAL', 'CONFIDENTIAL')),
    base_currency {text} not null check (length(base_currency) = 3),
    budget_amount {long} check (budget_amount >= 0),
    project_type {text},
    methodology {text} check (methodology in ('WATERFALL', 'AGILE', 'HYBRID')),
    phase {text},
    planned_start_on {date},
    planned_finish_on {date},
    forecast_start_on {date},
    forecast_finish_on {date},
    actual_start_on {date},
    actual_finish_on {date},
    org_unit_id {id} references org_unit (id),
    owner_id {id} references person (id),
    sponsor_id {id} references person (id),
    project_manager_id {id} references person (id),
    {audit},
    {audit_keys},
    constraint portfolio_item_parent_other check (parent_id <> id),
    constraint portfolio_item_own_scope check (kind <> 'PORTFOLIO' or (portfolio_id is not null and portfolio_id = id)),
    constraint portfolio_item_program_scope check (kind = 'PROJECT' or program_id is null),
    constraint portfolio_item_confidential check (confidentiality = 'NORMAL' or is_restricted),
    constraint portfolio_item_description_fold check ((description is null) = (description_fold is null))
)",
    "create unique index portfolio_item_kind_key on portfolio_item (kind, key)",
    "create index portfolio_item_kind on portfolio_item (kind, id)",
    "create index portfolio_item_kind_name on portfolio_item (kind, name_fold, id)",
    "create index portfolio_item_portfolio on portfolio_item (portfolio_id, kind, id)",
    "create index portfolio_item_program on portfolio_item (program_id)",
    "create index portfolio_item_parent on portfolio_item (parent_id)",
    "create index portfolio_item_restricted on portfolio_item (id) where is_restricted",
    "create index portfolio_item_org_unit on portfolio_item (org_unit_id)",
    "create index portfolio_item_owner on portfolio_item (owner_id)",
    "create index portfolio_item_sponsor on portfolio_item (sponsor_id)",
    "create index portfolio_item_project_manager on portfolio_item (project_manager_id)",
];

const DOWN: &[&str] = &["drop table portfolio_item"];
