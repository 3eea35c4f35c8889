//! How a token finds its person: `(issuer, subject)` is unique.

use sea_orm::entity::prelude::*;

/// One identity of one person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_identity")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose identity.
    pub person_id: Uuid,
    /// The `iss` claim of the token.
    pub issuer: String,
    /// The `sub` claim of the token, unique with the issuer.
    pub subject: String,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
