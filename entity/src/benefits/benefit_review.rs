//! What somebody found who looked at a benefit.

use sea_orm::entity::prelude::*;

/// One review of a benefit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_review")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
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
    /// When it was held.
    pub held_on: Date,
    /// The person who looked.
    pub reviewer_id: Option<Uuid>,
    /// What was found.
    pub finding: String,
    /// `CONTINUE`, `ADJUST`, `STOP` or `EXTEND`.
    pub recommendation: String,
    /// ISO 4217 code: the benefit's.
    pub currency: String,
    /// The money expected over the benefit's whole life, in 1/10,000.
    pub forecast_amount: Option<i64>,
    /// How sure that is, in 1e-9, 0 to 1.
    pub confidence: Option<i64>,
    /// `DRAFT` or `PUBLISHED`.
    pub state: String,
    /// When it was published.
    pub published_at: Option<DateTimeUtc>,
    /// The person who did.
    pub published_by_id: Option<Uuid>,
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
