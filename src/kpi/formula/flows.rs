//! Dated flows of money: present values, rates of return, payback. Decimal arithmetic throughout; rates are found by
//! bracketing and halving, so that a root is a root and none is missed for want of a good first guess.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::{Decimal, MathematicalOps, dec};

/// A flow on a day.
pub type Flow = (NaiveDate, Decimal);

/// Days of a year for `xnpv`, as spreadsheets count.
const DAYS: Decimal = dec!(365);
/// How near a power is to its exact value.
const NEAR_POWER: Decimal = dec!(0.0000000000000000000000000001);
/// How near to a root is near enough.
const NEAR: Decimal = dec!(0.000000000000000001);

/// The first day of flows.
pub fn first(flows: &[Flow]) -> Option<NaiveDate> {
    flows.iter().map(|(on, _)| *on).min()
}

/// Flows summed by years from a day on; nothing is before it. A year from a last day of February ends on the next one.
pub fn by_year(flows: &[Flow], first: NaiveDate) -> Vec<Decimal> {
    let mut years = vec![];
    for (on, amount) in flows {
        let apart = u32::try_from(on.year() - first.year()).unwrap_or(0);
        let anniversary = first.checked_add_months(Months::new(12 * apart));
        let is_before = anniversary.is_some_and(|day| *on < day);
        let year = usize::try_from(apart.saturating_sub(u32::from(is_before))).unwrap_or(0);
        if years.len() <= year {
            years.resize(year + 1, Decimal::ZERO);
        }
        years[year] += *amount;
    }
    years
}

/// Σ CFₜ / (1 + r)ᵗ with t = 0 for the first (Green Book; not Excel's NPV, which discounts the first flow too). None
/// where the rate is -100 % or below, or the figures leave the range.
pub fn npv(flows: &[Decimal], rate: Decimal) -> Option<Decimal> {
    let growth = positive(Decimal::ONE + rate)?;
    let mut factor = Decimal::ONE;
    let mut sum = Decimal::ZERO;
    for flow in flows {
        sum = sum.checked_add(flow.checked_div(factor)?)?;
        factor = factor.checked_mul(growth)?;
    }
    Some(sum)
}

/// Flows by their days, those of a day as one.
pub fn by_day(flows: &[Flow]) -> Option<BTreeMap<NaiveDate, Decimal>> {
    let mut days: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
    for (on, amount) in flows {
        let sum = days.entry(*on).or_default();
        *sum = sum.checked_add(*amount)?;
    }
    Some(days)
}

/// Σ CF / (1 + r)^(days / 365) from the first day on, as spreadsheets' XNPV.
pub fn xnpv(days: &BTreeMap<NaiveDate, Decimal>, rate: Decimal) -> Option<Decimal> {
    let growth = positive(Decimal::ONE + rate)?;
    // One power with a broken exponent; from day to day whole ones are enough.
    let daily = growth.checked_ln()?.checked_div(DAYS)?.checked_exp_with_tolerance(NEAR_POWER)?;
    let mut before = *days.keys().next()?;
    let (mut factor, mut sum) = (Decimal::ONE, Decimal::ZERO);
    for (on, amount) in days {
        let apart = u64::try_from((*on - before).num_days()).ok()?;
        factor = positive(factor.checked_mul(daily.checked_powu(apart)?)?)?;
        sum = sum.checked_add(amount.checked_div(factor)?)?;
        before = *on;
    }
    Some(sum)
}

/// Why there is no rate of return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRate {
    /// The flows never change their sign.
    NoSignChange,
    /// There are several rates: these.
    Several(Vec<Decimal>),
}

/// The rate at which the value is 0.
pub fn root(value: impl Fn(Decimal) -> Option<Decimal>) -> Result<Decimal, NoRate> {
    let mut brackets = vec![];
    let mut before: Option<(Decimal, Decimal)> = None;
    for rate in rates() {
        let Some(now) = value(rate) else { continue };
        if let Some((rate_before, was)) = before
            && (was.is_sign_negative() != now.is_sign_negative() || now.is_zero())
            && !was.is_zero()
        {
            brackets.push((rate_before, rate));
        }
        before = Some((rate, now));
    }
    match brackets[..] {
        [] => Err(NoRate::NoSignChange),
        [(low, high)] => Ok(halved(&value, low, high)),
        _ => Err(NoRate::Several(brackets.iter().map(|(low, high)| halved(&value, *low, *high)).collect())),
    }
}

/// Rates to look between: fine where rates of return usually are, coarse up to 10,000 %.
fn rates() -> impl Iterator<Item = Decimal> {
    let fine = (-99..200).map(|percent| Decimal::new(percent, 2));
    let coarse = (20..100).map(|tenth| Decimal::new(tenth, 1));
    fine.chain(coarse).chain((10..=100).map(Decimal::from))
}

fn halved(value: &impl Fn(Decimal) -> Option<Decimal>, mut low: Decimal, mut high: Decimal) -> Decimal {
    if value(high).is_some_and(|v| v.is_zero()) {
        return high;
    }
    let below = value(low).is_some_and(|v| v.is_sign_negative());
    while high - low > NEAR {
        let middle = (low + high) / dec!(2);
        match value(middle) {
            Some(v) if v.is_zero() => return middle,
            Some(v) if v.is_sign_negative() == below => low = middle,
            _ => high = middle,
        }
    }
    (low + high) / dec!(2)
}

/// Years until the cumulated flows are no longer negative, linear within the year; none while they stay negative.
pub fn payback(flows: &[Decimal]) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    for (year, flow) in flows.iter().enumerate() {
        let next = sum + flow;
        if next >= Decimal::ZERO {
            let whole = Decimal::from(year.saturating_sub(1));
            return Some(if year == 0 { Decimal::ZERO } else { whole + -sum / flow });
        }
        sum = next;
    }
    None
}

fn positive(value: Decimal) -> Option<Decimal> {
    (value > Decimal::ZERO).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(flows: &[i64]) -> Vec<Decimal> {
        flows.iter().map(|f| Decimal::from(*f)).collect()
    }

    fn irr(flows: &[i64]) -> Decimal {
        let flows = whole(flows);
        root(|rate| npv(&flows, rate)).expect("a rate")
    }

    #[test]
    fn rates_of_return_as_published() {
        assert_eq!(irr(&[-100, 39, 59, 55, 20]).round_dp(16), dec!(0.2809484211599611));
        assert_eq!(irr(&[-70_000, 12_000, 15_000, 18_000, 21_000]).round_dp(4), dec!(-0.0212));
        assert_eq!(irr(&[-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]).round_dp(4), dec!(0.0866));
        assert_eq!(irr(&[-70_000, 12_000, 15_000]).round_dp(4), dec!(-0.4435));
        let steps = [-250_000, 100_000, 150_000, 200_000, 250_000, 300_000];
        assert_eq!(irr(&steps).round_dp(14), dec!(0.56723033443585));
    }

    #[test]
    fn present_values_as_published() {
        let flows = whole(&[-10_000, 3_000, 4_200, 6_800]);
        assert_eq!(npv(&flows, dec!(0.1)).map(|v| v.round_dp(2)), Some(dec!(1307.29)));
        let flows = whole(&[-40_000, 5_000, 8_000, 12_000, 30_000]);
        assert_eq!(npv(&flows, dec!(0.08)).map(|v| v.round_dp(2)), Some(dec!(3065.22)));
        assert_eq!(npv(&whole(&[0, 0, 1]), dec!(0.12)).map(|v| v.round_dp(3)), Some(dec!(0.797)));
        assert_eq!(npv(&flows, dec!(-1)), None);
    }

    #[test]
    fn dated_flows_as_spreadsheets_count() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a day");
        let flows = [
            (day(2008, 1, 1), dec!(-10000)),
            (day(2008, 3, 1), dec!(2750)),
            (day(2008, 10, 30), dec!(4250)),
            (day(2009, 2, 15), dec!(3250)),
            (day(2009, 4, 1), dec!(2750)),
        ];
        let days = by_day(&flows).expect("flows in range");
        assert_eq!(xnpv(&days, dec!(0.09)).map(|v| v.round_dp(2)), Some(dec!(2086.65)));
        assert_eq!(root(|rate| xnpv(&days, rate)).map(|r| r.round_dp(6)), Ok(dec!(0.373363)));
        assert_eq!(by_year(&flows, day(2008, 1, 1)), [dec!(-3000), dec!(6000)]);
        // A year is a year: whole powers of the daily factor are exact to the last digit that money has.
        let decade = BTreeMap::from([(day(2001, 1, 1), Decimal::ZERO), (day(2010, 12, 30), dec!(1_000_000_000_000))]);
        let exact = dec!(1_000_000_000_000) / dec!(1.1).powu(10);
        assert_eq!(xnpv(&decade, dec!(0.1)).map(|v| v.round_dp(4)), Some(exact.round_dp(4)));
    }

    #[test]
    fn a_year_from_a_leap_day_has_twelve_months() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a day");
        let first = day(2024, 2, 29);
        let of = |on| by_year(&[(first, dec!(1)), (on, dec!(2))], first);
        assert_eq!(of(day(2025, 2, 27)), [dec!(3)]);
        assert_eq!(of(day(2025, 2, 28)), [dec!(1), dec!(2)]);
        assert_eq!(of(day(2028, 2, 28)), [dec!(1), dec!(0), dec!(0), dec!(2)]);
        assert_eq!(of(day(2028, 2, 29)), [dec!(1), dec!(0), dec!(0), dec!(0), dec!(2)]);
    }

    #[test]
    fn a_rate_of_many_dated_flows_is_found_in_no_time() {
        let first = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day");
        let flows: Vec<Flow> = (0..10_000)
            .map(|n| (first + chrono::Days::new(n % 1_000 * 5), Decimal::from(if n % 1_000 < 20 { -90 } else { 3 })))
            .collect();
        let began = std::time::Instant::now();
        let days = by_day(&flows).expect("flows in range");
        let rate = root(|rate| xnpv(&days, rate)).expect("a rate");
        assert!(xnpv(&days, rate).is_some_and(|value| value.abs() < dec!(0.01)), "{rate}");
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }

    #[test]
    fn without_a_change_of_sign_there_is_no_rate_and_with_several_none_is_chosen() {
        assert_eq!(root(|r| npv(&whole(&[1, 2, 3]), r)), Err(NoRate::NoSignChange));
        assert_eq!(root(|r| npv(&whole(&[-100, 230, -132]), r)), Err(NoRate::Several(vec![dec!(0.1), dec!(0.2)])));
        assert_eq!(root(|r| npv(&[], r)), Err(NoRate::NoSignChange));
    }

    #[test]
    fn payback_is_linear_within_a_year() {
        let flows = whole(&[-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]);
        assert_eq!(payback(&flows).map(|v| v.round_dp(4)), Some(dec!(4.1538)));
        assert_eq!(payback(&whole(&[-10, 5])), None);
        assert_eq!(payback(&whole(&[10, -5])), Some(Decimal::ZERO));
    }
}
