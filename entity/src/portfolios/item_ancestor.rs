//! Who stands above whom: every item with each item above it, and with itself at distance 0. Derived from the tree and
//! kept by whoever writes it, so that what is below an item is one join.

use sea_orm::entity::prelude::*;

/// One item and one that it stands below.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item_ancestor")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item above.
    pub ancestor_id: Uuid,
    /// The item itself.
    pub item_id: Uuid,
    /// Steps between them; 0 is the item itself.
    pub depth: i32,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
