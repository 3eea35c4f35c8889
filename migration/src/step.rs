//! A step of plain statements, named after its file.

use sea_orm_migration::prelude::{DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::util::get_file_stem;

use crate::dialect;

/// The statements that lead up, and those that lead back.
pub(crate) struct Step {
    /// The file that it stands in: `file!()`.
    pub(crate) file: &'static str,
    pub(crate) up: &'static [&'static str],
    pub(crate) down: &'static [&'static str],
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        get_file_stem(self.file)
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, self.down).await
    }

    // SQLite too rolls back what a step created before it failed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
