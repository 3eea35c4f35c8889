//! Where more is booked on resources than they can do, derived in the background. What is confidential counts in none.

use sea_orm::entity::prelude::*;

/// Days in a row on which too much is booked on one resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "overbooking")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// `OPEN` or `RESOLVED`.
    pub state: String,
    /// The first day.
    pub start_on: Date,
    /// The last day.
    pub end_on: Date,
    /// On how many of them it is too much.
    pub day_count: i32,
    /// Minutes that can be worked on all of them.
    pub capacity_minutes: i32,
    /// Minutes that are planned and confirmed on all of them.
    pub booked_minutes: i32,
    /// Minutes that are too much, day by day.
    pub excess_minutes: i32,
    /// Whether on some day what is confirmed alone is too much.
    pub is_hard: bool,
    /// When it was over.
    pub resolved_at: Option<DateTimeUtc>,
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
