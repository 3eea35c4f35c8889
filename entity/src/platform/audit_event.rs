//! Who changed what: one row a changed object, written with the change and never again.
//!
//! Only the scope columns follow the object, so that the trail of what became confidential is confidential.

use sea_orm::entity::prelude::*;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it was written.
    pub at: DateTimeUtc,
    /// The transaction; all its entries share it.
    pub transaction_id: Uuid,
    /// The request that asked for it.
    pub request_id: String,
    /// The mutation or command.
    pub mutation: String,
    /// The credential: issuer and subject of a token, or an API key.
    pub principal: String,
    /// The person behind it; null for a key and for the system.
    pub actor_id: Option<Uuid>,
    /// `CREATED`, `UPDATED`, `ARCHIVED` or `UNARCHIVED`.
    pub action: String,
    /// The object's type in the schema.
    pub target_type: String,
    /// The object.
    pub target_id: Uuid,
    /// The object's id as the API writes it.
    pub target_ref: String,
    /// The object's version after the change.
    pub target_version: i64,
    /// JSON: a list of `{field, class, before, after}`; a link to an item has `item: true` instead of values.
    pub changes: String,
    /// The item that a changed link led to.
    pub before_item_id: Option<Uuid>,
    /// The item that it leads to.
    pub after_item_id: Option<Uuid>,
    /// Scope: the item that the object is or belongs to.
    pub item_id: Option<Uuid>,
    /// Scope: that item's `portfolio_id`.
    pub portfolio_id: Option<Uuid>,
    /// Scope: that item's `is_restricted`.
    pub is_restricted: bool,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
