//! A set of rates of exchange: what money of other currencies is converted by.

use sea_orm::entity::prelude::*;

/// One set.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fx_rate_set")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Folded twin of `name`.
    pub name_fold: String,
    /// What it is for.
    pub description: Option<String>,
    /// `BUDGET`, `SPOT` or `AVERAGE`.
    pub rate_type: String,
    /// Whether it holds where no item names another; one set at most.
    pub is_default: bool,
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
