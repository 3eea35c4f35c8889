//! When a measure is due: a first date, then one each so many months until the last. Pure.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Months, NaiveDate};

/// Dates of one calendar are due so long after the first that nobody asks for the next.
const MOST: u32 = 12_000;

/// The due dates of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Months from one date to the next; none where there is only one.
    pub months: Option<u32>,
    /// The first date.
    pub first: NaiveDate,
    /// No date comes after it; none for no end.
    pub last: Option<NaiveDate>,
}

/// Months from one date to the next; none where there is only one.
pub fn months(frequency: &str) -> Option<u32> {
    match frequency {
        "MONTHLY" => Some(1),
        "QUARTERLY" => Some(3),
        "SEMIANNUAL" => Some(6),
        "ANNUAL" => Some(12),
        _ => None,
    }
}

impl Calendar {
    /// The date with that number, from 0: counted from the first, so that the end of a month stays one.
    pub fn date(&self, nth: u32) -> Option<NaiveDate> {
        let months = if nth == 0 { 0 } else { self.months?.checked_mul(nth)? };
        let date = self.first.checked_add_months(Months::new(months))?;
        (self.last.is_none_or(|last| date <= last)).then_some(date)
    }

    /// Whether something is due on the day.
    pub fn has(&self, day: NaiveDate) -> bool {
        let apart =
            (day.year() - self.first.year()) * 12 + day.month0().cast_signed() - self.first.month0().cast_signed();
        let Ok(apart) = u32::try_from(apart) else { return false };
        let nth = match self.months {
            Some(months) if apart.is_multiple_of(months) => apart / months,
            None if apart == 0 => 0,
            _ => return false,
        };
        self.date(nth) == Some(day)
    }

    /// The first date that is not among these.
    pub fn next(&self, answered: &BTreeSet<NaiveDate>) -> Option<NaiveDate> {
        (0..MOST).map_while(|nth| self.date(nth)).find(|date| !answered.contains(date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn calendar(frequency: &str, first: &str, last: Option<&str>) -> Calendar {
        Calendar { months: months(frequency), first: day(first), last: last.map(day) }
    }

    #[test]
    fn dates_follow_at_the_frequency_and_month_ends_stay_month_ends() {
        for (frequency, first, last, dates) in [
            ("ONCE", "2026-01-31", None, vec!["2026-01-31"]),
            ("MONTHLY", "2026-01-31", None, vec!["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
            ("QUARTERLY", "2025-11-30", None, vec!["2025-11-30", "2026-02-28", "2026-05-30"]),
            ("SEMIANNUAL", "2026-01-01", Some("2026-07-01"), vec!["2026-01-01", "2026-07-01"]),
            ("ANNUAL", "2024-02-29", Some("2026-02-27"), vec!["2024-02-29", "2025-02-28"]),
            ("MONTHLY", "2026-01-15", Some("2026-01-14"), vec![]),
        ] {
            let calendar = calendar(frequency, first, last);
            let mut answered = BTreeSet::new();
            for date in &dates {
                assert_eq!(calendar.next(&answered), Some(day(date)), "{frequency} {first}");
                assert!(calendar.has(day(date)), "{frequency} {date}");
                answered.insert(day(date));
            }
            let more = calendar.next(&answered);
            assert_eq!(more.is_some(), last.is_none() && frequency != "ONCE", "{frequency} {more:?}");
        }
    }

    #[test]
    fn a_gap_is_due_before_what_comes_later() {
        let calendar = calendar("MONTHLY", "2026-01-10", None);
        let answered = ["2026-01-10", "2026-03-10"].map(day).into();
        assert_eq!(calendar.next(&answered), Some(day("2026-02-10")));
    }

    #[test]
    fn other_days_are_not_due() {
        let quarterly = calendar("QUARTERLY", "2026-01-31", Some("2026-12-31"));
        for other in ["2025-10-31", "2026-01-30", "2026-02-28", "2026-04-29", "2027-01-31"] {
            assert!(!quarterly.has(day(other)), "{other}");
        }
        assert!(!calendar("ONCE", "2026-01-31", None).has(day("2027-01-31")));
    }
}
