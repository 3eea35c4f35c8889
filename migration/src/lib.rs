//! Steps.

pub use sea_orm_migration::{MigratorTrait, migrator::MigrationStatus};

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![]
    }
}
