//! What pools can do and are booked for, derived in the background. Bookings and requests of confidential items are in none.

use sea_orm::entity::prelude::*;

/// One week of one pool, in minutes: each the sum over its people and days.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pool_week")]
pub struct Model {
    /// The pool.
    #[sea_orm(primary_key, auto_increment = false)]
    pub pool_id: Uuid,
    /// The Sunday that the week ends on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ends_on: Date,
    /// What its people can work.
    pub capacity: i64,
    /// What is neither confirmed nor planned.
    pub free: i64,
    /// What is confirmed and planned beyond the capacity.
    pub over_capacity: i64,
    /// What is confirmed, planned, or asked for and not booked yet.
    pub demand: i64,
    /// What is asked for with skills and not booked yet.
    pub skill_demand: i64,
    /// As much of that as what is free of those with the skills can cover.
    pub skill_covered: i64,
    /// What its people can work, from the first week on of which anybody of them recorded what she worked.
    pub recorded: i64,
    /// What was worked on projects, approved or posted.
    pub worked: i64,
    /// Sheets of the week that were due by now.
    pub sheets_expected: i64,
    /// Those of them that were submitted in time.
    pub sheets_in_time: i64,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
