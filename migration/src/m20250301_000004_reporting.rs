//! Status reports and ratings.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table status_report (
    id {id} not null primary key,
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    is_draft {bool} not null,
    state {text} not null check (state in ('DRAFT', 'SUBMITTED', 'PUBLISHED', 'SUPERSEDED')),
    period_start_on {date},
    period_end_on {date} not null,
    narrative {text},
    achievements {text},
    next_steps {text},
    reported_portfolio_id {id} references portfolio_item (id),
    reported_type {text},
    source {text},
    submitted_at {instant},
    submitted_by_id {id} references person (id),
    published_at {instant},
    published_by_id {id} references person (id),
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint status_report_days check (period_end_on >= period_start_on)
)",
    "create index status_report_item on status_report (item_id, period_end_on)",
    "create index status_report_portfolio on status_report (portfolio_id)",
    "create index status_report_reported_portfolio on status_report (reported_portfolio_id)",
    "create index status_report_period on status_report (period_end_on, id)",
    "create table rag_assessment (
    id {id} not null primary key,
    report_id {id} not null references status_report (id),
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    is_draft {bool} not null,
    period_end_on {date} not null,
    dimension {text} not null
        check (dimension in ('OVERALL', 'SCOPE', 'SCHEDULE', 'COST', 'RESOURCE', 'RISK', 'BENEFIT', 'QUALITY')),
    assessor {text} not null check (assessor in ('PROJECT_MANAGER', 'SPONSOR', 'INDEPENDENT')),
    declared {text} not null
        check (declared in ('GREEN', 'AMBER_GREEN', 'AMBER', 'AMBER_RED', 'RED', 'NOT_RATED')),
    computed {text} check (computed in ('GREEN', 'AMBER_GREEN', 'AMBER', 'AMBER_RED', 'RED', 'NOT_RATED')),
    reason {text},
    computed_reason {text},
    reported_portfolio_id {id} references portfolio_item (id),
    reported_type {text},
    {audit},
    {audit_keys}
)",
    "create unique index rag_assessment_of on rag_assessment (report_id, dimension, assessor)",
    "create index rag_assessment_item on rag_assessment (item_id)",
    "create index rag_assessment_portfolio on rag_assessment (portfolio_id)",
    "create index rag_assessment_reported_portfolio on rag_assessment (reported_portfolio_id)",
    "create index rag_assessment_period on rag_assessment (period_end_on, id)",
];

const DOWN: &[&str] = &["drop table rag_assessment", "drop table status_report"];
