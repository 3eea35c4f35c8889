//! What is to be done in a project, and when: the parts of its plan.

use sea_orm::entity::prelude::*;

/// One task, summary or milestone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The project.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Human key, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// What is to be done.
    pub description: Option<String>,
    /// The task that it is a part of, of the same project.
    pub parent_id: Option<Uuid>,
    /// Its place in the work breakdown structure; one task of a project has it.
    pub wbs: Option<String>,
    /// `SUMMARY`, `TASK`, `MILESTONE` or `LEVEL_OF_EFFORT`.
    pub kind: String,
    /// First day by plan.
    pub planned_start_on: Option<Date>,
    /// Last day by plan.
    pub planned_finish_on: Option<Date>,
    /// First day as expected now.
    pub forecast_start_on: Option<Date>,
    /// Last day as expected now.
    pub forecast_finish_on: Option<Date>,
    /// First day.
    pub actual_start_on: Option<Date>,
    /// Last day.
    pub actual_finish_on: Option<Date>,
    /// Planned work, in minutes.
    pub work_minutes: Option<i32>,
    /// Work that is left, in minutes.
    pub remaining_work_minutes: Option<i32>,
    /// How far it is, in 1e-9, 0 to 1.
    pub percent_complete: i64,
    /// How much of its result is there, in 1e-9, 0 to 1.
    pub physical_percent_complete: Option<i64>,
    /// How its earned value is found; null for a summary.
    pub earned_value_technique: Option<String>,
    /// For APPORTIONED: the task that it is earned with.
    pub apportioned_to_id: Option<Uuid>,
    /// For APPORTIONED: which part is earned for each part of that task, in 1e-9.
    pub apportioned_ratio: Option<i64>,
    /// Of a milestone: its weight among those of its parent, in 1e-9.
    pub weight: Option<i64>,
    /// Of a milestone: how far its parent is once it is reached, in 1e-9.
    pub parent_percent_complete: Option<i64>,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The other system that it came from.
    pub external_system: Option<String>,
    /// Its id over there.
    pub external_id: Option<String>,
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
