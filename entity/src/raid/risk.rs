//! Something that may happen to an item, for worse or for better.

use sea_orm::entity::prelude::*;

/// One risk.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "risk")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item that it may happen to.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Human key, unique.
    pub key: String,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// What kind of thing it is about, in the organization's own words.
    pub category: Option<String>,
    /// `THREAT` or `OPPORTUNITY`.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// `PROJECT`, `PROGRAM` or `PORTFOLIO`: who deals with it; derived.
    pub level: String,
    /// Why it may happen.
    pub cause: Option<String>,
    /// What may happen.
    pub event: Option<String>,
    /// What follows from it.
    pub effect: Option<String>,
    /// How likely it is, in 1e-9, 0 to 1.
    pub probability: Option<i64>,
    /// `VERY_LOW` to `VERY_HIGH`.
    pub impact_level: Option<String>,
    /// `LOW` to `EXTREME`; derived.
    pub rating: Option<String>,
    /// ISO 4217 code of its money: the item's base currency.
    pub currency: String,
    /// What it costs or saves if it happens, in 1/10,000.
    pub impact_amount: Option<i64>,
    /// Working days that it takes or saves if it happens.
    pub impact_days: Option<i32>,
    /// Probability times cost, in 1/10,000; derived.
    pub exposure_amount: Option<i64>,
    /// Probability times days, in 1e-9; derived.
    pub exposure_days: Option<i64>,
    /// How likely it is once its responses are done, in 1e-9.
    pub residual_probability: Option<i64>,
    /// What it costs or saves then, in 1/10,000.
    pub residual_impact_amount: Option<i64>,
    /// Working days that it takes or saves then.
    pub residual_impact_days: Option<i32>,
    /// Exposure once its responses are done, in 1/10,000; derived.
    pub residual_exposure_amount: Option<i64>,
    /// The same of days, in 1e-9; derived.
    pub residual_exposure_days: Option<i64>,
    /// Why it is worse afterwards.
    pub residual_justification: Option<String>,
    /// The day on which it may happen.
    pub proximity_on: Option<Date>,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The item above to which it was handed up.
    pub escalated_to_id: Option<Uuid>,
    /// The day on which it was found.
    pub identified_on: Date,
    /// The day on which it was closed or happened.
    pub closed_on: Option<Date>,
    /// The portfolio that the item stood in when it was written.
    pub reported_portfolio_id: Option<Uuid>,
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
    /// When it was put into the archive.
    pub archived_at: Option<DateTimeUtc>,
}

/// Relations are declared in the read compiler, not here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
