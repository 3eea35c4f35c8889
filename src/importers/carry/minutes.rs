//! Whole minutes by the day, and the stretches of days that have equally many.
//!
//! A day's working time is asked of the caller, as shifts. Work is spread in proportion to it; the minutes of the days
//! add up to the work, and what of it is no whole minute is told beside them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use rust_decimal::Decimal;

use super::super::told::{Assignment, Timephased, TimephasedKind};
use crate::resources::worktime::MOST_DAYS;
use crate::resources::worktime::shift::{DAY, Shifts};
use crate::resources::worktime::spread::{Curve, by_curve};

/// Seconds of a minute.
const MINUTE: Decimal = Decimal::from_parts(60, 0, 0, false, 0);

/// Minutes of days; none has 0.
pub type ByDay = BTreeMap<NaiveDate, u64>;

/// The work of days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Its whole minutes.
    pub days: ByDay,
    /// What was told beyond them, in seconds, -30..=30: the minutes of the days and this are exactly what was told.
    pub rest: Decimal,
}

/// Why work cannot be spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkFault {
    /// There is work, but no start or no finish.
    NoEnds,
    /// There is work, but no working time from the first of these days to the last.
    NoWorkingTime(NaiveDate, NaiveDate),
    /// It goes over too many days.
    TooLong,
    /// Its remaining and done work from when to when, in minutes, are not all of its work.
    OtherSum {
        /// What they add up to.
        timephased: i64,
        /// All of the work.
        work: i64,
    },
}

impl fmt::Display for WorkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEnds => f.write_str("there is work, but no start or no finish"),
            Self::NoWorkingTime(from, to) => write!(f, "there is work, but no working time from {from} to {to}"),
            Self::TooLong => write!(f, "it goes over more than {MOST_DAYS} days"),
            Self::OtherSum { timephased, work } => {
                write!(f, "the work by the day is {timephased} minutes, and all of it {work}")
            }
        }
    }
}

impl std::error::Error for WorkFault {}

/// The minutes of an assignment of what works by the hour, by the day: those that are told from when to when, else its
/// work over the working time from its start to its finish. None of its work is lost: rows that are not all of it are
/// a fault.
pub fn assignment(told: &Assignment, shifts: &dyn Fn(NaiveDate) -> Shifts) -> Result<Work, WorkFault> {
    let mut work = Work::default();
    if told.timephased.is_empty() {
        let Some(all) = told.work.filter(|all| all.seconds > 0) else { return Ok(work) };
        let (start, finish) = told.start.zip(told.finish).ok_or(WorkFault::NoEnds)?;
        work.add(all.seconds, start, finish, shifts)?;
        return Ok(work);
    }
    let sum = told.timephased.iter().map(|row| row.work.seconds).fold(0, i64::saturating_add);
    if let Some(all) = told.work.filter(|all| all.seconds != sum) {
        return Err(WorkFault::OtherSum { timephased: sum / 60, work: all.minutes() });
    }
    for kind in [TimephasedKind::Actual, TimephasedKind::Remaining] {
        for row in told.timephased.iter().filter(|row| row.kind == kind && row.work.seconds > 0) {
            work.add_row(row, shifts)?;
        }
    }
    Ok(work)
}

impl Work {
    /// Spreads seconds over the working time from an instant to another.
    fn add(
        &mut self,
        seconds: i64,
        start: NaiveDateTime,
        finish: NaiveDateTime,
        shifts: &dyn Fn(NaiveDate) -> Shifts,
    ) -> Result<(), WorkFault> {
        let (from, to) = (start.date(), finish.date());
        let capacity = |day: NaiveDate| {
            let begin = if day == from { minute(start) } else { 0 };
            let end = if day == to { minute(finish) } else { DAY };
            u32::from(shifts(day).minutes_within(begin, end))
        };
        self.spread(Decimal::from(seconds), from, to, &capacity)
    }

    /// A row. Work that is told for one day is that day's, although it may be none of work.
    fn add_row(&mut self, row: &Timephased, shifts: &dyn Fn(NaiveDate) -> Shifts) -> Result<(), WorkFault> {
        let day = row.start.date();
        let is_one_day = day.succ_opt().is_some_and(|next| row.finish <= next.and_time(NaiveTime::MIN));
        match self.add(row.work.seconds, row.start, row.finish, shifts) {
            Err(WorkFault::NoWorkingTime(..)) if is_one_day => {
                self.spread(Decimal::from(row.work.seconds), day, day, &|_| 1)
            }
            result => result,
        }
    }

    /// Spreads seconds over days by their capacity. What earlier pieces left over goes with them.
    pub(super) fn spread(
        &mut self,
        seconds: Decimal,
        from: NaiveDate,
        to: NaiveDate,
        capacity: &dyn Fn(NaiveDate) -> u32,
    ) -> Result<(), WorkFault> {
        let capacities = capacities(from, to, capacity)?;
        let due = seconds.checked_add(self.rest).ok_or(WorkFault::TooLong)?;
        let minutes = (due / MINUTE).round().max(Decimal::ZERO);
        let whole = u64::try_from(minutes).map_err(|_| WorkFault::TooLong)?;
        let spread = by_curve(whole, &capacities, Curve::Flat).ok_or(WorkFault::NoWorkingTime(from, to))?;
        self.rest = due - minutes * MINUTE;
        self.put(from, &spread);
        Ok(())
    }

    /// Adds minutes to the days from one on.
    fn put(&mut self, from: NaiveDate, minutes: &[u64]) {
        for (day, minutes) in from.iter_days().zip(minutes).filter(|(_, minutes)| **minutes > 0) {
            *self.days.entry(day).or_default() += minutes;
        }
    }

    /// Whole minutes of all its days.
    pub fn minutes(&self) -> u64 {
        self.days.values().sum()
    }
}

/// The capacity of each day from one to another, both included.
pub(super) fn capacities(
    from: NaiveDate,
    to: NaiveDate,
    capacity: &dyn Fn(NaiveDate) -> u32,
) -> Result<Vec<u32>, WorkFault> {
    let days = usize::try_from((to - from).num_days()).ok().map(|days| days + 1);
    let days = days.filter(|days| *days <= MOST_DAYS).ok_or(WorkFault::TooLong)?;
    Ok(from.iter_days().take(days).map(capacity).collect())
}

/// The minute of the day of an instant; the last second of a minute is its end.
fn minute(at: NaiveDateTime) -> u16 {
    let second = at.num_seconds_from_midnight();
    u16::try_from((second + u32::from(second % 60 == 59)) / 60).unwrap_or(DAY)
}
