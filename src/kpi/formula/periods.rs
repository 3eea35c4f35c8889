//! Earned schedule over whole months (Lipke 2003): when was planned what is earned by now?

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;

use super::flows::Flow;

/// A plan by months: what is planned to be earned by the end of each, from the month of its first day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    first: NaiveDate,
    by_end: Vec<Decimal>,
}

impl Plan {
    /// The plan of dated increments; none without any.
    pub fn of(increments: &[Flow]) -> Option<Self> {
        let start = increments.iter().map(|(on, _)| *on).min()?;
        let first = start.with_day(1)?;
        let last = increments.iter().map(|(on, _)| *on).max()?;
        let months = usize::try_from(months_between(first, last)).ok()? + 1;
        let mut by_end = vec![Decimal::ZERO; months];
        for (on, amount) in increments {
            by_end[usize::try_from(months_between(first, *on)).ok()?] += *amount;
        }
        for month in 1..months {
            by_end[month] = by_end[month] + by_end[month - 1];
        }
        Some(Self { first, by_end })
    }

    fn total(&self) -> Decimal {
        self.by_end.last().copied().unwrap_or_default()
    }

    /// Months until all is planned to be earned.
    pub fn duration(&self) -> Decimal {
        let total = self.total();
        let months = self.by_end.iter().position(|planned| *planned >= total).unwrap_or(0);
        Decimal::from(months + 1)
    }

    /// C + (EV − PV_C) / (PV_{C+1} − PV_C), where C is the last whole month with PV_C ≤ EV; the whole duration once
    /// everything is earned.
    pub fn earned_schedule(&self, earned: Decimal) -> Decimal {
        if earned >= self.total() {
            return self.duration();
        }
        let planned = |months: usize| if months == 0 { Decimal::ZERO } else { self.by_end[months - 1] };
        let whole = (0..=self.by_end.len()).rev().find(|c| planned(*c) <= earned).unwrap_or(0);
        let step = planned(whole + 1) - planned(whole);
        let part = if step.is_zero() { Decimal::ZERO } else { (earned - planned(whole)) / step };
        Decimal::from(whole) + part.max(Decimal::ZERO)
    }

    /// Months from the plan's start to the end of a day, the last one as a part of its days; not beyond the day on which
    /// everything was earned.
    pub fn actual_time(&self, earned: &[Flow], at: NaiveDate) -> Decimal {
        let mut sum = Decimal::ZERO;
        let total = self.total();
        let mut days: Vec<&Flow> = earned.iter().filter(|(on, _)| *on <= at).collect();
        days.sort_unstable_by_key(|(on, _)| *on);
        let done = days.into_iter().find(|(_, amount)| {
            sum += *amount;
            sum >= total
        });
        let at = done.map_or(at, |(on, _)| *on);
        let months = months_between(self.first, at);
        if at < self.first {
            return Decimal::ZERO;
        }
        let month = self.first + Months::new(u32::try_from(months).unwrap_or(0));
        let next = month + Months::new(1);
        let part = Decimal::from((at + Days::new(1) - month).num_days()) / Decimal::from((next - month).num_days());
        Decimal::from(months) + part
    }
}

fn months_between(first: NaiveDate, day: NaiveDate) -> i32 {
    (day.year() - first.year()) * 12 + day.month().cast_signed() - first.month().cast_signed()
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn end_of(month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day") + Months::new(month) - Days::new(1)
    }

    fn increments(cumulated: &[Decimal]) -> Vec<Flow> {
        let mut before = Decimal::ZERO;
        let step = |(at, value): (usize, &Decimal)| {
            let step = value - before;
            before = *value;
            (end_of(u32::try_from(at + 1).expect("few")), step)
        };
        cumulated.iter().enumerate().map(step).collect()
    }

    #[test]
    fn the_published_set_of_thirteen_months() {
        let planned = increments(&[
            dec!(28.975),
            dec!(81.681),
            dec!(91.681),
            dec!(138.586),
            dec!(218.141),
            dec!(302.478),
            dec!(323.632),
            dec!(345.876),
            dec!(360.738),
        ]);
        let earned = [
            dec!(25.645),
            dec!(68.074),
            dec!(89.135),
            dec!(125.244),
            dec!(198.754),
            dec!(268.763),
            dec!(292.469),
            dec!(306.725),
            dec!(312.864),
            dec!(327.694),
            dec!(338.672),
            dec!(349.861),
            dec!(360.738),
        ];
        let plan = Plan::of(&planned).expect("a plan");
        assert_eq!(plan.duration(), dec!(9));
        let flows = increments(&earned);
        for (month, schedule, index, at_completion) in [
            (6, dec!(5.6002), dec!(0.9334), dec!(9.6425)),
            (10, dec!(7.1826), dec!(0.7183), dec!(12.5303)),
            (13, dec!(9), dec!(0.6923), dec!(13)),
        ] {
            let es = plan.earned_schedule(earned[month - 1]);
            let at = plan.actual_time(&flows, end_of(u32::try_from(month).expect("few")));
            assert_eq!(at, Decimal::from(month));
            assert_eq!(es.round_dp(4), schedule);
            assert_eq!((es / at).round_dp(4), index);
            assert_eq!((plan.duration() / (es / at)).round_dp(4), at_completion);
        }
        // Once everything is earned, time stands still.
        assert_eq!(plan.actual_time(&flows, end_of(40)), dec!(13));
    }

    #[test]
    fn within_a_month_time_counts_by_days() {
        let plan = Plan::of(&[(end_of(1), dec!(10)), (end_of(2), dec!(10))]).expect("a plan");
        let day = NaiveDate::from_ymd_opt(2025, 2, 7).expect("a day");
        assert_eq!(plan.actual_time(&[], day), dec!(1.25));
        assert_eq!(plan.actual_time(&[], end_of(0)), Decimal::ZERO);
        assert_eq!(plan.earned_schedule(Decimal::ZERO), Decimal::ZERO);
        assert_eq!(Plan::of(&[]), None);
    }
}
