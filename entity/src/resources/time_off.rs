//! When resources do not work.

use sea_orm::entity::prelude::*;

/// One absence of one resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "time_off")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// The first day.
    pub start_on: Date,
    /// The last day.
    pub end_on: Date,
    /// Minutes of each day; null is the whole day.
    pub minutes_per_day: Option<i32>,
    /// `VACATION`, `SICKNESS`, `PARENTAL`, `TRAINING` or `OTHER`.
    pub reason: Option<String>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub updated_by_id: Option<Uuid>,
    /// When the row was archived; null while it can be changed.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
