//! Where more is booked on a resource than it can do.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::NaiveDate;

use super::daily::{Counting, Daily, Load};
use super::fraction::Known;
use super::runs::Run;
use super::span::Span;

/// Days in a row on which too much is booked. The first and the last day have an excess; in between there may also be
/// days without capacity on which nothing is booked, such as a weekend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict<Id> {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How many of the days have an excess.
    pub days: usize,
    /// The greatest excess of a day, in minutes.
    pub peak: u64,
    /// The excess of all days, in minutes.
    pub over: u64,
    /// The capacity of all days, in minutes.
    pub capacity: u64,
    /// What counts as booked on all days, in minutes.
    pub booked: u64,
    /// The allocations with counted minutes on a day that has an excess, each once, in order of their ids.
    pub allocations: Vec<Id>,
    /// Whether on some day already the confirmed bookings alone are too much.
    pub is_hard: bool,
}

/// The conflicts of a resource within a span, in order. A day has an excess where the bookings that count exceed its
/// capacity. Days belong together unless there is a day without excess, but with capacity, between them. Conflicts are
/// cut at the ends of the span.
pub fn conflicts<Id: Copy + Ord>(span: Span, load: &Load<'_, Id>, counting: Counting) -> Known<Vec<Conflict<Id>>> {
    let capacity = load.capacity_in(span)?;
    let days = Daily::of(span, load);
    let ranges = ranges(capacity, |at| days.booked(at, counting));
    Ok(ranges.into_iter().map(|places| conflict(load, &days, capacity, places, counting)).collect())
}

/// Where days with an excess lie that belong together.
fn ranges(capacity: &[u32], booked: impl Fn(usize) -> u64) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = vec![];
    let mut is_broken = true;
    for (at, capacity) in capacity.iter().enumerate() {
        if booked(at) <= u64::from(*capacity) {
            is_broken |= *capacity > 0;
            continue;
        }
        match ranges.last_mut().filter(|_| !is_broken) {
            Some(range) => range.end = at + 1,
            None => ranges.push(at..at + 1),
        }
        is_broken = false;
    }
    ranges
}

fn conflict<Id: Copy + Ord>(
    load: &Load<'_, Id>,
    days: &Daily,
    capacity: &[u32],
    places: Range<usize>,
    counting: Counting,
) -> Conflict<Id> {
    let span = days.span();
    let excess = |at: usize, counting| days.booked(at, counting).saturating_sub(u64::from(capacity[at]));
    let sum = |of: &dyn Fn(usize) -> u64| places.clone().fold(0_u64, |sum, at| sum.saturating_add(of(at)));
    // A day without excess has no bookings here, so who is there on any day is there on one with an excess.
    let takes_part = |run: &Run| {
        let of_run = span.places(run.from, run.to);
        run.minutes > 0 && of_run.start.max(places.start) < of_run.end.min(places.end)
    };
    let counted = load.booked.iter().filter(|booked| counting.counts(booked.booking));
    let allocations: BTreeSet<Id> =
        counted.filter(|booked| takes_part(&booked.run)).map(|booked| booked.allocation).collect();
    Conflict {
        from: span.day(places.start),
        to: span.day(places.end.saturating_sub(1)),
        days: places.clone().filter(|at| excess(*at, counting) > 0).count(),
        peak: places.clone().map(|at| excess(at, counting)).max().unwrap_or(0),
        over: sum(&|at| excess(at, counting)),
        capacity: sum(&|at| u64::from(capacity[at])),
        booked: sum(&|at| days.booked(at, counting)),
        allocations: allocations.into_iter().collect(),
        is_hard: places.clone().any(|at| excess(at, Counting::Hard) > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::worktime::capacity::{Employment, TimeOff};
    use super::super::daily::Booking;
    use super::super::fraction::Reason;
    use super::super::testing::{booked, capacity, day, full_time, load, run, span};
    use super::*;

    #[test]
    fn a_weekend_does_not_break_a_conflict_and_a_working_day_does() {
        let month = span("2024-02-01", "2024-03-31");
        let capacity = full_time(month);
        let all = [
            booked(5, Booking::Hard, run("2024-02-29", "2024-03-01", 300)),
            booked(5, Booking::Hard, run("2024-03-04", "2024-03-08", 300)),
            booked(4, Booking::Soft, run("2024-02-28", "2024-03-04", 240)),
            booked(3, Booking::Hard, run("2024-03-06", "2024-03-06", 181)),
            booked(2, Booking::Soft, run("2024-03-07", "2024-03-07", 0)),
        ];
        // The Saturday and the Sunday are booked too, on no capacity.
        let found = conflicts(month, &load(1, &capacity, &all), Counting::HardAndSoft).expect("conflicts");
        let first = Conflict {
            from: day("2024-02-29"),
            to: day("2024-03-04"),
            days: 5,
            peak: 240,
            over: 3 * 60 + 2 * 240,
            capacity: 3 * 480,
            booked: 3 * 540 + 2 * 240,
            allocations: vec![4, 5],
            is_hard: false,
        };
        let second = Conflict {
            from: day("2024-03-06"),
            to: day("2024-03-06"),
            days: 1,
            peak: 1,
            over: 1,
            capacity: 480,
            booked: 481,
            allocations: vec![3, 5],
            is_hard: true,
        };
        assert_eq!(found, [first, second.clone()]);
        assert_eq!(conflicts(month, &load(1, &capacity, &all), Counting::Hard), Ok(vec![second]));
    }

    #[test]
    fn an_empty_weekend_lies_within_a_conflict() {
        let month = span("2024-02-01", "2024-03-31");
        let capacity = full_time(month);
        let over = |id, from, to| booked(id, Booking::Hard, run(from, to, 500));
        let all = [over(1, "2024-03-01", "2024-03-01"), over(2, "2024-03-04", "2024-03-04")];
        let found = conflicts(month, &load(1, &capacity, &all), Counting::Hard).expect("conflicts");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].from, found[0].to, found[0].days), (day("2024-03-01"), day("2024-03-04"), 2));
        assert_eq!((found[0].over, found[0].capacity, found[0].allocations.as_slice()), (40, 960, &[1, 2][..]));
        let weekend = span("2024-03-02", "2024-03-03");
        assert_eq!(conflicts(weekend, &load(1, &capacity, &all), Counting::Hard), Ok(vec![]));
    }

    #[test]
    fn time_off_makes_a_conflict_of_what_is_booked() {
        let week = span("2024-02-26", "2024-03-03");
        let off = TimeOff { from: day("2024-02-28"), to: day("2024-02-29"), minutes: None };
        let capacity = capacity(week, Employment::default(), &[off]);
        let all = [booked(1, Booking::Hard, run("2024-02-26", "2024-03-01", 480))];
        let found = conflicts(week, &load(1, &capacity, &all), Counting::Hard).expect("conflicts");
        assert_eq!((found.len(), found[0].from, found[0].to), (1, day("2024-02-28"), day("2024-02-29")));
        assert_eq!((found[0].peak, found[0].over, found[0].capacity), (480, 960, 0));
        let unknown = Load { capacity: Err(Reason::NoCalendar), ..load(1, &capacity, &all) };
        assert_eq!(conflicts(week, &unknown, Counting::Hard), Err(Reason::NoCalendar));
    }
}
