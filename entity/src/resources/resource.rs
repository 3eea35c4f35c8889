//! Who or what does the work.

use sea_orm::entity::prelude::*;

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resource")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key, unique.
    pub key: String,
    /// The name as shown.
    pub name: String,
    /// `name` in lower case, for search and order.
    pub name_fold: String,
    /// `PERSON`, `GENERIC`, `TEAM`, `EQUIPMENT` or `MATERIAL`.
    pub kind: String,
    /// The human; of a `PERSON` alone, and unique.
    pub person_id: Option<Uuid>,
    /// The role that it mostly has.
    pub role_id: Option<Uuid>,
    /// The pool that it is in.
    pub pool_id: Option<Uuid>,
    /// Who manages it; null is the manager of its pool.
    pub manager_id: Option<Uuid>,
    /// The unit that it belongs to.
    pub org_unit_id: Option<Uuid>,
    /// Where it works.
    pub location: Option<String>,
    /// How many full-time people it is worth, in 1e-9; null where its capacity is not counted in time.
    pub fte: Option<i64>,
    /// The calendar that it works by.
    pub calendar_id: Option<Uuid>,
    /// The first day of its employment; null is since ever.
    pub employed_from_on: Option<Date>,
    /// The last day; null is without end.
    pub employed_to_on: Option<Date>,
    /// The system that it came from.
    pub external_system: Option<String>,
    /// Its id there.
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
