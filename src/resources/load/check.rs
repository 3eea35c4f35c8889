//! Whether a booking may be made: within the capacity of each day, within employment, within the project.

use chrono::NaiveDate;

use super::super::worktime::capacity::{Capacity, Employment};
use super::daily::{Booking, capacity_in};
use super::fraction::{Known, Reason};
use super::runs::{Run, expand, reach};

/// From when to when a project is active: from a day to a day, both included. What is not given is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Active {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// How firm the booking is to be.
    pub booking: Booking,
    /// The minutes of its days, in any order; what overlaps adds up.
    pub curve: &'a [Run],
    /// When the resource is employed.
    pub employment: Employment,
    /// When the project is active.
    pub active: Active,
}

/// A day on which a booking does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Excess {
    /// The day.
    pub day: NaiveDate,
    /// What can be worked, in minutes.
    pub capacity: u64,
    /// What is already booked, in minutes; it may itself be above the capacity.
    pub already: u64,
    /// What is asked for, in minutes, above 0.
    pub asked: u64,
}

impl Excess {
    /// How many minutes are too much, above 0.
    pub fn over(self) -> u64 {
        self.already.saturating_add(self.asked).saturating_sub(self.capacity)
    }
}

/// Days in a row, from one to another, both included.
pub type Days = (NaiveDate, NaiveDate);

/// What speaks against a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The days on which it does not fit, in order, or why nobody can tell.
    pub excess: Known<Vec<Excess>>,
    /// Its days outside the employment of the resource, in order.
    pub outside_employment: Vec<Days>,
    /// Its days outside the active dates of the project, in order; never any of a planned booking.
    pub outside_project: Vec<Days>,
    booking: Booking,
}

impl Findings {
    /// The first day on which it does not fit.
    pub fn first_excess(&self) -> Option<Excess> {
        self.excess.as_ref().ok().and_then(|days| days.first().copied())
    }

    /// Whether it may be made by itself: its days are within employment, and if it is a confirmed one, within the
    /// project, its capacity is known and it fits on every day.
    pub fn is_allowed(&self) -> bool {
        self.is_within_dates() && (self.booking == Booking::Soft || self.excess.as_ref().is_ok_and(Vec::is_empty))
    }

    /// Whether it may be made once somebody who may has accepted its excess. Dates are not accepted away, and neither
    /// is a capacity that nobody knows.
    pub fn is_allowed_if_accepted(&self) -> bool {
        self.is_within_dates() && (self.booking == Booking::Soft || self.excess.is_ok())
    }

    fn is_within_dates(&self) -> bool {
        self.outside_employment.is_empty() && self.outside_project.is_empty()
    }
}

/// Holds a booking against the rules. `others` are the minutes that are already booked on the resource: all other
/// confirmed ones, without those of the booking itself when it is changed. Only days with asked minutes count, so that
/// an excess that was there before speaks against nothing. A curve without a minute has no findings.
pub fn check(capacity: Known<&Capacity>, others: &[Run], asked: &Asked<'_>) -> Findings {
    let employment = (asked.employment.from, asked.employment.to);
    let active = if asked.booking == Booking::Hard { (asked.active.from, asked.active.to) } else { (None, None) };
    Findings {
        excess: excess(capacity, others, asked.curve),
        outside_employment: outside(asked.curve, employment),
        outside_project: outside(asked.curve, active),
        booking: asked.booking,
    }
}

fn excess(capacity: Known<&Capacity>, others: &[Run], curve: &[Run]) -> Known<Vec<Excess>> {
    if curve.iter().all(|run| run.is_empty()) {
        return Ok(vec![]);
    }
    let span = reach(curve).ok_or(Reason::CapacityNotCovered)?;
    let capacity = capacity_in(capacity?, span)?;
    let (already, asked) = (expand(span, others), expand(span, curve));
    let days = capacity.iter().zip(already.into_iter().zip(asked)).enumerate();
    let all = days.map(|(at, (capacity, (already, asked)))| Excess {
        day: span.day(at),
        capacity: u64::from(*capacity),
        already,
        asked,
    });
    Ok(all.filter(|day| day.asked > 0 && day.over() > 0).collect())
}

/// The days of a curve that are not from a day to a day.
fn outside(curve: &[Run], (from, to): (Option<NaiveDate>, Option<NaiveDate>)) -> Vec<Days> {
    let (from, to) = (from.unwrap_or(NaiveDate::MIN), to.unwrap_or(NaiveDate::MAX));
    let before = |run: &Run| Run { to: from.pred_opt().map_or(run.from, |last| run.to.min(last)), ..*run };
    let after = |run: &Run| Run { from: to.succ_opt().map_or(run.to, |first| run.from.max(first)), ..*run };
    let mut days: Vec<Days> = curve
        .iter()
        .filter(|run| !run.is_empty())
        .flat_map(|run| {
            let early = (run.from < from).then(|| before(run));
            let late = (run.to > to).then(|| after(run));
            early.into_iter().chain(late)
        })
        .map(|run| (run.from, run.to))
        .collect();
    days.sort_unstable();
    joined(&days)
}

/// Days in order, those that touch or overlap made one.
fn joined(days: &[Days]) -> Vec<Days> {
    let mut joined: Vec<Days> = vec![];
    for (from, to) in days {
        match joined.last_mut().filter(|last| last.1.succ_opt().is_none_or(|next| *from <= next)) {
            Some(last) => last.1 = last.1.max(*to),
            None => joined.push((*from, *to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::testing::{capacity, day, full_time, run, span};
    use super::*;

    fn asked(booking: Booking, curve: &[Run]) -> Asked<'_> {
        Asked { booking, curve, employment: Employment::default(), active: Active::default() }
    }

    #[test]
    fn a_booking_fits_to_the_minute_or_does_not() {
        let capacity = full_time(span("2024-02-26", "2024-03-03"));
        let others = [run("2024-02-01", "2024-03-31", 180), run("2024-02-28", "2024-02-28", 301)];
        let fits = [run("2024-02-26", "2024-02-27", 300)];
        let found = check(Ok(&capacity), &others, &asked(Booking::Hard, &fits));
        assert!(found.is_allowed());
        let curve = [run("2024-02-26", "2024-02-26", 301), run("2024-02-29", "2024-03-02", 300)];
        let found = check(Ok(&capacity), &others, &asked(Booking::Hard, &curve));
        let monday = Excess { day: day("2024-02-26"), capacity: 480, already: 180, asked: 301 };
        let saturday = Excess { day: day("2024-03-02"), capacity: 0, already: 180, asked: 300 };
        // The Wednesday is overbooked, but not by this.
        assert_eq!(found.excess, Ok(vec![monday, saturday]));
        assert_eq!((found.first_excess(), monday.over(), saturday.over()), (Some(monday), 1, 480));
        assert!(!found.is_allowed() && found.is_allowed_if_accepted());
        assert!(check(Ok(&capacity), &others, &asked(Booking::Soft, &curve)).is_allowed());
    }

    #[test]
    fn days_outside_are_named_and_never_accepted() {
        let employment = Employment { from: Some(day("2024-02-28")), to: Some(day("2024-03-01")) };
        let active = Active { from: Some(day("2024-02-27")), to: Some(day("2024-02-29")) };
        let of_all = capacity(span("2024-02-01", "2024-03-31"), Employment::default(), &[]);
        let curve = [run("2024-02-26", "2024-02-28", 60), run("2024-02-27", "2024-03-02", 10)];
        let ask = |booking| Asked { booking, curve: &curve, employment, active };
        let hard = check(Ok(&of_all), &[], &ask(Booking::Hard));
        let not_employed = [(day("2024-02-26"), day("2024-02-27")), (day("2024-03-02"), day("2024-03-02"))];
        assert_eq!(hard.outside_employment, not_employed);
        let not_active = [(day("2024-02-26"), day("2024-02-26")), (day("2024-03-01"), day("2024-03-02"))];
        assert_eq!(hard.outside_project, not_active);
        assert!(!hard.is_allowed() && !hard.is_allowed_if_accepted());
        let soft = check(Ok(&of_all), &[], &ask(Booking::Soft));
        assert_eq!((soft.outside_employment.len(), soft.outside_project.len()), (2, 0));
        assert!(!soft.is_allowed());
        let touching = [run("2024-02-27", "2024-02-27", 1), run("2024-02-25", "2024-02-26", 2)];
        let found = check(Ok(&of_all), &[], &Asked { curve: &touching, ..ask(Booking::Soft) });
        assert_eq!(found.outside_employment, [(day("2024-02-25"), day("2024-02-27"))]);
    }

    #[test]
    fn a_capacity_that_nobody_knows_stops_a_confirmed_booking_only() {
        let capacity = full_time(span("2024-02-26", "2024-03-03"));
        let curve = [run("2024-03-03", "2024-03-04", 1)];
        let late = check(Ok(&capacity), &[], &asked(Booking::Hard, &curve));
        assert_eq!((late.excess.clone(), late.first_excess()), (Err(Reason::CapacityNotCovered), None));
        assert!(!late.is_allowed() && !late.is_allowed_if_accepted());
        assert!(check(Err(Reason::NoCalendar), &[], &asked(Booking::Soft, &curve)).is_allowed());
        let far = [run("1900-01-01", "1900-01-01", 1), run("2024-03-03", "2024-03-03", 1)];
        assert_eq!(check(Ok(&capacity), &[], &asked(Booking::Hard, &far)).excess, Err(Reason::CapacityNotCovered));
    }

    #[test]
    fn a_curve_without_a_minute_is_always_allowed() {
        let employment = Employment { from: Some(day("2025-01-01")), to: None };
        let none = [run("2024-03-03", "2024-03-02", 60), run("2024-03-03", "2024-03-03", 0)];
        let found = check(Err(Reason::NoCalendar), &[], &Asked { employment, ..asked(Booking::Hard, &none) });
        assert!(found.is_allowed() && found.excess == Ok(vec![]));
    }

    #[test]
    fn an_employment_that_is_reversed_contains_no_day() {
        let employment = Employment { from: Some(day("2024-03-10")), to: Some(day("2024-03-01")) };
        let capacity = full_time(span("2024-03-01", "2024-03-31"));
        let curve = [run("2024-03-01", "2024-03-20", 1)];
        let found = check(Ok(&capacity), &[], &Asked { employment, ..asked(Booking::Soft, &curve) });
        assert_eq!(found.outside_employment, [(day("2024-03-01"), day("2024-03-20"))]);
    }

    #[test]
    fn the_greatest_figures_do_not_overflow() {
        let capacity = full_time(span("2024-03-01", "2024-03-01"));
        let most = [run("2024-03-01", "2024-03-01", u32::MAX); 4];
        let found = check(Ok(&capacity), &most, &asked(Booking::Hard, &most));
        assert_eq!(found.first_excess().map(Excess::over), Some(8 * u64::from(u32::MAX) - 480));
        assert_eq!(joined(&[(NaiveDate::MAX, NaiveDate::MAX); 2]).len(), 1);
    }
}
