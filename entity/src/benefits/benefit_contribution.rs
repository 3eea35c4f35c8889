//! A further item that helps to bring a benefit, and its part of it.

use sea_orm::entity::prelude::*;

/// One item's part of a benefit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_contribution")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The benefit.
    pub benefit_id: Uuid,
    /// Scope: the item of the benefit.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: the benefit is not approved yet.
    pub is_draft: bool,
    /// Scope: the benefit's owner.
    pub owner_id: Option<Uuid>,
    /// The item that helps.
    pub contributor_id: Uuid,
    /// Its part, in 1e-9, 0 to 1.
    pub share: i64,
    /// Why.
    pub rationale: Option<String>,
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
