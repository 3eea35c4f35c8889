//! Who stood above whom, and how long: what was below an item at an instant.

use sea_orm::entity::prelude::*;

/// One stay of an item below another.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item_ancestor_span")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item above.
    pub ancestor_id: Uuid,
    /// The item itself.
    pub item_id: Uuid,
    /// From when.
    pub since_at: DateTimeUtc,
    /// Until when; null while it stands there.
    pub until_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
