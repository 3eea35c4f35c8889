//! What was measured, and to which item it is attributed.

use sea_orm::entity::prelude::*;

/// One part of one measurement.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_actual")]
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
    /// The portfolio that the item stood in when it was written.
    pub reported_portfolio_id: Option<Uuid>,
    /// The item to which it is attributed.
    pub attributed_item_id: Uuid,
    /// How much of it is, in 1e-9, above 0 to 1.
    pub attribution_share: i64,
    /// The day whose level it tells.
    pub measured_on: Date,
    /// The due date that it answers.
    pub due_on: Option<Date>,
    /// The level, in 1e-9.
    pub value: i64,
    /// ISO 4217 code: the benefit's.
    pub currency: String,
    /// The money had since the measurement before, in 1/10,000.
    pub amount: Option<i64>,
    /// `amount` times `attribution_share`; derived.
    pub attributed_amount: Option<i64>,
    /// What shows it.
    pub evidence: Option<String>,
    /// Where that is.
    pub evidence_url: Option<String>,
    /// `RECORDED`, `RETURNED`, `VALIDATED` or `REVERSED`.
    pub state: String,
    /// When what it says was written last.
    pub recorded_at: DateTimeUtc,
    /// The person who wrote it.
    pub recorded_by_id: Option<Uuid>,
    /// The credential behind that.
    pub recorded_principal: Option<String>,
    /// Why it was returned or reversed.
    pub decision_note: Option<String>,
    /// When it was validated.
    pub validated_at: Option<DateTimeUtc>,
    /// The person who did.
    pub validated_by_id: Option<Uuid>,
    /// When it was reversed.
    pub reversed_at: Option<DateTimeUtc>,
    /// The person who did.
    pub reversed_by_id: Option<Uuid>,
    /// The other system that gave it an id.
    pub external_system: Option<String>,
    /// That id.
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
