//! A version of an item's budget. Once submitted its money stands; once approved nothing of it changes but the state.

use sea_orm::entity::prelude::*;

/// One version of a budget.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget")]
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
    /// `DRAFT`, `SUBMITTED`, `APPROVED`, `REJECTED` or `SUPERSEDED`.
    pub state: String,
    /// What the version is called.
    pub name: Option<String>,
    /// ISO 4217 code of all its money: the item's base currency.
    pub currency: String,
    /// All money of the item over its life, in 1/10,000; null where it is not known as a number.
    pub amount: Option<i64>,
    /// What stands in place of the amount, or explains it.
    pub amount_note: Option<String>,
    /// Sum over its lines, in 1/10,000; derived.
    pub allocated_amount: i64,
    /// Held for known risks, not part of `amount`, in 1/10,000.
    pub contingency_amount: Option<i64>,
    /// Held by management, not part of `amount`, in 1/10,000.
    pub reserve_amount: Option<i64>,
    /// Where the money comes from.
    pub funding_source: Option<String>,
    /// The day for which the figures were given.
    pub as_of_on: Option<Date>,
    /// The portfolio that the item stood in when the version was made.
    pub reported_portfolio_id: Option<Uuid>,
    /// The transfer that made the version, with the others that it made.
    pub transfer_id: Option<String>,
    /// The import that the version came with; null where it was entered here.
    pub source: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<DateTimeUtc>,
    /// The person who did.
    pub submitted_by_id: Option<Uuid>,
    /// The credential that did.
    pub submitted_principal: Option<String>,
    /// When it was approved or rejected.
    pub decided_at: Option<DateTimeUtc>,
    /// The person who did.
    pub decided_by_id: Option<Uuid>,
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
