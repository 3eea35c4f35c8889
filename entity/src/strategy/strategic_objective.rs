//! What the organization wants to reach: a tree of objectives, weighted among siblings.

use sea_orm::entity::prelude::*;

/// One objective.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "strategic_objective")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human code, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// What is meant.
    pub description: Option<String>,
    /// `description` in lower case, for search.
    pub description_fold: Option<String>,
    /// The time that it is set for, in the organization's own words.
    pub horizon: Option<String>,
    /// `DRAFT`, `ACTIVE`, `ACHIEVED` or `DROPPED`.
    pub state: String,
    /// Weight among its siblings, in 1e-9.
    pub weight: i64,
    /// `weight` divided by the sum over its siblings, in 1e-9; derived.
    pub share: Option<i64>,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The objective that it is part of.
    pub parent_id: Option<Uuid>,
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
