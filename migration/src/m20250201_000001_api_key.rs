//! Keys of scripts and BI tools, and the items granted to them.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create table api_key (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    secret_hash {bytes} not null check (length(secret_hash) = 32),
    roles {text} not null check (roles <> ''),
    access_mode {text} not null check (access_mode in ('MASK', 'ERROR')),
    expires_at {instant},
    revoked_at {instant},
    {audit},
    {audit_keys}
)",
    "create unique index api_key_key on api_key (key)",
    "create table api_key_grant (
    id {id} not null primary key,
    api_key_id {id} not null references api_key (id),
    item_id {id} not null references portfolio_item (id)
)",
    "create unique index api_key_grant_pair on api_key_grant (api_key_id, item_id)",
    "create index api_key_grant_item on api_key_grant (item_id)",
];

const DOWN: &[&str] = &["drop table api_key_grant", "drop table api_key"];
