//! Something that has happened to an item and must be dealt with.

use sea_orm::entity::prelude::*;

/// One issue.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issue")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item that it happened to.
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
    /// What it is.
    pub description: Option<String>,
    /// What kind of thing it is about, in the organization's own words.
    pub category: Option<String>,
    /// `LOW` to `CRITICAL`.
    pub severity: String,
    /// Where it stands.
    pub state: String,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The risk that happened.
    pub risk_id: Option<Uuid>,
    /// The item above to which it was handed up.
    pub escalated_to_id: Option<Uuid>,
    /// ISO 4217 code of its money: the item's base currency.
    pub currency: String,
    /// What it costs, in 1/10,000.
    pub impact_amount: Option<i64>,
    /// Working days that it takes.
    pub impact_days: Option<i32>,
    /// How it was resolved.
    pub resolution: Option<String>,
    /// The day on which it was raised.
    pub raised_on: Date,
    /// The day by which it is to be resolved.
    pub due_on: Option<Date>,
    /// The day on which it was resolved.
    pub resolved_on: Option<Date>,
    /// The day on which it was closed.
    pub closed_on: Option<Date>,
    /// The portfolio that the item stood in when it was written.
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
    /// When it was put into the archive.
    pub archived_at: Option<DateTimeUtc>,
}

/// Relations are declared in the read compiler, not here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
