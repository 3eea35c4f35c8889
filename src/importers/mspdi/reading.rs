//! What is noted while a file is read.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::super::told::{Changed, Told};
use super::super::value::{Moment, Read, moment};
use super::super::xml::{Element, Fault, Left, shown};
use super::reasons::why;

/// The day that stands for no beginning.
pub(super) const SINCE_EVER: NaiveDate = NaiveDate::from_ymd_opt(1984, 1, 1).expect("a day");
/// The day that stands for no end.
pub(super) const WITHOUT_END: NaiveDate = NaiveDate::from_ymd_opt(2049, 12, 31).expect("a day");

/// The most values taken otherwise that are listed one by one.
const MOST_CHANGED: usize = 10_000;

/// The lists of a file for which UIDs are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    /// Calendars.
    Calendars,
    /// Resources.
    Resources,
    /// Assignments.
    Assignments,
}

/// What is left, what was taken otherwise, and the lines of what was read.
pub(super) struct Reading {
    /// What is left.
    pub left: Left,
    changed: Vec<Changed>,
    /// How many more there are than are kept.
    more: usize,
    lines: HashMap<(List, i64), u64>,
}

impl Reading {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { left: Left::new(why), changed: vec![], more: 0, lines: HashMap::new() }
    }

    /// Notes that something of an element is taken otherwise.
    pub fn changed(&mut self, element: &Element, told: &str, taken: impl Into<String>) {
        self.changed_at(element.line, &element.path, told, taken);
    }

    /// As [`Self::changed`], by line and place.
    pub fn changed_at(&mut self, line: u64, place: &str, told: &str, taken: impl Into<String>) {
        if self.changed.len() == MOST_CHANGED {
            self.more += 1;
            return;
        }
        self.changed.push(Changed { line, place: place.to_owned(), told: shown(told), taken: taken.into() });
    }

    /// Notes the UID of a row, which no other of its list may have.
    pub fn uid(&mut self, list: List, uid: i64, element: &Element) -> Result<(), Fault> {
        match self.lines.insert((list, uid), element.line) {
            None => Ok(()),
            Some(first) => Err(element.fault(format!("the UID {uid} is also that of line {first}"))),
        }
    }

    /// The line of a row.
    pub fn line(&self, list: List, uid: i64) -> u64 {
        self.lines.get(&(list, uid)).copied().unwrap_or(0)
    }

    /// The day and time of an element within one, without its zone if it has any.
    pub fn moment(&mut self, element: &Element, name: &str) -> Result<Option<Moment>, Fault> {
        let moment = element.value(name, moment)?;
        if moment.is_some_and(|moment| moment.has_zone) {
            let told = element.child(name)?.and_then(Element::text).unwrap_or_default().to_owned();
            self.changed_at(
                element.line,
                &format!("{}/{name}", element.path),
                &told,
                "the day and time without the zone",
            );
        }
        Ok(moment)
    }

    /// A flag of an element; one that is not told is no.
    pub fn is(element: &Element, name: &str, read: fn(&str) -> Read<bool>) -> Result<bool, Fault> {
        Ok(element.value(name, read)?.unwrap_or(false))
    }

    /// All that is told.
    pub fn told<T>(self, content: T) -> Told<T> {
        let mut changed = self.changed;
        changed.sort_by_key(|changed| changed.line);
        if self.more > 0 {
            let told = format!("{} more values", self.more);
            changed.push(Changed { line: 0, place: String::new(), told, taken: "as those above".to_owned() });
        }
        Told { content, not_carried: self.left.told(), changed }
    }
}
