//! Names of rows in other systems.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table external_link (
    id {id} not null primary key,
    target_type {text} not null,
    system {text} not null,
    external_id {text} not null,
    url {text},
    etag {text},
    direction {text} not null check (direction in ('IN', 'OUT', 'BOTH')),
    item_id {id} references portfolio_item (id),
    person_id {id} references person (id),
    org_unit_id {id} references org_unit (id),
    portfolio_id {id} references portfolio_item (id),
    is_restricted {bool} not null,
    {audit},
    {audit_keys},
    constraint external_link_target check (
        (target_type in ('PORTFOLIO', 'PROGRAM', 'PROJECT')
            and item_id is not null and person_id is null and org_unit_id is null)
        or (target_type = 'PERSON' and item_id is null and person_id is not null and org_unit_id is null)
        or (target_type = 'ORG_UNIT' and item_id is null and person_id is null and org_unit_id is not null)
    )
)",
    "create unique index external_link_name on external_link (target_type, system, external_id)",
    "create index external_link_item on external_link (item_id)",
    "create index external_link_person on external_link (person_id)",
    "create index external_link_org_unit on external_link (org_unit_id)",
    "create index external_link_portfolio on external_link (portfolio_id)",
];

const DOWN: &[&str] = &["drop table external_link"];
