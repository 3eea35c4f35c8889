//! The periods that a range of days is shown by.

use std::fmt;
use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::span::Span;

/// The most periods that a range may be shown by.
pub const MOST_PERIODS: usize = 1_000;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grain {
    /// Each day by itself.
    Day,
    /// From a Monday to the Sunday after it.
    Week,
    /// From the first day of a month to its last.
    Month,
}

/// Some days of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The first day that is in the range.
    pub from: NaiveDate,
    /// The last day that is in the range, itself included.
    pub to: NaiveDate,
    /// Which of the periods that were given it is, counted from 0; of weeks and the like, its own place.
    pub given: usize,
    /// Where its days lie in the range.
    places: Range<usize>,
}

impl Period {
    /// Where its days lie in the range.
    pub fn places(&self) -> Range<usize> {
        self.places.clone()
    }
}

/// Periods of a range, in order, clipped to it and not overlapping. Days between given periods are in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    span: Span,
    list: Vec<Period>,
}

impl Periods {
    /// All periods of a length that meet a range.
    pub fn of(span: Span, grain: Grain) -> Result<Self, PeriodFault> {
        let mut list = vec![];
        let mut from = span.first();
        while from <= span.last() {
            if list.len() == MOST_PERIODS {
                return Err(PeriodFault::TooMany);
            }
            // There is no next one at the end of time: then this one ends the range.
            let next = next(from, grain);
            let to = next.and_then(|next| next.pred_opt()).map_or(span.last(), |to| to.min(span.last()));
            list.push(Period { from, to, given: list.len(), places: span.places(from, to) });
            let Some(next) = next else { break };
            from = next;
        }
        Ok(Self { span, list })
    }

    /// Those of the given periods that meet a range, such as fiscal periods: each from a day to a day, both included,
    /// in order and not overlapping.
    pub fn given(span: Span, given: &[(NaiveDate, NaiveDate)]) -> Result<Self, PeriodFault> {
        if let Some((from, to)) = given.iter().find(|(from, to)| to < from) {
            return Err(PeriodFault::Reversed(*from, *to));
        }
        if let Some(pair) = given.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
            return Err(PeriodFault::Overlap(pair[0].0, pair[1].0));
        }
        let clipped = given.iter().enumerate().filter_map(|(given, (from, to))| {
            let places = span.places(*from, *to);
            let (from, to) = ((*from).max(span.first()), (*to).min(span.last()));
            (!places.is_empty()).then_some(Period { from, to, given, places })
        });
        let list: Vec<Period> = clipped.collect();
        if list.len() > MOST_PERIODS { Err(PeriodFault::TooMany) } else { Ok(Self { span, list }) }
    }

    /// The whole range.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The periods in order.
    pub fn as_slice(&self) -> &[Period] {
        &self.list
    }

    /// How many there are, at most [`MOST_PERIODS`].
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none: no given period meets the range.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// The first day of the period after that of a day; none beyond the end of time.
fn next(day: NaiveDate, grain: Grain) -> Option<NaiveDate> {
    match grain {
        Grain::Day => day.succ_opt(),
        Grain::Week => day.checked_add_days(Days::new(7 - u64::from(day.weekday().num_days_from_monday()))),
        Grain::Month => day.with_day(1)?.checked_add_months(Months::new(1)),
    }
}

/// What is wrong with periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodFault {
    /// A period that ends before it begins; its days.
    Reversed(NaiveDate, NaiveDate),
    /// Two periods that overlap or are not in order; their first days.
    Overlap(NaiveDate, NaiveDate),
    /// More than [`MOST_PERIODS`].
    TooMany,
}

impl fmt::Display for PeriodFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reversed(from, to) => write!(f, "a period from {from} to {to} ends before it begins"),
            Self::Overlap(one, other) => {
                write!(f, "the periods from {one} and from {other} overlap or are out of order")
            }
            Self::TooMany => write!(f, "a range is shown by at most {MOST_PERIODS} periods"),
        }
    }
}

impl std::error::Error for PeriodFault {}

#[cfg(test)]
mod tests {
    use super::super::testing::{day, span};
    use super::*;

    fn shown(periods: &Periods) -> Vec<String> {
        let text = |period: &Period| format!("{} {} {:?}", period.from, period.to, period.places());
        periods.as_slice().iter().map(text).collect()
    }

    #[test]
    fn weeks_begin_on_monday_and_are_clipped() {
        let weeks = Periods::of(span("2024-02-28", "2024-03-11"), Grain::Week).expect("weeks");
        let expected = ["2024-02-28 2024-03-03 0..5", "2024-03-04 2024-03-10 5..12", "2024-03-11 2024-03-11 12..13"];
        assert_eq!(shown(&weeks), expected);
        let whole = Periods::of(span("2025-01-06", "2025-01-19"), Grain::Week).expect("weeks");
        assert_eq!(shown(&whole), ["2025-01-06 2025-01-12 0..7", "2025-01-13 2025-01-19 7..14"]);
    }

    #[test]
    fn months_know_leap_days() {
        let months = Periods::of(span("2024-01-31", "2024-03-01"), Grain::Month).expect("months");
        let expected = ["2024-01-31 2024-01-31 0..1", "2024-02-01 2024-02-29 1..30", "2024-03-01 2024-03-01 30..31"];
        assert_eq!(shown(&months), expected);
        assert_eq!(shown(&Periods::of(span("2100-02-01", "2100-03-01"), Grain::Month).expect("months")).len(), 2);
        assert_eq!(
            Periods::of(span("2024-02-28", "2024-03-01"), Grain::Day).expect("days").as_slice()[1].to,
            day("2024-02-29")
        );
    }

    #[test]
    fn given_ones_are_clipped_and_remembered() {
        let given = [
            (day("2024-01-01"), day("2024-01-28")),
            (day("2024-01-29"), day("2024-02-25")),
            (day("2024-03-01"), day("2024-03-31")),
            (day("2024-04-01"), day("2024-04-30")),
        ];
        let periods = Periods::given(span("2024-02-01", "2024-03-10"), &given).expect("periods");
        assert_eq!(shown(&periods), ["2024-02-01 2024-02-25 0..25", "2024-03-01 2024-03-10 29..39"]);
        assert_eq!(periods.as_slice().iter().map(|period| period.given).collect::<Vec<_>>(), [1, 2]);
        assert!(Periods::given(span("2025-02-01", "2025-03-10"), &given).expect("periods").is_empty());
    }

    #[test]
    fn bad_ones_are_refused() {
        let february = span("2024-02-01", "2024-02-29");
        let fault =
            |given: &[(NaiveDate, NaiveDate)]| Periods::given(february, given).expect_err("a fault").to_string();
        let (one, two) = (day("2024-02-02"), day("2024-02-05"));
        assert_eq!(fault(&[(two, one)]), "a period from 2024-02-05 to 2024-02-02 ends before it begins");
        let overlap = "the periods from 2024-02-02 and from 2024-02-05 overlap or are out of order";
        assert_eq!(fault(&[(one, two), (two, two)]), overlap);
        let years = span("2021-01-01", "2030-12-31");
        assert_eq!(Periods::of(years, Grain::Day), Err(PeriodFault::TooMany));
        let thousand = Periods::of(span("2021-01-01", "2023-09-27"), Grain::Day);
        assert_eq!(thousand.map(|days| days.len()), Ok(1_000));
        assert_eq!(Periods::of(span("2021-01-01", "2023-09-28"), Grain::Day), Err(PeriodFault::TooMany));
        assert_eq!(Periods::of(years, Grain::Week).map(|weeks| weeks.len()), Ok(523));
        let days: Vec<_> = years.first().iter_days().take(1_001).map(|day| (day, day)).collect();
        assert_eq!(Periods::given(years, &days), Err(PeriodFault::TooMany));
        assert_eq!(Periods::given(years, &days[..1_000]).map(|days| days.len()), Ok(1_000));
    }

    #[test]
    fn the_end_of_time_ends_the_periods() {
        let end = Span::new(NaiveDate::MAX, NaiveDate::MAX).expect("a span");
        for grain in [Grain::Day, Grain::Week, Grain::Month] {
            assert_eq!(Periods::of(end, grain).map(|periods| periods.len()), Ok(1));
        }
    }
}
