//! Current values of KPIs over all rows of an item and what is below it.

use sea_orm::entity::prelude::*;

/// One KPI of one item.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_value")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The KPI.
    pub kpi_id: Uuid,
    /// Scope: the item.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The class that reading it needs.
    pub class: String,
    /// The day that the figure is about.
    pub period_end_on: Date,
    /// When it was derived.
    pub as_of: DateTimeUtc,
    /// The value, in 1/10,000 of money and 1e-9 of anything else; null with a reason.
    pub value: Option<i64>,
    /// What stands above the line, as a decimal.
    pub numerator: Option<String>,
    /// What stands below it, as a decimal; null where the formula is no ratio.
    pub denominator: Option<String>,
    /// The unit; a currency's code for money.
    pub unit: String,
    /// `GREEN`, `AMBER` or `RED`; null without bounds or value.
    pub status: Option<String>,
    /// What it is to be by then, in 1e-9; null without a target.
    pub target: Option<i64>,
    /// Why there is no value.
    pub null_reason: Option<String>,
    /// Items that count.
    pub included_count: i32,
    /// Items left out since something of them is not known.
    pub excluded_null_count: i32,
    /// The version of the formula.
    pub formula_version: i32,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
