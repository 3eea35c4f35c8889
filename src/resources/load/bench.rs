//! Who has free capacity, how much of it, and for how long without a break.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::daily::{Counting, Load, free};
use super::fraction::{Fraction, Known, Reason};
use super::span::Span;

/// What counts as free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// Which bookings take it away.
    pub counting: Counting,
    /// The least minutes that must be free on each day of a free span; 0 is taken as 1.
    pub least: u32,
}

/// Days in a row that are free: the first and the last are, and there is no day with capacity between them that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpan {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How many of the days are free.
    pub days: usize,
    /// The free minutes of all days.
    pub minutes: u64,
}

/// The free capacity of a resource within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bench<Id> {
    /// The resource.
    pub id: Id,
    /// Its free minutes: the sum over days, never below 0 on a day; or why nobody knows them.
    pub free: Known<u64>,
    /// Its free minutes divided by those of its capacity.
    pub share: Known<Fraction>,
    /// Where most days in a row are free, of equal ones the earliest; none where no day is.
    pub longest: Option<FreeSpan>,
}

/// The free capacity of a resource.
pub fn of<Id: Copy>(span: Span, load: &Load<'_, Id>, what: Free) -> Bench<Id> {
    let capacity = load.capacity_in(span);
    let days = free(span, load, what.counting);
    let sum = days.as_ref().map(|days| days.iter().sum()).map_err(|reason| *reason);
    // A day of capacity has at most u32::MAX minutes and a span few days, so that no sum here can overflow.
    let of_all = capacity.map(|days| days.iter().copied().map(u64::from).sum());
    let share = sum.and_then(|free| Fraction::of(free, of_all?, Reason::ZeroCapacity));
    let longest = match (capacity, &days) {
        (Ok(capacity), Ok(days)) => longest(span, capacity, days, u64::from(what.least.max(1))),
        _ => None,
    };
    Bench { id: load.id, free: sum, share, longest }
}

/// Puts the greatest share first, equal ones by id; those without a share come last, also by id.
pub fn sort<Id: Ord>(list: &mut [Bench<Id>]) {
    list.sort_by(|one, other| {
        let by_share = match (one.share, other.share) {
            (Ok(one), Ok(other)) => other.compare(one),
            (one, other) => other.is_ok().cmp(&one.is_ok()),
        };
        by_share.then_with(|| one.id.cmp(&other.id))
    });
}

/// Where most days in a row are free.
fn longest(span: Span, capacity: &[u32], free: &[u64], least: u64) -> Option<FreeSpan> {
    let mut best: Option<FreeSpan> = None;
    let mut open: Option<FreeSpan> = None;
    for (at, (capacity, free)) in capacity.iter().zip(free).enumerate() {
        if *free < least {
            if *capacity > 0 {
                open = None;
            }
            continue;
        }
        let day = span.day(at);
        let before = open.unwrap_or(FreeSpan { from: day, to: day, days: 0, minutes: 0 });
        let now = FreeSpan { to: day, days: before.days + 1, minutes: before.minutes + free, ..before };
        open = Some(now);
        if best.is_none_or(|best| now.days.cmp(&best.days) == Ordering::Greater) {
            best = Some(now);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::super::worktime::capacity::Employment;
    use super::super::daily::Booking;
    use super::super::testing::{booked, capacity, day, full_time, load, run, span};
    use super::*;

    const ALL: Free = Free { counting: Counting::HardAndSoft, least: 1 };

    #[test]
    fn the_longest_free_time_goes_over_weekends() {
        let month = span("2024-02-01", "2024-02-29");
        let capacity = full_time(month);
        let all = [
            booked(1, Booking::Hard, run("2024-02-05", "2024-02-06", 480)),
            booked(2, Booking::Soft, run("2024-02-14", "2024-02-14", 480)),
            booked(3, Booking::Hard, run("2024-02-16", "2024-02-16", 300)),
            booked(4, Booking::Hard, run("2024-02-10", "2024-02-10", 300)),
        ];
        let of = |counting, least| of(month, &load(1, &capacity, &all), Free { counting, least });
        let found = of(Counting::HardAndSoft, 0);
        assert_eq!(found.free, Ok(21 * 480 - 3 * 480 - 300));
        assert_eq!(found.share, Fraction::of(8_340, 10_080, Reason::ZeroCapacity));
        let longest = |from, to, days, minutes| Some(FreeSpan { from: day(from), to: day(to), days, minutes });
        assert_eq!(found.longest, longest("2024-02-15", "2024-02-29", 11, 10 * 480 + 180));
        assert_eq!(of(Counting::HardAndSoft, 240).longest, longest("2024-02-19", "2024-02-29", 9, 9 * 480));
        assert_eq!(of(Counting::Hard, 1).longest, longest("2024-02-07", "2024-02-29", 17, 16 * 480 + 180));
        assert_eq!(of(Counting::Hard, 481).longest, None);
    }

    #[test]
    fn the_first_of_equal_ones_is_the_longest() {
        let week = span("2024-02-26", "2024-03-01");
        let capacity = full_time(week);
        let all = [booked(1, Booking::Hard, run("2024-02-28", "2024-02-28", 480))];
        let found = of(week, &load(1, &capacity, &all), ALL).longest.expect("a free span");
        assert_eq!((found.from, found.to, found.days), (day("2024-02-26"), day("2024-02-27"), 2));
    }

    #[test]
    fn the_order_is_total_and_unknown_ones_come_last() {
        let week = span("2024-02-26", "2024-03-03");
        let never = Employment { from: None, to: Some(day("2024-01-01")) };
        let (some, none) = (full_time(week), capacity(week, never, &[]));
        let half = [booked(1, Booking::Hard, run("2024-02-26", "2024-03-01", 240))];
        let mut list = vec![
            of(week, &Load { capacity: Err(Reason::NoCalendar), ..load(1, &some, &[]) }, ALL),
            of(week, &load(9, &some, &half), ALL),
            of(week, &load(2, &none, &[]), ALL),
            of(week, &load(8, &some, &[]), ALL),
            of(week, &load(3, &some, &half), ALL),
        ];
        sort(&mut list);
        assert_eq!(list.iter().map(|one| one.id).collect::<Vec<_>>(), [8, 3, 9, 1, 2]);
        assert_eq!((list[3].free, list[3].longest), (Err(Reason::NoCalendar), None));
        assert_eq!((list[4].free, list[4].share), (Ok(0), Err(Reason::ZeroCapacity)));
    }
}
