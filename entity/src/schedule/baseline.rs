//! A plan that was frozen: once approved it never changes, and a later one supersedes it.

use sea_orm::entity::prelude::*;

/// One baseline of a project.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "baseline")]
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
    /// Counts the baselines of the project, from 1.
    pub revision: i32,
    /// What it is called.
    pub name: Option<String>,
    /// `PERFORMANCE`, `SCOPE`, `SCHEDULE` or `COST`.
    pub kind: String,
    /// `WORK_PACKAGE`, `CONTROL_ACCOUNT` or `PROJECT`.
    pub level: String,
    /// `DRAFT`, `SUBMITTED`, `APPROVED`, `REJECTED` or `SUPERSEDED`.
    pub state: String,
    /// The day of which it is a picture.
    pub as_of_on: Date,
    /// What explains it.
    pub note: Option<String>,
    /// ISO 4217 code of its money: the project's base currency.
    pub currency: String,
    /// Sum over the cost of its items, in 1/10,000; derived.
    pub completion_amount: i64,
    /// Held by management beside it, in 1/10,000.
    pub reserve_amount: Option<i64>,
    /// First day of its items; derived.
    pub start_on: Option<Date>,
    /// Last day of its items; derived.
    pub finish_on: Option<Date>,
    /// The portfolio that the project stood in when it was made.
    pub reported_portfolio_id: Option<Uuid>,
    /// When it was submitted.
    pub submitted_at: Option<DateTimeUtc>,
    /// The person who did.
    pub submitted_by_id: Option<Uuid>,
    /// The credential that did.
    pub submitted_principal: Option<String>,
    /// When it was approved.
    pub approved_at: Option<DateTimeUtc>,
    /// The person who did.
    pub approved_by_id: Option<Uuid>,
    /// When a later one took its place.
    pub superseded_at: Option<DateTimeUtc>,
    /// Why it was decided so.
    pub decision_note: Option<String>,
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
