//! `kpiSeries`: a KPI of an item at the end of each period.

use chrono::{Datelike, Days, Months, NaiveDate};
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::Value as Json;

use super::{KNOWN_AT, as_of, day, instant, show};
use crate::{
    error::{Code, Error},
    graph::{
        decl::{Answer, Asking, Price, Question},
        input,
    },
    kpi::{
        definition,
        value::{When, values},
    },
    write::Member,
};

/// Most figures of a series.
const MOST: usize = 400;

pub(super) fn answer() -> Answer {
    let member = |name, ty, doc| Member { name, ty, doc };
    Answer {
        name: "kpiSeries",
        doc: "A KPI of the item at the end of each period, the last day asked for as the end of the last: at most 400 figures.",
        args: vec![
            member("key", "String!", "Which KPI, by its key."),
            member("granularity", "KpiGranularity", "How far apart; MONTH if not said."),
            member("from", "LocalDate", "The first day; a year before the last if not said."),
            member("to", "LocalDate", "The last day; today if not said."),
            KNOWN_AT,
        ],
        ty: "[KpiValue!]!",
        price: price_of_series,
        run,
    }
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let keys: Vec<String> = input::text(asking.argument("key")).into_iter().collect();
        let definitions = definition::by_keys(asking.session, Some(&keys), instant(asking, "knownAt")).await?;
        let (_, at) = asked_days(asking)?;
        let when = When { at, known_at: instant(asking, "knownAt"), turn: None };
        let found = values(asking.session, asking.model, &items, &definitions, &when).await?;
        let as_of = as_of(asking, &when);
        let of = |item| {
            let values = found.values.iter().filter(move |value| value.scope == item);
            values.map(|value| show(asking.model, &found.facts, value, as_of)).collect::<Vec<_>>()
        };
        Ok(items.iter().map(|item| of(*item).into()).collect())
    }
    .boxed()
}

/// The first day of a series, and the last days of its periods, by the arguments `granularity`, `from` and `to`.
pub fn asked_days(asking: &Asking<'_, '_>) -> Result<(NaiveDate, Vec<NaiveDate>), Error> {
    let to = day(asking, "to").unwrap_or(asking.today);
    let from = day(asking, "from").or_else(|| to.checked_sub_months(Months::new(12))).unwrap_or(to);
    let granularity = input::text(asking.argument("granularity")).unwrap_or_else(|| "MONTH".to_owned());
    Ok((from, ends(&granularity, from, to)?))
}

/// A figure for the end of each period, of each row that is asked about, and what making them takes.
pub fn price_of_series(question: &Question<'_>) -> Price {
    let to = question.day("to").unwrap_or(question.today);
    let from = question.day("from").or_else(|| to.checked_sub_months(Months::new(12))).unwrap_or(to);
    let granularity = input::text(question.argument("granularity")).unwrap_or_else(|| "MONTH".to_owned());
    let periods = ends(&granularity, from, to).map_or(0, |ends| ends.len());
    Price::of(question, question.parents.saturating_mul(periods.saturating_add(2)))
}

/// The last days of the periods from one day to another.
fn ends(granularity: &str, from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>, Error> {
    let wrong = || Error::new(Code::BadVariables, "`from` is not after `to`, and both lie in the calendar.");
    if from > to || !(1900..=9900).contains(&from.year()) || !(1900..=9900).contains(&to.year()) {
        return Err(wrong());
    }
    let mut ends = vec![];
    let mut day = from;
    while day < to {
        day = end_of(granularity, day).ok_or_else(wrong)?.min(to);
        ends.push(day);
        if ends.len() > MOST {
            return Err(Error::new(
                Code::ResultTooLarge,
                format!("A series has at most {MOST} figures; take longer periods."),
            ));
        }
        if day < to {
            day = day + Days::new(1);
            if day == to {
                ends.push(day);
            }
        }
    }
    if ends.is_empty() {
        ends.push(to);
    }
    Ok(ends)
}

/// The last day of the period that a day lies in.
fn end_of(granularity: &str, day: NaiveDate) -> Option<NaiveDate> {
    let months = |count: u32| {
        let first = day.with_day(1)?.with_month(day.month0() / count * count + 1)?;
        Some(first.checked_add_months(Months::new(count))? - Days::new(1))
    };
    match granularity {
        "DAY" => Some(day),
        "WEEK" => day.checked_add_days(Days::new(6 - u64::from(day.weekday().num_days_from_monday()))),
        "QUARTER" => months(3),
        "YEAR" => months(12),
        _ => months(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn texts(granularity: &str, from: &str, to: &str) -> Vec<String> {
        ends(granularity, day(from), day(to)).expect("ends").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn periods_end_where_the_calendar_says_and_the_last_where_asked() {
        assert_eq!(texts("MONTH", "2024-01-15", "2024-03-10"), ["2024-01-31", "2024-02-29", "2024-03-10"]);
        assert_eq!(texts("QUARTER", "2024-02-01", "2024-07-01"), ["2024-03-31", "2024-06-30", "2024-07-01"]);
        assert_eq!(texts("WEEK", "2026-11-21", "2026-11-30"), ["2026-11-22", "2026-11-29", "2026-11-30"]);
        assert_eq!(texts("DAY", "2024-02-28", "2024-03-01"), ["2024-02-28", "2024-02-29", "2024-03-01"]);
        assert_eq!(texts("YEAR", "2024-05-05", "2024-05-05"), ["2024-05-05"]);
        assert_eq!(texts("MONTH", "2024-01-31", "2024-02-01"), ["2024-01-31", "2024-02-01"]);
    }

    #[test]
    fn what_has_no_end_is_refused() {
        assert!(ends("DAY", day("2024-01-02"), day("2024-01-01")).is_err());
        assert!(ends("DAY", day("2020-01-01"), day("2024-01-01")).is_err());
    }
}
