//! What an hour costs.

use sea_orm::entity::prelude::*;

/// One rate of a resource, a role or a pool, for a time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// The resource that it is of.
    pub resource_id: Option<Uuid>,
    /// The role that it is of.
    pub role_id: Option<Uuid>,
    /// The pool that it is of.
    pub pool_id: Option<Uuid>,
    /// The first day.
    pub start_on: Date,
    /// The last day; null is without end.
    pub end_on: Option<Date>,
    /// Of an hour, in 1/10,000 of the major unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What it is about.
    pub note: Option<String>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub updated_by_id: Option<Uuid>,
    /// When the row was archived; null while it can be changed.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
