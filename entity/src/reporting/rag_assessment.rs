//! A rating of one side of an item in a status report: as declared, and as the figures would have it.

use sea_orm::entity::prelude::*;

/// One rating.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rag_assessment")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The report.
    pub report_id: Uuid,
    /// Scope: the item of the report.
    pub item_id: Uuid,
    /// Scope: the item's portfolio.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the item is restricted.
    pub is_restricted: bool,
    /// Scope: the report is not published.
    pub is_draft: bool,
    /// The report's last day.
    pub period_end_on: Date,
    /// What is rated.
    pub dimension: String,
    /// Who rates.
    pub assessor: String,
    /// The rating as declared.
    pub declared: String,
    /// The rating that follows from figures; null where none does.
    pub computed: Option<String>,
    /// Why it is rated so, or what stands in place of a rating.
    pub reason: Option<String>,
    /// What the computed rating follows from, or why there is none.
    pub computed_reason: Option<String>,
    /// The portfolio that the item stood in at the time.
    pub reported_portfolio_id: Option<Uuid>,
    /// The item's project type at the time.
    pub reported_type: Option<String>,
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
