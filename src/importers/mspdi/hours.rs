//! Working times of a day and of a week.

use super::super::told::{Shift, WeekTimes};
use super::super::value::{flag, minute_from, minute_to};
use super::super::xml::{Element, Expected, Fault};
use super::reading::Reading;

/// The most shifts that a day may have.
const MOST_SHIFTS: usize = 24;

/// What is told of a day's working time.
pub(super) enum Told {
    /// The shifts; empty for none.
    Shifts(Vec<Shift>),
    /// That there is work, but not when.
    Unknown,
}

/// The working time of a `WeekDay` or `Exception`.
pub(super) fn day(element: &Element, reading: &mut Reading) -> Result<Told, Fault> {
    if !element.needed("DayWorking", flag)? {
        return Ok(Told::Shifts(vec![]));
    }
    let mut shifts = vec![];
    for time in element.listed("WorkingTimes", "WorkingTime")? {
        let from = time.value("FromTime", minute_from)?;
        let to = time.value("ToTime", minute_to)?;
        match (from, to) {
            (Some(from), Some(to)) if from < to => shifts.push(Shift { from, to }),
            (Some(_), Some(_)) => return Err(time.fault("it ends before it begins; beyond midnight it has to be two")),
            (None, None) => {}
            _ => return Err(time.fault("FromTime and ToTime are told together")),
        }
    }
    if shifts.len() > MOST_SHIFTS {
        return Err(element.fault(format!("a day has at most {MOST_SHIFTS} working times")));
    }
    let is_told = element.child("WorkingTimes")?.is_some();
    if is_told && shifts.is_empty() {
        reading.changed(element, "a working day with an empty list of times", "no working time");
    }
    Ok(if is_told { Told::Shifts(joined(element, shifts, reading)) } else { Told::Unknown })
}

/// Shifts in the order of the day, those that touch as one.
fn joined(element: &Element, mut shifts: Vec<Shift>, reading: &mut Reading) -> Vec<Shift> {
    shifts.sort_unstable();
    let mut joined: Vec<Shift> = vec![];
    let mut is_overlapping = false;
    for shift in shifts {
        match joined.last_mut() {
            Some(before) if shift.from <= before.to => {
                is_overlapping |= shift.from < before.to;
                before.to = before.to.max(shift.to);
            }
            _ => joined.push(shift),
        }
    }
    if is_overlapping {
        reading.changed(element, "working times that overlap", "the time that they cover together");
    }
    joined
}

/// Where a `DayType` stands in a week; None for 0, which stands for days of a range.
pub(super) fn day_type(text: &str) -> Result<Option<usize>, Expected> {
    match text.as_bytes() {
        [b'0'] => Ok(None),
        // Sunday is 1; weeks here begin on Monday.
        [day @ b'1'..=b'7'] => Ok(Some(usize::from(day - b'1' + 6) % 7)),
        _ => Err(Expected("a weekday from 0 to 7")),
    }
}

/// Puts a day into a week. That there is work, but not when, leaves the day as in the base.
pub(super) fn put(week: &mut WeekTimes, at: usize, day: &Element, reading: &mut Reading) -> Result<(), Fault> {
    if week[at].is_some() {
        return Err(day.fault("this weekday stands there twice"));
    }
    match self::day(day, reading)? {
        Told::Shifts(shifts) => week[at] = Some(shifts),
        Told::Unknown => reading.changed(day, "a working day without times", "as in the calendar below it"),
    }
    Ok(())
}
