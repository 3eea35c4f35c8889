//! What is asked of those who manage resources.

use sea_orm::entity::prelude::*;

/// One request of one item.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resource_request")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The portfolio around it, kept for rights.
    pub portfolio_id: Option<Uuid>,
    /// Whether it or anything above it is confidential, kept for rights.
    pub is_restricted: bool,
    /// Human key, unique.
    pub key: String,
    /// What is asked for.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// The role.
    pub role_id: Uuid,
    /// The pool that is asked.
    pub pool_id: Option<Uuid>,
    /// The resource that is wished.
    pub resource_id: Option<Uuid>,
    /// `OPEN`, `PROPOSED`, `SOFT`, `HARD`, `COMPLETED`, `DECLINED` or `RELEASED`.
    pub state: String,
    /// The first day.
    pub start_on: Date,
    /// The last day.
    pub end_on: Date,
    /// How many resources.
    pub quantity: i32,
    /// Minutes of all of them on all days.
    pub minutes: i32,
    /// Where the work is done.
    pub location: Option<String>,
    /// What else is to be known.
    pub note: Option<String>,
    /// Why it was declined or released.
    pub decided_note: Option<String>,
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
