//! Which person holds which role, where and when.

use sea_orm::entity::prelude::*;

/// One role of one person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_assignment")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key, unique.
    #[sea_orm(unique)]
    pub key: String,
    /// Who holds the role.
    pub person_id: Uuid,
    /// One of the assignable roles, such as `SPONSOR`.
    pub role: String,
    /// The portfolio item that the role is limited to; null where the role needs no object.
    pub item_id: Option<Uuid>,
    /// First day.
    pub valid_from_on: Date,
    /// Last day, included; null is open-ended.
    pub valid_to_on: Option<Date>,
    /// What the person may approve with this role, in 1/10,000 of the currency's major unit; null is no such right.
    pub approval_limit_amount: Option<i64>,
    /// ISO 4217 code; set exactly if there is an amount.
    pub approval_limit_currency: Option<String>,
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
