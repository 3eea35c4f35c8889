//! A KPI that has left its bounds: told once, until it is back.

use sea_orm::entity::prelude::*;

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The rule.
    pub rule_id: Uuid,
    /// The KPI.
    pub kpi_id: Uuid,
    /// Scope: the item.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: the classes that the KPI needed, by their names.
    pub classes: String,
    /// Scope: nothing is below the item, it is a project.
    pub is_alone: bool,
    /// `OPEN`, `ACKNOWLEDGED` or `CLOSED`.
    pub state: String,
    /// `AMBER` or `RED`.
    pub status: String,
    /// The value that raised it, as a decimal.
    pub value: Option<String>,
    /// The unit of the value.
    pub unit: String,
    /// The day that the value is about.
    pub period_end_on: Date,
    /// When it was raised.
    pub opened_at: DateTimeUtc,
    /// When somebody took note; null before.
    pub acknowledged_at: Option<DateTimeUtc>,
    /// Who did.
    pub acknowledged_by_id: Option<Uuid>,
    /// What she said.
    pub note: Option<String>,
    /// When the KPI was back, or the rule ended; null while it lasts.
    pub closed_at: Option<DateTimeUtc>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system.
    pub updated_by_id: Option<Uuid>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
