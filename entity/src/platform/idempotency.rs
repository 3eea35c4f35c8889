//! What a request with a key did, for who sends it again.
//!
//! Written in the transaction of the write itself.

use sea_orm::entity::prelude::*;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Whose key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    /// Of which mutation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mutation: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the canonical input.
    pub input_hash: Vec<u8>,
    /// JSON: what was done to which rows.
    pub outcome: String,
    /// When; kept for 24 hours.
    pub created_at: DateTimeUtc,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
