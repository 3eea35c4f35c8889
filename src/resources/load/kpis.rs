//! The figures of resourcing as exact fractions: sums first, then one division.

use super::flow::{Demand, coverable};
use super::fraction::{Fraction, Known, Reason};
use super::heatmap::{Cell, Row};

/// A figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfRow {
    /// RS-UTIL: minutes worked on projects divided by capacity.
    Utilization,
    /// RS-OVER: what is too much on each day of each resource, divided by capacity.
    Over,
    /// What is too much of the confirmed alone on each day of each resource, divided by capacity.
    HardOver,
    /// RS-BENCH: what is neither confirmed nor planned on each day of each resource, divided by capacity.
    Bench,
}

impl OfRow {
    /// The figure of a period.
    pub fn of(self, cell: Cell) -> Known<Fraction> {
        let part = match self {
            Self::Utilization => cell.actual,
            Self::Over => cell.over,
            Self::HardOver => cell.hard_over,
            Self::Bench => cell.free,
        };
        Fraction::of(part, cell.capacity, Reason::ZeroCapacity)
    }

    /// The figure of each period of a row.
    pub fn by_periods(self, row: &Row) -> Vec<Known<Fraction>> {
        (0..row.soft.len()).map(|at| row.cell(at).and_then(|cell| self.of(cell))).collect()
    }

    /// The figure of all periods of a row together: sums divided by sums.
    pub fn total(self, row: &Row) -> Known<Fraction> {
        row.total().and_then(|cell| self.of(cell))
    }
}

/// A timesheet that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet<T> {
    /// Until when it was to be submitted, that moment included.
    pub due: T,
    /// When it was; none: not yet.
    pub submitted: Option<T>,
}

/// RS-TIME: timesheets submitted by their due time divided by those expected. `T` is a day or a moment. Who hands them
/// in decides which are expected, and of a returned sheet which submission counts.
pub fn timeliness<T: Ord>(sheets: impl IntoIterator<Item = Sheet<T>>) -> Known<Fraction> {
    let (mut in_time, mut expected) = (0_u64, 0_u64);
    for sheet in sheets {
        expected = expected.saturating_add(1);
        in_time = in_time.saturating_add(u64::from(sheet.submitted.is_some_and(|submitted| submitted <= sheet.due)));
    }
    Fraction::of(in_time, expected, Reason::NothingExpected)
}

/// RS-SKILL of one or more periods: the demand minutes that free minutes of skilled resources can cover, each covering
/// one demand of its own period only, divided by all demand minutes. It is found anew for whatever is put together: the
/// parts of several roles are not added up, because they may want the same people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkillCover {
    covered: u64,
    demand: u64,
    unknown: Option<Reason>,
}

impl SkillCover {
    /// Adds a period: its demands, and the free minutes of each resource in it.
    pub fn add(&mut self, demands: &[Demand<'_>], free: &[u64]) {
        self.covered = self.covered.saturating_add(coverable(demands, free));
        self.demand = demands.iter().fold(self.demand, |sum, demand| sum.saturating_add(demand.minutes));
    }

    /// Adds that the free minutes of a resource are not known: then neither is the figure. To leave such a resource
    /// out, do not add it.
    pub fn add_unknown(&mut self, reason: Reason) {
        self.unknown = Some(self.unknown.map_or(reason, |before| reason.min(before)));
    }

    /// The figure; where free minutes are not known, the first reason for it by order of its type.
    pub fn ratio(self) -> Known<Fraction> {
        if let Some(reason) = self.unknown {
            return Err(reason);
        }
        Fraction::of(self.covered, self.demand, Reason::ZeroDemand)
    }
}

#[cfg(test)]
mod tests {
    use super::super::daily::{Booking, Load};
    use super::super::heatmap::Heatmap;
    use super::super::periods::{Grain, Periods};
    use super::super::testing::{booked, day, full_time, load, run, span};
    use super::*;

    fn ratio(numerator: u64, denominator: u64) -> Known<Fraction> {
        Fraction::of(numerator, denominator, Reason::ZeroCapacity)
    }

    #[test]
    fn figures_of_a_row_are_sums_over_days() {
        let weeks = Periods::of(span("2024-02-24", "2024-03-10"), Grain::Week).expect("weeks");
        let capacity = full_time(weeks.span());
        let all = [
            booked(1, Booking::Hard, run("2024-02-26", "2024-02-27", 600)),
            booked(2, Booking::Soft, run("2024-02-26", "2024-02-26", 60)),
        ];
        let actual = [run("2024-02-28", "2024-03-01", 400)];
        let row = Heatmap::new(&weeks).row(&Load { actual: &actual, ..load(1, &capacity, &all) });
        let none = Err(Reason::ZeroCapacity);
        assert_eq!(OfRow::Utilization.by_periods(&row), [none, ratio(1_200, 2_400), ratio(0, 2_400)]);
        assert_eq!(OfRow::Over.by_periods(&row), [none, ratio(300, 2_400), ratio(0, 2_400)]);
        assert_eq!(OfRow::HardOver.by_periods(&row), [none, ratio(240, 2_400), ratio(0, 2_400)]);
        // Totals would say 2,400 − 1,260 are free in the week; by day it is three whole days.
        assert_eq!(OfRow::Bench.by_periods(&row), [none, ratio(1_440, 2_400), ratio(2_400, 2_400)]);
        assert_eq!(OfRow::Bench.total(&row), ratio(3_840, 4_800));
        let unknown = Heatmap::new(&weeks).row(&Load { capacity: Err(Reason::NoCalendar), ..load(1, &capacity, &all) });
        assert_eq!(OfRow::Bench.total(&unknown), Err(Reason::NoCalendar));
        assert_eq!(OfRow::Over.by_periods(&unknown), [Err(Reason::NoCalendar); 3]);
    }

    #[test]
    fn timesheets_are_in_time_until_their_due_day_ends() {
        let due = day("2024-02-29");
        let sheet = |submitted: Option<&str>| Sheet { due, submitted: submitted.map(day) };
        let all = [sheet(Some("2024-02-28")), sheet(Some("2024-02-29")), sheet(Some("2024-03-01")), sheet(None)];
        assert_eq!(timeliness(all), Fraction::of(2, 4, Reason::NothingExpected));
        assert_eq!(timeliness::<u32>([]), Err(Reason::NothingExpected));
    }

    #[test]
    fn skills_are_covered_period_by_period() {
        let mut cover = SkillCover::default();
        assert_eq!(cover.ratio(), Err(Reason::ZeroDemand));
        let demands = [Demand { minutes: 100, coverable_by: &[0, 1] }, Demand { minutes: 100, coverable_by: &[0] }];
        cover.add(&demands, &[100, 40]);
        assert_eq!(cover.ratio(), ratio(140, 200));
        // What is free in the next period does not help in the one before.
        cover.add(&demands[1..], &[500, 500]);
        assert_eq!(cover.ratio(), ratio(240, 300));
        cover.add(&[Demand { minutes: 60, coverable_by: &[] }], &[500, 500]);
        assert_eq!(cover.ratio(), ratio(240, 360));
        cover.add_unknown(Reason::CapacityNotCovered);
        cover.add_unknown(Reason::NoCalendar);
        assert_eq!(cover.ratio(), Err(Reason::NoCalendar));
    }
}
