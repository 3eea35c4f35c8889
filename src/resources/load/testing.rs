//! What the tests of this module share.

use chrono::{Days as Step, NaiveDate};
use rust_decimal::Decimal;

use super::super::worktime::calendar::{Calendar, Days, Week};
use super::super::worktime::capacity::{Capacity, Employment, Fte, TimeOff};
use super::daily::{Booked, Booking, Load};
use super::periods::Periods;
use super::runs::Run;
use super::span::Span;

/// Numbers that look random and are the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(limit)).expect("below a limit")
    }

    pub fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).expect("few")) as usize]
    }

    /// A day from a first one on.
    pub fn day(&mut self, first: NaiveDate, days: u32) -> NaiveDate {
        first + Step::new(u64::from(self.below(days)))
    }

    /// A few weeks, often around the end of a February.
    pub fn span(&mut self) -> Span {
        let first = self.of(&["2024-02-20", "2023-02-20", "2000-02-25", "2100-02-25", "2025-12-28"]);
        let first = self.day(day(first), 20);
        Span::new(first, self.day(first, 40)).expect("a span")
    }

    /// A run that mostly meets a span; sometimes reversed or without minutes.
    pub fn run(&mut self, span: Span) -> Run {
        let from = self.day(span.first() - Step::new(10), 60);
        let to = if self.one_in(10) { from - Step::new(1) } else { self.day(from, 12) };
        Run { from, to, minutes: self.of(&[0, 1, 60, 120, 240, 240, 480]) }
    }

    pub fn runs(&mut self, span: Span, most: u32) -> Vec<Run> {
        (0..self.below(most + 1)).map(|_| self.run(span)).collect()
    }

    pub fn booked(&mut self, span: Span, most: u32) -> Vec<Booked<u32>> {
        let one = |random: &mut Self| Booked {
            allocation: random.below(6),
            booking: random.of(&[Booking::Soft, Booking::Hard]),
            run: random.run(span),
        };
        (0..self.below(most + 1)).map(|_| one(self)).collect()
    }

    /// A capacity over at least a span: its calendar is a week of whole hours.
    pub fn capacity(&mut self, span: Span) -> Capacity {
        let mut week = Week::default();
        for shifts in &mut week {
            let hours = self.of(&["", "", "08:00-12:00", "08:00-12:00 13:00-17:00", "00:00-24:00"]);
            *shifts = Some(hours.parse().expect("shifts"));
        }
        let from = self.day(span.first() - Step::new(3), 4);
        let days = Days::of(&Calendar::new(week, vec![], None), from, self.day(span.last(), 4)).expect("days");
        let off = |random: &mut Self| {
            let run = random.run(span);
            TimeOff { from: run.from, to: run.to, minutes: (!random.one_in(3)).then_some(run.minutes) }
        };
        let off: Vec<TimeOff> = (0..self.below(3)).map(|_| off(self)).collect();
        let fte = Fte::new(Decimal::new(i64::from(1 + self.below(30)), 1)).expect("a number");
        let to = self.one_in(4).then(|| self.day(span.first(), 40));
        Capacity::of(&days, fte, Employment { from: None, to }, &off)
    }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub fn span(from: &str, to: &str) -> Span {
    Span::new(day(from), day(to)).expect("a span")
}

pub fn run(from: &str, to: &str, minutes: u32) -> Run {
    Run { from: day(from), to: day(to), minutes }
}

pub fn booked(allocation: u32, booking: Booking, run: Run) -> Booked<u32> {
    Booked { allocation, booking, run }
}

/// The capacity of somebody who works 8 hours from Monday to Friday.
pub fn full_time(span: Span) -> Capacity {
    capacity(span, Employment::default(), &[])
}

pub fn capacity(span: Span, employment: Employment, off: &[TimeOff]) -> Capacity {
    let mut week = Week::default();
    week[..5].fill(Some("08:00-12:00 13:00-17:00".parse().expect("shifts")));
    let days = Days::of(&Calendar::new(week, vec![], None), span.first(), span.last()).expect("days");
    Capacity::of(&days, Fte::new(Decimal::ONE).expect("one"), employment, off)
}

pub fn load<'a>(id: u32, capacity: &'a Capacity, booked: &'a [Booked<u32>]) -> Load<'a, u32> {
    Load { id, capacity: Ok(capacity), booked, actual: &[] }
}

/// Periods of some kind over a span.
pub fn some_periods(random: &mut Random, span: Span) -> Periods {
    use super::periods::Grain;
    if random.one_in(3) {
        let mut edges: Vec<NaiveDate> = (0..8).map(|_| random.day(span.first() - Step::new(5), 50)).collect();
        edges.sort_unstable();
        edges.dedup();
        let given: Vec<_> = edges.chunks_exact(2).map(|edge| (edge[0], edge[1])).collect();
        return Periods::given(span, &given).expect("periods");
    }
    let grain = random.of(&[Grain::Day, Grain::Week, Grain::Month]);
    Periods::of(span, grain).expect("periods")
}
