//! Every type of recurrence has the days that it should, rates are per hour, and minutes add up to what was told.

mod kept;
mod present;
mod spread;

use chrono::NaiveDate;

use super::super::told::Shift;
use crate::resources::worktime::shift::Shifts;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn eight_hours() -> Vec<Shift> {
    vec![Shift { from: 480, to: 720 }, Shift { from: 780, to: 1020 }]
}

/// Eight hours from Monday to Friday.
fn weekdays(day: NaiveDate) -> Shifts {
    use chrono::Datelike;
    let text = if day.weekday().num_days_from_monday() < 5 { "08:00-12:00 13:00-17:00" } else { "" };
    text.parse().expect("shifts")
}

fn minutes(day: NaiveDate) -> u32 {
    u32::from(weekdays(day).minutes())
}
