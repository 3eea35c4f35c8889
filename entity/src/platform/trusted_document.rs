//! Documents that an operator registered. The id is made of the text, so a row never changes: it is there, or it is not.

use sea_orm::entity::prelude::*;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_document")]
pub struct Model {
    /// `sha256:` and the hash of the text in hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The document as clients know it, to the last byte.
    pub text: String,
    /// Names of its operations, separated by commas; `-` for one without a name.
    pub operations: String,
    /// When it was registered.
    pub added_at: DateTimeUtc,
}

/// None here: nothing refers to it.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
