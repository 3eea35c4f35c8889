//! When somebody is to be told that a KPI has left its bounds.

use sea_orm::entity::prelude::*;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_rule")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Folded twin of `name`.
    pub name_fold: String,
    /// The KPI.
    pub kpi_id: Uuid,
    /// Scope: the item.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Whether it watches all below the item, too.
    pub has_descendants: bool,
    /// From which status on: `AMBER` or `RED`.
    pub status: String,
    /// Whether it is watched.
    pub is_enabled: bool,
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
