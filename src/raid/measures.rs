//! What risks, responses and issues give to measures. The present value counts from the first day on; what it was before is
//! in the ledger's past.

use crate::{
    auth::Class::{Fin, Work},
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of risks.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money(
                "EMV",
                Fin,
                "The exposure of open risks, of opportunities negative: from the day on which each was found until it was closed or happened.",
            ),
            Measure::money("EMV_THREATS", Fin, "The exposure of open threats, dated like it."),
            Measure::count("HIGH_RISKS", Work, "Open risks that are rated HIGH or EXTREME, dated like it."),
            Measure::count(
                "HIGH_RISKS_UNANSWERED",
                Work,
                "Of those: until the first response that is under way or done was begun.",
            ),
            Measure::count(
                "ACTIONS_OPEN",
                Work,
                "Responses and issues with a day by which they are due: an issue from the day on which it was raised, a response from that on which it was written or begun, until they were done, cancelled or resolved.",
            ),
            Measure::count("ACTIONS_OVERDUE", Work, "Of those: from the day after the one by which they are due."),
        ],
        sources: vec![risks(), responses(), issues()],
        derivations: vec![],
    }
}

/// Two SELECTs: from one day on it counts, and no longer from another on.
fn span(measure: &str, (from, to): (&str, &str), amount: (&str, &str), rows: &str) -> [String; 2] {
    let (currency, amount) = amount;
    let select = |on: &str, sign: &str, only: &str| {
        format!(
            "SELECT x.source_id, x.item_id, '{measure}' AS measure, {on} AS effective_on, {currency} AS currency, {sign}({amount}) AS amount \
             FROM ({rows}) x WHERE ({to} IS NULL OR {to} > {from}){only}"
        )
    };
    [select(from, "", ""), select(to, "-", &format!(" AND {to} IS NOT NULL"))]
}

const NO_MONEY: &str = "CAST(NULL AS text)";

fn risks() -> Source {
    let rows = |only: &str| {
        format!(
            "SELECT r.id AS source_id, r.item_id, r.identified_on AS from_on, r.closed_on AS to_on, r.currency, \
             CASE WHEN r.kind = 'OPPORTUNITY' THEN -r.exposure_amount ELSE r.exposure_amount END AS amount \
             FROM risk r WHERE r.id{{ids}} AND r.archived_at IS NULL AND {only}"
        )
    };
    let high = "r.rating IN ('HIGH', 'EXTREME')";
    // Answered from the day on which something was begun that goes on or is done.
    let answered = "SELECT MIN(a.started_on) FROM risk_response a WHERE a.risk_id = r.id AND a.state IN ('ACTIVE', 'COMPLETED') AND a.archived_at IS NULL";
    let unanswered = format!(
        "SELECT y.source_id, y.item_id, y.from_on, CASE WHEN y.answered_on IS NULL OR y.closed_on < y.answered_on THEN y.closed_on ELSE y.answered_on END AS to_on \
         FROM (SELECT r.id AS source_id, r.item_id, r.identified_on AS from_on, r.closed_on, ({answered}) AS answered_on \
         FROM risk r WHERE r.id{{ids}} AND r.archived_at IS NULL AND {high}) y"
    );
    let days = ("x.from_on", "x.to_on");
    let money = ("x.currency", "x.amount");
    Source {
        name: "RISK",
        owner: "Risk",
        facts: vec![Fact::owner("Risk"), Fact::of("RiskResponse", "risk_id")],
        selects: [
            span("EMV", days, money, &rows("r.exposure_amount IS NOT NULL")),
            span("EMV_THREATS", days, money, &rows("r.exposure_amount IS NOT NULL AND r.kind = 'THREAT'")),
            span("HIGH_RISKS", days, (NO_MONEY, "1"), &rows(high)),
            span("HIGH_RISKS_UNANSWERED", days, (NO_MONEY, "1"), &unanswered),
        ]
        .concat(),
    }
}

/// Actions with `from_on`, `due_on` and `to_on`.
fn actions(rows: &str) -> Vec<String> {
    let late = "{next_day:x.due_on}";
    let overdue = format!("(CASE WHEN {late} > x.from_on THEN {late} ELSE x.from_on END)");
    [
        span("ACTIONS_OPEN", ("x.from_on", "x.to_on"), (NO_MONEY, "1"), rows),
        span("ACTIONS_OVERDUE", (&overdue, "x.to_on"), (NO_MONEY, "1"), rows),
    ]
    .concat()
}

fn responses() -> Source {
    let rows = "SELECT a.id AS source_id, a.item_id, a.due_on, a.completed_on AS to_on, \
        {least}({day:a.created_at}, COALESCE(a.started_on, {day:a.created_at})) AS from_on \
        FROM risk_response a JOIN risk r ON r.id = a.risk_id \
        WHERE a.id{ids} AND a.due_on IS NOT NULL AND a.archived_at IS NULL AND r.archived_at IS NULL";
    let by_risk = Fact::behind("Risk", "SELECT id FROM risk_response WHERE risk_id{ids}");
    Source {
        name: "RISK_RESPONSE",
        owner: "RiskResponse",
        facts: vec![Fact::owner("RiskResponse"), by_risk],
        selects: actions(rows),
    }
}

fn issues() -> Source {
    let rows = "SELECT i.id AS source_id, i.item_id, i.due_on, i.raised_on AS from_on, i.resolved_on AS to_on \
        FROM issue i WHERE i.id{ids} AND i.due_on IS NOT NULL AND i.archived_at IS NULL";
    Source { name: "ISSUE", owner: "Issue", facts: vec![Fact::owner("Issue")], selects: actions(rows) }
}
