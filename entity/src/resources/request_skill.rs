//! What whoever is asked for can do.

use sea_orm::entity::prelude::*;

/// One skill of one request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request_skill")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The request.
    pub request_id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The portfolio around it, kept for rights.
    pub portfolio_id: Option<Uuid>,
    /// Whether it or anything above it is confidential, kept for rights.
    pub is_restricted: bool,
    /// The pool that is asked, kept for rights.
    pub pool_id: Option<Uuid>,
    /// The resource that is wished, kept for rights.
    pub resource_id: Option<Uuid>,
    /// The skill.
    pub skill_id: Uuid,
    /// 1 to 5.
    pub least_level: i32,
    /// Whether nobody comes into question without it.
    pub is_mandatory: bool,
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
