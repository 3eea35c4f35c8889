//! Spreading whole minutes over days or resources, so that the sum is exact.
//!
//! Each gets the whole part of its share; what is then left goes, a minute each, to those with the largest remainders,
//! of equal ones to the earliest. Who has the greater weight never gets less, and as long as the whole fits, nobody gets
//! more than his capacity. The same figures always give the same minutes.

use std::cmp::Reverse;

use rust_decimal::Decimal;

/// The greatest rate: so many times the capacity.
pub const MOST_RATE: Decimal = Decimal::ONE_HUNDRED;

/// How work lies over the days that have capacity; days without any neither get work nor count. Every day's weight is
/// its capacity times a step, with n such days and i counting them from 1. Except for `FLAT`, a day may get more than
/// its capacity although the whole fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// The same step for all: in proportion to capacity.
    Flat,
    /// Most at the beginning: n + 1 − i, so n on the first and 1 on the last.
    Front,
    /// Most at the end: i, so 1 on the first and n on the last.
    Back,
    /// Most in the middle: the smaller of i and n + 1 − i.
    Bell,
}

impl Curve {
    /// The step of a day, counted from 0, of so many.
    fn step(self, at: u64, days: u64) -> u64 {
        let (up, down) = (at + 1, days - at);
        match self {
            Self::Flat => 1,
            Self::Front => down,
            Self::Back => up,
            Self::Bell => up.min(down),
        }
    }
}

/// Minutes in proportion to weights, such as the free capacities of resources. None where there is something to spread
/// and no weight.
pub fn proportional(minutes: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let total: u128 = weights.iter().copied().map(u128::from).sum();
    if total == 0 {
        return (minutes == 0).then(|| vec![0; weights.len()]);
    }
    let shares = weights.iter().map(|weight| u128::from(minutes) * u128::from(*weight));
    Some(rounded(shares, total))
}

/// Minutes to the largest capacity first, of equal ones to the earliest, each filled before the next; and the minutes
/// that do not fit.
pub fn most_available_first(minutes: u64, capacities: &[u64]) -> (Vec<u64>, u64) {
    let mut order: Vec<usize> = (0..capacities.len()).collect();
    order.sort_by_key(|at| Reverse(capacities[*at]));
    let mut filled = vec![0; capacities.len()];
    let mut rest = minutes;
    for at in order {
        filled[at] = rest.min(capacities[at]);
        rest -= filled[at];
    }
    (filled, rest)
}

/// Minutes over days by a curve, from the capacity of each day. None where there is something to spread and no capacity.
pub fn by_curve(minutes: u64, capacities: &[u32], curve: Curve) -> Option<Vec<u64>> {
    let days = capacities.iter().map(|capacity| u64::from(*capacity > 0)).sum();
    let mut at = 0;
    let weight = |capacity: &u32| {
        if *capacity == 0 {
            return 0;
        }
        at += 1;
        u64::from(*capacity).saturating_mul(curve.step(at - 1, days))
    };
    let weights: Vec<u64> = capacities.iter().map(weight).collect();
    proportional(minutes, &weights)
}

/// A part of the capacity of each day, 1 being all of it; the sum is that part of the whole capacity, rounded half to
/// even. None where the rate is below 0 or above [`MOST_RATE`].
pub fn at_rate(capacities: &[u32], rate: Decimal) -> Option<Vec<u64>> {
    if rate < Decimal::ZERO || rate > MOST_RATE {
        return None;
    }
    let digits = rate.mantissa().unsigned_abs();
    let shares = capacities.iter().map(|capacity| u128::from(*capacity) * digits);
    Some(rounded(shares, 10_u128.pow(rate.scale())))
}

/// Shares of a whole, as numerators over one denominator that is not 0, in whole numbers: largest remainders first, and
/// the sum rounded half to even.
fn rounded(shares: impl Iterator<Item = u128>, one: u128) -> Vec<u64> {
    let parts: Vec<(u128, u128)> = shares.map(|share| (share / one, share % one)).collect();
    let mut whole: Vec<u64> = parts.iter().map(|(whole, _)| u64::try_from(*whole).unwrap_or(u64::MAX)).collect();
    let remainders: u128 = parts.iter().map(|(_, remainder)| remainder).sum();
    let is_odd = parts.iter().fold(remainders / one, |sum, (whole, _)| sum ^ whole) % 2 == 1;
    let half = (remainders % one) * 2;
    let left = remainders / one + u128::from(half > one || (half == one && is_odd));
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| Reverse(parts[*at].1));
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        whole[at] = whole[at].saturating_add(1);
    }
    whole
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rust_decimal::dec;

    use super::super::calendar::{Calendar, Days, Week};
    use super::super::capacity::{Capacity, Employment, Fte};
    use super::*;

    /// Capacities of a person who works Monday to Friday, 8 hours.
    fn days(from: &str, to: &str) -> Vec<u32> {
        let mut week = Week::default();
        week[..5].fill(Some("08:00-12:00 13:00-17:00".parse().expect("shifts")));
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let days = Days::of(&Calendar::new(week, vec![], None), day(from), day(to)).expect("days");
        let fte = Fte::new(Decimal::ONE).expect("one");
        Capacity::of(&days, fte, Employment::default(), &[]).minutes().to_vec()
    }

    fn worked(minutes: &[u64]) -> Vec<u64> {
        minutes.iter().copied().filter(|minutes| *minutes > 0).collect()
    }

    #[test]
    fn forty_hours_over_people_as_published() {
        let hours = |of: &[u64]| of.iter().map(|hours| hours * 60).collect::<Vec<_>>();
        assert_eq!(proportional(40 * 60, &hours(&[24, 40])), Some(hours(&[15, 25])));
        assert_eq!(most_available_first(40 * 60, &hours(&[24, 30, 20])), (hours(&[10, 30, 0]), 0));
        assert_eq!(most_available_first(80 * 60, &hours(&[24, 30, 20])), (hours(&[24, 30, 20]), 360));
        assert_eq!(most_available_first(50, &[20, 20, 20]), (vec![20, 20, 10], 0));
        assert_eq!(most_available_first(5, &[]), (vec![], 5));
    }

    #[test]
    fn hours_of_a_month_over_its_weekdays() {
        let months = [
            (15, "2009-11-01", "2009-11-30", (18, 43), (3, 42)),
            (15, "2009-12-01", "2009-12-31", (3, 40), (20, 39)),
            (20, "2010-01-01", "2010-01-31", (3, 58), (18, 57)),
        ];
        for (hours, from, to, more, less) in months {
            let spread = by_curve(hours * 60, &days(from, to), Curve::Flat).expect("capacity");
            assert_eq!(worked(&spread), [vec![more.1; more.0], vec![less.1; less.0]].concat());
            assert_eq!(spread.iter().sum::<u64>(), hours * 60);
        }
    }

    #[test]
    fn a_rate_is_a_part_of_each_day() {
        let quarter = days("2009-11-01", "2010-01-31");
        let spread = at_rate(&quarter, dec!(0.3)).expect("a rate");
        assert_eq!(worked(&spread), [144; 65]);
        assert_eq!(spread.iter().sum::<u64>(), 9_360);
        assert_eq!(worked(&at_rate(&quarter, dec!(0.15)).expect("a rate")), [72; 65]);
        assert_eq!(worked(&at_rate(&quarter, dec!(0.2)).expect("a rate")), [96; 65]);
        // 1.5 and 1.5 and 0.5 are 3.5: 4 in all, the earliest first.
        assert_eq!(at_rate(&[3, 3, 1], dec!(0.5)), Some(vec![2, 2, 0]));
        assert_eq!(at_rate(&[1, 0, 1], dec!(0.25)), Some(vec![0, 0, 0]));
        assert_eq!(at_rate(&[480], dec!(-0.1)), None);
        assert_eq!(at_rate(&[480], dec!(100.1)), None);
        let most = at_rate(&[u32::MAX; 3], Decimal::ONE_HUNDRED);
        assert_eq!(most, Some(vec![u64::from(u32::MAX) * 100; 3]));
        let finest = Decimal::from_i128_with_scale(1, 28);
        assert_eq!(at_rate(&[u32::MAX; 3], finest), Some(vec![0; 3]));
        assert_eq!(at_rate(&[u32::MAX; 3], dec!(7.9228162514264337593543950335)).map(|s| s.len()), Some(3));
    }

    #[test]
    fn a_night_shift_is_worked_by_civil_days() {
        // Second resource of sample.xml: three quarters of 400 hours, from 23:00 on the first day to 08:00 on the last.
        let night = "00:00-03:00 04:00-08:00 23:00-24:00";
        let week = ["23:00-24:00", night, night, night, night, "00:00-03:00 04:00-08:00", ""];
        let calendar = Calendar::new(week.map(|day| Some(day.parse().expect("shifts"))), vec![], None);
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let (first, last) = (day("2003-01-07"), day("2003-03-18"));
        let days = Days::of(&calendar, first, last).expect("days");
        let mut minutes: Vec<u32> = days.minutes().iter().copied().map(u32::from).collect();
        minutes[0] = calendar.shifts(first).minutes_within(23 * 60, 1440).into();
        minutes[70] = calendar.shifts(last).minutes_within(0, 8 * 60).into();
        let worked = worked(&at_rate(&minutes, dec!(0.75)).expect("a rate"));
        assert_eq!(worked[..7], [45, 360, 360, 360, 315, 45, 360]);
        assert_eq!([360, 45, 315].map(|of| worked.iter().filter(|minutes| **minutes == of).count()), [39, 11, 11]);
        assert_eq!(worked.iter().sum::<u64>(), 300 * 60);
        assert_eq!(worked, self::worked(&by_curve(300 * 60, &minutes, Curve::Flat).expect("capacity")));
    }

    #[test]
    fn curves_have_their_shapes() {
        let of = |curve| by_curve(1_000, &[480, 480, 0, 480, 480], curve).expect("capacity");
        assert_eq!(of(Curve::Flat), [250, 250, 0, 250, 250]);
        assert_eq!(of(Curve::Front), [400, 300, 0, 200, 100]);
        assert_eq!(of(Curve::Back), [100, 200, 0, 300, 400]);
        assert_eq!(by_curve(900, &[480, 480, 0, 480, 480, 480], Curve::Bell), Some(vec![100, 200, 0, 300, 200, 100]));
        assert_eq!(by_curve(900, &[240, 480], Curve::Flat), Some(vec![300, 600]));
        assert_eq!(by_curve(60, &[480], Curve::Bell), Some(vec![60]));
    }

    #[test]
    fn without_capacity_there_is_no_spreading() {
        assert_eq!(proportional(1, &[0, 0]), None);
        assert_eq!(proportional(1, &[]), None);
        assert_eq!(proportional(0, &[0, 0]), Some(vec![0, 0]));
        assert_eq!(by_curve(1, &[0], Curve::Front), None);
        assert_eq!(proportional(u64::MAX, &[u64::MAX; 3]), Some(vec![u64::MAX / 3; 3]));
    }
}
