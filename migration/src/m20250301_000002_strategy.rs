//! Strategy: objectives, and what contributes to them.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table strategic_objective (
    id {id} not null primary key,
    key {text} not null,
    title {text} not null,
    title_fold {text} not null,
    description {text},
    description_fold {text},
    horizon {text},
    state {text} not null check (state in ('DRAFT', 'ACTIVE', 'ACHIEVED', 'DROPPED')),
    weight {long} not null check (weight >= 0),
    share {long},
    owner_id {id} references person (id),
    parent_id {id} references strategic_objective (id),
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint strategic_objective_parent_other check (parent_id <> id)
)",
    "create unique index strategic_objective_key on strategic_objective (key)",
    "create index strategic_objective_parent on strategic_objective (parent_id)",
    "create index strategic_objective_owner on strategic_objective (owner_id)",
    "create table objective_contribution (
    id {id} not null primary key,
    item_id {id} not null references portfolio_item (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    objective_id {id} not null references strategic_objective (id),
    rating {text} check (rating in ('NONE', 'LOW', 'MODERATE', 'STRONG', 'EXTREME')),
    share {long} check (share between 0 and 1000000000),
    rationale {text},
    valid_from_on {date},
    valid_to_on {date},
    {audit},
    archived_at {instant},
    {audit_keys},
    constraint objective_contribution_days check (valid_to_on >= valid_from_on),
    constraint objective_contribution_says check (rating is not null or share is not null)
)",
    "create index objective_contribution_item on objective_contribution (item_id, objective_id)",
    "create index objective_contribution_objective on objective_contribution (objective_id)",
    "create index objective_contribution_portfolio on objective_contribution (portfolio_id)",
    // Whole numbers on both databases, rounded half to even: the product of 64 bits and nine decimals is split so that no
    // part of it overflows.
    "create view alignment_cell as
    select c.id, c.item_id, c.objective_id, c.rating, c.share, o.share as objective_share, c.valid_from_on, c.valid_to_on,
        i.kind as item_kind, i.state, i.category, i.budget_amount, i.base_currency, i.portfolio_id, i.is_restricted,
        (i.budget_amount / 1000000000) * c.share + ((i.budget_amount % 1000000000) * c.share) / 1000000000
            + case when ((i.budget_amount % 1000000000) * c.share) % 1000000000 > 500000000 then 1
                when ((i.budget_amount % 1000000000) * c.share) % 1000000000 = 500000000
                    and (((i.budget_amount / 1000000000) * c.share
                        + ((i.budget_amount % 1000000000) * c.share) / 1000000000) % 2) = 1 then 1
                else 0 end as aligned_amount
    from objective_contribution c
    join portfolio_item i on i.id = c.item_id
    join strategic_objective o on o.id = c.objective_id
    where c.archived_at is null and o.archived_at is null",
];

const DOWN: &[&str] =
    &["drop view alignment_cell", "drop table objective_contribution", "drop table strategic_objective"];
