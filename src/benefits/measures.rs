//! What benefits give to measures: what was promised, when it was planned, and what is still to come.

use crate::{
    auth::Class::Ben,
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of benefits. What nobody wants counts negative in all of them.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money(
                "BENEFIT_APPROVED",
                Ben,
                "What approved benefits are to bring over their life, from their approval on.",
            )
            .known(),
            Measure::money(
                "BENEFIT_PLANNED",
                Ben,
                "The plans of approved benefits, each point on the last day of its period.",
            )
            .known(),
            Measure::money(
                "BENEFIT_REMAINING",
                Ben,
                "What those plans give to periods that end after the day, from the approval on.",
            ),
        ],
        sources: vec![benefits()],
    }
}

/// Benefits that were promised.
const PROMISED: &str = "b.id{ids} AND b.state NOT IN ('IDENTIFIED', 'PROFILED', 'WITHDRAWN') AND b.archived_at IS NULL";

fn benefits() -> Source {
    let approved_on = "COALESCE({day:b.approved_at}, b.as_of_on, {day:b.created_at})";
    let select = |measure: &str, on: &str, amount: &str, rows: &str, only: &str| {
        format!(
            "SELECT b.id AS source_id, b.item_id, '{measure}' AS measure, {on} AS effective_on, b.currency, \
             CASE WHEN b.polarity = 'DISBENEFIT' THEN -({amount}) ELSE {amount} END AS amount FROM benefit b{rows} WHERE {PROMISED}{only}"
        )
    };
    let points = " JOIN benefit_plan_point l ON l.benefit_id = b.id JOIN fiscal_period p ON p.id = l.period_id";
    let to_come = format!(" AND p.end_on > {approved_on}");
    Source {
        name: "BENEFIT",
        owner: "Benefit",
        facts: vec![
            Fact::owner("Benefit"),
            Fact::of("BenefitPlanPoint", "benefit_id"),
            Fact::behind(
                "FiscalPeriod",
                "SELECT DISTINCT benefit_id AS id FROM benefit_plan_point WHERE period_id{ids}",
            ),
        ],
        selects: vec![
            select("BENEFIT_APPROVED", approved_on, "b.amount", "", " AND b.amount IS NOT NULL"),
            select("BENEFIT_PLANNED", "p.end_on", "l.amount", points, ""),
            select("BENEFIT_REMAINING", approved_on, "l.amount", points, &to_come),
            select("BENEFIT_REMAINING", "p.end_on", "-l.amount", points, &to_come),
        ],
    }
}
