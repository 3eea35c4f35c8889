//! A span of days that money is planned, booked and reported by.

use sea_orm::entity::prelude::*;

/// One period of a fiscal calendar.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fiscal_period")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The calendar.
    pub calendar_id: Uuid,
    /// Human key, unique in all calendars.
    pub key: String,
    /// The name as shown.
    pub name: String,
    /// `YEAR`, `QUARTER` or `MONTH`.
    pub kind: String,
    /// First day.
    pub start_on: Date,
    /// Last day.
    pub end_on: Date,
    /// `OPEN` or `CLOSED`.
    pub state: String,
    /// The longer period that it is part of.
    pub parent_id: Option<Uuid>,
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
