//! What KPIs were: each value that was ever stored.

use sea_orm::entity::prelude::*;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_change")]
pub struct Model {
    /// Of which KPI of which item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub value_id: Uuid,
    /// The change, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
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
    /// Whether it differs from the one before; else only who reads other rows may see a change.
    pub is_changed: bool,
    /// The turn that made it: amounts of this turn and of earlier ones are in it.
    pub turn: i64,
    /// The bounds that held, in 1e-9: green from here.
    pub green_from: Option<i64>,
    /// Green up to here.
    pub green_to: Option<i64>,
    /// Amber from here.
    pub amber_from: Option<i64>,
    /// Amber up to here.
    pub amber_to: Option<i64>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
