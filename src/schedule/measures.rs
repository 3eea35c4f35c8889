//! What plans give to measures: the performance baseline in force, what is earned of it, and whether its days are met. Only
//! the baseline in force counts; what an earlier one gave is in the ledger's past.

use crate::{
    auth::Class::{Fin, Work},
    kpi::measure::{Fact, Measure, Measures, PROJECTS, Source},
};

/// The measures of plans.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money("BAC", Fin, "The cost of the performance baseline in force, each item's from the day of the approval on, or from its own first day where that is earlier.").known(),
            Measure::money("PV", Fin, "When that cost is planned to be earned: each increment on its last day; the cost of an item without increments in twelfths, each at the end of a twelfth of its days.").with("BAC"),
            Measure::money("EV", Fin, "What is earned of that cost: from measurement to measurement, as was measured, else cost times the earned fraction; of a LEVEL_OF_EFFORT as planned.").with("BAC"),
            Measure::count("MILESTONES_DUE", Work, "Milestones of the baseline in force, each on its last day there."),
            Measure::count("MILESTONES_HIT", Work, "Of those: reached by that day."),
            Measure::count("TASKS_DUE", Work, "Tasks and milestones of the baseline in force, each on its last day there."),
            Measure::count("TASKS_DONE", Work, "Of those: finished, each on the day on which it was."),
            Measure::count("SLIP_DAYS", Work, "Working days, Monday to Friday, from the last day of the baseline in force to the actual finish of the project, else the forecast one; negative is early. From the day of the approval on.").with("BASELINE_DAYS"),
            Measure::count("CLOSED_PROJECTS", Work, "1 for a closed project with a baseline in force, from its actual finish on."),
            Measure::count("CLOSED_ON_TIME", Work, "1 where that was by the last day of the baseline, dated like it."),
            Measure::count("BASELINE_DAYS", Work, "Working days of the baseline in force, both ends counted. From the day of the approval on.").known(),
        ],
        sources: vec![baselines(), progress(), slips()],
        derivations: vec![],
    }
}

/// The baseline that others are compared with, as `b`.
const IN_FORCE: &str = "b.kind = 'PERFORMANCE' AND b.state = 'APPROVED'";

/// The day on which it was approved; one that an import brought is approved as of its own day.
const APPROVED_ON: &str = "COALESCE({day:b.approved_at}, b.as_of_on)";

/// Of an item that has no increments.
const UNDIVIDED: &str = " AND i.cost_amount IS NOT NULL AND NOT EXISTS (SELECT 1 FROM baseline_period_value v WHERE v.baseline_item_id = i.id)";

/// Twelve rows for each.
fn twelfths() -> String {
    let rows: Vec<String> = (1..=12).map(|n| format!("SELECT {n} AS n")).collect();
    format!(" CROSS JOIN ({}) p", rows.join(" UNION ALL "))
}

/// The last day of a twelfth of an item's days.
fn twelfth_on() -> String {
    "{plus_days:i.start_on|((({days:i.finish_on} - {days:i.start_on} + 1) * p.n + 11) / 12 - 1)}".to_owned()
}

/// What is planned to be earned by then, less what was by the end of the one before: together the whole cost.
fn twelfth() -> String {
    let by_then = |n: &str| format!("(i.cost_amount / 12 * {n} + i.cost_amount % 12 * {n} / 12)");
    format!("{} - {}", by_then("p.n"), by_then("(p.n - 1)"))
}

fn baselines() -> Source {
    let select = |measure: &str, on: &str, amount: &str, rows: &str, only: &str| {
        format!(
            "SELECT b.id AS source_id, b.item_id, '{measure}' AS measure, {on} AS effective_on, b.currency, {amount} AS amount \
             FROM baseline b JOIN baseline_item i ON i.baseline_id = b.id{rows} WHERE b.id{{ids}} AND {IN_FORCE}{only}"
        )
    };
    let increments = " JOIN baseline_period_value v ON v.baseline_item_id = i.id";
    Source {
        name: "BASELINE",
        owner: "Baseline",
        facts: vec![
            Fact::owner("Baseline"),
            Fact::of("BaselineItem", "baseline_id"),
            Fact::of("BaselinePeriodValue", "baseline_id"),
        ],
        selects: vec![
            select(
                "BAC",
                &format!("{{least}}({APPROVED_ON}, i.start_on)"),
                "i.cost_amount",
                "",
                " AND i.cost_amount IS NOT NULL",
            ),
            select("PV", "v.end_on", "v.planned_amount", increments, " AND v.planned_amount IS NOT NULL"),
            select("PV", &twelfth_on(), &twelfth(), &twelfths(), UNDIVIDED),
        ],
    }
}

/// A task with what the baseline in force says of it.
const BASELINED: &str = "task t JOIN baseline_item i ON i.task_id = t.id JOIN baseline b ON b.id = i.baseline_id";

fn progress() -> Source {
    let select = |measure: &str, on: &str, amount: &str, currency: &str, rows: &str, only: &str| {
        format!(
            "SELECT t.id AS source_id, t.item_id, '{measure}' AS measure, {on} AS effective_on, {currency} AS currency, {amount} AS amount \
             FROM {BASELINED}{rows} WHERE t.id{{ids}} AND {IN_FORCE}{only}"
        )
    };
    let count = |measure: &str, on: &str, only: &str| {
        select(measure, on, "1", "CAST(NULL AS text)", "", &format!(" AND t.kind IN ('TASK', 'MILESTONE'){only}"))
    };
    let as_planned = " AND t.kind = 'LEVEL_OF_EFFORT'";
    let increments = " JOIN baseline_period_value v ON v.baseline_item_id = i.id";
    let milestone = " AND t.kind = 'MILESTONE'";
    Source {
        name: "PROGRESS",
        owner: "Task",
        facts: vec![
            Fact::owner("Task"),
            Fact::of("ProgressMeasurement", "task_id"),
            Fact::of("BaselineItem", "task_id"),
            Fact::behind("Baseline", "SELECT task_id AS id FROM baseline_item WHERE baseline_id{ids}"),
            Fact::behind(
                "BaselinePeriodValue",
                "SELECT DISTINCT i.task_id AS id FROM baseline_period_value v JOIN baseline_item i ON i.id = v.baseline_item_id WHERE v.id{ids}",
            ),
        ],
        selects: vec![
            steps(),
            select(
                "EV",
                "v.end_on",
                "v.planned_amount",
                "b.currency",
                increments,
                &format!("{as_planned} AND v.planned_amount IS NOT NULL"),
            ),
            select("EV", &twelfth_on(), &twelfth(), "b.currency", &twelfths(), &format!("{as_planned}{UNDIVIDED}")),
            count("MILESTONES_DUE", "i.finish_on", milestone),
            count("MILESTONES_HIT", "i.finish_on", &format!("{milestone} AND t.actual_finish_on <= i.finish_on")),
            count("TASKS_DUE", "i.finish_on", ""),
            count("TASKS_DONE", "t.actual_finish_on", " AND t.actual_finish_on IS NOT NULL"),
        ],
    }
}

/// What was earned by each measurement since the one before: the amounts by then are rounded, so that the steps sum to the
/// last of them. A cost is divided before it is multiplied, or the product would not fit.
fn steps() -> String {
    let by_fraction = "(i.cost_amount / 1000000000) * m.earned_fraction + ((i.cost_amount % 1000000000) * m.earned_fraction + 500000000) / 1000000000";
    let by_then = format!("{{least}}(i.cost_amount, COALESCE(m.measured_amount, {by_fraction}))");
    format!(
        "SELECT e.id AS source_id, e.item_id, 'EV' AS measure, e.status_on AS effective_on, e.currency, \
         e.earned - COALESCE(LAG(e.earned) OVER (PARTITION BY e.id ORDER BY e.status_on), 0) AS amount \
         FROM (SELECT t.id, t.item_id, m.status_on, b.currency, {by_then} AS earned \
         FROM {BASELINED} JOIN progress_measurement m ON m.task_id = t.id \
         WHERE t.id{{ids}} AND {IN_FORCE} AND t.kind <> 'LEVEL_OF_EFFORT' AND i.cost_amount IS NOT NULL AND m.archived_at IS NULL) e"
    )
}

/// Closed projects, each on the day on which it was over.
fn closed(measure: &str, only: &str) -> String {
    format!(
        "SELECT p.id AS source_id, p.id AS item_id, '{measure}' AS measure, p.actual_finish_on AS effective_on, \
         CAST(NULL AS text) AS currency, 1 AS amount FROM portfolio_item p JOIN baseline b ON b.item_id = p.id \
         WHERE p.id{{ids}} AND {IN_FORCE} AND p.state = 'CLOSED' AND p.actual_finish_on IS NOT NULL AND b.finish_on IS NOT NULL{only}"
    )
}

/// How many working days lie before a day, counted from a Monday long ago.
fn working_days_before(days: &str) -> String {
    format!("(({days}) / 7 * 5 + {{least}}(({days}) % 7, 5))")
}

fn slips() -> Source {
    let select = |measure: &str, amount: &str, only: &str| {
        format!(
            "SELECT p.id AS source_id, p.id AS item_id, '{measure}' AS measure, {APPROVED_ON} AS effective_on, \
             CAST(NULL AS text) AS currency, {amount} AS amount FROM portfolio_item p JOIN baseline b ON b.item_id = p.id \
             WHERE p.id{{ids}} AND {IN_FORCE} AND b.finish_on IS NOT NULL{only}"
        )
    };
    // A day counts as over on the evening: what lies before the day after it.
    let through = |day: &str| working_days_before(&format!("{{days:{day}}} + 1"));
    let finish = "COALESCE(p.actual_finish_on, p.forecast_finish_on)";
    let slip = format!("{} - {}", through(finish), through("b.finish_on"));
    let length = format!("{} - {}", through("b.finish_on"), working_days_before("{days:b.start_on}"));
    Source {
        name: PROJECTS,
        owner: "PortfolioItem",
        facts: vec![Fact::owner("Project"), Fact::of("Baseline", "item_id")],
        selects: vec![
            select("SLIP_DAYS", &slip, &format!(" AND {finish} IS NOT NULL")),
            select("BASELINE_DAYS", &length, " AND b.start_on IS NOT NULL"),
            closed("CLOSED_PROJECTS", ""),
            closed("CLOSED_ON_TIME", " AND p.actual_finish_on <= b.finish_on"),
        ],
    }
}
