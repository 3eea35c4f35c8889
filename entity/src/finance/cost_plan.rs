//! A version of what an item is planned to cost. Once submitted its lines stand; once approved it is the plan of record.

use sea_orm::entity::prelude::*;

/// One version of a cost plan.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cost_plan")]
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
    /// Whether the item is measured by it: while it is approved.
    pub is_plan_of_record: bool,
    /// What the version is called.
    pub name: Option<String>,
    /// What it assumes.
    pub description: Option<String>,
    /// ISO 4217 code of all its money: the item's base currency.
    pub currency: String,
    /// Sum over its lines, in 1/10,000; derived.
    pub amount: i64,
    /// The portfolio that the item stood in when the row was made.
    pub reported_portfolio_id: Option<Uuid>,
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
