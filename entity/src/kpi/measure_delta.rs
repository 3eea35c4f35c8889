//! Amounts of measures: only ever added to, so that what was known at an instant can be summed again.

use sea_orm::entity::prelude::*;

/// One dated amount.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "measure_delta")]
pub struct Model {
    /// Order of writing.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The type of the fact that it comes from, in the schema.
    pub source_type: String,
    /// The fact.
    pub source_id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The measure.
    pub measure: String,
    /// The day that it is about.
    pub effective_on: Date,
    /// ISO 4217 code; null for what is no money.
    pub currency: Option<String>,
    /// The amount, in the measure's unit.
    pub amount: i64,
    /// When it became known.
    pub recorded_at: DateTimeUtc,
    /// The turn in which values were derived with it; null before.
    pub turn: Option<i64>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
