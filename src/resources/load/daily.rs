//! What is booked of a resource and worked by it, laid out day by day.

use std::ops::Range;

use super::super::worktime::capacity::Capacity;
use super::fraction::{Known, Reason};
use super::runs::{Run, add_run};
use super::span::Span;
use super::sums;

/// How firm a booking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Booking {
    /// Planned: it may be above the capacity.
    Soft,
    /// Confirmed: it may not, unless somebody accepted it.
    Hard,
}

/// Which bookings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counting {
    /// Only what is confirmed.
    Hard,
    /// What is confirmed and what is planned, together.
    HardAndSoft,
}

impl Counting {
    /// Whether a booking counts.
    pub fn counts(self, booking: Booking) -> bool {
        self == Self::HardAndSoft || booking == Booking::Hard
    }
}

/// Minutes of days that an allocation books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Booked<Id> {
    /// The allocation.
    pub allocation: Id,
    /// How firm it is.
    pub booking: Booking,
    /// The days and their minutes.
    pub run: Run,
}

/// A resource with its capacity and all that lies on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load<'a, Id> {
    /// The resource.
    pub id: Id,
    /// Its capacity of at least all days that are asked about, or why nobody knows it.
    pub capacity: Known<&'a Capacity>,
    /// What is booked, in any order; what overlaps adds up.
    pub booked: &'a [Booked<Id>],
    /// What was worked on projects, in any order; what overlaps adds up.
    pub actual: &'a [Run],
}

impl<'a, Id> Load<'a, Id> {
    /// The capacity in minutes of each day of a span.
    pub fn capacity_in(&self, span: Span) -> Known<&'a [u32]> {
        self.capacity.and_then(|capacity| capacity_in(capacity, span))
    }
}

/// The minutes of each day of a span; a reason where the capacity does not reach over all of them.
pub fn capacity_in(capacity: &Capacity, span: Span) -> Known<&[u32]> {
    let minutes = capacity.within(span.first(), span.last());
    if minutes.len() == span.days() { Ok(minutes) } else { Err(Reason::CapacityNotCovered) }
}

/// The minutes of each day of a span that are booked and worked. It is made once and filled for one resource after
/// another, so that many of them take the memory of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daily {
    span: Span,
    hard: Vec<u64>,
    soft: Vec<u64>,
    actual: Vec<u64>,
}

impl Daily {
    /// Days on which nothing is booked or worked.
    pub fn new(span: Span) -> Self {
        let days = vec![0; span.days()];
        Self { span, hard: days.clone(), soft: days.clone(), actual: days }
    }

    /// The days of a resource.
    pub fn of<Id>(span: Span, load: &Load<'_, Id>) -> Self {
        let mut days = Self::new(span);
        days.fill(load);
        days
    }

    /// Forgets what was there and lays out a resource.
    pub fn fill<Id>(&mut self, load: &Load<'_, Id>) {
        for days in [&mut self.hard, &mut self.soft, &mut self.actual] {
            days.fill(0);
        }
        for booked in load.booked {
            let days = if booked.booking == Booking::Hard { &mut self.hard } else { &mut self.soft };
            add_run(self.span, booked.run, days);
        }
        for run in load.actual {
            add_run(self.span, *run, &mut self.actual);
        }
    }

    /// Its days.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The minutes that count as booked on the day at a place.
    pub fn booked(&self, at: usize, counting: Counting) -> u64 {
        let soft = if counting == Counting::HardAndSoft { sums::at(&self.soft, at) } else { 0 };
        sums::at(&self.hard, at).saturating_add(soft)
    }

    /// The free minutes of each day: those of the capacity that are not booked.
    pub fn free(&self, capacity: &[u32], counting: Counting) -> Vec<u64> {
        let days = capacity.iter().enumerate();
        days.map(|(at, minutes)| u64::from(*minutes).saturating_sub(self.booked(at, counting))).collect()
    }

    /// Confirmed, planned and worked minutes of the days at some places, one after another.
    pub(super) fn places(&self, places: &Range<usize>) -> impl Iterator<Item = (u64, u64, u64)> {
        let of = |days| <[u64]>::get(days, places.clone()).unwrap_or_default().iter().copied();
        of(&self.hard).zip(of(&self.soft)).zip(of(&self.actual)).map(|((hard, soft), actual)| (hard, soft, actual))
    }
}

/// The free minutes of each day of a span of a resource.
pub fn free<Id>(span: Span, load: &Load<'_, Id>, counting: Counting) -> Known<Vec<u64>> {
    let capacity = load.capacity_in(span)?;
    Ok(Daily::of(span, load).free(capacity, counting))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{booked, day, full_time, load, run, span};
    use super::*;

    #[test]
    fn what_is_free_depends_on_what_counts() {
        let week = span("2024-02-26", "2024-03-03");
        let capacity = full_time(week);
        let all = [
            booked(1, Booking::Hard, run("2024-02-26", "2024-02-29", 300)),
            booked(2, Booking::Soft, run("2024-02-27", "2024-02-27", 120)),
            booked(2, Booking::Soft, run("2024-02-29", "2024-03-10", 240)),
        ];
        let of = |counting| free(week, &load(7, &capacity, &all), counting);
        assert_eq!(of(Counting::Hard), Ok(vec![180, 180, 180, 180, 480, 0, 0]));
        assert_eq!(of(Counting::HardAndSoft), Ok(vec![180, 60, 180, 0, 240, 0, 0]));
    }

    #[test]
    fn a_capacity_that_ends_too_early_is_not_known() {
        let week = span("2024-02-26", "2024-03-03");
        let capacity = full_time(span("2024-02-26", "2024-03-02"));
        assert_eq!(free(week, &load(7, &capacity, &[]), Counting::Hard), Err(Reason::CapacityNotCovered));
        let longer = full_time(span("2024-02-01", "2024-03-31"));
        assert_eq!(free(week, &load(7, &longer, &[]), Counting::Hard).map(|days| days.len()), Ok(7));
        let unknown = Load { capacity: Err(Reason::NoCalendar), ..load(7, &longer, &[]) };
        assert_eq!(free(week, &unknown, Counting::Hard), Err(Reason::NoCalendar));
    }

    #[test]
    fn nothing_of_the_resource_before_is_left() {
        let friday = Span::new(day("2024-03-01"), day("2024-03-01")).expect("a span");
        let capacity = full_time(friday);
        let all = [booked(1, Booking::Hard, run("2024-03-01", "2024-03-01", u32::MAX)); 3];
        let mut days = Daily::of(friday, &load(7, &capacity, &all));
        assert_eq!(days.booked(0, Counting::Hard), 3 * u64::from(u32::MAX));
        assert_eq!(days.booked(1, Counting::Hard), 0);
        days.fill(&load(8, &capacity, &[]));
        assert_eq!(days, Daily::new(friday));
    }
}
