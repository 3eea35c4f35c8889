//! What stands below an item, the item itself among it: a view over the tree, never written.

use sea_orm::entity::prelude::*;

/// An item below another.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio_tree_node")]
pub struct Model {
    /// Of the pair; another one after a move.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item above.
    pub root_id: Uuid,
    /// The item itself.
    pub item_id: Uuid,
    /// Steps between them; 0 is the item itself.
    pub depth: i32,
    /// The item's kind.
    pub item_kind: String,
    /// The item's state.
    pub state: String,
    /// The item's category.
    pub category: Option<String>,
    /// The item's priority.
    pub priority: Option<i32>,
    /// The item's rating.
    pub rag: Option<String>,
    /// The day of that rating.
    pub rag_on: Option<Date>,
    /// The item's approved budget, in 1/10,000 of its base currency.
    pub budget_amount: Option<i64>,
    /// The item's base currency.
    pub base_currency: String,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// When the item was archived.
    pub archived_at: Option<DateTimeUtc>,
    /// Scope: the portfolio of the item above.
    pub root_portfolio_id: Option<Uuid>,
    /// Scope: the item above is restricted.
    pub is_root_restricted: bool,
    /// Scope: the state of the item above.
    pub root_state: String,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
