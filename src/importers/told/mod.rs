//! What a file of another tool says, before anything is looked up or written. A field holds what the file told, in the
//! field's terms; what is not told is None, never 0, and no unit is guessed.

mod clarity;
mod mspdi;

pub use clarity::{Booked, BookingStatus, Curve, CustomValue, Header, Segment, Xog, XogProject};
pub use mspdi::{
    Assignment, Availability, BookingType, Calendar, Exception, ExceptionKind, Plan, PlanProject, Price, Rate,
    RateTable, RateUnit, Resource, ResourceKind, Shift, Timephased, TimephasedKind, WeekTimes, WorkWeek,
};

/// What a reader gives: what the file says, and everything of it that is not carried or was taken otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// What the file says.
    pub content: T,
    /// What is in the file and is not in `content`, by kind and place, in the order in which it was met first.
    pub not_carried: Vec<NotCarried>,
    /// What was taken otherwise than it stands there, in the order of the file.
    pub changed: Vec<Changed>,
}

/// Things of one kind in a file that are left where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    /// The name of the element or attribute, such as `PredecessorLink` or `@externalSource`.
    pub what: String,
    /// The elements that it stands in, such as `Project/Tasks/Task`.
    pub place: String,
    /// How many of them there are.
    pub count: u64,
    /// Why they are not carried, as a sentence for the report.
    pub why: &'static str,
}

/// A value that was taken otherwise than it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The line of the file, from 1.
    pub line: u64,
    /// The element that it stands in, such as `Project/Calendars/Calendar/BaseCalendarUID`.
    pub place: String,
    /// The value as told, cut where it is long.
    pub told: String,
    /// What was taken instead, as words for the report.
    pub taken: String,
}

/// A length of working time as a file told it, exact to the second. Work is never below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work {
    /// Whole seconds.
    pub seconds: i64,
}

impl Work {
    /// Whole minutes, half a minute rounded to even.
    pub fn minutes(self) -> i64 {
        let (whole, rest) = (self.seconds.div_euclid(60), self.seconds.rem_euclid(60));
        let is_up = rest > 30 || (rest == 30 && whole % 2 != 0);
        whole + i64::from(is_up)
    }
}
