//! Where items and objectives meet: a view over contributions, never written.

use sea_orm::entity::prelude::*;

/// One contribution with what it is weighed by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alignment_cell")]
pub struct Model {
    /// The contribution's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The objective.
    pub objective_id: Uuid,
    /// How much the item contributes, in words.
    pub rating: Option<String>,
    /// The part of the item that serves the objective, in 1e-9.
    pub share: Option<i64>,
    /// The objective's share among its siblings, in 1e-9.
    pub objective_share: Option<i64>,
    /// First day; null is always.
    pub valid_from_on: Option<Date>,
    /// Last day; null is open.
    pub valid_to_on: Option<Date>,
    /// The item's kind.
    pub item_kind: String,
    /// The item's state.
    pub state: String,
    /// The item's category.
    pub category: Option<String>,
    /// The item's approved budget, in 1/10,000 of its base currency.
    pub budget_amount: Option<i64>,
    /// That budget times the share, in 1/10,000, rounded half to even.
    pub aligned_amount: Option<i64>,
    /// The item's base currency.
    pub base_currency: String,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
