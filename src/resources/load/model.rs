//! Heatmap, conflicts, the booking rule, free time and figures against a naive model, in which every minute of a day is
//! taken one by one: a booked minute takes a minute of capacity, or there is none left for it.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::super::worktime::capacity::{Capacity, Employment};
use super::bench::{self, Free};
use super::candidates::{Profile, Wanted, Weights, judge};
use super::check::{Active, Asked, check};
use super::conflicts::conflicts;
use super::daily::{Booked, Booking, Counting, Load};
use super::fraction::Fraction;
use super::heatmap::{Cell, Heatmap};
use super::kpis::OfRow;
use super::runs::Run;
use super::span::Span;
use super::testing::{Random, load, some_periods};

/// A day of a resource, minute by minute.
#[derive(Default, Clone, Copy)]
struct Day {
    capacity: u64,
    hard: u64,
    soft: u64,
    actual: u64,
    free: u64,
    over: u64,
    hard_over: u64,
}

fn on(runs: impl Iterator<Item = Run>, day: NaiveDate) -> u64 {
    runs.filter(|run| run.from <= day && day <= run.to).map(|run| u64::from(run.minutes)).sum()
}

fn of(list: &[Booked<u32>], booking: Booking) -> impl Iterator<Item = Run> {
    list.iter().filter(move |one| one.booking == booking).map(|one| one.run)
}

impl Day {
    fn new(load: &Load<'_, u32>, day: NaiveDate) -> Self {
        let capacity = load.capacity.expect("a capacity").at(day).into();
        let (hard, soft) = (on(of(load.booked, Booking::Hard), day), on(of(load.booked, Booking::Soft), day));
        let mut this = Self { capacity, free: capacity, hard, soft, ..Self::default() };
        this.actual = on(load.actual.iter().copied(), day);
        for booking in [Booking::Hard, Booking::Soft] {
            for _ in 0..if booking == Booking::Hard { hard } else { soft } {
                if this.free > 0 {
                    this.free -= 1;
                } else {
                    this.over += 1;
                    this.hard_over += u64::from(booking == Booking::Hard);
                }
            }
        }
        this
    }

    /// What is too much of what counts.
    fn excess(self, counting: Counting) -> u64 {
        if counting == Counting::Hard { self.hard_over } else { self.over }
    }
}

fn days(load: &Load<'_, u32>, span: Span) -> Vec<Day> {
    (0..span.days()).map(|at| Day::new(load, span.day(at))).collect()
}

struct Person {
    capacity: Capacity,
    booked: Vec<Booked<u32>>,
    actual: Vec<Run>,
}

impl Person {
    fn new(random: &mut Random, span: Span) -> Self {
        Self { capacity: random.capacity(span), booked: random.booked(span, 12), actual: random.runs(span, 6) }
    }

    fn load(&self, id: u32) -> Load<'_, u32> {
        Load { actual: &self.actual, ..load(id, &self.capacity, &self.booked) }
    }
}

#[test]
fn a_heatmap_agrees_with_minutes_taken_one_by_one() {
    let mut random = Random(10);
    for _ in 0..300 {
        let span = random.span();
        let periods = some_periods(&mut random, span);
        let people: Vec<Person> = (0..random.below(4)).map(|_| Person::new(&mut random, span)).collect();
        let mut heatmap = Heatmap::new(&periods);
        let mut row = heatmap.empty();
        let mut sum = heatmap.empty();
        let mut expected = vec![Cell::default(); periods.len()];
        for person in &people {
            heatmap.add(&mut row, &person.load(1));
            sum.add(&heatmap.row(&person.load(1)));
            for (cell, period) in expected.iter_mut().zip(periods.as_slice()) {
                for day in period.from.iter_days().take_while(|day| *day <= period.to) {
                    let day = Day::new(&person.load(1), day);
                    cell.capacity += day.capacity;
                    cell.hard += day.hard;
                    cell.soft += day.soft;
                    cell.actual += day.actual;
                    cell.free += day.free;
                    cell.over += day.over;
                    cell.hard_over += day.hard_over;
                }
            }
        }
        assert_eq!(row, sum);
        let figures = [OfRow::Utilization, OfRow::Over, OfRow::HardOver, OfRow::Bench].map(|one| one.by_periods(&row));
        for (at, cell) in expected.into_iter().enumerate() {
            assert_eq!(row.cell(at), Ok(cell));
            for (figure, part) in figures.iter().zip([cell.actual, cell.over, cell.hard_over, cell.free]) {
                let parts = figure[at].ok().map(|found| (found.numerator(), found.denominator()));
                assert_eq!(parts, (cell.capacity > 0).then(|| (i64::try_from(part).expect("small"), cell.capacity)));
            }
        }
    }
}

#[test]
fn conflicts_agree_with_days_looked_at_one_by_one() {
    let mut random = Random(11);
    for _ in 0..1_000 {
        let span = random.span();
        let person = Person::new(&mut random, span);
        let counting = random.of(&[Counting::Hard, Counting::HardAndSoft]);
        let days = days(&person.load(1), span);
        let found = conflicts(span, &person.load(1), counting).expect("conflicts");
        let mut seen = BTreeSet::new();
        for conflict in &found {
            let places = span.places(conflict.from, conflict.to);
            let of = || places.clone().map(|at| days[at]);
            assert!(of().next().is_some_and(|day| day.excess(counting) > 0));
            assert!(of().next_back().is_some_and(|day| day.excess(counting) > 0));
            assert!(of().all(|day| day.excess(counting) > 0 || day.capacity == 0));
            assert_eq!(conflict.days, of().filter(|day| day.excess(counting) > 0).count());
            assert_eq!(Some(conflict.peak), of().map(|day| day.excess(counting)).max());
            assert_eq!(conflict.over, of().map(|day| day.excess(counting)).sum::<u64>());
            assert_eq!(conflict.capacity, of().map(|day| day.capacity).sum::<u64>());
            let soft = u64::from(counting == Counting::HardAndSoft);
            assert_eq!(conflict.booked, of().map(|day| day.hard + soft * day.soft).sum::<u64>());
            assert_eq!(conflict.is_hard, of().any(|day| day.hard_over > 0));
            let mut ids = BTreeSet::new();
            for at in places.clone().filter(|at| days[*at].excess(counting) > 0) {
                assert!(seen.insert(at));
                let counted = person.booked.iter().filter(|one| counting.counts(one.booking));
                ids.extend(counted.filter(|one| on([one.run].into_iter(), span.day(at)) > 0).map(|one| one.allocation));
            }
            assert_eq!(conflict.allocations, ids.into_iter().collect::<Vec<_>>());
        }
        assert_eq!(seen.len(), days.iter().filter(|day| day.excess(counting) > 0).count());
        for pair in found.windows(2) {
            let between = span.places(pair[0].to, pair[1].from);
            assert!(days[between].iter().any(|day| day.excess(counting) == 0 && day.capacity > 0));
        }
    }
}

#[test]
fn the_booking_rule_agrees_with_minutes_booked_one_by_one() {
    let mut random = Random(12);
    for _ in 0..1_000 {
        let span = random.span();
        let wide =
            Span::new(span.first() - chrono::Days::new(20), span.last() + chrono::Days::new(80)).expect("a span");
        let capacity = random.capacity(wide);
        let (others, curve) = (random.runs(span, 6), random.runs(span, 4));
        let end = |random: &mut Random| (!random.one_in(3)).then(|| random.day(span.first(), 40));
        let employment = Employment { from: end(&mut random), to: end(&mut random) };
        let active = Active { from: end(&mut random), to: end(&mut random) };
        let booking = random.of(&[Booking::Hard, Booking::Soft]);
        let found = check(Ok(&capacity), &others, &Asked { booking, curve: &curve, employment, active });
        let (mut excess, mut unemployed, mut inactive) = (vec![], vec![], vec![]);
        for day in (0..wide.days()).map(|at| wide.day(at)) {
            let asked = on(curve.iter().copied(), day);
            if asked == 0 {
                continue;
            }
            let mut room = u64::from(capacity.at(day)).saturating_sub(on(others.iter().copied(), day));
            let mut lacks = false;
            for _ in 0..asked {
                lacks |= room == 0;
                room = room.saturating_sub(1);
            }
            excess.extend(lacks.then_some(day));
            let is_within = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
                from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
            };
            unemployed.extend((!is_within(employment.from, employment.to)).then_some(day));
            inactive.extend((booking == Booking::Hard && !is_within(active.from, active.to)).then_some(day));
        }
        let listed = |ranges: &[(NaiveDate, NaiveDate)]| -> Vec<NaiveDate> {
            ranges.iter().flat_map(|(from, to)| from.iter_days().take_while(move |day| day <= to)).collect()
        };
        assert_eq!(found.excess.clone().expect("days").iter().map(|day| day.day).collect::<Vec<_>>(), excess);
        assert_eq!(listed(&found.outside_employment), unemployed);
        assert_eq!(listed(&found.outside_project), inactive);
        let in_dates = unemployed.is_empty() && inactive.is_empty();
        assert_eq!(found.is_allowed(), in_dates && (booking == Booking::Soft || excess.is_empty()));
    }
}

#[test]
fn free_time_agrees_with_minutes_taken_one_by_one() {
    let mut random = Random(13);
    for _ in 0..1_000 {
        let span = random.span();
        let mut person = Person::new(&mut random, span);
        person.booked.retain(|_| !random.one_in(2));
        let least = random.of(&[0, 1, 60, 240, 480]);
        let found = bench::of(span, &person.load(3), Free { counting: Counting::HardAndSoft, least });
        let days = days(&person.load(3), span);
        assert_eq!(found.free, Ok(days.iter().map(|day| day.free).sum()));
        let share = found.share.ok().map(Fraction::denominator);
        assert_eq!(share.unwrap_or(0), days.iter().map(|day| day.capacity).sum::<u64>());
        let is_free = |day: &Day| day.free >= u64::from(least.max(1));
        let mut best: Option<(usize, NaiveDate, NaiveDate, u64)> = None;
        for from in 0..days.len() {
            for to in from..days.len() {
                let within = &days[from..=to];
                let holds = is_free(&days[from]) && is_free(&days[to]);
                let count = within.iter().filter(|day| is_free(day)).count();
                if holds
                    && within.iter().all(|day| is_free(day) || day.capacity == 0)
                    && best.is_none_or(|(most, ..)| count > most)
                {
                    let minutes: u64 = within.iter().filter(|day| is_free(day)).map(|day| day.free).sum();
                    best = Some((count, span.day(from), span.day(to), minutes));
                }
            }
        }
        assert_eq!(found.longest.map(|one| (one.days, one.from, one.to, one.minutes)), best);
    }
}

#[test]
fn what_a_candidate_has_free_agrees_with_minutes_taken_one_by_one() {
    let mut random = Random(14);
    for _ in 0..500 {
        let span = random.span();
        let person = Person::new(&mut random, span);
        let curve = random.runs(span, 4);
        let (skills, certificates, counting) = (&[][..], &[][..], Counting::HardAndSoft);
        let wanted = Wanted { role: None::<u32>, skills, certificates, location: None, span, curve: &curve, counting };
        let load = person.load(1);
        let profile = Profile { primary_role: None, roles: &[], skills, certificates: &[], location: None, load };
        let found = judge(&wanted, &profile, Weights::default());
        let (mut asked, mut free) = (0, 0);
        for (at, day) in days(&load, span).into_iter().enumerate() {
            let mut room = day.free;
            for _ in 0..on(curve.iter().copied(), span.day(at)) {
                asked += 1;
                free += u64::from(room > 0);
                room = room.saturating_sub(1);
            }
        }
        assert_eq!((found.asked_minutes, found.free_minutes), (asked, Ok(free)));
        assert_eq!(u64::from(found.score), (free * 1_000).checked_div(asked).unwrap_or(1_000));
    }
}
