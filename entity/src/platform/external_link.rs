//! What a row is called in another system: `(target_type, system, external_id)` is unique.
//!
//! Exactly one of `item_id`, `person_id` and `org_unit_id` is set, and agrees with `target_type`.

use sea_orm::entity::prelude::*;

/// One name in one other system.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_link")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `PORTFOLIO`, `PROGRAM`, `PROJECT`, `PERSON` or `ORG_UNIT`.
    pub target_type: String,
    /// The other system, such as `JIRA`.
    pub system: String,
    /// The row's id over there.
    pub external_id: String,
    /// Where to look at it.
    pub url: Option<String>,
    /// The version over there that was seen last.
    pub etag: Option<String>,
    /// `IN`, `OUT` or `BOTH`: which way changes travel.
    pub direction: String,
    /// The portfolio item so called.
    pub item_id: Option<Uuid>,
    /// The person so called.
    pub person_id: Option<Uuid>,
    /// The unit so called.
    pub org_unit_id: Option<Uuid>,
    /// Scope: the item's `portfolio_id`.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item's `is_restricted`.
    pub is_restricted: bool,
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
