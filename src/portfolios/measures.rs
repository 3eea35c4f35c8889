//! What projects give to measures by themselves: whether what must be known of them is known.

use crate::{
    auth::Class::Work,
    kpi::measure::{Fact, Measure, Measures, PROJECTS, Source},
};

/// The measures of projects.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::count(
                "CHECKS_RUN",
                Work,
                "Checks of the data of a project that is approved or under way, from the day on which it was written first: a manager, a sponsor, a category, planned dates; an actual start once it was active; a forecast finish that is not over, where there is one and the project is not finished.",
            )
            .known(),
            Measure::count("CHECKS_PASSED", Work, "Those of them that it passes; a forecast finish until its day is over."),
        ],
        sources: vec![checks()],
        derivations: vec![],
    }
}

/// Checks: of which projects, and what holds.
const CHECKS: [(&str, &str); 5] = [
    ("TRUE", "p.project_manager_id IS NOT NULL"),
    ("TRUE", "p.sponsor_id IS NOT NULL"),
    ("TRUE", "p.category IS NOT NULL"),
    ("TRUE", "p.planned_start_on IS NOT NULL AND p.planned_finish_on IS NOT NULL"),
    ("p.state <> 'APPROVED'", "p.actual_start_on IS NOT NULL"),
];

/// Of which a forecast finish is checked.
const EXPECTED: &str = "p.forecast_finish_on IS NOT NULL AND p.actual_finish_on IS NULL";

fn checks() -> Source {
    let select = |measure: &str, on: &str, amount: &str, only: &str| {
        format!(
            "SELECT p.id AS source_id, p.id AS item_id, '{measure}' AS measure, {on} AS effective_on, CAST(NULL AS text) AS currency, {amount} AS amount \
             FROM portfolio_item p WHERE p.id{{ids}} AND p.kind = 'PROJECT' AND p.archived_at IS NULL \
             AND p.state IN ('APPROVED', 'ACTIVE', 'ON_HOLD', 'CLOSING') AND {only}"
        )
    };
    let written_on = "{day:p.created_at}";
    let over = "{next_day:p.forecast_finish_on}";
    let late_on = format!("CASE WHEN {over} > {written_on} THEN {over} ELSE {written_on} END");
    let mut selects = vec![];
    for (of, holds) in CHECKS {
        selects.push(select("CHECKS_RUN", written_on, "1", of));
        selects.push(select("CHECKS_PASSED", written_on, "1", &format!("{of} AND {holds}")));
    }
    selects.push(select("CHECKS_RUN", written_on, "1", EXPECTED));
    selects.push(select("CHECKS_PASSED", written_on, "1", EXPECTED));
    selects.push(select("CHECKS_PASSED", &late_on, "-1", EXPECTED));
    Source { name: PROJECTS, owner: "PortfolioItem", facts: vec![Fact::owner("Project")], selects }
}
