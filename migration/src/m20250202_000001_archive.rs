//! When a row was archived: it stays readable and can no longer be changed.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table portfolio_item add column archived_at {instant}",
    "alter table person add column archived_at {instant}",
    "alter table org_unit add column archived_at {instant}",
    "alter table role_assignment add column archived_at {instant}",
    "alter table external_link add column archived_at {instant}",
    // What is archived takes no name.
    "drop index external_link_name",
    "create unique index external_link_name on external_link (target_type, system, external_id) where archived_at is null",
];

const DOWN: &[&str] = &[
    "drop index external_link_name",
    "delete from external_link where archived_at is not null",
    "create unique index external_link_name on external_link (target_type, system, external_id)",
    "alter table portfolio_item drop column archived_at",
    "alter table person drop column archived_at",
    "alter table org_unit drop column archived_at",
    "alter table role_assignment drop column archived_at",
    "alter table external_link drop column archived_at",
];
