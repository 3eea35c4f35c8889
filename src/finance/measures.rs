//! What money gives to measures: approved budgets and published forecasts, version by version from the day of each.

use crate::{
    auth::Class::Fin,
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of money.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money("BUDGET", Fin, "The approved budget, contingency and management reserve apart; from the day for which it was given, or on which it was approved, until the next version.").with("HAS_BUDGET"),
            Measure::count("HAS_BUDGET", Fin, "1 while there is an approved budget with an amount, which may be 0.").known(),
            Measure::money("CONTINGENCY", Fin, "The contingency of the approved budget, dated like it."),
            Measure::money("MANAGEMENT_RESERVE", Fin, "The management reserve of the approved budget, dated like it."),
            Measure::money("BUDGET_PHASED", Fin, "The lines of the approved budget, each on the last day of its period.").known(),
            Measure::money("FORECAST", Fin, "The estimate at completion of the published forecast; from the day for which it was made until the next one.").with("HAS_FORECAST"),
            Measure::count("HAS_FORECAST", Fin, "1 while there is a published estimate at completion, which may be 0.").known(),
            Measure::count("MONTHS_CHECKED", Fin, "Months of a fiscal calendar to which the forecast in force on the eve of the first day gave something, each on its last day.").known(),
            Measure::money("FORECAST_CHECKED", Fin, "What it gave to them, on the last day of each.").with("MONTHS_CHECKED"),
            Measure::money("AC_CHECKED", Fin, "What was posted to them, on the last day of each.").with("MONTHS_CHECKED"),
            Measure::money("PLAN", Fin, "The lines of the cost plan of record, each on the last day of its period.").known(),
            Measure::money("AC", Fin, "What was spent, accruals included, on the day on which it was posted."),
            Measure::money("AC_ENDED", Fin, "The same on the last day of the fiscal period that it was posted to: of periods that have ended."),
            Measure::money("CAPEX", Fin, "Of what was spent: capital expenditure."),
            Measure::money("OPEX", Fin, "Of what was spent: operating expenditure."),
            Measure::money("COMMITTED", Fin, "What is committed and not invoiced yet: from the day of the commitment on, less each invoice on its day, none once it is closed or canceled."),
            Measure::money("ETC", Fin, "What the lines of the published forecast give to periods that end after the day.").known(),
        ],
        sources: vec![budgets(), forecasts(), checked(), plans(), actuals(), commitments()],
        derivations: vec![],
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

/// While a version with an amount holds, 1.
fn counted(measure: &str, rows: &str) -> [String; 2] {
    let select = |on: &str, amount: &str| {
        format!(
            "SELECT item_id AS source_id, item_id, '{measure}' AS measure, {on} AS effective_on, CAST(NULL AS text) AS currency, {amount} AS amount \
             FROM ({rows}) v WHERE {on} IS NOT NULL AND amount IS NOT NULL"
        )
    };
    [select("from_on", "1"), select("next_on", "-1")]
}

fn budgets() -> Source {
    let from = "COALESCE(as_of_on, {day:decided_at}, {day:created_at})";
    // A later version may be given for an earlier day: from then on the one before no longer counts, nor ever.
    let all = format!(
        "SELECT item_id, currency, amount, contingency_amount, reserve_amount, {from} AS from_on, \
         MIN({from}) OVER (PARTITION BY item_id ORDER BY revision ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_on \
         FROM budget WHERE item_id{{ids}} AND state IN ('APPROVED', 'SUPERSEDED') AND archived_at IS NULL"
    );
    let rows = format!("SELECT * FROM ({all}) versions WHERE next_on IS NULL OR next_on > from_on");
    let phased = "SELECT b.item_id AS source_id, b.item_id, 'BUDGET_PHASED' AS measure, p.end_on AS effective_on, l.currency, l.amount \
        FROM budget b JOIN budget_line l ON l.budget_id = b.id JOIN fiscal_period p ON p.id = l.period_id \
        WHERE b.item_id{ids} AND b.state = 'APPROVED' AND b.archived_at IS NULL AND l.amount IS NOT NULL";
    let mut selects = vec![phased.to_owned()];
    selects.extend(versions("BUDGET", "amount", &rows));
    selects.extend(counted("HAS_BUDGET", &rows));
    selects.extend(versions("CONTINGENCY", "contingency_amount", &rows));
    selects.extend(versions("MANAGEMENT_RESERVE", "reserve_amount", &rows));
    let by_period = Fact::period("SELECT DISTINCT item_id AS id FROM budget_line WHERE period_id{ids}");
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
    selects.extend(counted("HAS_FORECAST", rows));
    let by_period = Fact::period("SELECT DISTINCT item_id AS id FROM forecast_line WHERE period_id{ids}");
    let facts = vec![Fact::of("Forecast", "item_id"), Fact::of("ForecastLine", "item_id"), by_period];
    Source { name: "FORECAST", owner: "PortfolioItem", facts, selects }
}

/// What forecasts gave to months before these began, beside what was posted to them. Of a month the version counts that was
/// in force on its eve: made for a day before, and published by then unless an import brought it.
fn checked() -> Source {
    let made = |version: &str| {
        format!(
            "{version}.state IN ('PUBLISHED', 'SUPERSEDED') AND {version}.archived_at IS NULL AND {version}.as_of_on < p.start_on \
             AND ({version}.published_at IS NULL OR {{day:{version}.published_at}} < p.start_on)"
        )
    };
    let (made, later) = (made("f"), made("g"));
    let foreseen = format!(
        "forecast f JOIN forecast_line l ON l.forecast_id = f.id JOIN fiscal_period p ON p.id = l.period_id \
         WHERE f.item_id{{ids}} AND {made} AND p.kind = 'MONTH' AND l.amount IS NOT NULL AND NOT EXISTS (SELECT 1 FROM forecast g \
         WHERE g.item_id = f.item_id AND g.revision > f.revision AND {later})"
    );
    let months = format!("SELECT DISTINCT f.item_id, p.id, p.end_on FROM {foreseen}");
    let select = |measure: &str, columns: &str, rows: &str| format!("SELECT {columns}, '{measure}' AS measure, {rows}");
    let of_forecast = "f.item_id AS source_id, f.item_id";
    let of_month = "m.item_id AS source_id, m.item_id";
    let forecast = format!("p.end_on AS effective_on, l.currency, l.amount FROM {foreseen}");
    let count = format!("m.end_on AS effective_on, CAST(NULL AS text) AS currency, 1 AS amount FROM ({months}) m");
    let spent = format!(
        "m.end_on AS effective_on, a.currency, a.amount FROM ({months}) m JOIN actual a ON a.item_id = m.item_id AND a.period_id = m.id"
    );
    let by_period = Fact::period("SELECT DISTINCT item_id AS id FROM forecast_line WHERE period_id{ids}");
    Source {
        name: "FORECAST_CHECK",
        owner: "PortfolioItem",
        facts: vec![
            Fact::of("Forecast", "item_id"),
            Fact::of("ForecastLine", "item_id"),
            Fact::of("Actual", "item_id"),
            by_period,
        ],
        selects: vec![
            select("FORECAST_CHECKED", of_forecast, &forecast),
            select("MONTHS_CHECKED", of_month, &count),
            select("AC_CHECKED", of_month, &spent),
        ],
    }
}

fn plans() -> Source {
    let select = |measure: &str, sign: &str| {
        format!(
            "SELECT c.item_id AS source_id, c.item_id, '{measure}' AS measure, p.end_on AS effective_on, l.currency, {sign}l.amount AS amount \
             FROM cost_plan c JOIN cost_plan_line l ON l.cost_plan_id = c.id JOIN fiscal_period p ON p.id = l.period_id \
             WHERE c.item_id{{ids}} AND c.is_plan_of_record AND c.archived_at IS NULL"
        )
    };
    // What it costs to have benefits, beside them.
    let there = "SELECT c.item_id AS source_id, c.item_id, 'FLOWS' AS measure, COALESCE({day:c.decided_at}, {day:c.created_at}) AS effective_on, \
        CAST(NULL AS text) AS currency, 1 AS amount FROM cost_plan c WHERE c.item_id{ids} AND c.is_plan_of_record AND c.archived_at IS NULL";
    let by_period = Fact::period("SELECT DISTINCT item_id AS id FROM cost_plan_line WHERE period_id{ids}");
    Source {
        name: "COST_PLAN",
        owner: "PortfolioItem",
        facts: vec![Fact::of("CostPlan", "item_id"), Fact::of("CostPlanLine", "item_id"), by_period],
        selects: vec![select("PLAN", ""), select("FLOW", "-"), select("FLOW_COSTS", ""), there.to_owned()],
    }
}

fn actuals() -> Source {
    let select = |measure: &str, only: &str| {
        format!(
            "SELECT id AS source_id, item_id, '{measure}' AS measure, posting_on AS effective_on, currency, amount \
             FROM actual WHERE id{{ids}}{only}"
        )
    };
    let ended = "SELECT a.id AS source_id, a.item_id, 'AC_ENDED' AS measure, p.end_on AS effective_on, a.currency, a.amount \
        FROM actual a JOIN fiscal_period p ON p.id = a.period_id WHERE a.id{ids}";
    Source {
        name: "ACTUAL",
        owner: "Actual",
        facts: vec![Fact::owner("Actual"), Fact::period("SELECT id FROM actual WHERE period_id{ids}")],
        selects: vec![
            ended.to_owned(),
            select("AC", ""),
            select("CAPEX", " AND expenditure = 'CAPEX'"),
            select("OPEX", " AND expenditure = 'OPEX'"),
        ],
    }
}

fn commitments() -> Source {
    let select = |on: &str, amount: &str, rows: &str| {
        format!(
            "SELECT c.id AS source_id, c.item_id, 'COMMITTED' AS measure, {on} AS effective_on, c.currency, {amount} AS amount \
             FROM commitment c{rows} WHERE c.id{{ids}}"
        )
    };
    let invoices = " JOIN actual a ON a.commitment_id = c.id";
    // What is invoiced without an actual has no day: it never was to be invoiced. What is left when the commitment ends goes
    // with it, and so does what is invoiced later; what is archived never was.
    let drawn = "COALESCE((SELECT SUM(a.amount) FROM actual a WHERE a.commitment_id = c.id), 0)";
    let begun = format!("c.committed_amount - (c.invoiced_amount - {drawn})");
    let left = "-(c.committed_amount - c.invoiced_amount)";
    let invoiced_on = "{least}(a.posting_on, COALESCE(c.closed_on, a.posting_on))";
    let there = " AND c.archived_at IS NULL";
    Source {
        name: "COMMITMENT",
        owner: "Commitment",
        facts: vec![Fact::owner("Commitment"), Fact::of("Actual", "commitment_id")],
        selects: vec![
            select("c.committed_on", &begun, "") + there,
            select(invoiced_on, "-a.amount", invoices) + there,
            select("c.closed_on", left, "") + there + " AND c.closed_on IS NOT NULL",
        ],
    }
}
