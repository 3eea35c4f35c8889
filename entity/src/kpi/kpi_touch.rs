//! Items whose figures may have changed, until they were derived again.

use sea_orm::entity::prelude::*;

/// One item that a transaction touched.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_touch")]
pub struct Model {
    /// Order of writing.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The item; figures of all above it may have changed too.
    pub item_id: Uuid,
    /// The measure; null where all figures of the item may be others.
    pub measure: Option<String>,
    /// When.
    pub at: DateTimeUtc,
    /// The request that did it.
    pub request_id: String,
    /// The mutation or command.
    pub mutation: String,
    /// The person behind it.
    pub actor_id: Option<Uuid>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
