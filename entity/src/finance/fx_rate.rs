//! A rate of exchange of a set, from a day on until the next one of its pair.

use sea_orm::entity::prelude::*;

/// One rate.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fx_rate")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The set.
    pub rate_set_id: Uuid,
    /// ISO 4217 code of what is converted.
    pub from_currency: String,
    /// ISO 4217 code of what it becomes; another one.
    pub to_currency: String,
    /// Units of `to_currency` for one unit of `from_currency`, in 1e-9; above 0.
    pub rate: i64,
    /// The first day on which it holds.
    pub valid_from_on: Date,
    /// The system that gave the row an id of its own; null for none.
    pub external_system: Option<String>,
    /// The id there.
    pub external_id: Option<String>,
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
