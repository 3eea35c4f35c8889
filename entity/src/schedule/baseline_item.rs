//! What a baseline says of a task: its days, its work and its cost as they were planned.

use sea_orm::entity::prelude::*;

/// One task in one baseline.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "baseline_item")]
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
    /// The baseline.
    pub baseline_id: Uuid,
    /// The task.
    pub task_id: Uuid,
    /// First day.
    pub start_on: Date,
    /// Last day.
    pub finish_on: Date,
    /// Work, in minutes.
    pub work_minutes: Option<i32>,
    /// ISO 4217 code: the baseline's.
    pub currency: String,
    /// The cost, in 1/10,000.
    pub cost_amount: Option<i64>,
    /// The portfolio that the project stood in when the baseline was made.
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
