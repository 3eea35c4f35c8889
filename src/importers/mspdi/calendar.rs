//! Calendars: the week, exceptions and weeks for a time.

use super::super::told::{Calendar, WeekTimes, WorkWeek};
use super::super::value::{flag, whole};
use super::super::xml::{Element, Fault};
use super::reading::{List, Reading};
use super::{exception, hours};

/// The UID that stands for no calendar.
const NONE: i64 = -1;

/// Why exceptions among the weekdays are left where there are others.
const TWICE: &str = "It is told again among the calendar's exceptions.";

/// Reads a `Calendar`.
pub(super) fn read(element: &Element, reading: &mut Reading) -> Result<Calendar, Fault> {
    let uid = element.needed("UID", whole)?;
    reading.uid(List::Calendars, uid, element)?;
    let mut calendar = Calendar {
        line: element.line,
        uid,
        guid: element.words("GUID")?,
        name: element.words("Name")?,
        is_base: Reading::is(element, "IsBaseCalendar", flag)?,
        is_baseline: Reading::is(element, "IsBaselineCalendar", flag)?,
        base: element.value("BaseCalendarUID", whole)?.filter(|base| *base != NONE),
        week: WeekTimes::default(),
        exceptions: vec![],
        work_weeks: vec![],
    };
    for one in element.listed("Exceptions", "Exception")? {
        calendar.exceptions.extend(exception::read(one, reading)?);
    }
    // Newer versions write each exception twice: here, and for older ones among the weekdays.
    let are_told = !calendar.exceptions.is_empty();
    for day in element.listed("WeekDays", "WeekDay")? {
        match day.needed("DayType", hours::day_type)? {
            Some(at) => hours::put(&mut calendar.week, at, day, reading)?,
            None if are_told => {
                reading.left.because(&format!("{}/WeekDays", element.path), &day.name, TWICE);
                day.take();
            }
            None => calendar.exceptions.extend(exception::read_older(day, reading)?),
        }
    }
    for week in element.listed("WorkWeeks", "WorkWeek")? {
        calendar.work_weeks.extend(work_week(week, reading)?);
    }
    Ok(calendar)
}

fn work_week(element: &Element, reading: &mut Reading) -> Result<Option<WorkWeek>, Fault> {
    let Some((from, to)) = exception::days(element, reading)? else { return Ok(None) };
    let mut week = WeekTimes::default();
    for day in element.listed("WeekDays", "WeekDay")? {
        match day.needed("DayType", hours::day_type)? {
            Some(at) => hours::put(&mut week, at, day, reading)?,
            None => return Err(day.fault("a week for a time has weekdays from 1 to 7")),
        }
    }
    Ok(Some(WorkWeek { name: element.words("Name")?, from, to, week }))
}
