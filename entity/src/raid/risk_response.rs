//! What is done about a risk.

use sea_orm::entity::prelude::*;

/// One response.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "risk_response")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item of the risk.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// The risk.
    pub risk_id: Uuid,
    /// The title as shown.
    pub title: String,
    /// `title` in lower case, for search and order.
    pub title_fold: String,
    /// How it deals with the risk.
    pub strategy: String,
    /// Where it stands.
    pub state: String,
    /// The person who does it.
    pub owner_id: Option<Uuid>,
    /// ISO 4217 code of its money: that of the risk.
    pub currency: String,
    /// What it costs, in 1/10,000.
    pub cost_amount: Option<i64>,
    /// The day by which it is to be done.
    pub due_on: Option<Date>,
    /// The day on which it was begun.
    pub started_on: Option<Date>,
    /// The day on which it was completed or cancelled.
    pub completed_on: Option<Date>,
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
