//! Benefits: profiles, plans, and who helps to bring them.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table benefit (
    id {id} not null primary key,
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    is_draft {bool} not null,
    key {text} not null,
    title {text} not null,
    title_fold {text} not null,
    description {text},
    kind {text} not null
        check (kind in ('FINANCIAL_CASHABLE', 'FINANCIAL_NON_CASHABLE', 'QUANTIFIABLE', 'QUALITATIVE')),
    polarity {text} not null check (polarity in ('BENEFIT', 'DISBENEFIT')),
    state {text} not null
        check (state in ('IDENTIFIED', 'PROFILED', 'APPROVED', 'ENABLED', 'REALIZING', 'REALIZED', 'PARTLY_REALIZED', 'NOT_REALIZED', 'WITHDRAWN')),
    owner_id {id} references person (id),
    sponsor_id {id} references person (id),
    beneficiary {text},
    confidence {long} check (confidence between 0 and 1000000000),
    starts_after {text},
    starts_on {date},
    currency {text} not null check (length(currency) = 3),
    amount {long},
    amount_note {text},
    planned_amount {long} not null,
    as_of_on {date},
    reported_portfolio_id {id} references portfolio_item (id),
    source {text},
    approved_at {instant},
    approved_by_id {id} references person (id),
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint benefit_title_fold check (title_fold is not null)
)",
    "create unique index benefit_key on benefit (key)",
    "create index benefit_item on benefit (item_id)",
    "create index benefit_portfolio on benefit (portfolio_id)",
    "create index benefit_owner on benefit (owner_id)",
    "create index benefit_sponsor on benefit (sponsor_id)",
    "create index benefit_reported_portfolio on benefit (reported_portfolio_id)",
    "create table benefit_plan_point (
    id {id} not null primary key,
    benefit_id {id} not null references benefit (id),
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    is_draft {bool} not null,
    owner_id {id} references person (id),
    period_id {id} not null references fiscal_period (id),
    currency {text} not null check (length(currency) = 3),
    amount {long} not null,
    note {text},
    {audit},
    {audit_keys}
)",
    "create unique index benefit_plan_point_period on benefit_plan_point (benefit_id, period_id)",
    "create index benefit_plan_point_item on benefit_plan_point (item_id)",
    "create index benefit_plan_point_period_id on benefit_plan_point (period_id)",
    "create index benefit_plan_point_portfolio on benefit_plan_point (portfolio_id)",
    "create table benefit_contribution (
    id {id} not null primary key,
    benefit_id {id} not null references benefit (id),
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    is_draft {bool} not null,
    owner_id {id} references person (id),
    contributor_id {id} not null references portfolio_item (id),
    share {long} not null check (share between 0 and 1000000000),
    rationale {text},
    {audit},
    {audit_keys}
)",
    "create unique index benefit_contribution_of on benefit_contribution (benefit_id, contributor_id)",
    "create index benefit_contribution_contributor on benefit_contribution (contributor_id)",
    "create index benefit_contribution_item on benefit_contribution (item_id)",
    "create index benefit_contribution_portfolio on benefit_contribution (portfolio_id)",
];

const DOWN: &[&str] = &["drop table benefit_contribution", "drop table benefit_plan_point", "drop table benefit"];
