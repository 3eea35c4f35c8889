//! Units, people and their identities.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "create table person (
    id {id} not null primary key,
    key {text} not null,
    display_name {text} not null,
    display_name_fold {text} not null,
    email {text},
    is_active {bool} not null,
    org_unit_id {id} references org_unit (id),
    {audit},
    {audit_keys}
)",
    "create unique index person_key on person (key)",
    "create index person_org_unit on person (org_unit_id)",
    "create index org_unit_parent on org_unit (parent_id)",
    "create unique index org_unit_key on org_unit (key)",
    "create table person_identity (
    id {id} not null primary key,
    person_id {id} not null references person (id),
    issuer {text} not null,
    subject {text} not null
)",
    "create unique index person_identity_issuer_subject on person_identity (issuer, subject)",
    "create index person_identity_person on person_identity (person_id)",
];

const DOWN_SQLITE: &[&str] = &[
    "drop table person_identity",
    "update org_unit set created_by_id = null, updated_by_id = null",
    "drop table person",
    "drop table org_unit",
];

const DOWN_POSTGRES: &[&str] = &["drop table person_identity", "drop table org_unit, person"];

// Units name their author and people their unit. SQLite takes a reference to a table that is still to come and cannot
// add one later; PostgreSQL the other way round.
const ORG_UNIT_SQLITE: &str = "create table org_unit (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    parent_id {id} references org_unit (id),
    {audit},
    {audit_keys}
)";

const ORG_UNIT_POSTGRES: &str = "create table org_unit (
    id {id} not null primary key,
    key {text} not null,
    name {text} not null,
    name_fold {text} not null,
    parent_id {id} references org_unit (id),
    {audit}
)";

const ORG_UNIT_AUTHORS: &[&str] = &[
    "alter table org_unit add foreign key (created_by_id) references person (id)",
    "alter table org_unit add foreign key (updated_by_id) references person (id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !dialect::is_postgres(manager) {
            dialect::run(manager, &[ORG_UNIT_SQLITE]).await?;
            return dialect::run(manager, UP).await;
        }
        dialect::run(manager, &[ORG_UNIT_POSTGRES]).await?;
        dialect::run(manager, UP).await?;
        dialect::run(manager, ORG_UNIT_AUTHORS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, if dialect::is_postgres(manager) { DOWN_POSTGRES } else { DOWN_SQLITE }).await
    }

    // SQLite too rolls back what a step created before it failed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
