//! How much an item contributes to an objective, and from when to when.

use sea_orm::entity::prelude::*;

/// One item's contribution to one objective.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "objective_contribution")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item that contributes.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The objective.
    pub objective_id: Uuid,
    /// `NONE`, `LOW`, `MODERATE`, `STRONG` or `EXTREME`; null where only the share is known.
    pub rating: Option<String>,
    /// The part of the item that serves the objective, in 1e-9, 0 to 1.
    pub share: Option<i64>,
    /// Why.
    pub rationale: Option<String>,
    /// First day; null is always.
    pub valid_from_on: Option<Date>,
    /// Last day; null is open.
    pub valid_to_on: Option<Date>,
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
