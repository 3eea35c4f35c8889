//! Calendars as they are stored, and what is wrong with them: the one way from columns to working time.

use chrono::{Weekday, WeekdaySet};
use entity::{calendar_exception, work_calendar};

use super::worktime::{
    calendar::{Exception, Week},
    recurrence::{Item, Position, Recurrence},
    series::{Series, SeriesFault},
    shift::Shifts,
};

/// What is wrong with a row: the field, and one line for a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, by its name in the schema.
    pub field: &'static str,
    /// Why.
    pub kind: FaultKind,
    /// One line for a human.
    pub line: String,
}

/// In which way a field is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is needed here, and not there.
    Required,
    /// It says nothing that is understood, or has no meaning here.
    Invalid,
    /// It is beyond its limits.
    OutOfRange,
}

impl Fault {
    fn new(field: &'static str, kind: FaultKind, line: impl Into<String>) -> Self {
        Self { field, kind, line: line.into() }
    }
}

/// The names of the days of a week, Monday first.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MONDAY", Weekday::Mon),
    ("TUESDAY", Weekday::Tue),
    ("WEDNESDAY", Weekday::Wed),
    ("THURSDAY", Weekday::Thu),
    ("FRIDAY", Weekday::Fri),
    ("SATURDAY", Weekday::Sat),
    ("SUNDAY", Weekday::Sun),
];

const POSITIONS: [(&str, Position); 5] = [
    ("FIRST", Position::First),
    ("SECOND", Position::Second),
    ("THIRD", Position::Third),
    ("FOURTH", Position::Fourth),
    ("LAST", Position::Last),
];

/// The week of a calendar.
pub fn week(row: &work_calendar::Model) -> Result<Week, Vec<Fault>> {
    let days = [
        ("monday", &row.monday),
        ("tuesday", &row.tuesday),
        ("wednesday", &row.wednesday),
        ("thursday", &row.thursday),
        ("friday", &row.friday),
        ("saturday", &row.saturday),
        ("sunday", &row.sunday),
    ];
    let mut faults = vec![];
    let week = days.map(|(field, text)| {
        let shifts = text.as_ref()?.parse::<Shifts>();
        shifts.map_err(|fault| faults.push(Fault::new(field, FaultKind::Invalid, fault.to_string()))).ok()
    });
    if faults.is_empty() { Ok(week) } else { Err(faults) }
}

/// An exception.
pub fn exception(row: &calendar_exception::Model) -> Result<Exception, Vec<Fault>> {
    let mut asked = Asked { row, faults: vec![] };
    let recurrence = asked.recurrence();
    let shifts = row.working_times.parse::<Shifts>();
    let shifts = shifts
        .map_err(|fault| asked.faults.push(Fault::new("workingTimes", FaultKind::Invalid, fault.to_string())))
        .unwrap_or_default();
    let occurrences = row.occurrences.map(unsigned);
    let on = Series { recurrence, from: row.start_on, until: row.end_on, occurrences };
    if asked.faults.is_empty() {
        asked.faults.extend(on.faults().into_iter().map(told));
    }
    if asked.faults.is_empty() && on.first().is_none() {
        asked.faults.push(Fault::new("endOn", FaultKind::Invalid, "It holds on no day at all."));
    }
    if asked.faults.is_empty() { Ok(Exception { on, shifts }) } else { Err(asked.faults) }
}

/// Where a fault of a series stands in a row.
fn told(fault: SeriesFault) -> Fault {
    let (field, kind) = match fault {
        SeriesFault::Every(_) => ("every", FaultKind::OutOfRange),
        SeriesFault::NoWeekday => ("weekdays", FaultKind::Required),
        SeriesFault::Day(_) => ("monthDay", FaultKind::OutOfRange),
        SeriesFault::Month(_) => ("month", FaultKind::OutOfRange),
        SeriesFault::Reversed => ("endOn", FaultKind::Invalid),
        SeriesFault::Occurrences(_) => ("occurrences", FaultKind::OutOfRange),
    };
    Fault::new(field, kind, format!("{fault}."))
}

/// A number that is beyond all limits where it is negative.
fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A row that is asked for its rule.
struct Asked<'a> {
    row: &'a calendar_exception::Model,
    faults: Vec<Fault>,
}

impl Asked<'_> {
    fn recurrence(&mut self) -> Recurrence {
        let name = self.row.recurrence.as_str();
        let (is_weekly, is_yearly) = (name == "WEEKLY", name.starts_with("YEARLY"));
        let (is_on_day, is_on_position) = (name.ends_with("ON_DAY"), name.ends_with("ON_POSITION"));
        let every = unsigned(self.row.every);
        if (is_yearly || name == "ONCE") && every != 1 {
            let line = "It is counted where an exception is DAILY, WEEKLY or MONTHLY.";
            self.faults.push(Fault::new("every", FaultKind::Invalid, line));
        }
        if name == "ONCE" && self.row.occurrences.is_some() {
            let line = "What holds once is no number of times: say the last day.";
            self.faults.push(Fault::new("occurrences", FaultKind::Invalid, line));
        }
        let weekdays = self.part("weekdays", is_weekly, self.row.weekdays.as_deref());
        let month = self.part("month", is_yearly, self.row.month);
        let day = self.part("monthDay", is_on_day, self.row.month_day);
        let position = self.part("position", is_on_position, self.row.position.as_deref());
        let of = self.part("positionOf", is_on_position, self.row.position_of.as_deref());
        let (month, day) = (unsigned(month.unwrap_or(1)), unsigned(day.unwrap_or(1)));
        let position =
            POSITIONS.iter().find(|(name, _)| position == Some(*name)).map_or(Position::First, |(_, at)| *at);
        let item = item(of.unwrap_or_default());
        match name {
            "DAILY" => Recurrence::Daily { every },
            "WEEKLY" => Recurrence::Weekly { every, weekdays: days(weekdays.unwrap_or_default()) },
            "MONTHLY_ON_DAY" => Recurrence::MonthlyOnDay { every, day },
            "MONTHLY_ON_POSITION" => Recurrence::MonthlyOnPosition { every, position, item },
            "YEARLY_ON_DAY" => Recurrence::YearlyOnDay { month, day },
            "YEARLY_ON_POSITION" => Recurrence::YearlyOnPosition { month, position, item },
            _ => Recurrence::Once,
        }
    }

    /// A part of the rule, which is there exactly where the rule has it.
    fn part<T>(&mut self, field: &'static str, is_due: bool, given: Option<T>) -> Option<T> {
        if is_due && given.is_none() {
            let line = format!("An exception that is {} says its `{field}`.", self.row.recurrence);
            self.faults.push(Fault::new(field, FaultKind::Required, line));
        }
        if !is_due && given.is_some() {
            let line = format!("An exception that is {} has no `{field}`.", self.row.recurrence);
            self.faults.push(Fault::new(field, FaultKind::Invalid, line));
        }
        given
    }
}

fn days(names: &str) -> WeekdaySet {
    let is_named = |name: &str| names.split(',').any(|one| one == name);
    WEEKDAYS.iter().filter(|(name, _)| is_named(name)).map(|(_, day)| *day).collect()
}

fn item(name: &str) -> Item {
    match name {
        "WEEKDAY" => Item::Weekday,
        "WEEKEND_DAY" => Item::WeekendDay,
        _ => WEEKDAYS.iter().find(|(day, _)| *day == name).map_or(Item::Day, |(_, day)| Item::On(*day)),
    }
}
