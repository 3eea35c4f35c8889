//! Rows of the tables that need no form of their own here: their columns by name, and what they belong to.

use std::collections::HashMap;

use entity::{
    actual, alert, alert_rule, alignment_cell, allocation, allocation_period, allocation_segment, baseline,
    baseline_item, baseline_period_value, benefit, benefit_actual, benefit_contribution, benefit_measure,
    benefit_measure_point, benefit_plan_point, benefit_review, benefits_map_edge, benefits_map_node, budget,
    budget_line, calendar_exception, certification, certification_held, commitment, cost_category, cost_plan,
    cost_plan_line, fiscal_calendar, fiscal_period, forecast, forecast_line, fx_rate, fx_rate_set, issue,
    kpi_definition, kpi_posting, kpi_target, kpi_threshold, objective_contribution, overbooking, portfolio_tree_node,
    progress_measurement, rag_assessment, rate, rate_card, request_skill, resource, resource_pool, resource_request,
    resource_role, resource_skill, risk, risk_response, skill, status_report, strategic_objective, task, time_category,
    time_entry, time_off, timesheet, work_calendar,
};
use foliograph::app;
use sea_orm::{DatabaseConnection, EntityTrait, IdenStatic, Iterable, ModelTrait, Value as Stored};
use uuid::Uuid;

/// Types of business data that rows of everything refer to: whoever reads business data reads all of them.
pub const REFERENCES: [&str; 15] = [
    "StrategicObjective",
    "FiscalCalendar",
    "FiscalPeriod",
    "CostCategory",
    "FxRateSet",
    "FxRate",
    "KpiDefinition",
    "ResourceRole",
    "Skill",
    "Certification",
    "TimeCategory",
    "WorkCalendar",
    "CalendarException",
    "ResourcePool",
    "RateCard",
];
/// Types whose rows are drafts at first, seen by who writes reports.
pub const DRAFTED: [&str; 2] = ["StatusReport", "RagAssessment"];

/// One row.
pub struct Plain {
    pub type_name: &'static str,
    pub prefix: &'static str,
    pub id: Uuid,
    columns: HashMap<String, Stored>,
}

impl Plain {
    /// A column's value.
    pub fn column(&self, name: &str) -> Stored {
        self.columns.get(name).unwrap_or_else(|| panic!("no column {name} of {}", self.type_name)).clone()
    }

    /// The id in a column, if there is such a column.
    pub fn link(&self, name: &str) -> Option<Uuid> {
        match self.columns.get(name) {
            Some(Stored::Uuid(id)) => *id,
            _ => None,
        }
    }

    /// Whether the row says so.
    pub fn is(&self, name: &str) -> bool {
        self.columns.get(name) == Some(&Stored::Bool(Some(true)))
    }

    /// What the row says there; nothing where it says nothing.
    pub fn text(&self, name: &str) -> &str {
        match self.columns.get(name) {
            Some(Stored::String(Some(text))) => text,
            _ => "",
        }
    }

    /// Whether it is in the archive.
    pub fn is_archived(&self) -> bool {
        matches!(self.columns.get("archived_at"), Some(Stored::ChronoDateTimeUtc(Some(_))))
    }
}

/// All rows of all these tables, by type, each by id.
pub async fn load(db: &DatabaseConnection) -> HashMap<&'static str, Vec<Plain>> {
    let mut all = HashMap::new();
    macro_rules! read {
        ($($module:ident: $name:literal),* $(,)?) => {
            $( all.insert($name, rows::<$module::Entity>(db, $name).await); )*
        };
    }
    read!(
        portfolio_tree_node: "PortfolioTreeNode",
        strategic_objective: "StrategicObjective",
        objective_contribution: "ObjectiveContribution",
        alignment_cell: "AlignmentCell",
        fiscal_calendar: "FiscalCalendar",
        fiscal_period: "FiscalPeriod",
        cost_category: "CostCategory",
        budget: "Budget",
        budget_line: "BudgetLine",
        forecast: "Forecast",
        forecast_line: "ForecastLine",
        fx_rate_set: "FxRateSet",
        fx_rate: "FxRate",
        kpi_definition: "KpiDefinition",
        resource_role: "ResourceRole",
        skill: "Skill",
        certification: "Certification",
        work_calendar: "WorkCalendar",
        calendar_exception: "CalendarException",
        resource_pool: "ResourcePool",
        resource: "Resource",
        resource_skill: "ResourceSkill",
        certification_held: "CertificationHeld",
        time_off: "TimeOff",
        rate_card: "RateCard",
        rate: "Rate",
        resource_request: "ResourceRequest",
        request_skill: "RequestSkill",
        allocation: "Allocation",
        allocation_period: "AllocationPeriod",
        overbooking: "Overbooking",
        time_category: "TimeCategory",
        timesheet: "Timesheet",
        time_entry: "TimeEntry",
        allocation_segment: "AllocationSegment",
        kpi_threshold: "KpiThreshold",
        kpi_target: "KpiTarget",
        kpi_posting: "KpiPosting",
        alert_rule: "AlertRule",
        alert: "Alert",
        cost_plan: "CostPlan",
        cost_plan_line: "CostPlanLine",
        commitment: "Commitment",
        actual: "Actual",
        status_report: "StatusReport",
        rag_assessment: "RagAssessment",
        benefit: "Benefit",
        benefit_plan_point: "BenefitPlanPoint",
        benefit_contribution: "BenefitContribution",
        task: "Task",
        baseline: "Baseline",
        baseline_item: "BaselineItem",
        baseline_period_value: "BaselinePeriodValue",
        progress_measurement: "ProgressMeasurement",
        benefit_measure: "BenefitMeasure",
        benefit_measure_point: "BenefitMeasurePoint",
        benefit_actual: "BenefitActual",
        benefit_review: "BenefitReview",
        benefits_map_node: "BenefitsMapNode",
        benefits_map_edge: "BenefitsMapEdge",
        risk: "Risk",
        risk_response: "RiskResponse",
        issue: "Issue",
    );
    all
}

async fn rows<E>(db: &DatabaseConnection, type_name: &'static str) -> Vec<Plain>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let prefix = app::model().entity(type_name).prefix.expect("a prefix");
    let found = E::find().all(db).await.expect("rows");
    let plain = |model: E::Model| {
        let columns: HashMap<String, Stored> =
            E::Column::iter().map(|column| (column.as_str().to_owned(), model.get(column))).collect();
        let Some(Stored::Uuid(Some(id))) = columns.get("id") else { panic!("a row of {type_name} has no id") };
        Plain { type_name, prefix, id: *id, columns }
    };
    let mut rows: Vec<Plain> = found.into_iter().map(plain).collect();
    rows.sort_by_key(|row| row.id);
    rows
}
