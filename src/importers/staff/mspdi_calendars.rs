//! Calendars of Microsoft Project in the words of ours. A week that holds for a time is one exception for each of its
//! working times, behind the exceptions of the calendar, which go first there, too.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, Weekday, WeekdaySet};

use super::super::told::{self, ExceptionKind, Plan, WeekTimes};
use super::from_mspdi::{Reading, at};
use super::wanted::{Calendar, Exception};
use crate::resources::{
    stored_time::WEEKDAYS,
    worktime::shift::{Shift, Shifts},
};

const POSITIONS: [&str; 5] = ["FIRST", "SECOND", "THIRD", "FOURTH", "LAST"];
const ITEMS: [&str; 10] =
    ["DAY", "WEEKDAY", "WEEKEND_DAY", "SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];

/// All calendars of a plan, those of baselines, too.
pub(super) fn read(reading: &mut Reading<'_>, plan: &Plan) {
    let owners: HashMap<i64, &str> =
        plan.resources.iter().filter_map(|resource| Some((resource.calendar?, resource.name.as_deref()?))).collect();
    for told in &plan.calendars {
        let name = told.name.clone().or_else(|| owners.get(&told.uid).map(|name| (*name).to_owned()));
        let name = name.unwrap_or_else(|| format!("Calendar {}", told.uid));
        let place = at(told.line, format!("calendar {}, {name}", told.uid));
        let name = reading.name(&place, name);
        let id = reading.id(told.uid);
        let mut exceptions = Named { calendar: &id, seen: HashSet::new(), all: vec![] };
        for exception in &told.exceptions {
            exceptions.push(exception_of(exception));
        }
        for week in &told.work_weeks {
            weeks(week, &mut exceptions);
        }
        let exceptions = exceptions.all;
        let base = told.base.map(|base| reading.id(base));
        reading.out.calendars.push(Calendar { place, name, base, week: week(&told.week), exceptions, id });
    }
}

fn week(told: &WeekTimes) -> [Option<Shifts>; 7] {
    told.each_ref().map(|day| day.as_deref().map(shifts))
}

/// The reader gives at most 24 stretches of a day, in order and apart.
fn shifts(told: &[told::Shift]) -> Shifts {
    let shifts = told.iter().filter_map(|shift| Shift::new(shift.from, shift.to).ok()).collect();
    Shifts::new(shifts).unwrap_or_default()
}

/// Exceptions with ids by what they are: one that moves is another one.
struct Named<'a> {
    calendar: &'a str,
    seen: HashSet<String>,
    all: Vec<Exception>,
}

impl Named<'_> {
    fn push(&mut self, exception: Exception) {
        let wish = format!("{}/{}:{}", self.calendar, exception.recurrence, exception.start_on);
        let mut id = wish.clone();
        let mut count = 1_u32;
        while !self.seen.insert(id.clone()) {
            count += 1;
            id = format!("{wish}~{count}");
        }
        self.all.push(Exception { id, ..exception });
    }
}

fn plain(name: String, recurrence: &'static str, start_on: NaiveDate, shifts: Shifts) -> Exception {
    Exception {
        id: String::new(),
        name,
        recurrence,
        start_on,
        end_on: None,
        occurrences: None,
        every: 1,
        weekdays: None,
        month: None,
        month_day: None,
        position: None,
        position_of: None,
        shifts,
    }
}

fn exception_of(told: &told::Exception) -> Exception {
    let name = told.name.clone().unwrap_or_else(|| "Exception".to_owned());
    let one = plain(name, "ONCE", told.from, shifts(&told.shifts));
    let int = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let position = |position: u32| POSITIONS.get(usize::try_from(position).unwrap_or(usize::MAX)).copied();
    let item = |item: u32| ITEMS.get(usize::try_from(item).unwrap_or(usize::MAX)).copied();
    let recurring = |recurrence: &'static str| {
        let occurrences = told.occurrences.filter(|count| *count > 0).map(int);
        let end_on = Some(told.to).filter(|_| occurrences.is_none());
        Exception { recurrence, end_on, occurrences, ..one.clone() }
    };
    match told.kind {
        ExceptionKind::Range => Exception { end_on: Some(told.to).filter(|to| *to != told.from), ..one },
        ExceptionKind::Daily { period } => Exception { every: int(period.max(1)), ..recurring("DAILY") },
        ExceptionKind::Weekly { period, weekdays } => {
            Exception { every: int(period.max(1)), weekdays: Some(named(weekdays)), ..recurring("WEEKLY") }
        }
        ExceptionKind::MonthlyOnDay { period, month_day } => {
            Exception { every: int(period.max(1)), month_day: Some(int(month_day)), ..recurring("MONTHLY_ON_DAY") }
        }
        ExceptionKind::MonthlyOnPosition { period, position: at, item: of } => Exception {
            every: int(period.max(1)),
            position: position(at),
            position_of: item(of),
            ..recurring("MONTHLY_ON_POSITION")
        },
        ExceptionKind::YearlyOnDay { month, month_day } => {
            Exception { month: Some(int(month) + 1), month_day: Some(int(month_day)), ..recurring("YEARLY_ON_DAY") }
        }
        ExceptionKind::YearlyOnPosition { month, position: at, item: of } => Exception {
            month: Some(int(month) + 1),
            position: position(at),
            position_of: item(of),
            ..recurring("YEARLY_ON_POSITION")
        },
    }
}

/// The names of days of a week, Monday first.
fn named(weekdays: WeekdaySet) -> String {
    let names: Vec<&str> = WEEKDAYS.iter().filter(|(_, day)| weekdays.contains(*day)).map(|(name, _)| *name).collect();
    names.join(",")
}

/// A week that holds for a time: days with the same working times together.
fn weeks(told: &told::WorkWeek, exceptions: &mut Named<'_>) {
    let mut parts: Vec<(Shifts, WeekdaySet)> = vec![];
    for (at, day) in told.week.iter().enumerate() {
        let Some(day) = day else { continue };
        let (shifts, weekday) = (shifts(day), Weekday::try_from(u8::try_from(at).unwrap_or(0)).unwrap_or(Weekday::Mon));
        match parts.iter_mut().find(|(known, _)| *known == shifts) {
            Some((_, days)) => drop(days.insert(weekday)),
            None => parts.push((shifts, WeekdaySet::single(weekday))),
        }
    }
    let name = told.name.clone().unwrap_or_else(|| "Week".to_owned());
    for (shifts, days) in parts {
        let one = plain(name.clone(), "WEEKLY", told.from, shifts);
        exceptions.push(Exception { end_on: Some(told.to), weekdays: Some(named(days)), ..one });
    }
}
