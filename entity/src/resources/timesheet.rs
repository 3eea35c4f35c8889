//! What people have worked, by week.

use sea_orm::entity::prelude::*;

/// One week of one resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timesheet")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The resource, a person.
    pub resource_id: Uuid,
    /// The Monday of the week.
    pub week_start_on: Date,
    /// `OPEN`, `SUBMITTED`, `APPROVED`, `POSTED` or `RETURNED`.
    pub state: String,
    /// By when it is to be submitted.
    pub due_at: DateTimeUtc,
    /// When it was submitted last; null where it is not.
    pub submitted_at: Option<DateTimeUtc>,
    /// Who submitted it.
    pub submitted_by_id: Option<Uuid>,
    /// The credential that did, for conflicts of duty.
    pub submitted_principal: Option<String>,
    /// When it was approved.
    pub approved_at: Option<DateTimeUtc>,
    /// Who approved it.
    pub approved_by_id: Option<Uuid>,
    /// When it was posted.
    pub posted_at: Option<DateTimeUtc>,
    /// Why it was returned.
    pub return_note: Option<String>,
    /// Minutes on projects that were posted without a rate; null while it is not posted.
    pub unrated_minutes: Option<i32>,
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
