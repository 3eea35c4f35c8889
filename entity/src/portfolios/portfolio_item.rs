//! Portfolios, programs and projects in one table, so that whatever belongs to one of them has one foreign key.
//!
//! The scope columns `portfolio_id`, `program_id` and `is_restricted` are derived from the tree and kept by whoever writes it.

use sea_orm::entity::prelude::*;

/// One portfolio, program or project.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio_item")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `PORTFOLIO`, `PROGRAM` or `PROJECT`.
    pub kind: String,
    /// Scope: the item or something above it is confidential.
    pub is_restricted: bool,
    /// Scope: the nearest enclosing portfolio; a portfolio's own id.
    pub portfolio_id: Option<Uuid>,
    /// Scope: the nearest enclosing program of a project.
    pub program_id: Option<Uuid>,
    /// The item directly above; null at the top.
    pub parent_id: Option<Uuid>,
    /// Human key, unique with the kind.
    pub key: String,
    /// The name as shown.
    pub name: String,
    /// `name` in lower case, for search and order.
    pub name_fold: String,
    /// What it is for.
    pub description: Option<String>,
    /// `description` in lower case, for search.
    pub description_fold: Option<String>,
    /// `PROPOSED`, `APPROVED`, `ACTIVE`, `ON_HOLD`, `CLOSING`, `CLOSED` or `CANCELLED`.
    pub state: String,
    /// `RUN`, `GROW` or `TRANSFORM`.
    pub category: Option<String>,
    /// 1, the highest, to 5.
    pub priority: Option<i32>,
    /// `NORMAL` or `CONFIDENTIAL`: of this item itself.
    pub confidentiality: String,
    /// ISO 4217 code of the item's money.
    pub base_currency: String,
    /// Current approved budget, in 1/10,000 of the base currency's major unit; null is none.
    pub budget_amount: Option<i64>,
    /// The overall rating of the latest published report; null before the first.
    pub rag: Option<String>,
    /// Last day of the period of that report.
    pub rag_on: Option<Date>,
    /// Benefits of it are promised and not settled yet; derived.
    pub is_tracking_benefits: bool,
    /// The rates by which money of the item, and of what is below it, is converted; null for those of above.
    pub fx_rate_set_id: Option<Uuid>,
    /// A project's type, in the organization's own words.
    pub project_type: Option<String>,
    /// A project's methodology: `WATERFALL`, `AGILE` or `HYBRID`.
    pub methodology: Option<String>,
    /// A project's current phase, in the words of its methodology.
    pub phase: Option<String>,
    /// First day as planned.
    pub planned_start_on: Option<Date>,
    /// Last day as planned.
    pub planned_finish_on: Option<Date>,
    /// First day as now expected.
    pub forecast_start_on: Option<Date>,
    /// Last day as now expected.
    pub forecast_finish_on: Option<Date>,
    /// First day as it was.
    pub actual_start_on: Option<Date>,
    /// Last day as it was.
    pub actual_finish_on: Option<Date>,
    /// The unit that it belongs to.
    pub org_unit_id: Option<Uuid>,
    /// The person who answers for it.
    pub owner_id: Option<Uuid>,
    /// The person who pays for it.
    pub sponsor_id: Option<Uuid>,
    /// The person who runs the project.
    pub project_manager_id: Option<Uuid>,
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
    /// When the row was archived; null while it can be changed.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
