//! What benefits give to measures: what was promised, planned, expected and had, and how it is followed. Money is split
//! between the item that is to bring a benefit and those that help, by their shares.

use crate::{
    auth::Class::{Ben, Fin},
    kpi::measure::{Fact, Measure, Measures, Source},
};

/// The measures of benefits. What nobody wants counts negative in all money.
pub fn measures() -> Measures {
    Measures {
        measures: vec![
            Measure::money(
                "BENEFIT_APPROVED",
                Ben,
                "What approved benefits are to bring over their life, from their approval on; of each item its share.",
            )
            .known(),
            Measure::money(
                "BENEFIT_PLANNED",
                Ben,
                "The plans of approved benefits, each point on the last day of its period; of each item its share.",
            )
            .with("BENEFITS_PLANNED"),
            Measure::count(
                "BENEFITS_PLANNED",
                Ben,
                "Benefits with a plan of which the item has all or a share, from the approval of each on.",
            )
            .known(),
            Measure::money(
                "BENEFIT_REMAINING",
                Ben,
                "What those plans give to periods that end after the day, from the approval on; of each item its share.",
            ),
            Measure::money(
                "BENEFIT_REALIZED",
                Ben,
                "What was had of them and not returned or reversed, on the day of its measurement, of the item that it is attributed to.",
            ),
            Measure::money(
                "BENEFIT_FORECAST",
                Ben,
                "What they are expected to bring over their life: by the published review held last, before the first by their approval; of each item its share.",
            )
            .known(),
            Measure::money(
                "FLOW",
                Fin,
                "The plans of approved benefits less the lines of cost plans of record, each on the last day of its period.",
            )
            .and(Ben)
            .with("FLOWS"),
            Measure::money(
                "FLOW_COSTS",
                Fin,
                "The lines of cost plans of record where there is any flow, each on the last day of its period.",
            )
            .and(Ben)
            .with("FLOWS"),
            Measure::count("FLOWS", Fin, "Cost plans of record, and parts of planned benefits, from the approval of each on.").and(Ben),
            Measure::count(
                "BENEFITS_PROMISED",
                Ben,
                "Benefits that were approved, are not settled and are not withdrawn, from their approval on.",
            )
            .known(),
            Measure::count(
                "BENEFITS_OWNED",
                Ben,
                "Those of them whose owner is active and of which no measurement is overdue: what is due counts from the next day on, until it is there.",
            ),
            Measure::count(
                "MEASURES_TAKEN",
                Ben,
                "Measures of approved benefits, with a baseline and a target, of which something was measured, from the first day on.",
            )
            .known(),
            Measure::count(
                "MEASURES_ON_TARGET",
                Ben,
                "Those of them whose latest level lies at 90 % of the way from the baseline to the target or beyond; of dis-benefits, not beyond the target that limits them.",
            ),
        ],
        sources: vec![benefits(), actuals(), levels()],
        derivations: vec![],
    }
}

/// Benefits that were promised; `{ids}` stands for the condition on their own ids.
const PROMISED: &str = "b.state NOT IN ('IDENTIFIED', 'PROFILED', 'WITHDRAWN') AND b.archived_at IS NULL";

/// Those of them that are not settled.
const FOLLOWED: &str = "b.id{ids} AND b.state IN ('APPROVED', 'ENABLED', 'REALIZING') AND b.archived_at IS NULL";

/// From when on a benefit is promised.
const APPROVED_ON: &str = "COALESCE({day:b.approved_at}, b.as_of_on, {day:b.created_at})";

/// The amount with the sign that the benefit's polarity gives it.
fn signed(amount: &str) -> String {
    format!("(CASE WHEN b.polarity = 'DISBENEFIT' THEN -({amount}) ELSE {amount} END)")
}

/// An amount of a benefit, split: who helps has her share, rounded towards 0, and the item the rest, so that the parts sum
/// to the whole. The amount is divided before it is multiplied: the product itself has no room in 64 bits.
fn split(measure: &str, on: &str, amount: &str, rows: &str, only: &str) -> [String; 3] {
    let whole = signed(amount);
    let share = format!("({whole} / 1000000000 * s.share + {whole} % 1000000000 * s.share / 1000000000)");
    let helpers = " JOIN benefit_contribution s ON s.benefit_id = b.id";
    let select = |item: &str, amount: &str, helpers: &str| {
        format!(
            "SELECT b.id AS source_id, {item} AS item_id, '{measure}' AS measure, {on} AS effective_on, b.currency, {amount} AS amount \
             FROM benefit b{helpers}{rows} WHERE b.id{{ids}} AND {PROMISED}{only}"
        )
    };
    [
        select("b.item_id", &whole, ""),
        select("b.item_id", &format!("-{share}"), helpers),
        select("s.contributor_id", &share, helpers),
    ]
}

fn benefits() -> Source {
    let points = " JOIN benefit_plan_point l ON l.benefit_id = b.id JOIN fiscal_period p ON p.id = l.period_id";
    let to_come = format!(" AND p.end_on > {APPROVED_ON}");
    // By the approval, then by each review until the next; of several held on one day the one published last.
    let expected = format!(
        " JOIN (SELECT e.*, LEAD(e.from_on) OVER (PARTITION BY e.benefit_id ORDER BY e.from_on, e.nth, e.said_at, e.id) AS next_on FROM (\
         SELECT b.id AS benefit_id, b.id AS id, 0 AS nth, {APPROVED_ON} AS from_on, b.created_at AS said_at, b.amount AS expected \
         FROM benefit b WHERE b.id{{ids}} AND b.amount IS NOT NULL UNION ALL \
         SELECT r.benefit_id, r.id, 1, r.held_on, r.published_at, r.forecast_amount FROM benefit_review r \
         JOIN benefit b ON b.id = r.benefit_id WHERE b.id{{ids}} AND r.state = 'PUBLISHED' AND r.forecast_amount IS NOT NULL \
         AND r.held_on >= {APPROVED_ON}) e) v ON v.benefit_id = b.id"
    );
    let mut selects: Vec<String> = [
        split("BENEFIT_APPROVED", APPROVED_ON, "b.amount", "", " AND b.amount IS NOT NULL"),
        split("BENEFIT_PLANNED", "p.end_on", "l.amount", points, ""),
        split("FLOW", "p.end_on", "l.amount", points, ""),
        split("BENEFIT_REMAINING", APPROVED_ON, "l.amount", points, &to_come),
        split("BENEFIT_REMAINING", "p.end_on", "-l.amount", points, &to_come),
        split("BENEFIT_FORECAST", "v.from_on", "v.expected", &expected, ""),
        split("BENEFIT_FORECAST", "v.next_on", "-v.expected", &expected, " AND v.next_on IS NOT NULL"),
    ]
    .concat();
    selects.extend(counts());
    Source {
        name: "BENEFIT",
        owner: "Benefit",
        facts: vec![
            Fact::owner("Benefit"),
            Fact::of("BenefitPlanPoint", "benefit_id"),
            Fact::of("BenefitContribution", "benefit_id"),
            Fact::of("BenefitReview", "benefit_id"),
            Fact::of("BenefitMeasure", "benefit_id"),
            Fact::period("SELECT DISTINCT benefit_id AS id FROM benefit_plan_point WHERE period_id{ids}"),
            Fact::behind("Person", "SELECT id FROM benefit WHERE owner_id{ids}"),
        ],
        selects,
    }
}

/// Benefits that are followed, and what is planned at all.
fn counts() -> [String; 7] {
    let count = |measure: &str, item: &str, on: &str, amount: &str, rows: &str| {
        format!(
            "SELECT b.id AS source_id, {item} AS item_id, '{measure}' AS measure, {on} AS effective_on, \
             CAST(NULL AS text) AS currency, {amount} AS amount FROM {rows}"
        )
    };
    let owned = format!(
        "benefit b JOIN person o ON o.id = b.owner_id AND o.is_active AND o.archived_at IS NULL WHERE {FOLLOWED}"
    );
    let late = format!(
        "(SELECT b.id, b.item_id, {APPROVED_ON} AS from_on, \
         (SELECT MIN(m.next_due_on) FROM benefit_measure m WHERE m.benefit_id = b.id) AS due_on FROM {owned}) b WHERE b.due_on IS NOT NULL"
    );
    let late_on = "CASE WHEN b.due_on < b.from_on THEN b.from_on ELSE {next_day:b.due_on} END";
    let planned =
        format!("b.id{{ids}} AND {PROMISED} AND EXISTS (SELECT 1 FROM benefit_plan_point l WHERE l.benefit_id = b.id)");
    let of_item = format!("benefit b WHERE {planned}");
    let of_helpers = format!("benefit b JOIN benefit_contribution s ON s.benefit_id = b.id WHERE {planned}");
    [
        count("BENEFITS_PROMISED", "b.item_id", APPROVED_ON, "1", &format!("benefit b WHERE {FOLLOWED}")),
        count("BENEFITS_OWNED", "b.item_id", APPROVED_ON, "1", &owned),
        count("BENEFITS_OWNED", "b.item_id", late_on, "-1", &late),
        count("FLOWS", "b.item_id", APPROVED_ON, "1", &of_item),
        count("FLOWS", "s.contributor_id", APPROVED_ON, "1", &of_helpers),
        count("BENEFITS_PLANNED", "b.item_id", APPROVED_ON, "1", &of_item),
        count("BENEFITS_PLANNED", "s.contributor_id", APPROVED_ON, "1", &of_helpers),
    ]
}

/// States in which something that was measured counts.
const LIVE: &str = "a.state IN ('RECORDED', 'VALIDATED')";

fn actuals() -> Source {
    let amount = signed("a.attributed_amount");
    let select = format!(
        "SELECT a.id AS source_id, a.attributed_item_id AS item_id, 'BENEFIT_REALIZED' AS measure, a.measured_on AS effective_on, \
         a.currency, {amount} AS amount FROM benefit_actual a JOIN benefit b ON b.id = a.benefit_id \
         WHERE a.id{{ids}} AND {LIVE} AND a.attributed_amount IS NOT NULL AND {PROMISED}"
    );
    Source {
        name: "BENEFIT_ACTUAL",
        owner: "BenefitActual",
        facts: vec![
            Fact::owner("BenefitActual"),
            Fact::behind("Benefit", "SELECT id FROM benefit_actual WHERE benefit_id{ids}"),
        ],
        selects: vec![select],
    }
}

fn levels() -> Source {
    // All that share a measurement tell one level.
    let levels = format!(
        "SELECT v.*, LAG(v.day) OVER (PARTITION BY v.id ORDER BY v.day) AS before_on, LEAD(v.day) OVER (PARTITION BY v.id ORDER BY v.day) AS next_on \
         FROM (SELECT m.id, m.item_id, m.direction, m.baseline_value, m.target_value, b.polarity, a.measured_on AS day, MIN(a.value) AS level \
         FROM benefit_measure m JOIN benefit b ON b.id = m.benefit_id JOIN benefit_actual a ON a.measure_id = m.id \
         WHERE m.id{{ids}} AND {LIVE} AND {PROMISED} AND m.baseline_value IS NOT NULL AND m.target_value IS NOT NULL \
         GROUP BY m.id, m.item_id, m.direction, m.baseline_value, m.target_value, b.polarity, a.measured_on) v"
    );
    // Numbers of any size: what is missing to the target is at most a tenth of the way.
    let (target, way) = ("CAST(l.target_value AS numeric)", "CAST(l.target_value AS numeric) - l.baseline_value");
    let is_reached = format!(
        "CASE WHEN l.polarity = 'DISBENEFIT' AND l.direction = 'UP' THEN l.level >= l.target_value \
         WHEN l.polarity = 'DISBENEFIT' THEN l.level <= l.target_value \
         WHEN l.target_value > l.baseline_value THEN ({target} - l.level) * 10 <= {way} \
         ELSE ({target} - l.level) * 10 >= {way} END"
    );
    let select = |measure: &str, on: &str, amount: &str, only: &str| {
        format!(
            "SELECT l.id AS source_id, l.item_id, '{measure}' AS measure, {on} AS effective_on, CAST(NULL AS text) AS currency, \
             {amount} AS amount FROM ({levels}) l WHERE {only}"
        )
    };
    Source {
        name: "BENEFIT_MEASURE",
        owner: "BenefitMeasure",
        facts: vec![
            Fact::owner("BenefitMeasure"),
            Fact::of("BenefitActual", "measure_id"),
            Fact::behind("Benefit", "SELECT id FROM benefit_measure WHERE benefit_id{ids}"),
        ],
        selects: vec![
            select("MEASURES_TAKEN", "l.day", "1", "l.before_on IS NULL"),
            select("MEASURES_ON_TARGET", "l.day", "1", &is_reached),
            select("MEASURES_ON_TARGET", "l.next_on", "-1", &format!("l.next_on IS NOT NULL AND {is_reached}")),
        ],
    }
}
