//! A series of days in the columns of a calendar's exception: each part where the rule has it, and only there.

use chrono::{NaiveDate, Weekday};

use crate::resources::worktime::recurrence::{Item, Position, Recurrence};
use crate::resources::worktime::series::Series;

/// The columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Such as `WEEKLY`.
    pub recurrence: &'static str,
    /// The first day that it can hold on.
    pub start_on: NaiveDate,
    /// The last; None without end, or for one day where it is `ONCE`.
    pub end_on: Option<NaiveDate>,
    /// How often it holds at most.
    pub occurrences: Option<i32>,
    /// Of how many days, weeks or months each one counts; 1 where the rule does not count.
    pub every: i32,
    /// Days of the week from Monday on, comma-separated.
    pub weekdays: Option<String>,
    /// 1 to 12.
    pub month: Option<i32>,
    /// 1 to 31.
    pub month_day: Option<i32>,
    /// `FIRST` to `FOURTH` or `LAST`.
    pub position: Option<&'static str>,
    /// What it is the position of.
    pub position_of: Option<&'static str>,
}

/// The columns of a series that has no faults.
pub fn columns(on: &Series) -> Columns {
    let mut columns = Columns {
        recurrence: "ONCE",
        start_on: on.from,
        end_on: on.until,
        occurrences: on.occurrences.map(signed),
        every: 1,
        weekdays: None,
        month: None,
        month_day: None,
        position: None,
        position_of: None,
    };
    match on.recurrence {
        Recurrence::Once => columns.occurrences = None,
        Recurrence::Daily { every } => (columns.recurrence, columns.every) = ("DAILY", signed(every)),
        Recurrence::Weekly { every, weekdays } => {
            (columns.recurrence, columns.every) = ("WEEKLY", signed(every));
            let names: Vec<&str> = weekdays.iter(Weekday::Mon).map(weekday).collect();
            columns.weekdays = Some(names.join(","));
        }
        Recurrence::MonthlyOnDay { every, day } => {
            (columns.recurrence, columns.every) = ("MONTHLY_ON_DAY", signed(every));
            columns.month_day = Some(signed(day));
        }
        Recurrence::MonthlyOnPosition { every, position, item } => {
            (columns.recurrence, columns.every) = ("MONTHLY_ON_POSITION", signed(every));
            (columns.position, columns.position_of) = (Some(self::position(position)), Some(self::item(item)));
        }
        Recurrence::YearlyOnDay { month, day } => {
            columns.recurrence = "YEARLY_ON_DAY";
            (columns.month, columns.month_day) = (Some(signed(month)), Some(signed(day)));
        }
        Recurrence::YearlyOnPosition { month, position, item } => {
            columns.recurrence = "YEARLY_ON_POSITION";
            columns.month = Some(signed(month));
            (columns.position, columns.position_of) = (Some(self::position(position)), Some(self::item(item)));
        }
    }
    columns
}

/// A number that was checked to be small.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MONDAY",
        Weekday::Tue => "TUESDAY",
        Weekday::Wed => "WEDNESDAY",
        Weekday::Thu => "THURSDAY",
        Weekday::Fri => "FRIDAY",
        Weekday::Sat => "SATURDAY",
        Weekday::Sun => "SUNDAY",
    }
}

fn position(position: Position) -> &'static str {
    match position {
        Position::First => "FIRST",
        Position::Second => "SECOND",
        Position::Third => "THIRD",
        Position::Fourth => "FOURTH",
        Position::Last => "LAST",
    }
}

fn item(item: Item) -> &'static str {
    match item {
        Item::On(day) => weekday(day),
        Item::Day => "DAY",
        Item::Weekday => "WEEKDAY",
        Item::WeekendDay => "WEEKEND_DAY",
    }
}
