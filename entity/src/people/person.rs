//! A human that other rows name: owner, sponsor, project manager, author.

use sea_orm::entity::prelude::*;

/// One human.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key, unique, such as `anna.keller`.
    #[sea_orm(unique)]
    pub key: String,
    /// The name as shown.
    pub display_name: String,
    /// `display_name` in lower case, for search and order.
    pub display_name_fold: String,
    /// Electronic mail address.
    pub email: Option<String>,
    /// Whether the person still belongs to the organization.
    pub is_active: bool,
    /// Where the person belongs.
    pub org_unit_id: Option<Uuid>,
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
