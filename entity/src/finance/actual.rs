//! Money that a project has spent. Once posted it never changes: what was wrong is reversed.

use sea_orm::entity::prelude::*;

/// One actual.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "actual")]
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
    /// Scope: it pays for people's work; agrees with `source`.
    pub is_labor: bool,
    /// Human key.
    pub key: String,
    /// The day on which it arose.
    pub occurred_on: Date,
    /// The day on which it counts: `occurred_on`, or later where that day's period was closed.
    pub posting_on: Date,
    /// The calendar of its period.
    pub calendar_id: Uuid,
    /// The period in which it was posted.
    pub period_id: Uuid,
    /// The category.
    pub category_id: Uuid,
    /// `LABOR` or `NON_LABOR`.
    pub source: String,
    /// `CAPEX` or `OPEX`.
    pub expenditure: String,
    /// ISO 4217 code of its money.
    pub currency: String,
    /// The money, in 1/10,000; below 0 for a credit note and for what is reversed.
    pub amount: i64,
    /// How many units it pays for, in 1e-9.
    pub quantity: Option<i64>,
    /// To whom.
    pub vendor: Option<String>,
    /// The number of the invoice or the credit note.
    pub invoice: Option<String>,
    /// What it pays for.
    pub description: Option<String>,
    /// Whether the money is owed and no invoice has come.
    pub is_accrual: bool,
    /// The commitment that it draws on.
    pub commitment_id: Option<Uuid>,
    /// The actual that it reverses.
    pub reversal_of_id: Option<Uuid>,
    /// Why it was reversed.
    pub reversal_reason: Option<String>,
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
