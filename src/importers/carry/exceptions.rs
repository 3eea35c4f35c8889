//! Weeks and exceptions of calendars, onto those of worktime.
//!
//! Exceptions come in the order in which they win: those of the file first, then the weeks for a time, each as one
//! weekly exception for the weekdays that have the same times. Two things differ from Microsoft Project: a week for a
//! time wins over the exceptions of the calendar below, since it is an exception here; and a day beyond a short month
//! is its last one.

use chrono::{Days, NaiveDate, Weekday, WeekdaySet};

use super::super::told::{Calendar, Exception, ExceptionKind, Shift as ToldShift, WeekTimes, WorkWeek};
use crate::resources::worktime::calendar::Week;
use crate::resources::worktime::recurrence::{Item, Position, Recurrence};
use crate::resources::worktime::series::{MOST_OCCURRENCES, Series};
use crate::resources::worktime::shift::{Shift, ShiftFault, Shifts};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// An exception as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// What it is called, or its days where it has no name.
    pub name: String,
    /// Its days, of which there is at least one.
    pub on: Series,
    /// Its working times; none for no work.
    pub shifts: Shifts,
    /// Whether it was a week for a time.
    pub is_work_week: bool,
}

/// An exception that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncarried {
    /// What it is called, or its days where it has no name.
    pub name: String,
    /// Why, on one line.
    pub why: String,
}

/// The exceptions and weeks for a time of a calendar, in the order in which they win; and those that cannot be kept.
pub fn exceptions(calendar: &Calendar) -> (Vec<Carried>, Vec<Uncarried>) {
    let (mut carried, mut uncarried) = (vec![], vec![]);
    let mut add = |name: &Option<String>, from, to, on: Series, shifts: &[ToldShift], is_work_week| {
        let name = name.clone().unwrap_or_else(|| days(from, to));
        match valid(on, shifts) {
            Ok(shifts) => carried.push(Carried { name, on, shifts, is_work_week }),
            Err(why) => uncarried.push(Uncarried { name, why }),
        }
    };
    for told in &calendar.exceptions {
        add(&told.name, told.from, told.to, series(told), &told.shifts, false);
    }
    for told in &calendar.work_weeks {
        for (on, shifts) in weekly(told) {
            add(&told.name, told.from, told.to, on, shifts, true);
        }
    }
    (carried, uncarried)
}

/// A week; a day of which nothing is told is as in the base.
pub fn week(told: &WeekTimes) -> Result<Week, ShiftFault> {
    let mut week = Week::default();
    for (own, told) in week.iter_mut().zip(told) {
        *own = told.as_deref().map(shifts).transpose()?;
    }
    Ok(week)
}

/// The shifts of a day.
pub fn shifts(told: &[ToldShift]) -> Result<Shifts, ShiftFault> {
    Shifts::new(told.iter().map(|shift| Shift::new(shift.from, shift.to)).collect::<Result<_, _>>()?)
}

fn valid(on: Series, told: &[ToldShift]) -> Result<Shifts, String> {
    match on.faults().first() {
        Some(fault) => Err(fault.to_string()),
        None if on.first().is_none() => Err("it holds on no day at all".to_owned()),
        None => shifts(told).map_err(|fault| fault.to_string()),
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> String {
    if from == to { from.to_string() } else { format!("{from} to {to}") }
}

/// The days of an exception. Where so many times end it, its last day says nothing; every day one after another is one
/// stretch.
fn series(told: &Exception) -> Series {
    let recurrence = match told.kind {
        ExceptionKind::Range | ExceptionKind::Daily { period: 1 } => Recurrence::Once,
        ExceptionKind::Daily { period } => Recurrence::Daily { every: period },
        ExceptionKind::Weekly { period, weekdays } => Recurrence::Weekly { every: period, weekdays },
        ExceptionKind::MonthlyOnDay { period, month_day } => Recurrence::MonthlyOnDay { every: period, day: month_day },
        ExceptionKind::MonthlyOnPosition { period, position, item } => {
            Recurrence::MonthlyOnPosition { every: period, position: self::position(position), item: self::item(item) }
        }
        // Months are told from 0.
        ExceptionKind::YearlyOnDay { month, month_day } => Recurrence::YearlyOnDay { month: month + 1, day: month_day },
        ExceptionKind::YearlyOnPosition { month, position, item } => Recurrence::YearlyOnPosition {
            month: month + 1,
            position: self::position(position),
            item: self::item(item),
        },
    };
    let until = Series { recurrence, from: told.from, until: Some(told.to), occurrences: None };
    match told.occurrences {
        Some(times) if told.kind == (ExceptionKind::Daily { period: 1 }) => {
            let last = told.from.checked_add_days(Days::new(u64::from(times.saturating_sub(1))));
            Series { until: last.or(until.until), ..until }
        }
        // The last day says the same, where there are more times than are counted.
        Some(times) if recurrence != Recurrence::Once && (1..=MOST_OCCURRENCES).contains(&times) => {
            Series { until: None, occurrences: Some(times), ..until }
        }
        _ => until,
    }
}

fn position(told: u32) -> Position {
    match told {
        0 => Position::First,
        1 => Position::Second,
        2 => Position::Third,
        3 => Position::Fourth,
        _ => Position::Last,
    }
}

fn item(told: u32) -> Item {
    match told {
        0 => Item::Day,
        1 => Item::Weekday,
        2 => Item::WeekendDay,
        3 => Item::On(Weekday::Sun),
        4 => Item::On(Weekday::Mon),
        5 => Item::On(Weekday::Tue),
        6 => Item::On(Weekday::Wed),
        7 => Item::On(Weekday::Thu),
        8 => Item::On(Weekday::Fri),
        _ => Item::On(Weekday::Sat),
    }
}

/// A week for a time as weekly exceptions: the weekdays that have the same times are one.
fn weekly(told: &WorkWeek) -> Vec<(Series, &[ToldShift])> {
    let mut alike: Vec<(WeekdaySet, &[ToldShift])> = vec![];
    for (day, shifts) in WEEK.into_iter().zip(&told.week) {
        let Some(shifts) = shifts else { continue };
        match alike.iter_mut().find(|(_, same)| same == shifts) {
            Some((days, _)) => _ = days.insert(day),
            None => alike.push((WeekdaySet::single(day), shifts)),
        }
    }
    let on = |weekdays| Series {
        recurrence: Recurrence::Weekly { every: 1, weekdays },
        from: told.from,
        until: Some(told.to),
        occurrences: None,
    };
    alike.into_iter().map(|(weekdays, shifts)| (on(weekdays), shifts)).collect()
}
