//! What an item is to bring: its profile. It lives on after its item has closed.

use sea_orm::entity::prelude::*;

/// One benefit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item that is to bring it.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: it is not approved yet.
    pub is_draft: bool,
    /// Human key, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// What it is.
    pub description: Option<String>,
    /// `FINANCIAL_CASHABLE`, `FINANCIAL_NON_CASHABLE`, `QUANTIFIABLE` or `QUALITATIVE`.
    pub kind: String,
    /// `BENEFIT` or `DISBENEFIT`.
    pub polarity: String,
    /// Where it stands.
    pub state: String,
    /// The person of the business who answers for it.
    pub owner_id: Option<Uuid>,
    /// The person who wants it.
    pub sponsor_id: Option<Uuid>,
    /// Who has it.
    pub beneficiary: Option<String>,
    /// How sure it is, in 1e-9, 0 to 1.
    pub confidence: Option<i64>,
    /// What it begins after.
    pub starts_after: Option<String>,
    /// First day on which it can be had.
    pub starts_on: Option<Date>,
    /// ISO 4217 code of its money: the item's base currency.
    pub currency: String,
    /// Planned money over its life, in 1/10,000; null where it is not known as a number.
    pub amount: Option<i64>,
    /// What stands in place of the amount, or explains it.
    pub amount_note: Option<String>,
    /// Sum over its plan points, in 1/10,000; derived.
    pub planned_amount: i64,
    /// The day for which the figures were given.
    pub as_of_on: Option<Date>,
    /// The portfolio that the item stood in when it was written.
    pub reported_portfolio_id: Option<Uuid>,
    /// The import that it came with; null where it was entered here.
    pub source: Option<String>,
    /// When it was approved.
    pub approved_at: Option<DateTimeUtc>,
    /// The person who did.
    pub approved_by_id: Option<Uuid>,
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
