//! Keys that all processes of one server share.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &["create table server_secret (
    name {text} not null primary key,
    value {bytes} not null
)"];

const DOWN: &[&str] = &["drop table server_secret"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }

    // SQLite too rolls back what a step created before it failed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
