//! What requests ask for that nobody is booked for yet, day by day.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use entity::{allocation, resource_request};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    booking::BOOKED,
    load::{Run, Span, runs::compress},
};
use crate::error::Error;

/// States of requests that ask for nothing any more.
pub const SETTLED: [&str; 3] = ["COMPLETED", "DECLINED", "RELEASED"];

/// The minutes of a request that are not booked, on the days of a time. Nothing where it is settled, or booked in full.
pub fn unfilled(request: &resource_request::Model, booked: u64, span: Span) -> Vec<Run> {
    let rest = u64::try_from(request.minutes).unwrap_or_default().saturating_sub(booked);
    if rest == 0 || SETTLED.contains(&request.state.as_str()) {
        return vec![];
    }
    spread(rest, (request.start_on, request.end_on), span)
}

/// The minutes that are planned or confirmed in answer to requests, by request.
pub async fn booked(db: &impl ConnectionTrait, requests: &[Uuid]) -> Result<HashMap<Uuid, u64>, Error> {
    use allocation::Column as A;
    let mut all: HashMap<Uuid, u64> = HashMap::new();
    for some in requests.chunks(500) {
        let rows = allocation::Entity::find()
            .select_only()
            .columns([A::RequestId, A::Minutes])
            .filter(A::RequestId.is_in(some.iter().copied()))
            .filter(A::State.is_in(BOOKED));
        for (request, minutes) in rows.into_tuple::<(Uuid, i32)>().all(db).await? {
            *all.entry(request).or_default() += u64::try_from(minutes).unwrap_or_default();
        }
    }
    Ok(all)
}

/// Minutes laid evenly over the working days, Monday to Friday, from one day to another, or over all days where none of them
/// is one; those of them that are within a time. However long the days are, all parts together are the minutes.
pub fn spread(minutes: u64, (from, to): (NaiveDate, NaiveDate), span: Span) -> Vec<Run> {
    let after = |day: NaiveDate| day.succ_opt().unwrap_or(day);
    let has_weekdays = weekdays_before(after(to)) > weekdays_before(from);
    let before = |day: NaiveDate| if has_weekdays { weekdays_before(day) } else { days_before(day) };
    let (start, whole) = (before(from), before(after(to)) - before(from));
    let up_to = |day: NaiveDate| {
        let place = (before(day.clamp(from, after(to))) - start).clamp(0, whole);
        u128::from(minutes) * u128::from(place.unsigned_abs()) / u128::from(whole.unsigned_abs().max(1))
    };
    let of = |at: usize| {
        let day = span.day(at);
        u64::try_from(up_to(after(day)) - up_to(day)).unwrap_or_default()
    };
    let days: Vec<u64> = (0..span.days()).map(of).collect();
    compress(span.first(), &days).unwrap_or_default()
}

fn days_before(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// How many weekdays lie between a Monday long ago and a day.
fn weekdays_before(day: NaiveDate) -> i64 {
    // The first day of the era was a Monday.
    let days = days_before(day) - 1;
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::load::runs::total;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn span(from: &str, to: &str) -> Span {
        Span::new(day(from), day(to)).expect("a span")
    }

    #[test]
    fn minutes_lie_on_weekdays_and_none_is_lost() {
        // A leap year: Thursday to Monday has three weekdays.
        let days = (day("2024-02-29"), day("2024-03-04"));
        let found = spread(1_000, days, span("2024-02-01", "2024-03-31"));
        let run = |from: &str, to: &str, minutes| Run { from: day(from), to: day(to), minutes };
        assert_eq!(found, [run("2024-02-29", "2024-03-01", 333), run("2024-03-04", "2024-03-04", 334)]);
        let weekend = (day("2024-03-02"), day("2024-03-03"));
        assert_eq!(spread(100, weekend, span("2024-03-01", "2024-03-31")), [run("2024-03-02", "2024-03-03", 50)]);
    }

    #[test]
    fn parts_of_a_time_sum_to_the_whole() {
        let days = (day("2023-11-15"), day("2025-02-03"));
        let parts: u64 = [("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-12-31")]
            .iter()
            .map(|(from, to)| total(&spread(77_777, days, span(from, to))))
            .sum();
        assert_eq!(parts, 77_777);
        // However long it is.
        let ages = (day("0001-01-01"), day("9999-12-31"));
        assert!(total(&spread(1_000_000_000, ages, span("2024-01-01", "2024-12-31"))) > 0);
    }
}
