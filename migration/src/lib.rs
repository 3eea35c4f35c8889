//! Foliograph's schema as reversible steps, the same on `SQLite` and `PostgreSQL`.
//!
//! A step that has been released is never edited; a change is a new step.

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::{MigratorTrait, migrator::MigrationStatus};

mod dialect;
mod m20250101_000001_people;
mod m20250101_000002_portfolio_item;
mod m20250101_000003_role_assignment;
mod m20250101_000004_external_link;
mod m20250101_000005_server_secret;
mod m20250201_000001_api_key;
mod m20250202_000001_archive;
mod m20250202_000002_writes;
mod m20250301_000001_item_tree;
mod m20250301_000002_strategy;
mod m20250301_000003_finance;
mod m20250301_000004_reporting;
mod m20250301_000005_benefits;
mod m20250401_000001_money;
mod m20250401_000002_realization;
mod m20250401_000003_schedule;
mod m20250401_000004_raid;
mod m20250401_000005_kpi;
mod m20250401_000006_kpi_setup;
mod m20250401_000007_kpi_bounds;
mod m20250401_000008_kpi_versions;
mod m20250501_000001_resource_frame;
mod m20250501_000002_resources;
mod m20250501_000004_timesheets;
mod m20250501_000005_pool_weeks;
mod m20250502_000001_outside_bookings;
mod m20250503_000001_trusted_documents;
mod m20250503_000002_key_addresses;
mod m20250601_000001_list_indexes;
mod step;

/// Runs the steps, up and down.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20250101_000001_people::Migration),
            Box::new(m20250101_000002_portfolio_item::STEP),
            Box::new(m20250101_000003_role_assignment::STEP),
            Box::new(m20250101_000004_external_link::STEP),
            Box::new(m20250101_000005_server_secret::STEP),
            Box::new(m20250201_000001_api_key::STEP),
            Box::new(m20250202_000001_archive::STEP),
            Box::new(m20250202_000002_writes::STEP),
            Box::new(m20250301_000001_item_tree::STEP),
            Box::new(m20250301_000002_strategy::STEP),
            Box::new(m20250301_000003_finance::STEP),
            Box::new(m20250301_000004_reporting::STEP),
            Box::new(m20250301_000005_benefits::STEP),
            Box::new(m20250401_000001_money::STEP),
            Box::new(m20250401_000003_schedule::STEP),
            Box::new(m20250401_000002_realization::STEP),
            Box::new(m20250401_000004_raid::STEP),
            Box::new(m20250401_000005_kpi::STEP),
            Box::new(m20250401_000006_kpi_setup::STEP),
            Box::new(m20250401_000007_kpi_bounds::STEP),
            Box::new(m20250401_000008_kpi_versions::STEP),
            Box::new(m20250501_000001_resource_frame::STEP),
            Box::new(m20250501_000002_resources::STEP),
            Box::new(m20250501_000004_timesheets::STEP),
            Box::new(m20250501_000005_pool_weeks::STEP),
            Box::new(m20250502_000001_outside_bookings::STEP),
            Box::new(m20250503_000001_trusted_documents::STEP),
            Box::new(m20250503_000002_key_addresses::STEP),
            Box::new(m20250601_000001_list_indexes::STEP),
        ]
    }
}
