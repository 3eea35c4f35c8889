//! What happened, in order: one row a changed object, written with the change.
//!
//! `position` is given after commit, by one writer at a time: readers follow it and nothing else.

use sea_orm::entity::prelude::*;

/// One event.
#[allow(clippy::struct_excessive_bools)] // independent facts of the row before the change
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_event")]
pub struct Model {
    /// Order of writing, which is not the order of commits.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// Place in the stream; null until it has one.
    pub position: Option<i64>,
    /// The transaction; its events are adjacent.
    pub transaction_id: Uuid,
    /// When it was written.
    pub at: DateTimeUtc,
    /// The request that asked for it.
    pub request_id: String,
    /// The mutation or command.
    pub mutation: String,
    /// The person behind it; null for a key and for the system.
    pub actor_id: Option<Uuid>,
    /// The object's type in the schema.
    pub target_type: String,
    /// The object.
    pub target_id: Uuid,
    /// The object's version after the change.
    pub version: i64,
    /// Whether the object was there before.
    pub was_there: bool,
    /// Scope before the change: the item.
    pub was_item_id: Option<Uuid>,
    /// Scope before the change: the item's portfolio.
    pub was_portfolio_id: Option<Uuid>,
    /// Scope before the change: whether the item was restricted.
    pub was_restricted: bool,
    /// Scope before the change: an item's state.
    pub was_state: Option<String>,
    /// Scope before the change: the person.
    pub was_person_id: Option<Uuid>,
    /// Scope before the change: it was a draft.
    pub was_draft: bool,
    /// Scope before the change: it told what people's work costs.
    pub was_labor: bool,
    /// The resource that it was about before.
    pub was_resource_id: Option<Uuid>,
    /// The pool that it asked before.
    pub was_pool_id: Option<Uuid>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
