//! Working time: who could work when, to the minute, and how work is spread over that time.
//!
//! Days and times are civil ones, as they stand in a calendar and on a clock on the wall. There are no time zones here:
//! a day always has 1,440 minutes, also where clocks are put forward or back, and a leap day is a day like any other.
//! Nothing here reads or writes anything, and nothing is a float: minutes are whole, rounded once, and sums are exact.

pub mod calendar;
pub mod capacity;
#[cfg(test)]
mod model;
pub mod recurrence;
pub mod series;
pub mod shift;
pub mod spread;

use std::ops::Range;

use chrono::NaiveDate;

/// The most days that a table of days may have: a hundred years.
pub const MOST_DAYS: usize = 36_600;

/// Where the days from..=to lie in a table of so many days from a first one on; empty where they do not meet.
fn within(first: NaiveDate, days: usize, from: NaiveDate, to: NaiveDate) -> Range<usize> {
    let place = |apart: i64| usize::try_from(apart.max(0)).unwrap_or(usize::MAX).min(days);
    let begin = place((from - first).num_days());
    let end = place((to - first).num_days() + 1);
    begin..end.max(begin)
}
