//! The days of what resources are booked for.

use sea_orm::entity::prelude::*;

/// Days on which an allocation has equally many minutes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation_period")]
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
    /// The allocation.
    pub allocation_id: Uuid,
    /// Its resource.
    pub resource_id: Uuid,
    /// Its state.
    pub state: String,
    /// The first of the days.
    pub start_on: Date,
    /// The last.
    pub end_on: Date,
    /// Minutes of each.
    pub minutes_per_day: i32,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
