//! Which level of a measure is planned for a due date.

use sea_orm::entity::prelude::*;

/// One point of a measure's plan.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_measure_point")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The measure.
    pub measure_id: Uuid,
    /// The benefit.
    pub benefit_id: Uuid,
    /// Scope: the item of the benefit.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: the benefit is not approved yet.
    pub is_draft: bool,
    /// Scope: the benefit's owner.
    pub owner_id: Option<Uuid>,
    /// The due date.
    pub due_on: Date,
    /// The level, in 1e-9.
    pub value: i64,
    /// What explains it.
    pub note: Option<String>,
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
