//! How far values were derived: the last day, and the last turn.

use sea_orm::entity::prelude::*;

/// The one row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_tick")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The day; null before the first.
    pub ticked_on: Option<Date>,
    /// Counts the turns in which values were derived.
    pub turn: i64,
    /// What measures were made of last; null before the first time.
    pub measures: Option<String>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
