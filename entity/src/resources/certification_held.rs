//! Certificates that resources hold.

use sea_orm::entity::prelude::*;

/// One certificate of one resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certification_held")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// The certificate.
    pub certification_id: Uuid,
    /// From when on it holds.
    pub issued_on: Date,
    /// The last day on which it holds; null is for ever.
    pub expires_on: Option<Date>,
    /// Its number at the issuer.
    pub reference: Option<String>,
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
