//! Rules by which days recur. Nothing is counted through: whether a rule holds on a day, and which time it is, is found
//! from the day itself.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday, WeekdaySet};

/// Which of the days of a month that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// The first.
    First,
    /// The second.
    Second,
    /// The third.
    Third,
    /// The fourth.
    Fourth,
    /// The last: the fourth or the fifth, say.
    Last,
}

/// Which days of a month are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// A day of the week.
    On(Weekday),
    /// Any day.
    Day,
    /// Monday to Friday.
    Weekday,
    /// Saturday and Sunday.
    WeekendDay,
}

impl Item {
    fn fits(self, day: Weekday) -> bool {
        let weekend = matches!(day, Weekday::Sat | Weekday::Sun);
        match self {
            Self::On(this) => day == this,
            Self::Day => true,
            Self::Weekday => !weekend,
            Self::WeekendDay => weekend,
        }
    }
}

/// How days recur. `every` is 1..=999, a `day` 1..=31, a `month` 1..=12; a day beyond its month is the month's last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recurrence {
    /// Not: every day of the range. Without a last day it is one day; occurrences say nothing.
    Once,
    /// Each so many days.
    Daily {
        /// Days from one to the next.
        every: u32,
    },
    /// On days of the week, each so many weeks. Weeks begin on Sunday; the first is that of the series' first day.
    Weekly {
        /// Weeks from one to the next.
        every: u32,
        /// The days of the week.
        weekdays: WeekdaySet,
    },
    /// On a day of the month, each so many months. The first month is that of the series' first day.
    MonthlyOnDay {
        /// Months from one to the next.
        every: u32,
        /// The day of the month.
        day: u32,
    },
    /// On such a day as the last Friday or the first weekday, each so many months.
    MonthlyOnPosition {
        /// Months from one to the next.
        every: u32,
        /// Which of them.
        position: Position,
        /// Which days.
        item: Item,
    },
    /// On a day of a month, each year.
    YearlyOnDay {
        /// The month, 1 = January.
        month: u32,
        /// The day of the month.
        day: u32,
    },
    /// On such a day as the fourth Thursday of November, each year.
    YearlyOnPosition {
        /// The month, 1 = January.
        month: u32,
        /// Which of them.
        position: Position,
        /// Which days.
        item: Item,
    },
}

impl Recurrence {
    /// Which time a day is of a rule that begins on a day, 0 for the first; none if it is no day of the rule.
    pub(super) fn number(self, from: NaiveDate, day: NaiveDate) -> Option<u32> {
        let turn = match self {
            Self::Once => return Some(0),
            Self::Daily { every } => return turn(i64::from(civil(day)) - i64::from(civil(from)), every),
            Self::Weekly { every, weekdays } => return weekly(every, weekdays, from, day),
            Self::YearlyOnDay { month, .. } | Self::YearlyOnPosition { month, .. } => {
                if day.month() != month {
                    return None;
                }
                u32::try_from(day.year() - from.year()).ok()?
            }
            Self::MonthlyOnDay { every, .. } | Self::MonthlyOnPosition { every, .. } => {
                turn(month_number(day) - month_number(from), every)?
            }
        };
        if self.in_month_of(day) != Some(day) {
            return None;
        }
        // A first time that would be before the series begins is none of it.
        let first = self.first_month(from).and_then(|month| self.in_month_of(month));
        turn.checked_sub(u32::from(first.is_some_and(|first| first < from)))
    }

    /// A day of the month where a monthly or yearly rule that begins on a day is looked for first.
    fn first_month(self, from: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::YearlyOnDay { month, .. } | Self::YearlyOnPosition { month, .. } => {
                NaiveDate::from_ymd_opt(from.year(), month, 1)
            }
            _ => from.with_day(1),
        }
    }

    /// The day of a monthly or yearly rule in the month of a day.
    fn in_month_of(self, month: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::MonthlyOnDay { day, .. } | Self::YearlyOnDay { day, .. } => {
                month.with_day(day.min(u32::from(month.num_days_in_month())))
            }
            Self::MonthlyOnPosition { position, item, .. } | Self::YearlyOnPosition { position, item, .. } => {
                at_position(month, position, item)
            }
            _ => None,
        }
    }

    /// Days one of which is the first of a rule that begins on a day, if it has any; in the order of the calendar.
    pub(super) fn candidates(self, from: NaiveDate) -> Vec<NaiveDate> {
        let months = match self {
            Self::Once | Self::Daily { .. } => return vec![from],
            Self::Weekly { every, .. } => {
                let apart = (u64::from(every) * 7).saturating_sub(u64::from(from.weekday().num_days_from_sunday()));
                let next = from.checked_add_days(Days::new(apart));
                let weeks = [Some(from), next].into_iter().flatten();
                return weeks.flat_map(|week| week.iter_days().take(7)).collect();
            }
            Self::MonthlyOnDay { every, .. } | Self::MonthlyOnPosition { every, .. } => every,
            Self::YearlyOnDay { .. } | Self::YearlyOnPosition { .. } => 12,
        };
        let first = self.first_month(from);
        let next = first.and_then(|month| month.checked_add_months(Months::new(months)));
        [first, next].into_iter().flatten().filter_map(|month| self.in_month_of(month)).collect()
    }
}

/// The number of a day.
fn civil(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// The number of the Sunday on or before a day.
fn sunday(day: NaiveDate) -> i32 {
    civil(day) - day.weekday().num_days_from_sunday().cast_signed()
}

/// The number of a month.
fn month_number(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

/// How many steps there are in what is apart; none if they are not whole ones.
fn turn(apart: i64, every: u32) -> Option<u32> {
    let every = i64::from(every);
    if apart.checked_rem(every)? != 0 {
        return None;
    }
    u32::try_from(apart / every).ok()
}

fn weekly(every: u32, weekdays: WeekdaySet, from: NaiveDate, day: NaiveDate) -> Option<u32> {
    if !weekdays.contains(day.weekday()) {
        return None;
    }
    let weeks = turn(i64::from((sunday(day) - sunday(from)) / 7), every)?;
    let earlier = |than: NaiveDate| {
        let is_earlier = |day: &Weekday| day.num_days_from_sunday() < than.weekday().num_days_from_sunday();
        weekdays.iter(Weekday::Sun).filter(is_earlier).map(|_| 1).sum::<u32>()
    };
    (weeks * u32::from(weekdays.len()) + earlier(day)).checked_sub(earlier(from))
}

fn at_position(month: NaiveDate, position: Position, item: Item) -> Option<NaiveDate> {
    let last = u32::from(month.num_days_in_month());
    let mut days = (1..=last).filter_map(|day| month.with_day(day)).filter(|day| item.fits(day.weekday()));
    match position {
        Position::First => days.next(),
        Position::Second => days.nth(1),
        Position::Third => days.nth(2),
        Position::Fourth => days.nth(3),
        Position::Last => days.next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_day_beyond_its_month_is_the_last_one() {
        let rule = Recurrence::MonthlyOnDay { every: 1, day: 31 };
        let of = |month| rule.in_month_of(day(month)).map(|day| day.to_string());
        assert_eq!(of("2025-04-01").as_deref(), Some("2025-04-30"));
        assert_eq!(of("2023-02-01").as_deref(), Some("2023-02-28"));
        assert_eq!(of("2024-02-01").as_deref(), Some("2024-02-29"));
    }

    #[test]
    fn positions_are_found_in_the_month() {
        let of = |position, item| at_position(day("2025-11-01"), position, item).map(|day| day.day());
        assert_eq!(of(Position::First, Item::Day), Some(1));
        assert_eq!(of(Position::First, Item::Weekday), Some(3));
        assert_eq!(of(Position::Third, Item::WeekendDay), Some(8));
        assert_eq!(of(Position::Last, Item::WeekendDay), Some(30));
        assert_eq!(of(Position::Last, Item::Weekday), Some(28));
        assert_eq!(of(Position::Fourth, Item::On(Weekday::Thu)), Some(27));
        assert_eq!(of(Position::Last, Item::On(Weekday::Sat)), Some(29));
    }

    #[test]
    fn weeks_are_counted_from_the_sunday_of_the_first() {
        let rule = Recurrence::Weekly { every: 2, weekdays: WeekdaySet::from_array([Weekday::Sun, Weekday::Wed]) };
        let from = day("2025-01-02");
        let number = |text| rule.number(from, day(text));
        assert_eq!(number("2025-01-05"), None);
        assert_eq!(number("2025-01-12"), Some(0));
        assert_eq!(number("2025-01-15"), Some(1));
        assert_eq!(number("2025-01-26"), Some(2));
    }
}
