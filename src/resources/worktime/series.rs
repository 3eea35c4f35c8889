//! Series of days: a rule with its ends.

use std::fmt;

use chrono::NaiveDate;

use super::recurrence::Recurrence;

/// The most days, weeks or months from one time to the next.
pub const MOST_EVERY: u32 = 999;
/// The most times that a series may be said to happen.
pub const MOST_OCCURRENCES: u32 = 9_999;

/// A recurrence with its ends: the days of the rule from the first day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Series {
    /// The rule.
    pub recurrence: Recurrence,
    /// No day is before this one.
    pub from: NaiveDate,
    /// No day is after this one. Where it is given, `occurrences` says nothing.
    pub until: Option<NaiveDate>,
    /// How many days it has, 1..=9,999. With neither of the two it goes on for ever.
    pub occurrences: Option<u32>,
}

impl Series {
    /// Whether a day is one of the series. The same cost for every day; a rule that is not valid has no days.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        if day < self.from || self.last().is_some_and(|last| day > last) {
            return false;
        }
        let Some(number) = self.recurrence.number(self.from, day) else { return false };
        self.last().is_some() || self.occurrences.is_none_or(|occurrences| number < occurrences)
    }

    /// The first day of the series; none if it has no day at all.
    pub fn first(&self) -> Option<NaiveDate> {
        self.recurrence.candidates(self.from).into_iter().find(|day| self.holds_on(*day))
    }

    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<SeriesFault> {
        let mut faults = vec![];
        let mut check = |is_wrong: bool, fault| {
            if is_wrong {
                faults.push(fault);
            }
        };
        match self.recurrence {
            Recurrence::Once => {}
            Recurrence::Daily { every } | Recurrence::MonthlyOnPosition { every, .. } => {
                check(!(1..=MOST_EVERY).contains(&every), SeriesFault::Every(every));
            }
            Recurrence::Weekly { every, weekdays } => {
                check(!(1..=MOST_EVERY).contains(&every), SeriesFault::Every(every));
                check(weekdays.is_empty(), SeriesFault::NoWeekday);
            }
            Recurrence::MonthlyOnDay { every, day } => {
                check(!(1..=MOST_EVERY).contains(&every), SeriesFault::Every(every));
                check(!(1..=31).contains(&day), SeriesFault::Day(day));
            }
            Recurrence::YearlyOnDay { month, day } => {
                check(!(1..=12).contains(&month), SeriesFault::Month(month));
                check(!(1..=31).contains(&day), SeriesFault::Day(day));
            }
            Recurrence::YearlyOnPosition { month, .. } => {
                check(!(1..=12).contains(&month), SeriesFault::Month(month));
            }
        }
        check(self.until.is_some_and(|until| until < self.from), SeriesFault::Reversed);
        if let Some(occurrences) = self.occurrences {
            check(!(1..=MOST_OCCURRENCES).contains(&occurrences), SeriesFault::Occurrences(occurrences));
        }
        faults
    }

    /// The last day that its range allows.
    fn last(&self) -> Option<NaiveDate> {
        let is_once = self.recurrence == Recurrence::Once;
        self.until.or_else(|| is_once.then_some(self.from))
    }
}

/// What is wrong with a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesFault {
    /// The step from one time to the next is out of its limits.
    Every(u32),
    /// It is weekly, but on no day of the week.
    NoWeekday,
    /// No month has such a day.
    Day(u32),
    /// There is no such month.
    Month(u32),
    /// It ends before it begins.
    Reversed,
    /// The number of times is out of its limits.
    Occurrences(u32),
}

impl fmt::Display for SeriesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(every) => write!(f, "every {every}: it may be 1 to {MOST_EVERY}"),
            Self::NoWeekday => f.write_str("a weekly rule needs a day of the week"),
            Self::Day(day) => write!(f, "day {day}: it may be 1 to 31"),
            Self::Month(month) => write!(f, "month {month}: it may be 1 to 12"),
            Self::Reversed => f.write_str("the last day is before the first"),
            Self::Occurrences(times) => write!(f, "{times} occurrences: they may be 1 to {MOST_OCCURRENCES}"),
        }
    }
}

impl std::error::Error for SeriesFault {}

#[cfg(test)]
mod tests {
    use chrono::{Weekday, WeekdaySet};

    use super::super::recurrence::{Item, Position};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn series(recurrence: Recurrence, from: &str, until: Option<&str>, occurrences: Option<u32>) -> Series {
        Series { recurrence, from: day(from), until: until.map(day), occurrences }
    }

    fn days(series: &Series, to: &str) -> Vec<String> {
        let days = day("1990-01-01").iter_days().take_while(|on| *on <= day(to));
        days.filter(|on| series.holds_on(*on)).map(|on| on.to_string()).collect()
    }

    #[test]
    fn twenty_thanksgivings_as_published() {
        let fourth = (Position::Fourth, Item::On(Weekday::Thu));
        let rule = Recurrence::YearlyOnPosition { month: 11, position: fourth.0, item: fourth.1 };
        let held = days(&series(rule, "2007-11-22", Some("2026-11-30"), None), "2035-12-31");
        assert_eq!(held.len(), 20);
        assert_eq!((held[0].as_str(), held[19].as_str()), ("2007-11-22", "2026-11-26"));
        let late = series(rule, "2007-11-23", None, Some(2));
        assert_eq!(days(&late, "2035-12-31"), ["2008-11-27", "2009-11-26"]);
        assert_eq!(late.first(), Some(day("2008-11-27")));
    }

    #[test]
    fn the_last_day_wins_over_occurrences() {
        let daily = Recurrence::Daily { every: 2 };
        assert_eq!(days(&series(daily, "2025-01-30", Some("2025-02-03"), Some(1)), "2026-01-01").len(), 3);
        assert_eq!(days(&series(daily, "2025-01-30", None, Some(1)), "2026-01-01"), ["2025-01-30"]);
    }

    #[test]
    fn once_is_its_range_or_its_day() {
        let days = |until, times| days(&series(Recurrence::Once, "2024-02-28", until, times), "2025-01-01");
        assert_eq!(days(Some("2024-03-01"), Some(1)), ["2024-02-28", "2024-02-29", "2024-03-01"]);
        assert_eq!(days(None, Some(5)), ["2024-02-28"]);
    }

    #[test]
    fn leap_days_and_last_days_recur() {
        let leap = series(Recurrence::YearlyOnDay { month: 2, day: 29 }, "2023-03-01", None, Some(2));
        assert_eq!(days(&leap, "2030-01-01"), ["2024-02-29", "2025-02-28"]);
        let ends = series(Recurrence::MonthlyOnDay { every: 1, day: 31 }, "2025-01-31", None, Some(3));
        assert_eq!(days(&ends, "2030-01-01"), ["2025-01-31", "2025-02-28", "2025-03-31"]);
        let second = series(Recurrence::MonthlyOnDay { every: 2, day: 10 }, "2025-01-15", None, Some(2));
        assert_eq!(days(&second, "2030-01-01"), ["2025-03-10", "2025-05-10"]);
    }

    #[test]
    fn a_series_may_have_no_day() {
        let weekdays = WeekdaySet::single(Weekday::Sun);
        let gap = series(Recurrence::Weekly { every: 1, weekdays }, "2025-01-06", Some("2025-01-11"), None);
        assert_eq!(gap.first(), None);
        assert_eq!(series(Recurrence::Once, "2025-01-06", Some("2025-01-05"), None).first(), None);
    }

    #[test]
    fn each_fault_is_named_and_breaks_nothing() {
        let faults = |series: Series| {
            for on in [NaiveDate::MIN, series.from, NaiveDate::MAX] {
                assert!(!series.holds_on(on) || series.recurrence == Recurrence::Once, "{series:?}");
            }
            series.faults().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let weekly = Recurrence::Weekly { every: 0, weekdays: WeekdaySet::EMPTY };
        assert_eq!(
            faults(series(weekly, "2025-01-02", Some("2025-01-01"), Some(0))),
            [
                "every 0: it may be 1 to 999",
                "a weekly rule needs a day of the week",
                "the last day is before the first",
                "0 occurrences: they may be 1 to 9999"
            ]
        );
        let yearly = Recurrence::YearlyOnDay { month: 13, day: 0 };
        let text = ["month 13: it may be 1 to 12", "day 0: it may be 1 to 31"];
        assert_eq!(faults(series(yearly, "2025-01-02", None, None)), text);
        assert!(faults(series(Recurrence::Once, "2025-01-02", Some("2025-01-02"), None)).is_empty());
    }

    #[test]
    fn the_ends_of_time_are_days_like_any_other() {
        let position = Position::Last;
        for recurrence in [
            Recurrence::Once,
            Recurrence::Daily { every: u32::MAX },
            Recurrence::Weekly { every: u32::MAX, weekdays: WeekdaySet::ALL },
            Recurrence::MonthlyOnDay { every: u32::MAX, day: u32::MAX },
            Recurrence::MonthlyOnPosition { every: 1, position, item: Item::Weekday },
            Recurrence::YearlyOnDay { month: 12, day: 31 },
            Recurrence::YearlyOnPosition { month: 1, position, item: Item::WeekendDay },
        ] {
            for from in [NaiveDate::MIN, NaiveDate::MAX, day("2025-01-01")] {
                let series = Series { recurrence, from, until: None, occurrences: None };
                let held = [NaiveDate::MIN, NaiveDate::MAX, from].map(|on| series.holds_on(on));
                assert!(series.first().is_none_or(|first| first >= from), "{series:?} {held:?}");
            }
        }
    }
}
