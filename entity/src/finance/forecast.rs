//! A version of what an item is expected to cost. Once published it is immutable.

use sea_orm::entity::prelude::*;

/// One version of a forecast.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forecast")]
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
    /// Counts the versions of the item, from 1.
    pub revision: i32,
    /// `DRAFT`, `PUBLISHED` or `SUPERSEDED`.
    pub state: String,
    /// The day for which it was made.
    pub as_of_on: Date,
    /// ISO 4217 code of all its money: the item's base currency.
    pub currency: String,
    /// The estimate at completion, in 1/10,000; null where it was not given as a number.
    pub amount: Option<i64>,
    /// What stands in place of the amount, or explains it.
    pub note: Option<String>,
    /// Sum over its lines, in 1/10,000; derived.
    pub allocated_amount: i64,
    /// The portfolio that the item stood in when the version was made.
    pub reported_portfolio_id: Option<Uuid>,
    /// The import that the version came with; null where it was entered here.
    pub source: Option<String>,
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
