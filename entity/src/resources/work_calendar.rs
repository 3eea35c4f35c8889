//! When people work.

use sea_orm::entity::prelude::*;

/// One calendar.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "work_calendar")]
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
    /// What holds where this one says nothing.
    pub base_id: Option<Uuid>,
    /// Working times of Mondays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub monday: Option<String>,
    /// Working times of Tuesdays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub tuesday: Option<String>,
    /// Working times of Wednesdays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub wednesday: Option<String>,
    /// Working times of Thursdays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub thursday: Option<String>,
    /// Working times of Fridays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub friday: Option<String>,
    /// Working times of Saturdays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub saturday: Option<String>,
    /// Working times of Sundays as `08:00-12:00 13:00-17:00`; empty for none, null as in the base.
    pub sunday: Option<String>,
    /// What it is for.
    pub description: Option<String>,
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
