//! How it is told whether a benefit is had: a level with its baseline and target, and when it is due to be measured.

use sea_orm::entity::prelude::*;

/// One measure of a benefit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_measure")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The benefit.
    pub benefit_id: Uuid,
    /// Scope: the item of the benefit.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: the benefit is not approved yet.
    pub is_draft: bool,
    /// Scope: the benefit's owner.
    pub owner_id: Option<Uuid>,
    /// Human key, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// What it is counted in.
    pub unit: String,
    /// `UP` or `DOWN`: which way is wanted.
    pub direction: String,
    /// The level before, in 1e-9.
    pub baseline_value: Option<i64>,
    /// The day of that level.
    pub baseline_on: Option<Date>,
    /// The level to be reached, or not to be passed, in 1e-9.
    pub target_value: Option<i64>,
    /// The day by which.
    pub target_on: Option<Date>,
    /// How it is measured.
    pub method: Option<String>,
    /// Where its figures come from.
    pub source: Option<String>,
    /// `ONCE`, `MONTHLY`, `QUARTERLY`, `SEMIANNUAL` or `ANNUAL`.
    pub frequency: String,
    /// The first due date.
    pub first_due_on: Date,
    /// No due date comes after it.
    pub last_due_on: Option<Date>,
    /// The first due date without an actual; derived.
    pub next_due_on: Option<Date>,
    /// The KPI that measures it.
    pub kpi_key: Option<String>,
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
