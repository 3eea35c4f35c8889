//! The rules of recorded time: the life of a week, its days and hours, what they cost, and who is in time. Pure.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Minutes of a day.
pub const DAY: i32 = 1_440;
/// Days of a week.
const WEEK: u64 = 7;
/// The hour of the Monday after a week at which its sheet is due.
const DUE_HOUR: i64 = 12;

/// Where a week stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SheetState {
    /// Being written.
    Open,
    /// Handed in.
    Submitted,
    /// Found right.
    Approved,
    /// Settled.
    Posted,
    /// Given back to be written again.
    Returned,
}

impl SheetState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Open, Self::Submitted, Self::Approved, Self::Posted, Self::Returned];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Submitted => "SUBMITTED",
            Self::Approved => "APPROVED",
            Self::Posted => "POSTED",
            Self::Returned => "RETURNED",
        }
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Open | Self::Returned => &[Self::Submitted],
            Self::Submitted => &[Self::Approved, Self::Returned],
            Self::Approved => &[Self::Posted, Self::Returned],
            Self::Posted => &[],
        }
    }

    /// The names of the states from which `self` is reached.
    pub fn leads(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |from| from.followers().contains(&self)).map(Self::as_str)
    }
}

/// Whether a week in this state can be written.
pub fn is_written(state: &str) -> bool {
    SheetState::Submitted.leads().any(|from| from == state)
}

/// The Monday of the week of a day; none where it lies before the beginning of time.
pub fn week_start(day: NaiveDate) -> Option<NaiveDate> {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))
}

/// The last day of the week that begins on a Monday.
pub fn week_end(monday: NaiveDate) -> Option<NaiveDate> {
    monday.checked_add_days(Days::new(WEEK - 1))
}

/// When the sheet of a week is due: at noon, UTC, of the Monday after it.
pub fn due_at(monday: NaiveDate) -> Option<DateTime<Utc>> {
    let next = monday.checked_add_days(Days::new(WEEK))?;
    next.and_time(NaiveTime::MIN).and_utc().checked_add_signed(TimeDelta::hours(DUE_HOUR))
}

/// The minute of the day that `HH:MM` names; 24:00 is the end of it.
pub fn minute_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(two(hours) && two(minutes)) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= 1_440).then_some(minute)
}

/// What minutes cost at a rate of an hour in 1/10,000: rounded once, half to even. None where it cannot be kept.
pub fn cost(minutes: i32, hourly: i64) -> Option<i64> {
    const HOUR: i128 = 60;
    let exact = i128::from(minutes) * i128::from(hourly);
    let (below, rest) = (exact.div_euclid(HOUR), exact.rem_euclid(HOUR));
    let rounded = match (rest * 2).cmp(&HOUR) {
        Ordering::Less => below,
        Ordering::Greater => below + 1,
        Ordering::Equal => below + below.rem_euclid(2),
    };
    i64::try_from(rounded).ok()
}

/// What a rate is of; the nearest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateOf {
    /// The resource itself.
    Resource,
    /// Its role.
    Role,
    /// Its pool.
    Pool,
}

/// A rate that may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<I> {
    /// Which one.
    pub id: I,
    /// What it is of.
    pub of: RateOf,
    /// The precedence of its card: the least goes first.
    pub precedence: i32,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day; none for no end.
    pub to: Option<NaiveDate>,
}

/// The rate that holds on a day: that of the resource before that of its role, that before the one of its pool, and of several
/// cards the first. None where none does.
pub fn rate_on<I: Copy + Ord>(offers: &[Offer<I>], day: NaiveDate) -> Option<I> {
    let holds = |offer: &&Offer<I>| offer.from <= day && offer.to.is_none_or(|to| day <= to);
    offers.iter().filter(holds).min_by_key(|offer| (offer.of, offer.precedence, offer.id)).map(|offer| offer.id)
}

/// Of fewer people a figure would tell of one of them.
pub const FEW: usize = 3;

/// The mean of rates, rounded half to even; none of fewer than [`FEW`].
pub fn blended(rates: &[i64]) -> Option<i64> {
    let count = i128::try_from(rates.len()).ok().filter(|_| rates.len() >= FEW)?;
    let sum: i128 = rates.iter().copied().map(i128::from).sum();
    let (below, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let is_up = rest * 2 > count || (rest * 2 == count && below % 2 != 0);
    i64::try_from(below + i128::from(is_up)).ok()
}

/// A week of somebody, as far as being in time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// When its sheet is due.
    pub due_at: DateTime<Utc>,
    /// Whether there was any time to work in it.
    pub has_capacity: bool,
    /// When its sheet was submitted; none where it is not.
    pub submitted_at: Option<DateTime<Utc>>,
}

/// How many sheets were due, and how many of those were submitted by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timeliness {
    /// Sheets that were due: of weeks with time to work.
    pub expected: u64,
    /// Those of them that were submitted by their due time.
    pub in_time: u64,
}

/// Counts the weeks whose sheets are due by now.
pub fn timeliness(weeks: impl IntoIterator<Item = Week>, now: DateTime<Utc>) -> Timeliness {
    let due = weeks.into_iter().filter(|week| week.has_capacity && week.due_at <= now);
    due.fold(Timeliness::default(), |sum, week| Timeliness {
        expected: sum.expected + 1,
        in_time: sum.in_time + u64::from(week.submitted_at.is_some_and(|at| at <= week.due_at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn nothing_follows_posting_and_a_returned_week_is_written_again() {
        assert!(SheetState::Posted.followers().is_empty());
        assert_eq!(SheetState::Submitted.leads().collect::<Vec<_>>(), ["OPEN", "RETURNED"]);
        assert_eq!(SheetState::Returned.leads().collect::<Vec<_>>(), ["SUBMITTED", "APPROVED"]);
        assert_eq!(SheetState::Posted.leads().collect::<Vec<_>>(), ["APPROVED"]);
        assert!(is_written("OPEN") && is_written("RETURNED"));
        assert!(!["SUBMITTED", "APPROVED", "POSTED"].into_iter().any(is_written));
    }

    #[test]
    fn a_mean_is_of_three_at_least() {
        assert_eq!((blended(&[]), blended(&[100, 200])), (None, None));
        assert_eq!(blended(&[100, 200, 300]), Some(200));
        assert_eq!((blended(&[1, 2, 2, 1]), blended(&[3, 2, 3, 2]), blended(&[1, 1, 2])), (Some(2), Some(2), Some(1)));
        assert_eq!(blended(&[i64::MAX; 5]), Some(i64::MAX));
    }

    #[test]
    fn a_week_begins_on_a_monday_and_is_due_at_noon_of_the_next() {
        for (on, monday) in [
            ("2026-03-02", "2026-03-02"),
            ("2026-03-08", "2026-03-02"),
            ("2026-01-01", "2025-12-29"),
            ("2024-03-03", "2024-02-26"),
        ] {
            assert_eq!(week_start(day(on)), Some(day(monday)), "{on}");
        }
        assert_eq!(week_end(day("2026-03-02")), Some(day("2026-03-08")));
        assert_eq!(due_at(day("2026-03-02")).map(|at| at.to_rfc3339()).as_deref(), Some("2026-03-09T12:00:00+00:00"));
        assert_eq!((week_end(NaiveDate::MAX), due_at(NaiveDate::MAX)), (None, None));
    }

    #[test]
    fn times_are_hours_and_minutes_of_a_day() {
        for (text, minute) in [("00:00", 0), ("08:30", 510), ("23:59", 1_439), ("24:00", 1_440)] {
            assert_eq!(minute_of(text), Some(minute), "{text}");
        }
        for text in ["", "8:30", "08:3", "08:60", "24:01", "25:00", "-1:00", "+8:00", "08:30:00", "ab:cd", "０８:30"]
        {
            assert_eq!(minute_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_cost_is_rounded_once_half_to_even() {
        assert_eq!(cost(60, 1_320_000), Some(1_320_000));
        assert_eq!(cost(20, 1_000_000), Some(333_333));
        assert_eq!(cost(40, 1_000_000), Some(666_667));
        for (hourly, due) in [(1, 0), (3, 2), (5, 2), (7, 4), (2, 1)] {
            assert_eq!(cost(30, hourly), Some(due), "{hourly}");
        }
        assert_eq!(cost(1_440, i64::MAX), None);
        // What is reversed costs the opposite.
        for minutes in 1..=DAY {
            assert_eq!(cost(-minutes, 1_234_567), cost(minutes, 1_234_567).map(|cost| -cost), "{minutes}");
        }
    }

    #[test]
    fn the_nearest_rate_of_the_day_holds() {
        let offer = |id, of, precedence, from: &str, to: Option<&str>| Offer {
            id,
            of,
            precedence,
            from: day(from),
            to: to.map(day),
        };
        let offers = [
            offer('p', RateOf::Pool, 0, "2020-01-01", None),
            offer('r', RateOf::Role, 100, "2025-01-01", Some("2026-03-03")),
            offer('s', RateOf::Role, 100, "2026-03-04", None),
            offer('c', RateOf::Role, 50, "2026-03-06", None),
            offer('o', RateOf::Resource, 900, "2026-03-07", Some("2026-03-07")),
        ];
        for (on, due) in [
            ("2019-12-31", None),
            ("2024-12-31", Some('p')),
            ("2026-03-03", Some('r')),
            ("2026-03-04", Some('s')),
            ("2026-03-06", Some('c')),
            ("2026-03-07", Some('o')),
            ("2026-03-08", Some('c')),
        ] {
            assert_eq!(rate_on(&offers, day(on)), due, "{on}");
        }
        // Whatever the order in which they are found.
        let mut turned = offers;
        turned.reverse();
        for on in ["2024-12-31", "2026-03-03", "2026-03-06", "2026-03-07"] {
            assert_eq!(rate_on(&turned, day(on)), rate_on(&offers, day(on)), "{on}");
        }
    }

    #[test]
    fn only_weeks_that_are_due_and_had_time_to_work_are_expected() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let week = |due: &str, has_capacity, submitted: Option<&str>| Week {
            due_at: at(due),
            has_capacity,
            submitted_at: submitted.map(at),
        };
        let due = "2026-03-02T12:00:00Z";
        let weeks = [
            week(due, true, Some("2026-03-02T12:00:00Z")),
            week(due, true, Some("2026-03-02T12:00:01Z")),
            week(due, true, None),
            week(due, false, Some("2026-03-01T12:00:00Z")),
            week("2026-03-09T12:00:00Z", true, Some("2026-03-01T12:00:00Z")),
        ];
        assert_eq!(timeliness(weeks, at(due)), Timeliness { expected: 3, in_time: 1 });
        assert_eq!(timeliness(weeks, at("2026-03-09T12:00:00Z")), Timeliness { expected: 4, in_time: 2 });
        assert_eq!(timeliness([], at(due)), Timeliness::default());
    }
}
