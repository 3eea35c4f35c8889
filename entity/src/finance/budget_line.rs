//! A part of a budget: so much in a period, for a category.

use sea_orm::entity::prelude::*;

/// One line of a budget.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget_line")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The budget.
    pub budget_id: Uuid,
    /// Scope: the item of the budget.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The period.
    pub period_id: Uuid,
    /// The category; null where the money is not divided.
    pub category_id: Option<Uuid>,
    /// `CAPEX` or `OPEX`; null where it is not divided.
    pub expenditure: Option<String>,
    /// ISO 4217 code: the budget's.
    pub currency: String,
    /// The money, in 1/10,000; null where it is not known as a number.
    pub amount: Option<i64>,
    /// What stands in place of the amount, or explains it.
    pub note: Option<String>,
    /// The portfolio that the item stood in when the budget was made.
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
