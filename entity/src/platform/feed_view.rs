//! What a watermark remembers of its owner's rights, so that what she lost since can be told.
//!
//! Written once by its hash and shared by all whose rights are the same.

use sea_orm::entity::prelude::*;

/// One view.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed_view")]
pub struct Model {
    /// Hash of the content.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// JSON: scopes by class and the rows of the caller.
    pub content: String,
    /// When a watermark last referred to it.
    pub used_at: DateTimeUtc,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
