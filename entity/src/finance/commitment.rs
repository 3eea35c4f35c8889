//! Money that is promised to somebody: an order or a contract of a project, and what of it is still to be invoiced.

use sea_orm::entity::prelude::*;

/// One commitment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
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
    /// Human key.
    pub key: String,
    /// What is bought.
    pub title: String,
    /// Folded twin of `title`.
    pub title_fold: String,
    /// `OPEN`, `CLOSED` or `CANCELLED`.
    pub state: String,
    /// From whom.
    pub vendor: Option<String>,
    /// The number of the order or the contract.
    pub purchase_order: Option<String>,
    /// The category.
    pub category_id: Uuid,
    /// `CAPEX` or `OPEX`.
    pub expenditure: String,
    /// The period in which it is expected to be invoiced.
    pub period_id: Option<Uuid>,
    /// ISO 4217 code of all its money.
    pub currency: String,
    /// What is promised, in 1/10,000.
    pub committed_amount: i64,
    /// What was invoiced, in 1/10,000.
    pub invoiced_amount: i64,
    /// What is still to be invoiced, in 1/10,000; 0 once it is not open; derived.
    pub open_amount: i64,
    /// The day on which it was promised.
    pub committed_on: Date,
    /// The day on which it is expected to be invoiced.
    pub expected_on: Option<Date>,
    /// The day on which it was closed or cancelled.
    pub closed_on: Option<Date>,
    /// The portfolio that the item stood in when the row was made.
    pub reported_portfolio_id: Option<Uuid>,
    /// The system that gave the row an id of its own; null for none.
    pub external_system: Option<String>,
    /// The id there.
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
    /// When the row was archived; null while it can be changed.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
