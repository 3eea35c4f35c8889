//! Which items a key is given, each with all below it: `(api_key_id, item_id)` is unique.

use sea_orm::entity::prelude::*;

/// One item of one key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key_grant")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The key.
    pub api_key_id: Uuid,
    /// The portfolio item.
    pub item_id: Uuid,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
