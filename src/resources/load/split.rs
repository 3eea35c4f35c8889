//! Work split over several resources, never above what is free of any of them on any day.

use std::cmp::Reverse;

use super::super::worktime::spread;
use super::daily::{Counting, Load, free};
use super::fraction::{Known, Reason};
use super::runs::{Run, compress, expand, reach, split_at, total};
use super::span::Span;
use super::sums;

/// How work is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// In proportion to what is free.
    Proportional,
    /// To the one who has most free in the whole span first, of equal ones to the first given; each is filled before
    /// the next.
    MostAvailableFirst,
}

/// What a resource has free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available<Id> {
    /// The resource.
    pub id: Id,
    /// The free minutes of each day of the span; or why nobody knows them: then it gets nothing.
    pub free: Known<Vec<u64>>,
}

impl<Id: Copy> Available<Id> {
    /// What a resource has free within a span.
    pub fn of(span: Span, load: &Load<'_, Id>, counting: Counting) -> Self {
        Self { id: load.id, free: free(span, load, counting) }
    }

    /// The free minutes of each day; none where they are not known.
    fn days(&self) -> &[u64] {
        self.free.as_deref().unwrap_or_default()
    }

    fn total(&self) -> u64 {
        sums::total(self.days())
    }
}

/// The part of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<Id> {
    /// The resource.
    pub id: Id,
    /// All its minutes.
    pub minutes: u64,
    /// The minutes of its days.
    pub runs: Vec<Run>,
    /// Why it got nothing, where nobody knows what it has free.
    pub reason: Option<Reason>,
}

/// How work is split: every resource in the order given, also where it gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<Id> {
    /// The parts.
    pub parts: Vec<Part<Id>>,
    /// The minutes for which there is no free time.
    pub unplaced: u64,
    /// The days of these minutes, where days were asked for.
    pub unplaced_runs: Vec<Run>,
}

/// Splits minutes that may be done on any day of a span: first over the resources by all that they have free, then each
/// part over the days of its resource in proportion to what is free on them. None where free minutes of a day are above
/// `u32::MAX`, as they never are of a capacity.
pub fn over_span<Id: Copy>(span: Span, minutes: u64, all: &[Available<Id>], manner: Manner) -> Option<Split<Id>> {
    let totals: Vec<u64> = all.iter().map(Available::total).collect();
    let sum = sums::total(&totals);
    let placed = minutes.min(sum);
    let shares = match manner {
        Manner::Proportional => spread::proportional(placed, &totals)?,
        Manner::MostAvailableFirst => spread::most_available_first(placed, &totals).0,
    };
    let mut days = vec![];
    for (one, share) in all.iter().zip(shares) {
        days.push(spread::proportional(share, one.days())?);
    }
    Some(Split { parts: parts(span, all, &days)?, unplaced: minutes - placed, unplaced_runs: vec![] })
}

/// Splits minutes that must be done on their own days: each day by what is free on it. Days outside the span cannot be
/// placed. None where a day has more than `u32::MAX` minutes that cannot be placed, or where those before or after the
/// span are too far apart for a span.
pub fn by_day<Id: Copy>(span: Span, curve: &[Run], all: &[Available<Id>], manner: Manner) -> Option<Split<Id>> {
    let asked = expand(span, curve);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|at| Reverse(all[*at].total()));
    let mut days = vec![vec![0; span.days()]; all.len()];
    let mut left = asked.clone();
    for (at, left) in left.iter_mut().enumerate() {
        let free: Vec<u64> = all.iter().map(|one| one.days().get(at).copied().unwrap_or(0)).collect();
        let sum = sums::total(&free);
        let placed = (*left).min(sum);
        let shares = match manner {
            Manner::Proportional => spread::proportional(placed, &free)?,
            Manner::MostAvailableFirst => filled(placed, &free, &order),
        };
        days.iter_mut().zip(shares).for_each(|(days, share)| days[at] = share);
        *left -= placed;
    }
    let mut unplaced_runs = outside(span, curve)?;
    unplaced_runs.extend(compress(span.first(), &left)?);
    unplaced_runs.sort_unstable();
    Some(Split { parts: parts(span, all, &days)?, unplaced: total(&unplaced_runs), unplaced_runs })
}

/// Minutes to each in an order, as many as are free.
fn filled(minutes: u64, free: &[u64], order: &[usize]) -> Vec<u64> {
    let (mut filled, mut rest) = (vec![0; free.len()], minutes);
    for at in order {
        filled[*at] = rest.min(free[*at]);
        rest -= filled[*at];
    }
    filled
}

fn parts<Id: Copy>(span: Span, all: &[Available<Id>], days: &[Vec<u64>]) -> Option<Vec<Part<Id>>> {
    let part = |(one, days): (&Available<Id>, &Vec<u64>)| {
        let runs = compress(span.first(), days)?;
        Some(Part { id: one.id, minutes: total(&runs), runs, reason: one.free.as_ref().err().copied() })
    };
    all.iter().zip(days).map(part).collect()
}

/// The runs of a curve before and after a span, those of the same days added up.
fn outside(span: Span, curve: &[Run]) -> Option<Vec<Run>> {
    let mut runs = vec![];
    let (early, rest) = split_at(curve, span.first());
    let late = span.last().succ_opt().map_or(vec![], |after| split_at(&rest, after).1);
    for side in [early, late] {
        if side.is_empty() {
            continue;
        }
        let reach = reach(&side)?;
        runs.extend(compress(reach.first(), &expand(reach, &side))?);
    }
    Some(runs)
}

#[cfg(test)]
mod tests {
    use super::super::daily::Booking;
    use super::super::testing::{Random, booked, full_time, load, run, span};
    use super::*;

    const MANNERS: [Manner; 2] = [Manner::Proportional, Manner::MostAvailableFirst];

    fn of(id: u32, free: &[u64]) -> Available<u32> {
        Available { id, free: Ok(free.to_vec()) }
    }

    fn hours(split: &Split<u32>) -> Vec<u64> {
        split.parts.iter().map(|part| part.minutes / 60).collect()
    }

    #[test]
    fn forty_hours_over_people_as_published() {
        let week = span("2024-02-26", "2024-03-03");
        let days = |hours: [u64; 5]| hours.into_iter().chain([0, 0]).map(|hours| hours * 60).collect::<Vec<_>>();
        let (one, two) = (of(1, &days([8, 8, 8, 0, 0])), of(2, &days([8; 5])));
        let split = over_span(week, 40 * 60, &[one.clone(), two], Manner::Proportional).expect("a split");
        assert_eq!((hours(&split), split.unplaced), (vec![15, 25], 0));
        assert_eq!(split.parts[0].runs, [run("2024-02-26", "2024-02-28", 300)]);
        assert_eq!(split.parts[1].runs, [run("2024-02-26", "2024-03-01", 300)]);
        let three = [one, of(2, &days([6; 5])), of(3, &days([4; 5]))];
        let split = over_span(week, 40 * 60, &three, Manner::MostAvailableFirst).expect("a split");
        assert_eq!((hours(&split), split.unplaced), (vec![10, 30, 0], 0));
        assert_eq!(split.parts[1].runs, [run("2024-02-26", "2024-03-01", 360)]);
        assert!(split.parts[2].runs.is_empty());
        let split = over_span(week, 80 * 60, &three, Manner::Proportional).expect("a split");
        assert_eq!((hours(&split), split.unplaced), (vec![24, 30, 20], 360));
    }

    #[test]
    fn days_are_split_one_by_one() {
        let days = span("2024-02-28", "2024-03-01");
        let all = [of(1, &[480, 120, 0]), of(2, &[240, 480, 240]), Available { id: 3, free: Err(Reason::NoCalendar) }];
        let curve = [run("2024-02-27", "2024-03-02", 300)];
        let split = by_day(days, &curve, &all, Manner::Proportional).expect("a split");
        assert_eq!(expand(days, &split.parts[0].runs), [200, 60, 0]);
        assert_eq!(expand(days, &split.parts[1].runs), [100, 240, 240]);
        assert_eq!((split.parts[2].minutes, split.parts[2].reason), (0, Some(Reason::NoCalendar)));
        let left = [run("2024-02-27", "2024-02-27", 300), run("2024-03-01", "2024-03-01", 60)];
        assert_eq!(split.unplaced_runs, [&left[..], &[run("2024-03-02", "2024-03-02", 300)]].concat());
        assert_eq!(split.unplaced, 660);
        let early = [run("2024-02-26", "2024-02-27", 60), run("2024-02-27", "2024-02-27", 30)];
        let expected = [run("2024-02-26", "2024-02-26", 60), run("2024-02-27", "2024-02-27", 90)];
        let split = by_day(days, &early, &all, Manner::Proportional).map(|split| split.unplaced_runs);
        assert_eq!(split.as_deref(), Some(&expected[..]));
        // The second has most in all, so it comes first also on the day on which the first has more.
        let split = by_day(days, &curve, &all, Manner::MostAvailableFirst).expect("a split");
        assert_eq!(expand(days, &split.parts[0].runs), [60, 0, 0]);
        assert_eq!(expand(days, &split.parts[1].runs), [240, 300, 240]);
    }

    #[test]
    fn without_anybody_nothing_is_placed() {
        let day = span("2024-02-29", "2024-02-29");
        for manner in MANNERS {
            let split = over_span::<u32>(day, 60, &[], manner).expect("a split");
            assert_eq!((split.parts.len(), split.unplaced), (0, 60));
            let none = [of(1, &[0])];
            assert_eq!(
                by_day(day, &[run("2024-02-29", "2024-02-29", 60)], &none, manner).map(|s| s.unplaced),
                Some(60)
            );
            assert_eq!(by_day(day, &[], &none, manner).map(|split| split.unplaced), Some(0));
        }
        let most = [run("2024-02-29", "2024-02-29", u32::MAX); 2];
        assert_eq!(by_day::<u32>(day, &most, &[], Manner::Proportional), None);
        let twice = [of(1, &[u64::from(u32::MAX)]), of(2, &[u64::from(u32::MAX)])];
        assert_eq!(by_day(day, &most, &twice, Manner::Proportional).map(|split| split.unplaced), Some(0));
        assert_eq!(
            over_span(day, u64::MAX, &twice, Manner::Proportional).map(|s| s.parts[0].minutes),
            Some(u64::from(u32::MAX))
        );
    }

    #[test]
    fn nothing_is_lost_and_nobody_gets_more_than_is_free() {
        let mut random = Random(6);
        for round in 0..1_500 {
            let span = random.span();
            let people: Vec<_> =
                (0..random.below(5)).map(|_| (random.capacity(span), random.booked(span, 6))).collect();
            let loads = people
                .iter()
                .enumerate()
                .map(|(at, (capacity, all))| load(u32::try_from(at).expect("few"), capacity, all));
            let all: Vec<_> = loads.map(|load| Available::of(span, &load, Counting::HardAndSoft)).collect();
            let fits = |split: &Split<u32>| {
                split.parts.iter().zip(&all).all(|(part, one)| {
                    expand(span, &part.runs).iter().zip(one.days()).all(|(placed, free)| placed <= free)
                })
            };
            let sum = |split: &Split<u32>| split.parts.iter().map(|part| part.minutes).sum::<u64>();
            let free: u64 = all.iter().map(Available::total).sum();
            let (asked, manner) = (u64::from(random.below(30_000)), MANNERS[round % 2]);
            let split = over_span(span, asked, &all, manner).expect("a split");
            assert!(fits(&split) && sum(&split) == asked.min(free) && split.unplaced == asked - sum(&split));
            let curve = random.runs(span, 5);
            let split = by_day(span, &curve, &all, manner).expect("a split");
            assert!(fits(&split) && sum(&split) + split.unplaced == total(&curve));
            for (at, asked) in expand(span, &curve).into_iter().enumerate() {
                let of = |runs: &[Run]| expand(span, runs)[at];
                let placed: u64 = split.parts.iter().map(|part| of(&part.runs)).sum();
                let free: u64 = all.iter().map(|one| one.days()[at]).sum();
                assert_eq!((placed, of(&split.unplaced_runs)), (asked.min(free), asked - asked.min(free)));
            }
        }
    }

    #[test]
    fn planned_work_counts_as_free_only_if_told() {
        let week = span("2024-02-26", "2024-03-03");
        let capacity = full_time(week);
        let all = [booked(1, Booking::Soft, run("2024-02-26", "2024-03-03", 400))];
        let available = |counting| Available::of(week, &load(1, &capacity, &all), counting).total();
        assert_eq!((available(Counting::Hard), available(Counting::HardAndSoft)), (2_400, 400));
    }
}
