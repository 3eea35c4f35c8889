//! What resources are booked for.

use sea_orm::entity::prelude::*;

/// One resource on one item, for some days.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation")]
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
    /// The resource.
    pub resource_id: Uuid,
    /// The request that it answers.
    pub request_id: Option<Uuid>,
    /// The role in which it works there; null is its own.
    pub role_id: Option<Uuid>,
    /// `PROPOSED`, `SOFT`, `HARD`, `COMPLETED`, `DECLINED` or `RELEASED`.
    pub state: String,
    /// The first day.
    pub start_on: Date,
    /// The last day.
    pub end_on: Date,
    /// Minutes of all its days.
    pub minutes: i32,
    /// How they are spread: `FLAT`, `FRONT_LOADED`, `BACK_LOADED`, `BELL` or `BY_DAY`.
    pub curve: String,
    /// What it is for.
    pub note: Option<String>,
    /// The first day that is asked for instead.
    pub proposed_start_on: Option<Date>,
    /// The last day that is asked for instead.
    pub proposed_end_on: Option<Date>,
    /// The minutes that are asked for instead.
    pub proposed_minutes: Option<i32>,
    /// Who confirmed it.
    pub confirmed_by_id: Option<Uuid>,
    /// When.
    pub confirmed_at: Option<DateTimeUtc>,
    /// Why it was confirmed although it exceeds the capacity; null where it does not.
    pub excess_reason: Option<String>,
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
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
