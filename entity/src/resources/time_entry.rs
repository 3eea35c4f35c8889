//! What somebody did on a day.

use sea_orm::entity::prelude::*;

/// Minutes of one day, on a project or on something else.
#[allow(clippy::struct_excessive_bools)] // four independent facts
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "time_entry")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The week that it stands in.
    pub timesheet_id: Uuid,
    /// The resource of that.
    pub resource_id: Uuid,
    /// The project; null where it is of a category.
    pub item_id: Option<Uuid>,
    /// The portfolio around the project, kept for rights.
    pub portfolio_id: Option<Uuid>,
    /// Whether the project or anything above it is confidential, kept for rights.
    pub is_restricted: bool,
    /// What it was spent on beside projects; null where it is of a project.
    pub category_id: Option<Uuid>,
    /// The state of the week.
    pub state: String,
    /// The day of the work.
    pub work_on: Date,
    /// Minutes, above 0; below where it reverses another.
    pub minutes: i32,
    /// When it began, `HH:MM` of the day.
    pub start_time: Option<String>,
    /// When it ended, `HH:MM` of the day, `24:00` for its end.
    pub end_time: Option<String>,
    /// Whether somebody else pays for it.
    pub is_billable: bool,
    /// Whether it makes an asset.
    pub is_capex: bool,
    /// What was done.
    pub note: Option<String>,
    /// The day on which it was posted.
    pub posted_on: Option<Date>,
    /// Whether no rate held on its day when it was posted.
    pub is_unrated: bool,
    /// What it cost, for who reverses it; shown to nobody.
    pub actual_id: Option<Uuid>,
    /// The entry that it reverses.
    pub reversal_of_id: Option<Uuid>,
    /// Why.
    pub reversal_reason: Option<String>,
    /// The system that it came from.
    pub external_system: Option<String>,
    /// Its id there.
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
