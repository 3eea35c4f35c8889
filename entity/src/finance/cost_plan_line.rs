//! A line of a cost plan: so much of something in a period.

use sea_orm::entity::prelude::*;

/// One line of a cost plan.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cost_plan_line")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The cost plan.
    pub cost_plan_id: Uuid,
    /// Scope: the item of the cost plan.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The period.
    pub period_id: Uuid,
    /// The category.
    pub category_id: Uuid,
    /// What is paid for.
    pub name: Option<String>,
    /// `LABOR` or `NON_LABOR`.
    pub source: String,
    /// `CAPEX` or `OPEX`.
    pub expenditure: String,
    /// ISO 4217 code: the cost plan's.
    pub currency: String,
    /// How many units, in 1e-9.
    pub quantity: Option<i64>,
    /// What one of them costs, in 1/10,000.
    pub unit_cost: Option<i64>,
    /// The money, in 1/10,000: the product of both where both are given.
    pub amount: i64,
    /// What explains it.
    pub note: Option<String>,
    /// The portfolio that the item stood in when the row was made.
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
