//! Minutes of days as runs: the same minutes on each of some days in a row.

use chrono::NaiveDate;

use super::periods::Periods;
use super::span::{Span, day_after};

/// The same minutes on each day from one to another, both included. Where the days are reversed or the minutes 0, it
/// says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Minutes of each day.
    pub minutes: u32,
}

impl Run {
    /// Whether there is no minute in it.
    pub fn is_empty(self) -> bool {
        self.minutes == 0 || self.to < self.from
    }

    /// All its minutes.
    pub fn total(self) -> u64 {
        let days = u64::try_from((self.to - self.from).num_days() + 1).unwrap_or(0);
        // A calendar has fewer than 2^28 days, so the product fits.
        days * u64::from(self.minutes)
    }
}

/// The minutes of days, from a first one on, as runs: in order, none with 0 minutes, two never joinable. None where a
/// day has more than `u32::MAX` minutes, or lies beyond the end of time.
pub fn compress(first: NaiveDate, minutes: &[u64]) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = vec![];
    let mut at = 0;
    for equal in minutes.chunk_by(|one, next| one == next) {
        let (begin, end) = (at, at + equal.len());
        at = end;
        if equal[0] > 0 {
            let minutes = u32::try_from(equal[0]).ok()?;
            runs.push(Run { from: day_after(first, begin)?, to: day_after(first, end - 1)?, minutes });
        }
    }
    Some(runs)
}

/// Adds runs to the minutes of the days of a span. Runs may overlap: they add up. What is outside the span is left out,
/// as are days for which there is no place in the minutes.
pub fn add(span: Span, runs: &[Run], minutes: &mut [u64]) {
    for run in runs {
        add_run(span, *run, minutes);
    }
}

/// Adds a run to the minutes of the days of a span, as [`add`] does.
pub(super) fn add_run(span: Span, run: Run, minutes: &mut [u64]) {
    let places = span.places(run.from, run.to);
    for day in minutes.get_mut(places).unwrap_or_default() {
        *day = day.saturating_add(u64::from(run.minutes));
    }
}

/// The minutes of each day of a span.
pub fn expand(span: Span, runs: &[Run]) -> Vec<u64> {
    let mut minutes = vec![0; span.days()];
    add(span, runs, &mut minutes);
    minutes
}

/// The smallest span that all days of runs are in; none where there is no minute in them, or where they are too far
/// apart for a span.
pub fn reach(runs: &[Run]) -> Option<Span> {
    let some = || runs.iter().filter(|run| !run.is_empty());
    Span::new(some().map(|run| run.from).min()?, some().map(|run| run.to).max()?)
}

/// All minutes of runs.
pub fn total(runs: &[Run]) -> u64 {
    runs.iter().fold(0, |sum, run| sum.saturating_add(run.total()))
}

/// The minutes of runs in each period.
pub fn by_periods(periods: &Periods, runs: &[Run]) -> Vec<u64> {
    let mut sums = vec![0; periods.len()];
    add_by_periods(periods, runs, &mut sums);
    sums
}

/// Adds the minutes of runs to the sum of each period.
pub(super) fn add_by_periods(periods: &Periods, runs: &[Run], sums: &mut [u64]) {
    for run in runs.iter().filter(|run| !run.is_empty()) {
        let first = periods.as_slice().partition_point(|period| period.to < run.from);
        let meeting = periods.as_slice().iter().zip(sums.iter_mut()).skip(first);
        for (period, sum) in meeting.take_while(|(period, _)| period.from <= run.to) {
            let within = Run { from: run.from.max(period.from), to: run.to.min(period.to), ..*run };
            *sum = sum.saturating_add(within.total());
        }
    }
}

/// The runs before a day, and those from it on; a run that the day lies within is cut in two.
pub fn split_at(runs: &[Run], day: NaiveDate) -> (Vec<Run>, Vec<Run>) {
    let before = |run: &Run| Run { to: day.pred_opt().map_or(run.to, |last| run.to.min(last)), ..*run };
    let after = |run: &Run| Run { from: run.from.max(day), ..*run };
    let early = runs.iter().filter(|run| run.from < day).map(before).filter(|run| !run.is_empty()).collect();
    let late = runs.iter().map(after).filter(|run| !run.is_empty()).collect();
    (early, late)
}

#[cfg(test)]
mod tests {
    use super::super::periods::Grain;
    use super::super::testing::{Random, day, run, some_periods, span};
    use super::*;

    #[test]
    fn equal_days_in_a_row_are_one_run() {
        let minutes = [0, 480, 480, 0, 480, 240, 240, 0];
        let expected = [
            run("2024-02-28", "2024-02-29", 480),
            run("2024-03-02", "2024-03-02", 480),
            run("2024-03-03", "2024-03-04", 240),
        ];
        assert_eq!(compress(day("2024-02-27"), &minutes).as_deref(), Some(&expected[..]));
        assert_eq!(expand(span("2024-02-27", "2024-03-05"), &expected), minutes);
        assert_eq!(compress(day("2024-02-27"), &[]), Some(vec![]));
        assert_eq!(compress(day("2024-02-27"), &[0, 0]), Some(vec![]));
    }

    #[test]
    fn what_cannot_be_a_run_is_none() {
        assert_eq!(compress(day("2024-02-27"), &[u64::from(u32::MAX) + 1]), None);
        assert_eq!(compress(day("2024-02-27"), &[u64::from(u32::MAX)]).map(|runs| runs.len()), Some(1));
        assert_eq!(compress(NaiveDate::MAX, &[1, 1]), None);
    }

    #[test]
    fn empty_runs_say_nothing() {
        let none = [run("2024-02-29", "2024-02-28", 60), run("2024-02-28", "2024-02-29", 0)];
        assert_eq!((total(&none), reach(&none)), (0, None));
        assert_eq!(expand(span("2024-02-27", "2024-02-29"), &none), [0, 0, 0]);
        assert_eq!(split_at(&none, day("2024-02-29")), (vec![], vec![]));
        assert_eq!(total(&[Run { from: NaiveDate::MIN, to: NaiveDate::MAX, minutes: u32::MAX }; 100]), u64::MAX);
        assert_eq!(reach(&[Run { from: NaiveDate::MIN, to: NaiveDate::MAX, minutes: 1 }]), None);
        let mut days = vec![u64::MAX];
        add(span("2024-02-29", "2024-02-29"), &[run("2024-02-29", "2024-02-29", 1)], &mut days);
        assert_eq!(days, [u64::MAX]);
    }

    #[test]
    fn runs_are_cut_at_a_day() {
        let runs = [run("2024-02-01", "2024-02-05", 60), run("2024-02-03", "2024-02-03", 30)];
        let (early, late) = split_at(&runs, day("2024-02-03"));
        assert_eq!(early, [run("2024-02-01", "2024-02-02", 60)]);
        assert_eq!(late, [run("2024-02-03", "2024-02-05", 60), run("2024-02-03", "2024-02-03", 30)]);
        assert_eq!(split_at(&runs, NaiveDate::MIN), (vec![], runs.to_vec()));
        assert_eq!(split_at(&runs, NaiveDate::MAX), (runs.to_vec(), vec![]));
    }

    #[test]
    fn sums_of_months_count_the_leap_day() {
        let months = Periods::of(span("2024-01-01", "2024-03-31"), Grain::Month).expect("months");
        let all = [run("2023-12-01", "2024-12-31", 10), run("2024-02-29", "2024-03-01", 1)];
        assert_eq!(by_periods(&months, &all), [310, 291, 311]);
    }

    #[test]
    fn runs_and_days_agree() {
        let mut random = Random(1);
        for _ in 0..2_000 {
            let span = random.span();
            let runs = random.runs(span, 6);
            let days = expand(span, &runs);
            let on = |day: NaiveDate| runs.iter().filter(move |run| run.from <= day && day <= run.to);
            for (at, minutes) in days.iter().enumerate() {
                assert_eq!(*minutes, on(span.day(at)).map(|run| u64::from(run.minutes)).sum::<u64>());
            }
            let again = compress(span.first(), &days).expect("runs");
            assert_eq!(expand(span, &again), days);
            assert_eq!(total(&again), days.iter().sum::<u64>());
            let joinable =
                |pair: &[Run]| pair[0].minutes == pair[1].minutes && pair[0].to.succ_opt() == Some(pair[1].from);
            assert!(!again.windows(2).any(|pair| joinable(pair) || pair[1].from <= pair[0].to));
            let (early, late) = split_at(&runs, random.day(span.first(), 40));
            assert_eq!(total(&early) + total(&late), total(&runs));
            let both: Vec<Run> = early.into_iter().chain(late).collect();
            assert_eq!(expand(span, &both), days);
            let periods = some_periods(&mut random, span);
            let naive: Vec<u64> = periods.as_slice().iter().map(|one| days[one.places()].iter().sum()).collect();
            assert_eq!(by_periods(&periods, &runs), naive);
        }
    }
}
