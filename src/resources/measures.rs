//! What pools give to measures of the portfolios that they serve: minutes of weeks, each on the Sunday that ends it.

use super::{overbooking, pool_weeks};
use crate::{
    auth::Class::Work,
    kpi::measure::{Measure, Measures, Source},
};

/// The measures of resources.
pub fn measures() -> Measures {
    let minutes = |key: &'static str, doc: &'static str| Measure::count(key, Work, doc);
    Measures {
        measures: vec![
            minutes(
                "CAPACITY",
                "Minutes that the people of pools can work: calendar times full-time people less time off. As all of these dated on the Sunday of each week, from two years ago to a year ahead; of people whose capacity is known. Confidential items count in none, nor do weeks in which fewer than three people of the pool can work.",
            ),
            minutes("CAPACITY_FREE", "Of those: neither confirmed nor planned, found on each day of each person."),
            minutes(
                "OVERBOOKED",
                "Minutes confirmed and planned beyond the capacity, found on each day of each person.",
            ),
            minutes(
                "STAFF_DEMAND",
                "Minutes confirmed, planned, or asked of pools and not booked yet; what is asked lies evenly over working days.",
            ),
            minutes("SKILL_DEMAND", "Minutes asked of pools with a mandatory skill, and not booked yet."),
            minutes(
                "SKILL_COVERED",
                "Of those: what free minutes of people with the skills can cover in the week, each minute once.",
            ),
            minutes(
                "CAPACITY_RECORDED",
                "Minutes of CAPACITY of pools in which time is recorded: from the first week on of which anybody of the pool did.",
            ),
            minutes(
                "WORKED",
                "Minutes that people of pools worked on projects, whosoever they are, of weeks that are approved or posted, less what was reversed.",
            ),
            Measure::count(
                "SHEETS_EXPECTED",
                Work,
                "Timesheets that are due: of weeks in which people of pools had time to work, from the first week on that anybody of the pool recorded.",
            ),
            Measure::count("SHEETS_IN_TIME", Work, "Of those: submitted by their due time, and not returned since."),
        ],
        sources: vec![Source { name: pool_weeks::SOURCE, owner: "ResourcePool", facts: vec![], selects: selects() }],
        derivations: vec![pool_weeks::derivation(), overbooking::derivation()],
    }
}

fn selects() -> Vec<String> {
    let of = |(measure, column): (&str, &str)| {
        format!(
            "SELECT w.pool_id AS source_id, p.serves_id AS item_id, '{measure}' AS measure, w.ends_on AS effective_on, \
             CAST(NULL AS text) AS currency, w.{column} AS amount FROM pool_week w JOIN resource_pool p ON p.id = w.pool_id \
             WHERE w.pool_id{{ids}} AND p.serves_id IS NOT NULL AND p.archived_at IS NULL AND w.{column} <> 0"
        )
    };
    [
        ("CAPACITY", "capacity"),
        ("CAPACITY_FREE", "free"),
        ("OVERBOOKED", "over_capacity"),
        ("STAFF_DEMAND", "demand"),
        ("SKILL_DEMAND", "skill_demand"),
        ("SKILL_COVERED", "skill_covered"),
        ("CAPACITY_RECORDED", "recorded"),
        ("WORKED", "worked"),
        ("SHEETS_EXPECTED", "sheets_expected"),
        ("SHEETS_IN_TIME", "sheets_in_time"),
    ]
    .map(of)
    .into()
}
