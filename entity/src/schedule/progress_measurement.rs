//! How far a task was on a day, and which part of its cost was earned by then.

use sea_orm::entity::prelude::*;

/// One measurement of one task.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "progress_measurement")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Scope: the project.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The task.
    pub task_id: Uuid,
    /// The day at whose end it was so far.
    pub status_on: Date,
    /// How far it was, in 1e-9, 0 to 1.
    pub percent_complete: Option<i64>,
    /// How much of its result was there, in 1e-9, 0 to 1.
    pub physical_percent_complete: Option<i64>,
    /// Which part of its cost was earned, in 1e-9, 0 to 1; derived.
    pub earned_fraction: i64,
    /// ISO 4217 code: the project's base currency.
    pub currency: String,
    /// The earned value where it was measured as money, in 1/10,000.
    pub measured_amount: Option<i64>,
    /// What the figures come from.
    pub source: Option<String>,
    /// What explains them.
    pub note: Option<String>,
    /// Whether it was written because of another task.
    pub is_derived: bool,
    /// The other system that it came from.
    pub external_system: Option<String>,
    /// Its id over there.
    pub external_id: Option<String>,
    /// The portfolio that the project stood in when it was measured.
    pub reported_portfolio_id: Option<Uuid>,
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
