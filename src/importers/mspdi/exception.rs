//! Days of a calendar that are otherwise, once or again and again.

use chrono::{NaiveDate, Weekday, WeekdaySet};

use super::super::told::{Exception, ExceptionKind};
use super::super::value::{Read, flag, natural};
use super::super::xml::{Element, Expected, Fault};
use super::hours;
use super::reading::Reading;

const NO_DAYS: &str = "It has no first or no last day.";
const NO_HOURS: &str = "It is said to be working time, but not when.";
const NO_TYPE: &str = "Its type of recurrence is none of 1 to 7.";
const NO_WEEKDAY: &str = "It recurs weekly, but on no day of the week.";

/// The parameters of recurrence, which a type takes or has no use for.
const PARAMETERS: [&str; 7] =
    ["EnteredByOccurrences", "Occurrences", "Period", "DaysOfWeek", "MonthItem", "MonthPosition", "MonthDay"];

/// Reads an `Exception`; None where it is left, which is noted.
pub(super) fn read(element: &Element, reading: &mut Reading) -> Result<Option<Exception>, Fault> {
    for name in PARAMETERS.iter().chain(&["Month"]) {
        element.children(name).for_each(drop);
    }
    let kind = kind(element)?;
    let is_counted = Reading::is(element, "EnteredByOccurrences", flag)?;
    let occurrences = element.value("Occurrences", natural)?.filter(|times| is_counted && *times > 0);
    match kind {
        Ok(kind) => dated(element, kind, occurrences, reading),
        Err(why) => Ok(left(element, why, reading)),
    }
}

/// Reads a `WeekDay` of type 0, as versions up to 2003 write exceptions.
pub(super) fn read_older(element: &Element, reading: &mut Reading) -> Result<Option<Exception>, Fault> {
    dated(element, ExceptionKind::Range, None, reading)
}

fn dated(
    element: &Element,
    kind: ExceptionKind,
    occurrences: Option<u32>,
    reading: &mut Reading,
) -> Result<Option<Exception>, Fault> {
    let Some((from, to)) = days(element, reading)? else { return Ok(None) };
    let name = element.words("Name")?;
    match hours::day(element, reading)? {
        hours::Told::Shifts(shifts) => Ok(Some(Exception { name, from, to, kind, occurrences, shifts })),
        hours::Told::Unknown => Ok(left(element, NO_HOURS, reading)),
    }
}

/// The first and last day of a `TimePeriod`; None where one is missing, which is noted.
pub(super) fn days(element: &Element, reading: &mut Reading) -> Result<Option<(NaiveDate, NaiveDate)>, Fault> {
    let period = element.child("TimePeriod")?;
    let (mut from, mut to) = (None, None);
    if let Some(period) = period {
        from = reading.moment(period, "FromDate")?;
        to = reading.moment(period, "ToDate")?;
    }
    let Some((from, to)) = from.zip(to) else { return Ok(left(element, NO_DAYS, reading)) };
    let (first, last) = (from.first_day(), to.last_day());
    if last < first {
        let line = period.unwrap_or(element);
        return Err(line.fault(format!("the last day {last} is before the first, {first}")));
    }
    Ok(Some((first, last)))
}

/// Counts an element as left, with all that is in it.
fn left<T>(element: &Element, why: &'static str, reading: &mut Reading) -> Option<T> {
    let place = element.path.rsplit_once('/').map_or("", |(place, _)| place);
    reading.left.because(place, &element.name, why);
    element.take();
    None
}

/// How it recurs, or why that is not known.
fn kind(element: &Element) -> Result<Result<ExceptionKind, &'static str>, Fault> {
    let period = || Ok(element.value("Period", at_least_one)?.unwrap_or(1));
    let month = || element.needed("Month", |text| within(text, 0, 11, "a month from 0 to 11"));
    let month_day = || element.needed("MonthDay", |text| within(text, 1, 31, "a day from 1 to 31"));
    let position = || element.needed("MonthPosition", |text| within(text, 0, 4, "a position from 0 to 4"));
    let item = || element.needed("MonthItem", |text| within(text, 0, 9, "an item from 0 to 9"));
    Ok(Ok(match element.value("Type", natural)?.unwrap_or(1) {
        1 => ExceptionKind::Range,
        2 => ExceptionKind::YearlyOnDay { month: month()?, month_day: month_day()? },
        3 => ExceptionKind::YearlyOnPosition { month: month()?, position: position()?, item: item()? },
        4 => ExceptionKind::MonthlyOnDay { period: period()?, month_day: month_day()? },
        5 => ExceptionKind::MonthlyOnPosition { period: period()?, position: position()?, item: item()? },
        6 => {
            let weekdays = element.needed("DaysOfWeek", weekdays)?;
            if weekdays.is_empty() {
                return Ok(Err(NO_WEEKDAY));
            }
            ExceptionKind::Weekly { period: period()?, weekdays }
        }
        7 => ExceptionKind::Daily { period: period()? },
        _ => return Ok(Err(NO_TYPE)),
    }))
}

fn at_least_one(text: &str) -> Read<u32> {
    within(text, 1, u32::MAX, "a whole number from 1 on")
}

fn within(text: &str, least: u32, most: u32, what: &'static str) -> Read<u32> {
    natural(text).ok().filter(|number| (least..=most).contains(number)).ok_or(Expected(what))
}

/// Days of the week from a sum of 1 for Sunday, 2 for Monday to 64 for Saturday.
fn weekdays(text: &str) -> Read<WeekdaySet> {
    const DAYS: [Weekday; 7] =
        [Weekday::Sun, Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat];
    let sum = within(text, 0, 127, "a sum of weekdays from 0 to 127")?;
    let days = DAYS.into_iter().enumerate().filter(|(at, _)| sum & (1 << at) != 0);
    Ok(days.map(|(_, day)| day).collect())
}
