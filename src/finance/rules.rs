//! The life of budgets and cost plans, the arithmetic of lines and transfers, and the period in which an actual is posted. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// Where a version of a budget or of a cost plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// Being made.
    Draft,
    /// Handed in.
    Submitted,
    /// In force.
    Approved,
    /// Not approved.
    Rejected,
    /// Was in force.
    Superseded,
}

impl VersionState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Submitted, Self::Approved, Self::Rejected, Self::Superseded];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Superseded => "SUPERSEDED",
        }
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted],
            Self::Submitted => &[Self::Approved, Self::Rejected],
            Self::Approved => &[Self::Superseded],
            Self::Rejected | Self::Superseded => &[],
        }
    }

    /// The names of the states from which `self` is reached.
    pub fn leads(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |from| from.followers().contains(&self)).map(Self::as_str)
    }
}

/// Whether two spans of days have a day in common.
pub fn overlaps(a: (NaiveDate, NaiveDate), b: (NaiveDate, NaiveDate)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

/// Whether the first span lies in the second.
pub fn lies_in(part: (NaiveDate, NaiveDate), whole: (NaiveDate, NaiveDate)) -> bool {
    whole.0 <= part.0 && part.1 <= whole.1
}

/// The sum of amounts in 1/10,000; none where it cannot be kept.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Option<i64> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add)
}

/// The currencies in which the moves of a transfer do not sum to 0.
pub fn unbalanced<'c>(moves: impl IntoIterator<Item = (&'c str, i64)>) -> Vec<&'c str> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for (currency, amount) in moves {
        *sums.entry(currency).or_default() += i128::from(amount);
    }
    sums.into_iter().filter(|(_, sum)| *sum != 0).map(|(currency, _)| currency).collect()
}

/// A quantity in 1e-9 times a cost in 1/10,000, rounded half up to 1/10,000; none where it cannot be kept.
pub fn product(quantity: i64, unit_cost: i64) -> Option<i64> {
    const WHOLE: i128 = 1_000_000_000;
    let exact = i128::from(quantity) * i128::from(unit_cost);
    i64::try_from((exact + WHOLE / 2).div_euclid(WHOLE)).ok()
}

/// A period of a calendar, as far as posting needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting<I> {
    /// Which one.
    pub id: I,
    /// How long it is: the shortest kind first.
    pub rank: usize,
    /// Its first and its last day.
    pub span: (NaiveDate, NaiveDate),
    /// Whether its figures may change.
    pub is_open: bool,
}

/// The shortest period that has a day.
pub fn due<I: Copy>(periods: &[Posting<I>], day: NaiveDate) -> Option<&Posting<I>> {
    let has = |period: &&Posting<I>| period.span.0 <= day && day <= period.span.1;
    periods.iter().filter(has).min_by_key(|period| period.rank)
}

/// Where an actual of a day is posted, and on which day it counts: the shortest period that has the day; where that one is
/// closed, the first day of the earliest open one after it of the same length. None where there is no such period.
pub fn posting<I: Copy>(periods: &[Posting<I>], day: NaiveDate) -> Option<(I, NaiveDate)> {
    let due = due(periods, day)?;
    if due.is_open {
        return Some((due.id, day));
    }
    let later = periods.iter().filter(|period| period.rank == due.rank && period.is_open && period.span.0 > day);
    later.min_by_key(|period| period.span.0).map(|period| (period.id, period.span.0))
}

/// What of a commitment is still to be invoiced.
pub fn still_open(state: &str, committed: i64, invoiced: i64) -> i64 {
    if state == "OPEN" { committed.saturating_sub(invoiced).max(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_rounded_to_what_is_kept() {
        let whole = 1_000_000_000;
        assert_eq!(product(3 * whole, 50_000), Some(150_000));
        assert_eq!(product(whole / 2, 1), Some(1), "half up");
        assert_eq!(product(whole / 2 - 1, 1), Some(0));
        assert_eq!(product(whole / 3, 30_000), Some(10_000));
        assert_eq!(product(i64::MAX, i64::MAX), None);
    }

    #[test]
    fn an_actual_is_posted_where_its_day_is_or_in_the_next_open_period() {
        let span = |id, rank, from, to, is_open| Posting { id, rank, span: (day(from), day(to)), is_open };
        let periods = [
            span('Y', 2, 1, 30, true),
            span('a', 0, 1, 5, false),
            span('b', 0, 6, 10, false),
            span('d', 0, 16, 20, true),
            span('c', 0, 11, 15, true),
            span('q', 1, 21, 30, false),
        ];
        for (on, due) in [
            (12, Some(('c', day(12)))),
            (2, Some(('c', day(11)))),
            (10, Some(('c', day(11)))),
            (20, Some(('d', day(20)))),
            // A closed quarter with no months in it: the open months before it are no place for it.
            (25, None),
        ] {
            assert_eq!(posting(&periods, day(on)), due, "{on}");
        }
        assert_eq!(posting(&periods[1..2], day(3)), None, "nothing is open");
        assert_eq!(posting(&periods[1..], day(30)), None, "closed, and nothing after it");
        assert_eq!(posting::<char>(&[], day(1)), None);
    }

    #[test]
    fn nothing_is_open_of_what_is_closed() {
        assert_eq!(still_open("OPEN", 10, 4), 6);
        assert_eq!(still_open("CLOSED", 10, 4), 0);
        assert_eq!(still_open("CANCELLED", 10, 0), 0);
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 4, n).expect("a day")
    }

    #[test]
    fn spans_that_touch_on_a_day_overlap() {
        assert!(overlaps((day(1), day(5)), (day(5), day(9))));
        assert!(!overlaps((day(1), day(5)), (day(6), day(9))));
        assert!(lies_in((day(2), day(5)), (day(2), day(5))));
        assert!(!lies_in((day(1), day(5)), (day(2), day(9))));
    }

    #[test]
    fn a_transfer_sums_to_nothing_in_each_currency() {
        assert!(unbalanced([("EUR", 5), ("GBP", -1), ("EUR", -5), ("GBP", 1)]).is_empty());
        assert_eq!(unbalanced([("EUR", 5), ("GBP", -5)]), ["EUR", "GBP"]);
    }

    #[test]
    fn nothing_follows_a_decision_but_the_next_version() {
        assert_eq!(VersionState::Approved.followers(), [VersionState::Superseded]);
        assert!(VersionState::Rejected.followers().is_empty());
        assert_eq!(VersionState::Approved.leads().collect::<Vec<_>>(), ["SUBMITTED"]);
    }

    #[test]
    fn a_sum_beyond_what_is_kept_is_none() {
        assert_eq!(sum([1, 2, -4]), Some(-1));
        assert_eq!(sum([i64::MAX, 1]), None);
    }
}
