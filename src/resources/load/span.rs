//! A range of days, and where days lie in it.

use std::ops::Range;

use chrono::{Days, NaiveDate};

use super::super::worktime::MOST_DAYS;

/// The days from one to another, both included: at least one, at most [`MOST_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    first: NaiveDate,
    days: usize,
}

impl Span {
    /// The days from one to another. None where they are reversed or too many.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        let days = usize::try_from((to - from).num_days()).ok()?.checked_add(1)?;
        (days <= MOST_DAYS).then_some(Self { first: from, days })
    }

    /// The first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day.
    pub fn last(self) -> NaiveDate {
        self.day(self.days - 1)
    }

    /// How many days there are, at least 1.
    pub fn days(self) -> usize {
        self.days
    }

    /// The day at a place, counted from 0; beyond the end of time, the last day that can be written.
    pub fn day(self, at: usize) -> NaiveDate {
        day_after(self.first, at).unwrap_or(NaiveDate::MAX)
    }

    /// The places of the days from one to another, both included, as far as they are in here; empty where none are.
    pub fn places(self, from: NaiveDate, to: NaiveDate) -> Range<usize> {
        let place = |apart: i64| usize::try_from(apart.max(0)).unwrap_or(usize::MAX).min(self.days);
        let begin = place((from - self.first).num_days());
        let end = place((to - self.first).num_days() + 1);
        begin..end.max(begin)
    }
}

/// The day so many days after another; none beyond the end of time.
pub(super) fn day_after(first: NaiveDate, days: usize) -> Option<NaiveDate> {
    first.checked_add_days(Days::new(u64::try_from(days).ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::day;
    use super::*;

    #[test]
    fn a_span_has_its_limits() {
        let of = |from, to| Span::new(from, to).map(Span::days);
        assert_eq!(of(day("2024-02-28"), day("2024-03-01")), Some(3));
        assert_eq!(of(day("2023-02-28"), day("2023-03-01")), Some(2));
        assert_eq!(of(day("2024-02-29"), day("2024-02-29")), Some(1));
        assert_eq!(of(day("2024-03-01"), day("2024-02-29")), None);
        assert_eq!(of(NaiveDate::MIN, NaiveDate::MAX), None);
        let last = day("2000-01-01") + Days::new(36_599);
        assert_eq!((of(day("2000-01-01"), last), of(day("1999-12-31"), last)), (Some(MOST_DAYS), None));
        let end = Span::new(day("2024-02-28"), NaiveDate::MAX);
        assert_eq!(end, None);
        assert_eq!(of(NaiveDate::MAX, NaiveDate::MAX), Some(1));
    }

    #[test]
    fn days_have_their_places() {
        let span = Span::new(day("2024-02-27"), day("2024-03-02")).expect("a span");
        assert_eq!((span.day(2), span.last()), (day("2024-02-29"), day("2024-03-02")));
        assert_eq!(span.places(day("2024-02-29"), day("2024-02-29")), 2..3);
        assert_eq!(span.places(NaiveDate::MIN, NaiveDate::MAX), 0..5);
        assert!(span.places(NaiveDate::MIN, day("2024-02-26")).is_empty());
        assert!(span.places(day("2024-03-03"), NaiveDate::MAX).is_empty());
        assert!(span.places(day("2024-03-01"), day("2024-02-28")).is_empty());
        assert_eq!(span.day(usize::MAX), NaiveDate::MAX);
    }
}
