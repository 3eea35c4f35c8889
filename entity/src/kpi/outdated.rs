//! What is derived in the background and is to be made again.

use sea_orm::entity::prelude::*;

/// One owner of a source, outdated by one transaction.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outdated")]
pub struct Model {
    /// Order of writing.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The source.
    pub source: String,
    /// The owner.
    pub owner_id: Uuid,
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
