//! What every write leaves behind: its audit entry, its event, and its answer for who sends it again.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table audit_event (
    id {id} not null primary key,
    at {instant} not null,
    transaction_id {id} not null,
    request_id {text} not null,
    mutation {text} not null,
    principal {text} not null,
    actor_id {id} references person (id),
    action {text} not null,
    target_type {text} not null,
    target_id {id} not null,
    target_ref {text} not null,
    target_version {long} not null,
    changes {text} not null,
    before_item_id {id},
    after_item_id {id},
    item_id {id},
    portfolio_id {id},
    is_restricted {bool} not null
)",
    "create index audit_event_at on audit_event (at, id)",
    "create index audit_event_target on audit_event (target_ref, target_version)",
    "create index audit_event_item on audit_event (item_id)",
    "create index audit_event_portfolio on audit_event (portfolio_id)",
    "create table outbox_event (
    seq {serial} primary key,
    position {long},
    transaction_id {id} not null,
    at {instant} not null,
    request_id {text} not null,
    mutation {text} not null,
    actor_id {id},
    target_type {text} not null,
    target_id {id} not null,
    version {long} not null,
    was_there {bool} not null,
    was_item_id {id},
    was_portfolio_id {id},
    was_restricted {bool} not null,
    was_state {text},
    was_person_id {id}
)",
    "create unique index outbox_event_position on outbox_event (position)",
    "create index outbox_event_pending on outbox_event (seq) where position is null",
    "create index outbox_event_at on outbox_event (at)",
    "create table outbox_head (
    id {int} not null primary key check (id = 1),
    position {long} not null,
    purged {long} not null
)",
    "insert into outbox_head (id, position, purged) values (1, 0, 0)",
    "create table feed_view (
    hash {text} not null primary key,
    content {text} not null,
    used_at {instant} not null
)",
    "create table idempotency (
    principal {text} not null,
    mutation {text} not null,
    key {text} not null,
    input_hash {bytes} not null,
    outcome {text} not null,
    created_at {instant} not null,
    primary key (principal, mutation, key)
)",
    "create index idempotency_created_at on idempotency (created_at)",
];

const DOWN: &[&str] = &[
    "drop table idempotency",
    "drop table feed_view",
    "drop table outbox_head",
    "drop table outbox_event",
    "drop table audit_event",
];
