//! What published reports give to measures: the color of the latest one, and how often declared and computed differ.

use crate::{
    auth::Class::{Basic, Work},
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of reports.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::count("RAG_RATED", Basic, "1 from the period's last day of the first published overall rating on, while the latest one rates the item.").known(),
            Measure::count("RAG_GREEN", Basic, "1 while the latest published overall rating is green or amber-green.").with("RAG_RATED"),
            Measure::count("RAG_RED", Basic, "1 while the latest published overall rating is red or amber-red.").with("RAG_RATED"),
            Measure::count("REPORTS_COMPARED", Work, "Published reports with a declared and a computed overall rating, on the last day of their period."),
            Measure::count("REPORTS_TOLD", Work, "Periods of which a report was published that was written here, each on its last day."),
            Measure::count("REPORTS_ON_TIME", Work, "Those of them whose first report was published within ten days after the last day."),
            Measure::count("REPORTS_DIVERGENT", Work, "Those of them whose colors differ, each taken as green, amber or red."),
        ],
        sources: vec![reports()],
        derivations: vec![],
    }
}

/// Overall ratings of published reports: the independent one, else the sponsor's, else the project manager's. What a file
/// tells of the year before is no report of that year.
const OVERALL: &str = "SELECT item_id, period_end_on, \
    CASE WHEN declared IN ('GREEN', 'AMBER_GREEN') THEN 1 WHEN declared = 'AMBER' THEN 2 WHEN declared IN ('AMBER_RED', 'RED') THEN 3 ELSE 0 END AS declared, \
    CASE WHEN computed IN ('GREEN', 'AMBER_GREEN') THEN 1 WHEN computed = 'AMBER' THEN 2 WHEN computed IN ('AMBER_RED', 'RED') THEN 3 ELSE 0 END AS computed \
    FROM (SELECT r.item_id, r.period_end_on, a.declared, a.computed, ROW_NUMBER() OVER (PARTITION BY r.item_id, r.period_end_on \
        ORDER BY CASE a.assessor WHEN 'INDEPENDENT' THEN 1 WHEN 'SPONSOR' THEN 2 ELSE 3 END, r.published_at DESC) AS place \
        FROM status_report r JOIN rag_assessment a ON a.report_id = r.id \
        WHERE r.item_id{ids} AND r.state = 'PUBLISHED' AND r.archived_at IS NULL AND a.dimension = 'OVERALL' \
        AND (r.source IS NULL OR r.source NOT LIKE '%:look-back')) ranked WHERE place = 1";

/// Periods of which something was told, with the day on which it was told first. What an import brings has no such day.
fn told(measure: &str, only: &str) -> String {
    format!(
        "SELECT t.item_id AS source_id, t.item_id, '{measure}' AS measure, t.period_end_on AS effective_on, CAST(NULL AS text) AS currency, \
         1 AS amount FROM (SELECT r.item_id, r.period_end_on, MIN({{day:r.published_at}}) AS told_on FROM status_report r \
         WHERE r.item_id{{ids}} AND r.published_at IS NOT NULL AND r.source IS NULL GROUP BY r.item_id, r.period_end_on) t{only}"
    )
}

fn reports() -> Source {
    let color = |measure: &str, is_so: &str| {
        format!(
            "SELECT item_id AS source_id, item_id, '{measure}' AS measure, period_end_on AS effective_on, CAST(NULL AS text) AS currency, \
             is_so - was_so AS amount FROM (SELECT item_id, period_end_on, is_so, \
             LAG(is_so, 1, 0) OVER (PARTITION BY item_id ORDER BY period_end_on) AS was_so \
             FROM (SELECT item_id, period_end_on, CASE WHEN {is_so} THEN 1 ELSE 0 END AS is_so FROM ({OVERALL}) o) c) d WHERE is_so <> was_so"
        )
    };
    let count = |measure: &str, is_so: &str| {
        format!(
            "SELECT item_id AS source_id, item_id, '{measure}' AS measure, period_end_on AS effective_on, CAST(NULL AS text) AS currency, \
             1 AS amount FROM ({OVERALL}) o WHERE {is_so}"
        )
    };
    Source {
        name: "REPORT",
        owner: "PortfolioItem",
        facts: vec![Fact::of("StatusReport", "item_id"), Fact::of("RagAssessment", "item_id")],
        selects: vec![
            color("RAG_RATED", "declared > 0"),
            color("RAG_GREEN", "declared = 1"),
            color("RAG_RED", "declared = 3"),
            count("REPORTS_COMPARED", "declared > 0 AND computed > 0"),
            told("REPORTS_TOLD", ""),
            told("REPORTS_ON_TIME", " WHERE t.told_on <= {plus_days:t.period_end_on|10}"),
            count("REPORTS_DIVERGENT", "declared > 0 AND computed > 0 AND declared <> computed"),
        ],
    }
}
