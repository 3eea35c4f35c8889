//! How the schema's names and values are spelled: the class of a type, the column behind a list, values as the API writes them.

use chrono::SecondsFormat;
use foliograph::{app, auth::Class};
use sea_orm::Value as Stored;
use serde_json::{Value, json};

use super::{made, plain};

/// The class that a row of a type needs, as domain.md has it.
pub fn class_of_type(type_name: &str) -> Class {
    match type_name {
        "PortfolioItem"
        | "Portfolio"
        | "Program"
        | "Project"
        | "Person"
        | "OrgUnit"
        | "KpiThreshold"
        | "KpiTarget"
        | "AlertRule"
        | "Alert"
        | "PortfolioTreeNode"
        | "ObjectiveContribution"
        | "AlignmentCell"
        | "StatusReport"
        | "RagAssessment"
        | "Resource" => Class::Basic,
        "ExternalLink"
        | "Task"
        | "Baseline"
        | "BaselineItem"
        | "BaselinePeriodValue"
        | "ProgressMeasurement"
        | "Risk"
        | "RiskResponse"
        | "Issue"
        | "KpiPosting"
        | "ResourceRequest"
        | "RequestSkill"
        | "Allocation"
        | "AllocationPeriod"
        | "AllocationSegment" => Class::Work,
        "ResourceSkill" | "CertificationHeld" | "TimeOff" | "Overbooking" | "Timesheet" | "TimeEntry" => Class::Person,
        "Rate" => Class::Rate,
        "PersonIdentity" | "RoleAssignment" | "ApiKey" | "ApiKeyGrant" => Class::Sec,
        "AuditEvent" => Class::Aud,
        "Budget" | "BudgetLine" | "Forecast" | "ForecastLine" | "CostPlan" | "CostPlanLine" => Class::Fin,
        "Commitment" | "Actual" => Class::FinLine,
        "Benefit"
        | "BenefitPlanPoint"
        | "BenefitContribution"
        | "BenefitMeasurePoint"
        | "BenefitReview"
        | "BenefitsMapNode"
        | "BenefitsMapEdge" => Class::Ben,
        "BenefitMeasure" | "BenefitActual" => Class::BenActual,
        reference if plain::REFERENCES.contains(&reference) => Class::Basic,
        other => panic!("{other} is new: say here what its rows need"),
    }
}

/// The column at the other end of a list.
pub fn foreign_key_of(entity: &str, field: &str) -> &'static str {
    match (entity, field) {
        ("Task", "measurements" | "baselineItems") => "task_id",
        (
            "Resource",
            "skills" | "certificationsHeld" | "timeOff" | "allocations" | "timesheets" | "timeEntries" | "overbookings",
        ) => "resource_id",
        ("Timesheet", "entries") => "timesheet_id",
        ("Baseline", "items" | "periodValues") => "baseline_id",
        ("BaselineItem", "periodValues") => "baseline_item_id",
        (_, "children") | ("FiscalPeriod", "parts") => "parent_id",
        ("Portfolio", "programs" | "projects") => "portfolio_id",
        ("Program", "projects") => "program_id",
        ("Person", "managedProjects") => "project_manager_id",
        ("Person", "sponsoredItems") => "sponsor_id",
        ("Person", "ownedItems") => "owner_id",
        ("Person", "identities" | "roleAssignments" | "externalLinks") => "person_id",
        ("OrgUnit", "people" | "items" | "externalLinks") => "org_unit_id",
        ("ApiKey", "grants") => "api_key_id",
        ("StrategicObjective", "contributions") => "objective_id",
        ("Benefit", "planPoints" | "contributions" | "measures" | "actuals" | "reviews" | "benefitsMapNodes") => {
            "benefit_id"
        }
        ("BenefitMeasure", "points" | "actuals") => "measure_id",
        ("BenefitsMapNode", "outgoingEdges") => "from_id",
        ("BenefitsMapNode", "incomingEdges") => "to_id",
        (_, "attributedBenefitActuals") => "attributed_item_id",
        ("Commitment", "actuals") => "commitment_id",
        ("Risk", "responses" | "issues") => "risk_id",
        (_, "escalatedRisks" | "escalatedIssues") => "escalated_to_id",
        (
            _,
            "contributions"
            | "externalLinks"
            | "alignment"
            | "statusReports"
            | "ragAssessments"
            | "budgets"
            | "forecasts"
            | "benefits"
            | "tasks"
            | "baselines"
            | "progressMeasurements"
            | "risks"
            | "issues"
            | "costPlans"
            | "commitments"
            | "actuals"
            | "timeEntries"
            | "benefitsMapNodes",
        ) => "item_id",
        ("Actual" | "TimeEntry", "reversals") => "reversal_of_id",
        ("CostPlan", "lines") => "cost_plan_id",
        ("AlertRule", "alerts") => "rule_id",
        ("FxRateSet", "rates") => "rate_set_id",
        (_, "benefitContributions") => "contributor_id",
        (_, "descendants") => "root_id",
        ("FiscalCalendar", "periods") | ("WorkCalendar", "exceptions") => "calendar_id",
        ("WorkCalendar", "derived") => "base_id",
        ("ResourcePool", "resources") => "pool_id",
        ("RateCard", "rates") => "card_id",
        ("ResourceRequest", "skills" | "allocations") => "request_id",
        ("Allocation", "periods" | "segments") => "allocation_id",
        ("Budget", "lines") => "budget_id",
        ("Forecast", "lines") => "forecast_id",
        ("StatusReport", "ratings") => "report_id",
        other => panic!("{other:?} is new: say here which column links"),
    }
}

/// `plannedStartOn` as `planned_start_on`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A column's value as the API writes it.
pub fn shown(name: &str, stored: Stored) -> Value {
    match stored {
        Stored::String(text) => json!(text),
        Stored::Int(number) => json!(number),
        Stored::Bool(truth) => json!(truth),
        Stored::ChronoDate(day) => json!(day.map(|day| day.to_string())),
        Stored::ChronoDateTimeUtc(at) => json!(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))),
        Stored::BigInt(Some(version)) if name == "version" || name == "targetVersion" => json!(version.to_string()),
        other => panic!("{name} is kept in a way that no test knows: {other:?}"),
    }
}

/// 1/10,000 as the decimal that the API writes.
pub fn decimal(amount: i128) -> String {
    scaled(amount, 4)
}

/// A scaled whole number as the decimal that the API writes.
pub fn scaled(amount: i128, scale: u32) -> String {
    let (sign, size) = if amount < 0 { ("-", -amount) } else { ("", amount) };
    let (unit, width) = (10_i128.pow(scale), scale as usize);
    let text = format!("{sign}{}.{:0width$}", size / unit, size % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The class of a changed field: what the declaration of its type says, whatever the entry says of itself. A few fields
/// belong to no type yet: entries of them are written by hand in these tests.
pub fn class_of_change(target_type: &str, field: &str) -> Class {
    if let Some(class) = made::UNWRITTEN.iter().find(|class| class.as_str() == field) {
        return *class;
    }
    let entity = app::model().entity(target_type);
    match entity.lists.iter().find(|list| list.name == field) {
        Some(list) => list.class,
        None => entity.class_of(entity.field(field).expect("a field of this type")),
    }
}
