//! What a role lacks: its demand against its capacity, by period.
//!
//! Both sides must be of one kind: all demand against the whole capacity, or only the demand that nobody has been
//! booked for against what is free. Which it is, is for those to decide who hand them in.

use super::super::worktime::capacity::Capacity;
use super::daily::capacity_in;
use super::fraction::{Fraction, Known, Reason, difference};
use super::periods::Periods;
use super::runs::{Run, add_by_periods};
use super::sums::{self, add_each};

/// The demand and the capacity of a role, or of many, by period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is asked for in each period, in minutes.
    pub demand: Vec<u64>,
    /// What can be worked in each period, in minutes; where that of any resource is not known, the first such reason by
    /// order of its type.
    pub capacity: Known<Vec<u64>>,
}

/// Demand and capacity of one period, or of all together, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What is asked for.
    pub demand: u64,
    /// What can be worked.
    pub capacity: Known<u64>,
}

impl Balance {
    /// Demand less capacity: above 0 something is lacking.
    pub fn gap(self) -> Known<i64> {
        Ok(difference(self.demand, self.capacity?))
    }

    /// Demand less capacity, divided by capacity.
    pub fn ratio(self) -> Known<Fraction> {
        Fraction::signed(self.gap()?, self.capacity?, Reason::ZeroCapacity)
    }
}

impl Gap {
    /// A role without resources of which nothing is asked, over so many periods.
    pub fn new(periods: usize) -> Self {
        Self { demand: vec![0; periods], capacity: Ok(vec![0; periods]) }
    }

    /// Adds what is asked for: the days of requests or of bookings.
    pub fn add_demand(&mut self, periods: &Periods, runs: &[Run]) {
        add_by_periods(periods, runs, &mut self.demand);
    }

    /// Adds the capacity of a resource.
    pub fn add_capacity(&mut self, periods: &Periods, capacity: Known<&Capacity>) {
        let days = capacity.and_then(|capacity| capacity_in(capacity, periods.span()));
        let by_period = days.map(|days| {
            let sum = |days: &[u32]| days.iter().copied().map(u64::from).sum();
            periods.as_slice().iter().map(|period| sum(&days[period.places()])).collect::<Vec<u64>>()
        });
        self.add_sums(by_period.as_deref().map_err(|reason| *reason));
    }

    /// Adds capacities that are already summed by period, such as the free minutes of resources.
    pub fn add_sums(&mut self, more: Known<&[u64]>) {
        match (&mut self.capacity, more) {
            (Ok(sums), Ok(more)) => add_each(sums, more),
            (Ok(_), Err(reason)) => self.capacity = Err(reason),
            (Err(reason), Err(other)) => *reason = (*reason).min(other),
            (Err(_), Ok(_)) => {}
        }
    }

    /// Adds another role over the same periods.
    pub fn add(&mut self, other: &Self) {
        add_each(&mut self.demand, &other.demand);
        self.add_sums(other.capacity.as_deref().map_err(|reason| *reason));
    }

    /// The period at a place; one that is not there has neither demand nor capacity.
    pub fn at(&self, at: usize) -> Balance {
        self.with(|figures| sums::at(figures, at))
    }

    /// All periods together.
    pub fn total(&self) -> Balance {
        self.with(sums::total)
    }

    fn with(&self, of: impl Fn(&[u64]) -> u64) -> Balance {
        Balance { demand: of(&self.demand), capacity: self.capacity.as_deref().map(&of).map_err(|reason| *reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::worktime::capacity::Employment;
    use super::super::periods::Grain;
    use super::super::testing::{Random, capacity, day, full_time, run, some_periods, span};
    use super::*;

    fn ratio(numerator: i64, denominator: u64) -> Known<Fraction> {
        Fraction::signed(numerator, denominator, Reason::ZeroCapacity)
    }

    #[test]
    fn a_gap_is_demand_less_capacity() {
        let months = Periods::of(span("2024-02-01", "2024-04-30"), Grain::Month).expect("months");
        let until = Employment { from: None, to: Some(day("2024-03-31")) };
        let leaves = capacity(months.span(), until, &[]);
        let mut gap = Gap::new(months.len());
        gap.add_capacity(&months, Ok(&leaves));
        gap.add_demand(&months, &[run("2024-02-28", "2024-03-02", 480), run("2024-04-30", "2024-05-10", 60)]);
        gap.add_demand(&months, &[run("2024-02-29", "2024-02-29", 20_000)]);
        assert_eq!(
            (gap.demand.as_slice(), gap.capacity.as_deref()),
            (&[20_960, 960, 60][..], Ok(&[10_080, 10_080, 0][..]))
        );
        assert_eq!([0, 1, 2].map(|at| gap.at(at).gap()), [Ok(10_880), Ok(-9_120), Ok(60)]);
        assert_eq!([0, 1].map(|at| gap.at(at).ratio()), [ratio(10_880, 10_080), ratio(-9_120, 10_080)]);
        assert_eq!(gap.at(2).ratio(), Err(Reason::ZeroCapacity));
        assert_eq!(gap.total().ratio(), ratio(21_980 - 20_160, 20_160));
    }

    #[test]
    fn roles_are_summed_before_they_are_divided() {
        let month = Periods::of(span("2024-02-01", "2024-02-29"), Grain::Month).expect("a month");
        let one = full_time(month.span());
        let (mut all, mut nobody) = (Gap::new(1), Gap::new(1));
        all.add_capacity(&month, Ok(&one));
        nobody.add_demand(&month, &[run("2024-02-01", "2024-02-01", 80)]);
        all.add(&nobody);
        assert_eq!((nobody.total().ratio(), all.total().ratio()), (Err(Reason::ZeroCapacity), ratio(-10_000, 10_080)));
        all.add_capacity(&month, Err(Reason::CapacityNotCovered));
        all.add_capacity(&month, Err(Reason::NoCalendar));
        assert_eq!((all.total().demand, all.total().gap()), (80, Err(Reason::NoCalendar)));
        let mut more = Gap::new(1);
        more.add(&all);
        assert_eq!(more, all);
    }

    #[test]
    fn a_gap_agrees_with_days_counted_one_by_one() {
        let mut random = Random(5);
        for _ in 0..1_000 {
            let span = random.span();
            let periods = some_periods(&mut random, span);
            let capacities: Vec<Capacity> = (0..random.below(4)).map(|_| random.capacity(span)).collect();
            let runs = random.runs(span, 5);
            let mut gap = Gap::new(periods.len());
            for one in &capacities {
                gap.add_capacity(&periods, Ok(one));
            }
            gap.add_demand(&periods, &runs);
            for (at, period) in periods.as_slice().iter().enumerate() {
                let mut naive = 0;
                for day in period.from.iter_days().take_while(|day| *day <= period.to) {
                    let asked =
                        runs.iter().filter(|run| run.from <= day && day <= run.to).map(|run| i64::from(run.minutes));
                    naive += asked.sum::<i64>() - capacities.iter().map(|one| i64::from(one.at(day))).sum::<i64>();
                }
                assert_eq!(gap.at(at).gap(), Ok(naive));
            }
        }
    }

    #[test]
    fn the_greatest_figures_stay_at_the_limit() {
        let most = Gap { demand: vec![u64::MAX; 2], capacity: Ok(vec![1, 0]) };
        assert_eq!((most.total().demand, most.total().gap()), (u64::MAX, Ok(i64::MAX)));
        let least = Gap { demand: vec![0], capacity: Ok(vec![u64::MAX]) };
        assert_eq!(least.total().gap(), Ok(-i64::MAX));
    }
}
