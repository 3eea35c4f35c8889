//! Bounds of a KPI for an item and all below it, from a day on.

use sea_orm::entity::prelude::*;

/// One set of bounds.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_threshold")]
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
    /// The first day on which they hold.
    pub valid_from_on: Date,
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
    /// Why.
    pub note: Option<String>,
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
