//! What KPIs there are: the catalogue, and those of users.

use sea_orm::entity::prelude::*;

/// One KPI.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_definition")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key, such as `EV_CPI`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The name, folded for comparison.
    pub name_fold: String,
    /// What it says.
    pub description: String,
    /// `STANDARD`, `FORMULA` or `POSTED`.
    pub kind: String,
    /// The formula over measures and other KPIs.
    pub formula: String,
    /// What bounds are compared with, where it is not the value.
    pub tested_formula: Option<String>,
    /// Counts the changes of the formula, from 1.
    pub formula_version: i32,
    /// What it is measured in.
    pub unit: String,
    /// `UP`, `DOWN`, `RANGE` or `NONE`.
    pub direction: String,
    /// The classes that reading it needs, between commas.
    pub classes: String,
    /// Green from here on, in 1e-9.
    pub green_from: Option<i64>,
    /// Green up to here.
    pub green_to: Option<i64>,
    /// Amber from here on.
    pub amber_from: Option<i64>,
    /// Amber up to here.
    pub amber_to: Option<i64>,
    /// How far beyond a bound the status changes, in 1e-9.
    pub hysteresis: i64,
    /// The source of the formula.
    pub reference: Option<String>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system.
    pub updated_by_id: Option<Uuid>,
    /// When it was archived; null while it is used.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
