//! What files of other tools say of who works when and for what, in the terms of this server. Nothing of it was looked up
//! yet, and ids are those of the other system.

use chrono::NaiveDate;

use super::super::carry::Columns;
use super::super::told::{self, Assignment};
use super::Unit;
use crate::resources::{allocation_told::Segment, worktime::shift::Shifts};

/// Where in a file something stands, and what it is called in reports.
#[derive(Debug, Clone, Default)]
pub(in crate::importers) struct Place {
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// Such as `resource 3, Jane`.
    pub what: String,
}

/// One file.
#[derive(Debug, Default)]
pub(in crate::importers) struct Wanted {
    /// What reports call it.
    pub file: String,
    /// The system that gives the ids.
    pub system: &'static str,
    pub calendars: Vec<Calendar>,
    pub resources: Vec<Resource>,
    pub rates: Vec<Rate>,
    /// The currency of its rates.
    pub currency: Option<String>,
    pub projects: Vec<Project>,
    pub bookings: Vec<Booking>,
    /// What it has and is not carried, beside what the reader found.
    pub left: Vec<Left>,
    /// What was taken otherwise than it reads.
    pub doubts: Vec<(Place, String)>,
}

/// Things that are left in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::importers) struct Left {
    pub what: String,
    pub count: u64,
    pub reason: String,
}

#[derive(Debug)]
pub(in crate::importers) struct Calendar {
    pub place: Place,
    pub id: String,
    pub name: String,
    /// The id of the one that it stands on.
    pub base: Option<String>,
    /// Monday first; none as in the base.
    pub week: [Option<Shifts>; 7],
    pub exceptions: Vec<Exception>,
}

/// An exception, in the words of `CalendarException`.
#[derive(Debug, Clone)]
pub(in crate::importers) struct Exception {
    pub id: String,
    pub name: String,
    pub on: Columns,
    pub shifts: Shifts,
}

#[derive(Debug, Clone)]
pub(in crate::importers) struct Resource {
    pub place: Place,
    pub id: String,
    pub name: String,
    /// `GENERIC`, `TEAM` or `MATERIAL`; one of a known e-mail address is a `PERSON`.
    pub kind: &'static str,
    pub email: Option<String>,
    /// The name or key of its pool.
    pub group: Option<String>,
    /// The id of its calendar.
    pub calendar: Option<String>,
    /// In 1e-9.
    pub fte: Option<i64>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Whether the file says when it is there.
    pub has_days: bool,
    /// Whether it may be the one with this key, too.
    pub matches_key: bool,
}

#[derive(Debug, Clone)]
pub(in crate::importers) struct Rate {
    pub place: Place,
    /// The id of its resource.
    pub resource: String,
    /// `A` to `E`.
    pub table: char,
    pub start_on: NaiveDate,
    pub end_on: Option<NaiveDate>,
    /// In 1/10,000 of the currency.
    pub amount: i64,
}

#[derive(Debug, Clone)]
pub(in crate::importers) struct Project {
    pub place: Place,
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub(in crate::importers) struct Booking {
    pub place: Place,
    pub id: String,
    /// The id of its project; none for the one that the import is for.
    pub project: Option<String>,
    /// The id of its resource.
    pub resource: String,
    pub is_agreed: bool,
    pub note: Option<String>,
    pub amount: Amount,
}

/// How much work, and when.
#[derive(Debug, Clone)]
pub(in crate::importers) enum Amount {
    /// That of an assignment.
    Assignment(Box<Assignment>),
    /// Amounts of a unit that was said, less those that are booked beside them.
    Segments { told: Vec<told::Segment>, less: Vec<told::Segment>, unit: Unit, shown: Vec<Segment> },
}
