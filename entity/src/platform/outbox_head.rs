//! Where the stream stands; a single row.
//!
//! Who gives positions holds its lock, so that positions are committed in order.

use sea_orm::entity::prelude::*;

/// One head.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The last position given.
    pub position: i64,
    /// The last position that was removed after its time.
    pub purged: i64,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
