//! What is told of an item at the end of a period. Once published it is immutable.

use sea_orm::entity::prelude::*;

/// One status report.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "status_report")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: it is not published.
    pub is_draft: bool,
    /// `DRAFT`, `SUBMITTED`, `PUBLISHED` or `SUPERSEDED`.
    pub state: String,
    /// First day that it tells of.
    pub period_start_on: Option<Date>,
    /// Last day that it tells of.
    pub period_end_on: Date,
    /// How things stand.
    pub narrative: Option<String>,
    /// What was reached.
    pub achievements: Option<String>,
    /// What comes next.
    pub next_steps: Option<String>,
    /// The portfolio that the item stood in at the time.
    pub reported_portfolio_id: Option<Uuid>,
    /// The item's project type at the time.
    pub reported_type: Option<String>,
    /// The import that it came with; null where it was written here.
    pub source: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<DateTimeUtc>,
    /// The person who did.
    pub submitted_by_id: Option<Uuid>,
    /// When it was published.
    pub published_at: Option<DateTimeUtc>,
    /// The person who did.
    pub published_by_id: Option<Uuid>,
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
