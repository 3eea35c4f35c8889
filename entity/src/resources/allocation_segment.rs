//! What another system said of an allocation, as it said it.

use sea_orm::entity::prelude::*;

/// An amount of work from when to when.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation_segment")]
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
    /// Its place among those of the allocation, from 1.
    pub position: i32,
    /// Whether it is agreed there: `SOFT` or `HARD`.
    pub booking: String,
    /// The first of its days.
    pub start_on: Date,
    /// The last.
    pub end_on: Date,
    /// When it begins, as told.
    pub told_start: String,
    /// When it ends, as told.
    pub told_finish: String,
    /// The amount, as told.
    pub told_sum: String,
    /// What the amount counts, as whoever imported it said: `HOURS`, `DAYS`, `FTE` or `PERCENT`.
    pub unit: String,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
