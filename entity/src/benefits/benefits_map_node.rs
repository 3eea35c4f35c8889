//! Something on the way from what an item delivers to what the organization wants.

use sea_orm::entity::prelude::*;

/// One node of a benefits map.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefits_map_node")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item whose map it is on.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: it stands for no benefit that is promised.
    pub is_draft: bool,
    /// Human key, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// `OUTPUT`, `CHANGE`, `OUTCOME`, `BENEFIT` or `OBJECTIVE`.
    pub kind: String,
    /// What it is.
    pub description: Option<String>,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The benefit that it stands for.
    pub benefit_id: Option<Uuid>,
    /// The objective that it stands for.
    pub objective_id: Option<Uuid>,
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
