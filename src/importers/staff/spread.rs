//! Amounts of work over the days of a calendar, in whole minutes. What of an amount is no whole minute is told beside them.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use super::super::carry::{self, ByDay, Work, WorkFault};
use super::super::told::{Assignment, Segment};
use super::Unit;
use crate::resources::{booking::MOST_DAYS, worktime::calendar::Calendar};

/// Work by the day, and what is to be known of it.
pub(super) struct Spread {
    pub work: Work,
    /// What was taken otherwise than it reads.
    pub doubt: Option<String>,
}

impl Spread {
    fn of(work: Work, doubt: Option<String>) -> Self {
        let rest =
            (work.rest != Decimal::ZERO).then(|| format!("{} seconds are no whole minute", work.rest.normalize()));
        Self { work, doubt: doubt.or(rest) }
    }
}

/// The work of an assignment: by time where that is told and is all of it, else over its working time.
pub(super) fn assignment(told: &Assignment, calendar: &Calendar) -> Result<Spread, String> {
    let shifts = |day: NaiveDate| calendar.shifts(day).clone();
    match carry::assignment(told, &shifts) {
        Ok(work) => Ok(Spread::of(work, None)),
        Err(fault @ WorkFault::OtherSum { .. }) => {
            let even = Assignment { timephased: vec![], ..told.clone() };
            let work = carry::assignment(&even, &shifts).map_err(|fault| fault.to_string())?;
            Ok(Spread::of(work, Some(format!("{fault}: it lies evenly over its working time"))))
        }
        Err(fault) => Err(fault.to_string()),
    }
}

/// Segments of a unit, all of them together. A day is the most usual working day of the calendar in their time.
pub(super) fn segments(told: &[Segment], unit: Unit, calendar: &Calendar) -> Result<Spread, String> {
    let capacity = |day: NaiveDate| u32::from(calendar.minutes(day));
    let unit = match unit {
        Unit::Hours => carry::Unit::Hours,
        Unit::Fte => carry::Unit::Fte,
        Unit::Percent => carry::Unit::Percent,
        Unit::Days => carry::Unit::Days { minutes_per_day: usual_day(told, &capacity) },
    };
    let work = carry::curve(told, unit, &capacity).map_err(|fault| without_line(&fault.to_string()))?;
    Ok(Spread::of(work, None))
}

/// The line is told with the booking.
fn without_line(text: &str) -> String {
    let plain = text.strip_prefix("line ").and_then(|rest| rest.split_once(": ")).map(|(_, rest)| rest);
    plain.unwrap_or(text).to_owned()
}

/// Minutes of the working day that there is most often, of several the longest; 0 where there is none.
fn usual_day(told: &[Segment], capacity: &dyn Fn(NaiveDate) -> u32) -> u32 {
    let mut lengths: BTreeMap<u32, usize> = BTreeMap::new();
    for segment in told {
        let span = segment.start.date().iter_days().take_while(|day| *day <= segment.finish.date());
        for day in span.take(usize::try_from(MOST_DAYS).unwrap_or(usize::MAX)) {
            *lengths.entry(capacity(day)).or_default() += 1;
        }
    }
    lengths.remove(&0);
    lengths.into_iter().max_by_key(|(length, count)| (*count, *length)).map_or(0, |(length, _)| length)
}

/// From the first day to the last.
pub(super) fn reach(told: &[Segment]) -> Option<(NaiveDate, NaiveDate)> {
    let from = told.iter().map(|segment| segment.start.date()).min()?;
    Some((from, told.iter().map(|segment| last_day(segment.start, segment.finish)).max()?))
}

/// The last day before an instant; that of the beginning at least.
pub(super) fn last_day(start: NaiveDateTime, finish: NaiveDateTime) -> NaiveDate {
    let is_midnight = finish.time() == chrono::NaiveTime::MIN;
    let before = finish.date().checked_sub_days(Days::new(1)).filter(|_| is_midnight);
    before.unwrap_or(finish.date()).max(start.date())
}

/// A span that all days are in.
pub(super) fn around((from, to): (NaiveDate, NaiveDate), days: &ByDay) -> (NaiveDate, NaiveDate) {
    let first = days.keys().next().copied().unwrap_or(from);
    let last = days.keys().next_back().copied().unwrap_or(to);
    (from.min(first), to.max(last))
}
