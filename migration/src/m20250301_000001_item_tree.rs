//! Who stands above whom, what is below an item as rows, and the rating that its latest report gave an item. The feed learns
//! whether a row was a draft.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table portfolio_item add column rag {text}
        check (rag in ('GREEN', 'AMBER_GREEN', 'AMBER', 'AMBER_RED', 'RED', 'NOT_RATED'))",
    "alter table portfolio_item add column rag_on {date}",
    "create table item_ancestor (
    id {id} not null primary key,
    ancestor_id {id} not null references portfolio_item (id),
    item_id {id} not null references portfolio_item (id),
    depth {int} not null
)",
    "create unique index item_ancestor_pair on item_ancestor (ancestor_id, item_id)",
    "create index item_ancestor_item on item_ancestor (item_id)",
    "insert into item_ancestor (id, ancestor_id, item_id, depth)
    with recursive up (ancestor_id, item_id, depth, next_id) as (
        select id, id, 0, parent_id from portfolio_item
        union all
        select above.id, up.item_id, up.depth + 1, above.parent_id from up join portfolio_item above on above.id = up.next_id
    )
    select {new_id}, ancestor_id, item_id, depth from up",
    "create view portfolio_tree_node as
    select a.id, a.ancestor_id as root_id, a.item_id, a.depth, i.kind as item_kind, i.state, i.category, i.priority, i.rag,
        i.rag_on, i.budget_amount, i.base_currency, i.portfolio_id, i.is_restricted, i.archived_at,
        r.portfolio_id as root_portfolio_id, r.is_restricted as is_root_restricted, r.state as root_state
    from item_ancestor a
    join portfolio_item i on i.id = a.item_id
    join portfolio_item r on r.id = a.ancestor_id",
    "alter table outbox_event add column was_draft {bool} not null default false",
];

const DOWN: &[&str] = &[
    "alter table outbox_event drop column was_draft",
    "drop view portfolio_tree_node",
    "drop table item_ancestor",
    "alter table portfolio_item drop column rag_on",
    "alter table portfolio_item drop column rag",
];
