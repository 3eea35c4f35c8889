//! What posted values give to measures. The measure of a KPI of kind POSTED has the KPI's own key.

use super::measure::{Fact, Measures, STATED, Source};

/// The source of this room; its measures are as many as KPIs of users are posted.
pub fn measures() -> Measures {
    let of = "FROM kpi_posting p JOIN kpi_definition d ON d.id = p.kpi_id WHERE p.item_id{ids}";
    // A value holds until the next: the ledger has the steps from each to the one after it.
    let steps = format!(
        "SELECT item_id AS source_id, item_id, measure, effective_on, CAST(NULL AS text) AS currency, value - was AS amount \
         FROM (SELECT p.item_id, d.key AS measure, p.effective_on, p.value, \
         LAG(p.value, 1, CAST(0 AS bigint)) OVER (PARTITION BY p.item_id, p.kpi_id ORDER BY p.effective_on) AS was {of}) s WHERE value <> was"
    );
    // From the first value on there is one, be it 0.
    let stated = format!(
        "SELECT p.item_id AS source_id, p.item_id, d.key || '{STATED}' AS measure, MIN(p.effective_on) AS effective_on, \
         CAST(NULL AS text) AS currency, 1 AS amount {of} GROUP BY p.item_id, d.key"
    );
    let source = Source {
        name: "POSTING",
        owner: "PortfolioItem",
        facts: vec![Fact::of("KpiPosting", "item_id")],
        selects: vec![steps, stated],
    };
    Measures { sources: vec![source], ..Measures::default() }
}
