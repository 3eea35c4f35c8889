//! Everything of this module against a naive model: a boolean for every minute of every day, days of a series counted
//! through one after another, and people's time minute by minute. Nothing of the module's arithmetic is used in it.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday, WeekdaySet};
use rust_decimal::Decimal;

use super::calendar::{self, Exception, Row, Week, resolve};
use super::capacity::{Capacity, Employment, Fte, TimeOff};
use super::recurrence::{Item, Position, Recurrence};
use super::series::Series;
use super::shift::{Shift, Shifts};
use super::spread::{self, Curve};

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(limit)).expect("below a limit")
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).expect("few")) as usize]
    }

    fn day(&mut self, first: NaiveDate, days: u32) -> NaiveDate {
        first + Days::new(u64::from(self.below(days)))
    }

    fn shifts(&mut self) -> Shifts {
        let mut edges: Vec<u32> = (0..self.below(4) * 2).map(|_| self.below(1441)).collect();
        edges.sort_unstable();
        let minute = |edge: u32| u16::try_from(edge).expect("a minute");
        let shifts = edges.chunks(2).filter_map(|edge| Shift::new(minute(edge[0]), minute(edge[1])).ok());
        Shifts::new(shifts.collect()).expect("shifts")
    }

    fn recurrence(&mut self) -> Recurrence {
        let every = 1 + self.below(4);
        let (month, day) = (1 + self.below(12), 1 + self.below(31));
        let position = self.of(&[Position::First, Position::Second, Position::Third, Position::Fourth, Position::Last]);
        let weekday = self.of(&WEEK);
        let item = self.of(&[Item::On(weekday), Item::Day, Item::Weekday, Item::WeekendDay]);
        let weekdays = WEEK.into_iter().filter(|_| self.one_in(2)).collect::<WeekdaySet>();
        match self.below(7) {
            0 => Recurrence::Once,
            1 => Recurrence::Daily { every: every * 3 },
            2 => Recurrence::Weekly { every, weekdays },
            3 => Recurrence::MonthlyOnDay { every, day },
            4 => Recurrence::MonthlyOnPosition { every, position, item },
            5 => Recurrence::YearlyOnDay { month, day },
            _ => Recurrence::YearlyOnPosition { month, position, item },
        }
    }

    /// A series that begins up to three years before a day or up to one after it.
    fn series(&mut self, around: NaiveDate) -> Series {
        let from = self.day(around - Days::new(1_000), 1_400);
        let until = self.one_in(2).then(|| self.day(from, 900));
        let occurrences = self.one_in(2).then(|| 1 + self.below(40));
        Series { recurrence: self.recurrence(), from, until, occurrences }
    }

    fn row(&mut self, id: u8, base: Option<u8>, around: NaiveDate) -> Row<u8> {
        let week = Week::default().map(|_: Option<Shifts>| self.one_in(2).then(|| self.shifts()));
        let exceptions = (0..self.below(6)).map(|_| Exception { on: self.series(around), shifts: self.shifts() });
        Row { id, base, week, exceptions: exceptions.collect() }
    }

    /// A first day, often near the end of a February.
    fn first(&mut self) -> NaiveDate {
        let year = self.of(&[1899, 1999, 2003, 2019, 2023, 2024, 2027, 2099]);
        NaiveDate::from_ymd_opt(year, 10, 1).expect("a day") + Days::new(u64::from(self.below(200)))
    }
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn is_item(day: NaiveDate, item: Item) -> bool {
    match item {
        Item::On(weekday) => day.weekday() == weekday,
        Item::Day => true,
        Item::Weekday => ["Mon", "Tue", "Wed", "Thu", "Fri"].contains(&day.weekday().to_string().as_str()),
        Item::WeekendDay => ["Sat", "Sun"].contains(&day.weekday().to_string().as_str()),
    }
}

/// The days of the month that a rule means, from a list of all its days.
fn chosen(month: &[NaiveDate], recurrence: Recurrence) -> NaiveDate {
    match recurrence {
        Recurrence::MonthlyOnDay { day, .. } | Recurrence::YearlyOnDay { day, .. } => {
            *month.iter().rfind(|on| on.day() <= day).expect("a day")
        }
        Recurrence::MonthlyOnPosition { position, item, .. } | Recurrence::YearlyOnPosition { position, item, .. } => {
            let fitting: Vec<_> = month.iter().filter(|on| is_item(**on, item)).collect();
            let places = [Position::First, Position::Second, Position::Third, Position::Fourth];
            let place = places.iter().position(|one| *one == position);
            *fitting[place.unwrap_or(fitting.len() - 1)]
        }
        _ => panic!("not by months"),
    }
}

/// The days of a series up to a day, by going through the calendar from the first on.
fn enumerated(series: &Series, to: NaiveDate) -> Vec<NaiveDate> {
    let start = series.from - Days::new(u64::from(series.from.day0()).max(6));
    let all: Vec<NaiveDate> = start.iter_days().take_while(|day| *day < to + Days::new(40)).collect();
    if all.is_empty() {
        return vec![];
    }
    let mut held: Vec<NaiveDate> = match series.recurrence {
        Recurrence::Once => all.iter().copied().filter(|day| *day <= series.until.unwrap_or(series.from)).collect(),
        Recurrence::Daily { every } => {
            all.iter().copied().filter(|day| *day >= series.from).step_by(every as usize).collect()
        }
        Recurrence::Weekly { every, weekdays } => {
            // Begins on the Sunday on or before the first day.
            let sundays = all.iter().filter(|day| day.weekday() == Weekday::Sun && **day <= series.from);
            let sunday = *sundays.max().expect("a Sunday");
            let days: Vec<_> = all.iter().copied().filter(|day| *day >= sunday).collect();
            let weeks = days.chunks(7).step_by(every as usize).flatten();
            weeks.copied().filter(|day| weekdays.contains(day.weekday())).collect()
        }
        Recurrence::MonthlyOnDay { every, .. } | Recurrence::MonthlyOnPosition { every, .. } => {
            months(&all, series.from).iter().step_by(every as usize).map(|m| chosen(m, series.recurrence)).collect()
        }
        Recurrence::YearlyOnDay { month, .. } | Recurrence::YearlyOnPosition { month, .. } => {
            let months = months(&all, series.from);
            let months = months.iter().filter(|days| days[0].month() == month);
            months.map(|month| chosen(month, series.recurrence)).collect()
        }
    };
    held.retain(|day| *day >= series.from);
    match (series.until, series.occurrences) {
        (Some(until), _) => held.retain(|day| *day <= until),
        (None, Some(times)) if series.recurrence != Recurrence::Once => held.truncate(times as usize),
        _ => {}
    }
    held.retain(|day| *day <= to);
    held
}

/// Days by whole months, from the month of a day on; the last one, which may be cut, is left out.
fn months(days: &[NaiveDate], from: NaiveDate) -> Vec<Vec<NaiveDate>> {
    let key = |day: &NaiveDate| (day.year(), day.month());
    let days: Vec<_> = days.iter().copied().filter(|day| key(day) >= key(&from)).collect();
    let mut months: Vec<_> = days.chunk_by(|one, other| key(one) == key(other)).map(<[_]>::to_vec).collect();
    months.pop();
    months
}

fn painted(shifts: &Shifts) -> Vec<bool> {
    let mut minutes = vec![false; 1440];
    for shift in shifts.as_slice() {
        minutes[usize::from(shift.from())..usize::from(shift.to())].fill(true);
    }
    minutes
}

/// The minutes of each day, painted over from the lowest base's week up to the highest exception.
fn minutes_of_days(rows: &[Row<u8>], top: u8, from: NaiveDate, to: NaiveDate) -> BTreeMap<NaiveDate, Vec<bool>> {
    let mut lineage = vec![];
    let mut next = Some(top);
    while let Some(id) = next {
        let row = rows.iter().find(|row| row.id == id).expect("a row");
        lineage.insert(0, row);
        next = row.base;
    }
    let mut days: BTreeMap<_, _> =
        from.iter_days().take_while(|day| *day <= to).map(|day| (day, vec![false; 1440])).collect();
    for row in &lineage {
        for (day, minutes) in &mut days {
            let place = WEEK.iter().position(|weekday| *weekday == day.weekday()).expect("a day of the week");
            if let Some(shifts) = &row.week[place] {
                *minutes = painted(shifts);
            }
        }
    }
    for row in &lineage {
        for recurs in [true, false] {
            for exception in row.exceptions.iter().rev() {
                if (exception.on.recurrence != Recurrence::Once) != recurs {
                    continue;
                }
                for day in enumerated(&exception.on, to) {
                    days.entry(day).and_modify(|minutes| *minutes = painted(&exception.shifts));
                }
            }
        }
    }
    days
}

#[test]
fn a_series_holds_on_the_days_that_are_counted_through() {
    let mut random = Random(1);
    for round in 0..1_000 {
        let around = random.first();
        let series = random.series(around);
        assert!(series.faults().iter().all(|fault| fault.to_string().contains("needs a day")), "{series:?}");
        let (begin, end) = (series.from - Days::new(50), around + Days::new(1_500));
        let expected = enumerated(&series, end);
        let held: Vec<_> =
            begin.iter_days().take_while(|day| *day <= end).filter(|day| series.holds_on(*day)).collect();
        assert_eq!(held, expected, "round {round}: {series:?}");
        if let Some(first) = series.first().filter(|first| *first <= end) {
            assert_eq!(Some(&first), expected.first(), "round {round}: {series:?}");
        } else {
            assert!(expected.is_empty(), "round {round}: {series:?}");
        }
    }
}

#[test]
fn calendars_and_capacity_agree_with_every_minute() {
    let mut random = Random(2);
    for round in 0..25 {
        let from = random.first();
        let to = random.day(from, 500);
        let rows = vec![random.row(2, Some(1), from), random.row(0, None, from), random.row(1, Some(0), from)];
        let calendars = resolve(rows.clone()).expect("calendars");
        for (id, calendar) in &calendars {
            let naive = minutes_of_days(&rows, *id, from, to);
            let days = calendar::Days::of(calendar, from, to).expect("days");
            let counted = |minutes: &Vec<bool>| u16::try_from(minutes.iter().filter(|m| **m).count()).expect("a day");
            for (day, minutes) in &naive {
                assert_eq!(&painted(calendar.shifts(*day)), minutes, "round {round}: calendar {id} on {day}");
            }
            assert_eq!(days.minutes(), naive.values().map(counted).collect::<Vec<_>>());
            assert!(calendar.has_working_time() || days.minutes().iter().all(|minutes| *minutes == 0));
            agree_on_capacity(&mut random, &days, &naive);
        }
    }
}

fn agree_on_capacity(random: &mut Random, days: &calendar::Days, naive: &BTreeMap<NaiveDate, Vec<bool>>) {
    let first = days.first();
    let thousandths = 1 + random.of(&[499_u32, 999, 2_499, 4_999, 123, 9_999]);
    let fte = Fte::new(Decimal::new(i64::from(thousandths), 3)).expect("a number");
    let employment = Employment {
        from: random.one_in(2).then(|| random.day(first, 200)),
        to: random.one_in(2).then(|| random.day(first, 600)),
    };
    let time_off: Vec<TimeOff> = (0..random.below(6))
        .map(|_| {
            let from = random.day(first, 500);
            let minutes = (!random.one_in(3)).then(|| random.below(600));
            TimeOff { from, to: random.day(from, 20), minutes }
        })
        .collect();
    let capacity = Capacity::of(days, fte, employment, &time_off);
    let is_employed =
        |day: NaiveDate| employment.from.is_none_or(|from| from <= day) && employment.to.is_none_or(|to| day <= to);
    let mut expected = vec![];
    for (day, minutes) in naive {
        let works = minutes.iter().filter(|works| **works && is_employed(*day));
        let of_day: u32 = works.map(|_| thousandths).sum();
        // Half to even, by what the last digits are.
        let is_up = if (of_day / 1_000).is_multiple_of(2) { of_day % 1_000 > 500 } else { of_day % 1_000 >= 500 };
        let mut of_day = of_day / 1_000 + u32::from(is_up);
        for off in time_off.iter().filter(|off| (off.from..=off.to).contains(day)) {
            of_day -= off.minutes.unwrap_or(of_day).min(of_day);
        }
        expected.push(of_day);
    }
    assert_eq!(capacity.minutes(), expected);
    let periods: Vec<_> = (0..5).map(|_| (random.day(first, 300), random.day(first, 600))).collect();
    let naive_sum = |from, to| {
        let inside = naive.keys().zip(&expected).filter(|(day, _)| (from..=to).contains(*day));
        inside.map(|(_, minutes)| u64::from(*minutes)).sum::<u64>()
    };
    let sums: Vec<_> = periods.iter().map(|(from, to)| naive_sum(*from, *to)).collect();
    assert_eq!(capacity.by_periods(&periods), sums);
}

#[test]
fn spreading_is_exact_and_follows_the_weights() {
    let mut random = Random(3);
    for _ in 0..1_500 {
        let length = random.below(40);
        let most = random.of(&[2, 481, 1_441, u32::MAX]);
        let capacities: Vec<u32> = (0..length).map(|_| random.below(most)).collect();
        let weights: Vec<u64> = capacities.iter().copied().map(u64::from).collect();
        let whole: u64 = weights.iter().sum();
        let minutes = u64::from(random.below(random_limit(whole)));
        let Some(spread) = spread::proportional(minutes, &weights) else {
            assert!(whole == 0 && minutes > 0);
            continue;
        };
        assert_eq!(spread.iter().sum::<u64>(), minutes);
        for (at, share) in spread.iter().enumerate() {
            let exact = u128::from(minutes) * u128::from(weights[at]);
            let apart = (u128::from(*share) * u128::from(whole)).abs_diff(exact);
            assert!(apart < u128::from(whole) || apart == 0, "within a minute of its share");
            assert!(minutes > whole || *share <= weights[at], "within its capacity");
            for other in at + 1..spread.len() {
                let is_more = weights[other] > weights[at];
                assert!(if is_more { spread[other] >= *share } else { spread[other] <= *share }, "by weights");
            }
        }
        for curve in [Curve::Flat, Curve::Front, Curve::Back, Curve::Bell] {
            let by_day = spread::by_curve(minutes, &capacities, curve).expect("capacity");
            assert_eq!(by_day.iter().sum::<u64>(), minutes);
            assert!(by_day.iter().zip(&capacities).all(|(share, capacity)| *share == 0 || *capacity > 0));
            assert!(curve != Curve::Flat || by_day == spread);
        }
        let (filled, rest) = spread::most_available_first(minutes, &weights);
        assert_eq!(filled.iter().sum::<u64>() + rest, minutes);
        assert_eq!(rest, minutes.saturating_sub(whole));
        let is_less =
            |at: usize, than: usize| weights[at] < weights[than] || (weights[at] == weights[than] && at > than);
        for (at, share) in filled.iter().enumerate() {
            assert!(*share <= weights[at]);
            let is_full = |than: usize| !is_less(at, than) || filled[than] == weights[than];
            assert!(*share == 0 || (0..filled.len()).all(is_full), "the larger first");
        }
    }
}

fn random_limit(whole: u64) -> u32 {
    u32::try_from(whole * 3 / 2 + 10).unwrap_or(u32::MAX)
}

#[test]
fn a_rate_is_within_a_minute_of_each_day_and_rounded_once() {
    let mut random = Random(4);
    for _ in 0..2_000 {
        let capacities: Vec<u32> = (0..random.below(30)).map(|_| random.of(&[0, 1, 241, 480, 1_440])).collect();
        let rate = Decimal::new(i64::from(random.below(4_000)), random.of(&[1, 2, 3]));
        if rate > spread::MOST_RATE {
            assert_eq!(spread::at_rate(&capacities, rate), None);
            continue;
        }
        let spread = spread::at_rate(&capacities, rate).expect("a rate");
        let exact: Vec<Decimal> = capacities.iter().map(|capacity| Decimal::from(*capacity) * rate).collect();
        assert_eq!(Decimal::from(spread.iter().sum::<u64>()), exact.iter().sum::<Decimal>().round());
        for (share, exact) in spread.iter().zip(&exact) {
            assert!((Decimal::from(*share) - exact).abs() < Decimal::ONE, "{share} for {exact}");
        }
    }
}
