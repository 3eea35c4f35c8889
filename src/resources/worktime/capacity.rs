//! Capacity: how many minutes a resource can work, day by day.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::Days;
use super::within;

/// How many full-time people a resource is worth: above 0, at most 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fte(Decimal);

impl Fte {
    /// The most of it.
    pub const MOST: Decimal = Decimal::TEN;

    /// A number of full-time people; none outside the limits.
    pub fn new(fte: Decimal) -> Option<Self> {
        (fte > Decimal::ZERO && fte <= Self::MOST).then(|| Self(fte.normalize()))
    }

    /// The same, as it is stored: in 1e-9.
    pub fn of_stored(units: i64) -> Option<Self> {
        Self::new(Decimal::from_i128_with_scale(units.into(), 9))
    }

    /// The number.
    pub fn get(self) -> Decimal {
        self.0
    }

    /// Minutes of a calendar as minutes of the resource: their product, rounded once, half to even, to a whole minute.
    pub fn of(self, minutes: u16) -> u32 {
        // Digits are multiplied, not decimals: those would be rounded to 28 digits before.
        let product = self.0.mantissa().unsigned_abs() * u128::from(minutes);
        let one = 10_u128.pow(self.0.scale());
        let (whole, rest) = (product / one, product % one);
        let is_up = rest * 2 > one || (rest * 2 == one && whole % 2 == 1);
        u32::try_from(whole + u128::from(is_up)).unwrap_or(u32::MAX)
    }
}

/// When a resource is employed: from a day to a day, both included. What is not given is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Employment {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// Time off of a resource on each day from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeOff {
    /// The first day.
    pub from: NaiveDate,
    /// The last day; before the first, there is no time off.
    pub to: NaiveDate,
    /// Minutes of each day; none: the whole day.
    pub minutes: Option<u32>,
}

/// The capacity of a resource: minutes of every day of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    first: NaiveDate,
    minutes: Vec<u32>,
}

impl Capacity {
    /// The minutes of a calendar times the full-time people, only while employed, less all time off of the day, never
    /// below 0. Time off is in any order and may overlap: it adds up.
    pub fn of(days: &Days, fte: Fte, employment: Employment, time_off: &[TimeOff]) -> Self {
        let (first, length) = (days.first(), days.minutes().len());
        let from = employment.from.unwrap_or(NaiveDate::MIN);
        let employed = within(first, length, from, employment.to.unwrap_or(NaiveDate::MAX));
        let mut minutes = vec![0; length];
        let mut before = (0, 0);
        for (at, of_calendar) in minutes[employed.clone()].iter_mut().zip(&days.minutes()[employed]) {
            // One day is mostly as long as the day before.
            if before.0 != *of_calendar {
                before = (*of_calendar, fte.of(*of_calendar));
            }
            *at = before.1;
        }
        for off in time_off {
            for at in &mut minutes[within(first, length, off.from, off.to)] {
                *at = at.saturating_sub(off.minutes.unwrap_or(u32::MAX));
            }
        }
        Self { first, minutes }
    }

    /// The first day.
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    /// The minutes of each day from the first on.
    pub fn minutes(&self) -> &[u32] {
        &self.minutes
    }

    /// The minutes of a day; 0 outside the range.
    pub fn at(&self, day: NaiveDate) -> u32 {
        self.within(day, day).first().copied().unwrap_or(0)
    }

    /// The minutes of each day from one to another, both included, as far as they are in the range.
    pub fn within(&self, from: NaiveDate, to: NaiveDate) -> &[u32] {
        &self.minutes[within(self.first, self.minutes.len(), from, to)]
    }

    /// Minutes from a day to another, both included, as far as they are in the range.
    pub fn sum(&self, from: NaiveDate, to: NaiveDate) -> u64 {
        self.within(from, to).iter().copied().map(u64::from).sum()
    }

    /// The sums of periods, each from a day to a day, both included.
    pub fn by_periods(&self, periods: &[(NaiveDate, NaiveDate)]) -> Vec<u64> {
        periods.iter().map(|(from, to)| self.sum(*from, *to)).collect()
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::super::calendar::{Calendar, Week};
    use super::super::shift::Shifts;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn fte(number: Decimal) -> Fte {
        Fte::new(number).expect("a number")
    }

    fn days(from: &str, to: &str) -> Days {
        let work: Shifts = "08:00-12:00 13:00-17:00".parse().expect("shifts");
        let mut week = Week::default();
        week[..5].fill(Some(work));
        Days::of(&Calendar::new(week, vec![], None), day(from), day(to)).expect("days")
    }

    #[test]
    fn minutes_are_rounded_once_half_to_even() {
        assert_eq!(fte(dec!(0.3)).of(480), 144);
        assert_eq!(fte(dec!(0.5)).of(481), 240);
        assert_eq!(fte(dec!(0.5)).of(483), 242);
        assert_eq!(fte(dec!(10)).of(1440), 14_400);
        assert_eq!(fte(dec!(0.0000000000000000000000000001)).of(1440), 0);
        // Rounded to 28 digits first, this would be 240.5 and then 240.
        let above = Decimal::from_i128_with_scale(5_000_000_000_000_000_000_000_000_001, 28);
        assert_eq!(fte(above).of(481), 241);
    }

    #[test]
    fn a_number_of_people_has_its_limits() {
        assert_eq!(Fte::new(dec!(0)), None);
        assert_eq!(Fte::new(dec!(-0.1)), None);
        assert_eq!(Fte::new(dec!(10.0000000000000000000000000)).map(Fte::get), Some(dec!(10)));
        assert_eq!(Fte::new(dec!(10.01)), None);
        assert_eq!(Fte::new(Decimal::MAX), None);
    }

    #[test]
    fn a_part_of_a_person_over_three_months() {
        let days = days("2009-11-01", "2010-01-31");
        let capacity = Capacity::of(&days, fte(dec!(0.3)), Employment::default(), &[]);
        assert!(capacity.minutes().iter().all(|minutes| [0, 144].contains(minutes)));
        let months = [("2009-11-01", "2009-11-30"), ("2009-12-01", "2009-12-31"), ("2010-01-01", "2010-01-31")];
        let sums = capacity.by_periods(&months.map(|(from, to)| (day(from), day(to))));
        assert_eq!(sums, [21 * 144, 23 * 144, 21 * 144]);
        assert_eq!(sums.iter().sum::<u64>(), 9_360);
        assert_eq!(capacity.sum(NaiveDate::MIN, NaiveDate::MAX), 9_360);
    }

    #[test]
    fn there_is_none_outside_employment_and_time_off_is_taken_away() {
        let days = days("2025-01-06", "2025-01-12");
        let employment = Employment { from: Some(day("2025-01-07")), to: Some(day("2025-01-30")) };
        let off = |from, to, minutes| TimeOff { from: day(from), to: day(to), minutes };
        let time_off = [
            off("2025-01-08", "2025-01-08", Some(100)),
            off("2025-01-08", "2025-01-09", Some(200)),
            off("2025-01-09", "2025-01-09", Some(u32::MAX)),
            off("2025-01-10", "2025-02-01", None),
            off("2025-01-10", "2025-01-07", None),
            off("2024-01-10", "2024-02-01", None),
        ];
        let capacity = Capacity::of(&days, fte(dec!(1)), employment, &time_off);
        assert_eq!(capacity.minutes(), [0, 480, 180, 0, 0, 0, 0]);
        assert_eq!(capacity.at(day("2025-01-08")), 180);
        assert_eq!(capacity.at(day("2025-01-13")), 0);
        let reversed = Employment { from: Some(day("2025-01-10")), to: Some(day("2025-01-07")) };
        assert_eq!(Capacity::of(&days, fte(dec!(1)), reversed, &[]).sum(NaiveDate::MIN, NaiveDate::MAX), 0);
        let before = [(day("2025-01-08"), day("2025-01-07")), (NaiveDate::MIN, day("2025-01-07"))];
        assert_eq!(capacity.by_periods(&before), [0, 480]);
    }

    #[test]
    fn three_thousand_resources_over_a_year_take_no_time() {
        let days = days("2025-01-01", "2025-12-31");
        let off = TimeOff { from: day("2025-07-07"), to: day("2025-07-25"), minutes: None };
        let weeks: Vec<_> =
            day("2025-01-01").iter_weeks().take(52).map(|from| (from, from + chrono::Days::new(6))).collect();
        let began = std::time::Instant::now();
        let resources: Vec<Capacity> = (1..=3_000)
            .map(|at| Capacity::of(&days, fte(Decimal::new(at, 3)), Employment::default(), &[off; 5]))
            .collect();
        let by_day = began.elapsed();
        let sum: u64 = resources.iter().flat_map(|resource| resource.by_periods(&weeks)).sum();
        println!("3,000 x 365: {by_day:?}, with sums by 52 weeks: {:?}, {sum} minutes", began.elapsed());
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
