//! Earned value: what a task has earned by its technique, what was planned by a day, and costs spread over days and months.
//! Fractions are whole numbers of 1e-9, money of 1/10,000; what is rounded is rounded half to even. Pure.

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;

/// All of it, in 1e-9.
pub const WHOLE: i64 = 1_000_000_000;

/// What a task of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// Has parts and no work of its own.
    Summary,
    /// Work.
    Task,
    /// A day on which something is reached.
    Milestone,
    /// Work that goes on beside the others, such as steering them.
    LevelOfEffort,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Summary, Self::Task, Self::Milestone, Self::LevelOfEffort];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "SUMMARY",
            Self::Task => "TASK",
            Self::Milestone => "MILESTONE",
            Self::LevelOfEffort => "LEVEL_OF_EFFORT",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The techniques that it may be measured by; the first where nothing else is said.
    pub fn techniques(self) -> &'static [Technique] {
        match self {
            Self::Summary => &[],
            Self::Task => &[
                Technique::PercentComplete,
                Technique::PhysicalPercentComplete,
                Technique::ZeroHundred,
                Technique::FiftyFifty,
                Technique::WeightedMilestones,
                Technique::MilestonePercent,
                Technique::Apportioned,
            ],
            Self::Milestone => &[Technique::ZeroHundred],
            Self::LevelOfEffort => &[Technique::LevelOfEffort],
        }
    }

    /// Whether a task of this kind and technique may have `part` right below it.
    pub fn may_hold(self, technique: Option<Technique>, part: Self) -> bool {
        match self {
            Self::Summary => true,
            Self::Task => part == Self::Milestone && technique.is_some_and(Technique::has_milestones),
            Self::Milestone | Self::LevelOfEffort => false,
        }
    }
}

/// How the earned value of a task is found: the techniques of the earned value standards, as Clarity lists them, and the
/// physical percent complete of Microsoft Project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Technique {
    /// As far as it is said to be.
    PercentComplete,
    /// As much of its result as is there.
    PhysicalPercentComplete,
    /// Nothing before it is finished.
    ZeroHundred,
    /// Half when it begins, half when it is finished.
    FiftyFifty,
    /// What was planned to be earned by then.
    LevelOfEffort,
    /// The weights of its milestones that were reached.
    WeightedMilestones,
    /// What the furthest of its milestones that were reached stands for.
    MilestonePercent,
    /// As another task earns.
    Apportioned,
}

impl Technique {
    /// Every technique.
    pub const ALL: [Self; 8] = [
        Self::PercentComplete,
        Self::PhysicalPercentComplete,
        Self::ZeroHundred,
        Self::FiftyFifty,
        Self::LevelOfEffort,
        Self::WeightedMilestones,
        Self::MilestonePercent,
        Self::Apportioned,
    ];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PercentComplete => "PERCENT_COMPLETE",
            Self::PhysicalPercentComplete => "PHYSICAL_PERCENT_COMPLETE",
            Self::ZeroHundred => "ZERO_HUNDRED",
            Self::FiftyFifty => "FIFTY_FIFTY",
            Self::LevelOfEffort => "LEVEL_OF_EFFORT",
            Self::WeightedMilestones => "WEIGHTED_MILESTONES",
            Self::MilestonePercent => "MILESTONE_PERCENT",
            Self::Apportioned => "APPORTIONED",
        }
    }

    /// The technique of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|technique| technique.as_str() == name)
    }

    /// Whether milestones below it decide.
    pub fn has_milestones(self) -> bool {
        matches!(self, Self::WeightedMilestones | Self::MilestonePercent)
    }

    /// Whether other tasks decide, and nobody says how far it is.
    pub fn follows_others(self) -> bool {
        self.has_milestones() || self == Self::Apportioned
    }
}

/// A milestone of a task, on the day of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// Whether it was reached by then.
    pub is_reached: bool,
    /// Its weight among those of the task.
    pub weight: i64,
    /// How far the task is once it is reached.
    pub parent_percent: i64,
}

/// What is known of a task on the day of a measurement, in 1e-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'p> {
    /// How far it is said to be.
    pub percent: i64,
    /// How much of its result is there; none where only the other is said.
    pub physical: Option<i64>,
    /// Whether work on it has begun.
    pub is_begun: bool,
    /// Which part of its cost was planned to be earned.
    pub planned: i64,
    /// Its milestones.
    pub milestones: &'p [Milestone],
    /// Which part is earned for each part of the other task, and what that has earned.
    pub base: (i64, i64),
}

/// Which part of its cost a task has earned. A task that is complete has earned all of it, unless others decide.
pub fn earned(technique: Technique, progress: &Progress<'_>) -> i64 {
    let &Progress { percent, physical, is_begun, planned, milestones, base } = progress;
    let is_complete = percent >= WHOLE;
    let earned = match technique {
        Technique::PercentComplete => percent,
        Technique::PhysicalPercentComplete if !is_complete => physical.unwrap_or(percent),
        Technique::FiftyFifty if !is_complete && (is_begun || percent > 0) => WHOLE / 2,
        Technique::PhysicalPercentComplete | Technique::ZeroHundred | Technique::FiftyFifty => {
            if is_complete {
                WHOLE
            } else {
                0
            }
        }
        Technique::LevelOfEffort => planned,
        Technique::WeightedMilestones => {
            let sum = |all: bool| -> i128 {
                let counted = milestones.iter().filter(|milestone| all || milestone.is_reached);
                counted.map(|milestone| i128::from(milestone.weight)).sum()
            };
            ratio(sum(false), sum(true))
        }
        Technique::MilestonePercent => {
            let reached = milestones.iter().filter(|milestone| milestone.is_reached);
            reached.map(|milestone| milestone.parent_percent).max().unwrap_or_default()
        }
        Technique::Apportioned => part_of(base.0, base.1),
    };
    earned.clamp(0, WHOLE)
}

/// A part, in 1e-9, of something.
pub fn part_of(part: i64, of: i64) -> i64 {
    let product = Decimal::from_i128_with_scale(i128::from(part) * i128::from(of), 9);
    product.round().try_into().unwrap_or(i64::MAX)
}

/// What a part is of a whole, in 1e-9; nothing of nothing.
pub fn ratio(part: i128, whole: i128) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let scaled = part * i128::from(WHOLE);
    let (quotient, rest) = (scaled / whole, scaled % whole);
    let is_up = 2 * rest > whole || (2 * rest == whole && quotient % 2 == 1);
    i64::try_from(quotient + i128::from(is_up)).unwrap_or(WHOLE)
}

/// Days from the first to the last.
pub type Span = (NaiveDate, NaiveDate);

fn days(span: Span) -> i64 {
    (span.1 - span.0).num_days() + 1
}

/// Which part of an item's cost is planned to be earned by the end of a day: what its increments say, else so much for each
/// day. At its last day it is all.
pub fn planned(span: Span, cost: i64, increments: &[(NaiveDate, i64)], on: NaiveDate) -> i64 {
    if on >= span.1 {
        WHOLE
    } else if on < span.0 {
        0
    } else if increments.is_empty() || cost == 0 {
        ratio(i128::from(days((span.0, on))), i128::from(days(span)))
    } else {
        let by_then = increments.iter().filter(|(end, _)| *end <= on);
        ratio(by_then.map(|(_, amount)| i128::from(*amount)).sum(), i128::from(cost))
    }
}

/// Over what a cost is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Each day has its increment.
    Day,
    /// Each calendar month has.
    Month,
}

/// How many periods a span has at most.
pub fn count(span: Span, spread: Spread) -> i64 {
    match spread {
        Spread::Day => days(span),
        Spread::Month => days(span) / 28 + 2,
    }
}

/// The periods of a span: the last day of each, and how many days of the span it has.
pub fn periods(span: Span, spread: Spread) -> Vec<(NaiveDate, i64)> {
    let (mut from, last) = span;
    let mut out = vec![];
    while from <= last {
        let end = match spread {
            Spread::Day => from,
            Spread::Month => from.with_day(1).map_or(last, |first| first + Months::new(1) - Days::new(1)).min(last),
        };
        out.push((end, days((from, end))));
        from = end + Days::new(1);
    }
    out
}

/// A total in parts that stand to each other like the weights and sum to it exactly: each part rounded down, and what is
/// left goes to the largest remainders, the first of equal ones first.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 {
        return weights.iter().enumerate().map(|(at, _)| if at == 0 { total } else { 0 }).collect();
    }
    let scaled = |weight: i64| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i64> = weights.iter().map(|w| i64::try_from(scaled(*w) / sum).unwrap_or_default()).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(scaled(weights[*at]) % sum), *at));
    let left = total - parts.iter().sum::<i64>();
    for at in order.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        parts[at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).expect("a day")
    }

    /// Percent as 1e-9.
    fn p(percent: i64) -> i64 {
        percent * (WHOLE / 100)
    }

    #[test]
    fn every_name_is_read_back() {
        assert!(Technique::ALL.into_iter().all(|t| Technique::parse(t.as_str()) == Some(t)));
        assert!(TaskKind::ALL.into_iter().all(|k| TaskKind::parse(k.as_str()) == Some(k)));
        // Each technique is somebody's.
        let of_kinds: Vec<Technique> = TaskKind::ALL.iter().flat_map(|kind| kind.techniques()).copied().collect();
        assert!(Technique::ALL.iter().all(|technique| of_kinds.contains(technique)));
    }

    #[test]
    fn milestones_stand_below_summaries_and_what_they_measure() {
        for (kind, technique, part, may) in [
            (TaskKind::Summary, None, TaskKind::Summary, true),
            (TaskKind::Summary, None, TaskKind::Task, true),
            (TaskKind::Task, Some(Technique::WeightedMilestones), TaskKind::Milestone, true),
            (TaskKind::Task, Some(Technique::MilestonePercent), TaskKind::Milestone, true),
            (TaskKind::Task, Some(Technique::WeightedMilestones), TaskKind::Task, false),
            (TaskKind::Task, Some(Technique::PercentComplete), TaskKind::Milestone, false),
            (TaskKind::Milestone, Some(Technique::ZeroHundred), TaskKind::Milestone, false),
            (TaskKind::LevelOfEffort, Some(Technique::LevelOfEffort), TaskKind::Task, false),
        ] {
            assert_eq!(kind.may_hold(technique, part), may, "{kind:?} {technique:?} {part:?}");
        }
    }

    #[test]
    fn each_technique_earns_in_its_own_way() {
        let milestones = |reached: usize| -> Vec<Milestone> {
            let facts = [(p(20), p(15)), (p(30), p(40)), (p(50), p(100))];
            let one = |(at, (weight, parent_percent)): (usize, &(i64, i64))| Milestone {
                is_reached: at < reached,
                weight: *weight,
                parent_percent: *parent_percent,
            };
            facts.iter().enumerate().map(one).collect()
        };
        let nothing =
            Progress { percent: 0, physical: None, is_begun: false, planned: 0, milestones: &[], base: (WHOLE, 0) };
        let (none, one, two, all) = (milestones(0), milestones(1), milestones(2), milestones(3));
        let at = |percent: i64| Progress { percent: p(percent), ..nothing };
        for (technique, progress, due) in [
            (Technique::PercentComplete, at(0), 0),
            (Technique::PercentComplete, at(37), 37),
            (Technique::PercentComplete, at(100), 100),
            (Technique::PhysicalPercentComplete, at(60), 60),
            (Technique::PhysicalPercentComplete, Progress { physical: Some(p(25)), ..at(60) }, 25),
            (Technique::PhysicalPercentComplete, Progress { physical: Some(p(25)), ..at(100) }, 100),
            (Technique::ZeroHundred, at(0), 0),
            (Technique::ZeroHundred, at(99), 0),
            (Technique::ZeroHundred, at(100), 100),
            (Technique::FiftyFifty, at(0), 0),
            (Technique::FiftyFifty, Progress { is_begun: true, ..at(0) }, 50),
            (Technique::FiftyFifty, at(1), 50),
            (Technique::FiftyFifty, at(99), 50),
            (Technique::FiftyFifty, at(100), 100),
            (Technique::LevelOfEffort, Progress { planned: p(45), ..at(10) }, 45),
            (Technique::LevelOfEffort, Progress { planned: p(45), ..at(100) }, 45),
            (Technique::WeightedMilestones, nothing, 0),
            (Technique::WeightedMilestones, Progress { milestones: &none, ..nothing }, 0),
            (Technique::WeightedMilestones, Progress { milestones: &one, ..nothing }, 20),
            (Technique::WeightedMilestones, Progress { milestones: &two, ..nothing }, 50),
            (Technique::WeightedMilestones, Progress { milestones: &all, ..nothing }, 100),
            (Technique::MilestonePercent, Progress { milestones: &none, ..nothing }, 0),
            (Technique::MilestonePercent, Progress { milestones: &one, ..nothing }, 15),
            (Technique::MilestonePercent, Progress { milestones: &two, ..nothing }, 40),
            (Technique::MilestonePercent, Progress { milestones: &all, ..nothing }, 100),
            (Technique::Apportioned, Progress { base: (WHOLE, p(33)), ..nothing }, 33),
            (Technique::Apportioned, Progress { base: (p(50), p(80)), ..nothing }, 40),
            (Technique::Apportioned, Progress { base: (p(200), p(80)), ..nothing }, 100),
        ] {
            assert_eq!(earned(technique, &progress), p(due), "{technique:?} {progress:?}");
        }
    }

    #[test]
    fn a_third_is_rounded_half_to_even() {
        let thirds = [true, false, false].map(|is_reached| Milestone { is_reached, weight: 1, parent_percent: 0 });
        let progress =
            Progress { percent: 0, physical: None, is_begun: true, planned: 0, milestones: &thirds, base: (0, 0) };
        assert_eq!(earned(Technique::WeightedMilestones, &progress), 333_333_333);
        assert_eq!((ratio(1, 2_000_000_000), ratio(3, 2_000_000_000), ratio(1, 0)), (0, 2, 0));
        assert_eq!((part_of(p(50), 1), part_of(p(50), 3), part_of(p(50), 5)), (0, 2, 2));
    }

    #[test]
    fn planned_value_grows_by_increments_or_by_days_and_ends_with_all() {
        let span = (day(1, 1), day(1, 10));
        for (on, linear, stepped) in [
            (NaiveDate::from_ymd_opt(2025, 12, 31).expect("a day"), 0, 0),
            (day(1, 1), 10, 0),
            (day(1, 4), 40, 0),
            (day(1, 5), 50, 30),
            (day(1, 9), 90, 30),
            (day(1, 10), 100, 100),
            (day(2, 1), 100, 100),
        ] {
            assert_eq!(planned(span, 1_000, &[], on), p(linear), "{on}");
            assert_eq!(planned(span, 1_000, &[(day(1, 5), 300), (day(1, 10), 700)], on), p(stepped), "{on}");
        }
    }

    #[test]
    fn a_cost_is_spread_exactly() {
        let span = (day(1, 20), day(3, 2));
        assert_eq!(periods(span, Spread::Month), [(day(1, 31), 12), (day(2, 28), 28), (day(3, 2), 2)]);
        let by_day = periods(span, Spread::Day);
        assert_eq!((by_day.len(), by_day[41]), (42, (day(3, 2), 1)));
        for (total, weights, parts) in [
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (10, vec![12, 28, 2], vec![3, 7, 0]),
            (7, vec![0, 0], vec![7, 0]),
            (0, vec![1, 2], vec![0, 0]),
            (5, vec![1, 2, 2], vec![1, 2, 2]),
        ] {
            assert_eq!(split(total, &weights), parts, "{total} {weights:?}");
        }
        let large = split(i64::MAX, &[12, 28, 2, 1]);
        assert_eq!(large.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(i64::MAX));
    }

    /// The chapter of the PRA book: a budget of 500,000, cumulative plan .10 .25 .50 .75 1, 40 % done in the third period;
    /// and its case study: 2.5 million, .65 planned, .48 done.
    #[test]
    fn the_books_examples_are_earned_as_they_stand_there() {
        let units = |money: i64| money * 10_000;
        let (bac, ends) = (units(500_000), [day(1, 31), day(2, 28), day(3, 31), day(4, 30), day(5, 31)]);
        let increments = [50_000, 75_000, 125_000, 125_000, 125_000].map(units);
        let increments: Vec<(NaiveDate, i64)> = ends.into_iter().zip(increments).collect();
        let planned_value = |on| part_of(planned((day(1, 1), day(5, 31)), bac, &increments, on), bac);
        let due = [50_000, 125_000, 250_000, 375_000, 500_000].map(units);
        assert_eq!(ends.map(planned_value), due);
        let done = |percent| Progress {
            percent: p(percent),
            physical: None,
            is_begun: true,
            planned: 0,
            milestones: &[],
            base: (0, 0),
        };
        assert_eq!(part_of(earned(Technique::PercentComplete, &done(40)), bac), units(200_000));
        assert_eq!(part_of(earned(Technique::PercentComplete, &done(48)), units(2_500_000)), units(1_200_000));
        assert_eq!(part_of(p(65), units(2_500_000)), units(1_625_000));
    }
}
