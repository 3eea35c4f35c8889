//! What money gives to measures: approved budgets and published forecasts, version by version from the day of each.

use crate::{
    auth::Class::Fin,
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of money.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money("BUDGET", Fin, "The approved budget, contingency and management reserve apart; from the day for which it was given, or on which it was approved, until the next version.").known(),
            Measure::money("CONTINGENCY", Fin, "The contingency of the approved budget, dated like it."),
            Measure::money("MANAGEMENT_RESERVE", Fin, "The management reserve of the approved budget, dated like it."),
            Measure::money("BUDGET_PHASED", Fin, "The lines of the approved budget, each on the last day of its period.").known(),
            Measure::money("FORECAST", Fin, "The estimate at completion of the published forecast; from the day for which it was made until the next one.").known(),
            Measure::money("ETC", Fin, "What the lines of the published forecast give to periods that end after the day.").known(),
        ],
        sources: vec![budgets(), forecasts()],
    }
}

/// From a version's day on its amount counts, until the next one's.
fn versions(measure: &str, column: &str, rows: &str) -> [String; 2] {
    let select = |on: &str, sign: &str| {
        format!(
            "SELECT item_id AS source_id, item_id, '{measure}' AS measure, {on} AS effective_on, currency, {sign}{column} AS amount \
             FROM ({rows}) v WHERE {on} IS NOT NULL AND {column} IS NOT NULL"
        )
    };
    [select("from_on", ""), select("next_on", "-")]
}

fn budgets() -> Source {
    let from = "COALESCE(as_of_on, {day:decided_at}, {day:created_at})";
    let rows = format!(
        "SELECT item_id, currency, amount, contingency_amount, reserve_amount, {from} AS from_on, \
         LEAD({from}) OVER (PARTITION BY item_id ORDER BY revision) AS next_on FROM budget \
         WHERE item_id{{ids}} AND state IN ('APPROVED', 'SUPERSEDED') AND archived_at IS NULL"
    );
    let phased = "SELECT b.item_id AS source_id, b.item_id, 'BUDGET_PHASED' AS measure, p.end_on AS effective_on, l.currency, l.amount \
        FROM budget b JOIN budget_line l ON l.budget_id = b.id JOIN fiscal_period p ON p.id = l.period_id \
        WHERE b.item_id{ids} AND b.state = 'APPROVED' AND b.archived_at IS NULL AND l.amount IS NOT NULL";
    let mut selects = vec![phased.to_owned()];
    selects.extend(versions("BUDGET", "amount", &rows));
    selects.extend(versions("CONTINGENCY", "contingency_amount", &rows));
    selects.extend(versions("MANAGEMENT_RESERVE", "reserve_amount", &rows));
    let by_period = Fact::behind("FiscalPeriod", "SELECT DISTINCT item_id AS id FROM budget_line WHERE period_id{ids}");
    let facts = vec![Fact::of("Budget", "item_id"), Fact::of("BudgetLine", "item_id"), by_period];
    Source { name: "BUDGET", owner: "PortfolioItem", facts, selects }
}

fn forecasts() -> Source {
    let rows = "SELECT id, item_id, currency, amount, as_of_on AS from_on, \
        LEAD(as_of_on) OVER (PARTITION BY item_id ORDER BY revision) AS next_on FROM forecast \
        WHERE item_id{ids} AND state IN ('PUBLISHED', 'SUPERSEDED') AND archived_at IS NULL";
    // What is still to come falls as periods end, and all at once when the next forecast is made.
    let to_come = |on: &str, sign: &str| {
        format!(
            "SELECT v.item_id AS source_id, v.item_id, 'ETC' AS measure, {on} AS effective_on, l.currency, {sign}l.amount AS amount \
             FROM ({rows}) v JOIN forecast_line l ON l.forecast_id = v.id JOIN fiscal_period p ON p.id = l.period_id \
             WHERE l.amount IS NOT NULL AND p.end_on > v.from_on AND (v.next_on IS NULL OR v.next_on > v.from_on)"
        )
    };
    let mut selects = vec![to_come("v.from_on", ""), to_come("{least}(p.end_on, COALESCE(v.next_on, p.end_on))", "-")];
    selects.extend(versions("FORECAST", "amount", rows));
    let by_period =
        Fact::behind("FiscalPeriod", "SELECT DISTINCT item_id AS id FROM forecast_line WHERE period_id{ids}");
    let facts = vec![Fact::of("Forecast", "item_id"), Fact::of("ForecastLine", "item_id"), by_period];
    Source { name: "FORECAST", owner: "PortfolioItem", facts, selects }
}
