//! Amounts of work over the days of a calendar, in whole minutes whose sum is that of the amount. What is not working time
//! by the calendar gets nothing, unless all of a stretch is.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Unit;
use super::wanted::{ByDay, Stretch};
use crate::resources::{
    allocation_told::Segment,
    booking::MOST_DAYS,
    worktime::{calendar::Calendar, shift::DAY, spread::proportional},
};

/// Minutes of an hour.
const HOUR: Decimal = Decimal::from_parts(60, 0, 0, false, 0);

/// The days from one to another, if they are not too many.
fn days(from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>, String> {
    if to < from {
        return Err("it ends before it begins".to_owned());
    }
    if (to - from).num_days() >= MOST_DAYS {
        return Err(format!("a booking has at most {MOST_DAYS} days"));
    }
    Ok(from.iter_days().take_while(|day| *day <= to).collect())
}

/// Minutes in proportion to the working time of each day.
pub(super) fn even(minutes: i64, from: NaiveDate, to: NaiveDate, calendar: &Calendar) -> Result<ByDay, String> {
    let minutes = u64::try_from(minutes).map_err(|_| "work is 0 or more")?;
    let days = days(from, to)?;
    let weights: Vec<u64> = days.iter().map(|day| u64::from(calendar.minutes(*day))).collect();
    let spread =
        proportional(minutes, &weights).ok_or_else(|| format!("there is no working time from {from} to {to}"))?;
    Ok(days.into_iter().zip(spread).filter(|(_, minutes)| *minutes > 0).collect())
}

/// Segments of a unit, all of them together.
pub(super) fn segments(segments: &[Segment], calendar: &Calendar) -> Result<ByDay, String> {
    let mut all = ByDay::new();
    for segment in segments {
        let at = |text: String| format!("the segment from {} of {}: {text}", segment.start_on, segment.sum);
        let minutes = minutes_of(segment, calendar).map_err(at)?;
        for (day, minutes) in even(minutes, segment.start_on, segment.end_on, calendar).map_err(at)? {
            *all.entry(day).or_default() += minutes;
        }
    }
    Ok(all)
}

/// All minutes of a segment, half a minute rounded to even. A day is an average working day of its time.
fn minutes_of(segment: &Segment, calendar: &Calendar) -> Result<i64, String> {
    let sum: Decimal = segment.sum.parse().map_err(|_| "its sum is no number".to_owned())?;
    let working: Vec<u16> = days(segment.start_on, segment.end_on)?
        .into_iter()
        .map(|day| calendar.minutes(day))
        .filter(|minutes| *minutes > 0)
        .collect();
    let total = Decimal::from(working.iter().map(|minutes| u64::from(*minutes)).sum::<u64>());
    let minutes = match Unit::parse(segment.unit) {
        Some(Unit::Hours) => sum.checked_mul(HOUR),
        Some(Unit::Days) if working.is_empty() => None,
        Some(Unit::Days) => sum.checked_mul(total).and_then(|all| all.checked_div(Decimal::from(working.len()))),
        Some(Unit::Fte) => sum.checked_mul(total),
        None => return Err("its unit is not known".to_owned()),
    };
    let minutes = minutes.ok_or("there is no working time on its days, or its sum is too large")?;
    let whole = minutes.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
    i64::try_from(whole).map_err(|_| "its sum is too large".to_owned())
}

/// From the first day of segments to the last.
pub(super) fn reach(segments: &[Segment]) -> Option<(NaiveDate, NaiveDate)> {
    let from = segments.iter().map(|segment| segment.start_on).min()?;
    Some((from, segments.iter().map(|segment| segment.end_on).max()?))
}

/// Stretches of work, each even over the working time that it meets; their sum is `minutes`.
pub(super) fn stretches(stretches: &[Stretch], minutes: i64, calendar: &Calendar) -> Result<ByDay, String> {
    let minutes = u64::try_from(minutes).map_err(|_| "work is 0 or more")?;
    let mut seconds: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for stretch in stretches {
        let (from, to) = (stretch.start.date(), last_day(stretch.finish));
        let days = days(from, to)?;
        let weight = |within: &dyn Fn(NaiveDate, u16, u16) -> u16| -> Vec<u64> {
            let part = |day: &NaiveDate| {
                let begins = if *day == from { minute(stretch.start) } else { 0 };
                let ends = if *day == stretch.finish.date() { minute(stretch.finish) } else { DAY };
                u64::from(within(*day, begins, ends))
            };
            days.iter().map(part).collect()
        };
        let worked = weight(&|day, from, to| calendar.shifts(day).minutes_within(from, to));
        let of = u64::try_from(stretch.seconds).map_err(|_| "work is 0 or more")?;
        // Work at another time than the calendar has, such as overtime, is where it is told.
        let spread = proportional(of, &worked)
            .or_else(|| proportional(of, &weight(&|_, from, to| to.saturating_sub(from).max(1))))
            .ok_or("a stretch of work has no time")?;
        for (day, part) in days.into_iter().zip(spread) {
            *seconds.entry(day).or_default() += part;
        }
    }
    let weights: Vec<u64> = seconds.values().copied().collect();
    let spread = proportional(minutes, &weights).ok_or("there is no work from day to day")?;
    Ok(seconds.into_keys().zip(spread).filter(|(_, minutes)| *minutes > 0).collect())
}

/// The last day before an instant.
fn last_day(finish: NaiveDateTime) -> NaiveDate {
    let is_midnight = finish.time() == NaiveTime::MIN;
    if is_midnight { finish.date().pred_opt().unwrap_or(finish.date()) } else { finish.date() }
}

/// The minute of the day.
fn minute(at: NaiveDateTime) -> u16 {
    u16::try_from(at.hour() * 60 + at.minute()).unwrap_or(DAY)
}

/// A span that all days are in.
pub(super) fn around((from, to): (NaiveDate, NaiveDate), days: &ByDay) -> (NaiveDate, NaiveDate) {
    let first = days.keys().next().copied().unwrap_or(from);
    let last = days.keys().next_back().copied().unwrap_or(to);
    (from.min(first), to.max(last))
}
