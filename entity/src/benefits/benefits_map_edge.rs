//! What leads to what on a benefits map.

use sea_orm::entity::prelude::*;

/// One edge of a benefits map.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefits_map_edge")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The node that leads there.
    pub from_id: Uuid,
    /// The node that it leads to.
    pub to_id: Uuid,
    /// How much it counts beside the others that lead there, in 1e-9.
    pub weight: i64,
    /// What explains it.
    pub note: Option<String>,
    /// Scope: the item of the node that leads there.
    pub item_id: Uuid,
    /// Scope: that item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: that item is restricted.
    pub is_restricted: bool,
    /// Scope: neither node stands for a benefit that is promised.
    pub is_draft: bool,
    /// Scope: the item of the node that it leads to.
    pub to_item_id: Uuid,
    /// Scope: that item's portfolio.
    pub to_portfolio_id: Option<Uuid>,
    /// Scope: that item is restricted.
    pub is_to_restricted: bool,
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
