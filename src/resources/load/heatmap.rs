//! Rows of figures by period, for a resource or for many together.
//!
//! What is free and what is too much is found on each day of each resource and then summed: a row of many resources is
//! the sum of their rows. One [`Heatmap`] makes all rows, resource after resource, and needs the memory of one.

use std::ops::Range;

use super::daily::{Daily, Load};
use super::fraction::Known;
use super::periods::Periods;
use super::sums::{self, add_each};

/// Figures that need a capacity: for each period, in minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// What can be worked.
    pub capacity: Vec<u64>,
    /// What is neither confirmed nor planned: the sum over days of capacity less both, never below 0 on a day.
    pub free: Vec<u64>,
    /// What is too much: the sum over days of confirmed and planned less capacity, never below 0 on a day.
    pub over: Vec<u64>,
    /// What is too much of the confirmed alone: at most as much as `over`.
    pub hard_over: Vec<u64>,
}

/// The figures of a resource, or the sums of many: for each period, in minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is planned.
    pub soft: Vec<u64>,
    /// What is confirmed.
    pub hard: Vec<u64>,
    /// What was worked on projects.
    pub actual: Vec<u64>,
    /// What needs a capacity; where that of any resource is not known, the first such reason by order of its type.
    pub measured: Known<Measured>,
    /// How many resources are in the row.
    pub resources: u32,
    /// The capacity of how many of them is not known.
    pub without_capacity: u32,
}

/// The figures of one period, or of all together, in minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// As in [`Measured`].
    pub capacity: u64,
    /// As in [`Row`].
    pub soft: u64,
    /// As in [`Row`].
    pub hard: u64,
    /// As in [`Row`].
    pub actual: u64,
    /// As in [`Measured`].
    pub free: u64,
    /// As in [`Measured`].
    pub over: u64,
    /// As in [`Measured`].
    pub hard_over: u64,
}

impl Row {
    /// A row of no resources over so many periods: all figures are 0.
    pub fn new(periods: usize) -> Self {
        let none = vec![0; periods];
        let (capacity, free, over, hard_over) = (none.clone(), none.clone(), none.clone(), none.clone());
        let measured = Ok(Measured { capacity, free, over, hard_over });
        Self { soft: none.clone(), hard: none.clone(), actual: none, measured, resources: 0, without_capacity: 0 }
    }

    /// Adds a row over the same periods.
    pub fn add(&mut self, other: &Self) {
        self.resources = self.resources.saturating_add(other.resources);
        self.without_capacity = self.without_capacity.saturating_add(other.without_capacity);
        add_each(&mut self.soft, &other.soft);
        add_each(&mut self.hard, &other.hard);
        add_each(&mut self.actual, &other.actual);
        match (&mut self.measured, &other.measured) {
            (Ok(sums), Ok(more)) => {
                add_each(&mut sums.capacity, &more.capacity);
                add_each(&mut sums.free, &more.free);
                add_each(&mut sums.over, &more.over);
                add_each(&mut sums.hard_over, &more.hard_over);
            }
            (Ok(_), Err(reason)) => self.measured = Err(*reason),
            (Err(reason), Err(other)) => *reason = (*reason).min(*other),
            (Err(_), Ok(_)) => {}
        }
    }

    /// The figures of the period at a place; those of a place that is not there are 0.
    pub fn cell(&self, at: usize) -> Known<Cell> {
        self.with(|figures| sums::at(figures, at))
    }

    /// The sums over all periods.
    pub fn total(&self) -> Known<Cell> {
        self.with(sums::total)
    }

    fn with(&self, of: impl Fn(&[u64]) -> u64) -> Known<Cell> {
        let measured = self.measured.as_ref().map_err(|reason| *reason)?;
        Ok(Cell {
            capacity: of(&measured.capacity),
            soft: of(&self.soft),
            hard: of(&self.hard),
            actual: of(&self.actual),
            free: of(&measured.free),
            over: of(&measured.over),
            hard_over: of(&measured.hard_over),
        })
    }
}

/// Makes rows over the same periods.
#[derive(Debug, Clone)]
pub struct Heatmap<'p> {
    periods: &'p Periods,
    days: Daily,
}

impl<'p> Heatmap<'p> {
    /// One over some periods.
    pub fn new(periods: &'p Periods) -> Self {
        Self { periods, days: Daily::new(periods.span()) }
    }

    /// An empty row, to which resources can be added.
    pub fn empty(&self) -> Row {
        Row::new(self.periods.len())
    }

    /// The row of a resource.
    pub fn row<Id>(&mut self, load: &Load<'_, Id>) -> Row {
        self.days.fill(load);
        let capacity = load.capacity_in(self.periods.span());
        let (mut row, mut measured) = (Row { resources: 1, ..Row::new(0) }, Measured::default());
        for period in self.periods.as_slice() {
            let cell = self.cell(period.places(), capacity.unwrap_or_default());
            row.soft.push(cell.soft);
            row.hard.push(cell.hard);
            row.actual.push(cell.actual);
            measured.capacity.push(cell.capacity);
            measured.free.push(cell.free);
            measured.over.push(cell.over);
            measured.hard_over.push(cell.hard_over);
        }
        row.without_capacity = u32::from(capacity.is_err());
        row.measured = capacity.map(|_| measured);
        row
    }

    /// Adds a resource to a row over the same periods. To leave out one whose capacity is not known, do not add it.
    pub fn add<Id>(&mut self, row: &mut Row, load: &Load<'_, Id>) {
        row.add(&self.row(load));
    }

    /// The sums of the days at some places.
    fn cell(&self, places: Range<usize>, capacity: &[u32]) -> Cell {
        let mut sums = Cell::default();
        let capacity = capacity.get(places.clone()).unwrap_or_default();
        for (at, (hard, soft, actual)) in self.days.places(&places).enumerate() {
            let booked = hard.saturating_add(soft);
            let capacity = capacity.get(at).copied().map_or(0, u64::from);
            sums.capacity = sums.capacity.saturating_add(capacity);
            sums.soft = sums.soft.saturating_add(soft);
            sums.hard = sums.hard.saturating_add(hard);
            sums.actual = sums.actual.saturating_add(actual);
            sums.free = sums.free.saturating_add(capacity.saturating_sub(booked));
            sums.over = sums.over.saturating_add(booked.saturating_sub(capacity));
            sums.hard_over = sums.hard_over.saturating_add(hard.saturating_sub(capacity));
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::daily::{Booked, Booking};
    use super::super::fraction::Reason;
    use super::super::periods::Grain;
    use super::super::runs::Run;
    use super::super::testing::{booked, full_time, load, run, span};
    use super::*;

    #[test]
    fn a_free_day_does_not_hide_an_overbooked_one() {
        let weeks = Periods::of(span("2024-02-26", "2024-03-10"), Grain::Week).expect("weeks");
        let capacity = full_time(weeks.span());
        let all = [
            booked(1, Booking::Hard, run("2024-02-26", "2024-02-26", 600)),
            booked(2, Booking::Soft, run("2024-02-26", "2024-02-27", 60)),
            booked(3, Booking::Hard, run("2024-03-02", "2024-03-02", 30)),
        ];
        let actual = [run("2024-02-29", "2024-03-04", 100)];
        let row = Heatmap::new(&weeks).row(&Load { actual: &actual, ..load(7, &capacity, &all) });
        assert_eq!((row.hard.as_slice(), row.soft.as_slice()), (&[630, 0][..], &[120, 0][..]));
        assert_eq!(row.actual, [400, 100]);
        let measured = row.measured.clone().expect("figures");
        assert_eq!((measured.capacity.as_slice(), measured.free.as_slice()), (&[2_400; 2][..], &[1_860, 2_400][..]));
        // 180 on Monday, of which 120 are confirmed, and all 30 of the Saturday.
        assert_eq!((measured.over.as_slice(), measured.hard_over.as_slice()), (&[210, 0][..], &[150, 0][..]));
        let total = row.total().expect("figures");
        assert_eq!((total.capacity, total.free, total.over, total.actual), (4_800, 4_260, 210, 500));
        assert_eq!(row.cell(1).map(|cell| cell.free), Ok(2_400));
        assert_eq!(row.cell(2), Ok(Cell::default()));
    }

    #[test]
    fn a_free_person_does_not_hide_an_overbooked_one() {
        let month = Periods::of(span("2024-02-01", "2024-02-29"), Grain::Month).expect("a month");
        let capacity = full_time(month.span());
        let double = [booked(1, Booking::Hard, run("2024-02-01", "2024-02-02", 960))];
        let mut heatmap = Heatmap::new(&month);
        let mut role = heatmap.empty();
        heatmap.add(&mut role, &load(1, &capacity, &double));
        heatmap.add(&mut role, &load(2, &capacity, &[]));
        let total = role.total().expect("figures");
        assert_eq!((total.capacity, total.free, total.over), (2 * 21 * 480, 40 * 480, 2 * 480));
        let mut sum = heatmap.row(&load(2, &capacity, &[]));
        sum.add(&heatmap.row(&load(1, &capacity, &double)));
        assert_eq!(sum, role);
    }

    #[test]
    fn without_a_capacity_there_are_bookings_but_no_figures() {
        let month = Periods::of(span("2024-02-01", "2024-02-29"), Grain::Month).expect("a month");
        let capacity = full_time(month.span());
        let all = [booked(1, Booking::Soft, run("2024-01-01", "2024-12-31", 10))];
        let mut heatmap = Heatmap::new(&month);
        let unknown = Load { capacity: Err(Reason::NoCalendar), ..load(1, &capacity, &all) };
        let short = full_time(span("2024-02-01", "2024-02-28"));
        let mut role = heatmap.row(&load(2, &short, &all));
        assert_eq!(role.measured, Err(Reason::CapacityNotCovered));
        heatmap.add(&mut role, &unknown);
        heatmap.add(&mut role, &load(2, &capacity, &all));
        assert_eq!((role.measured.clone(), role.total()), (Err(Reason::NoCalendar), Err(Reason::NoCalendar)));
        assert_eq!((role.soft.clone(), role.resources, role.without_capacity), (vec![870], 3, 2));
        let mut sum = heatmap.row(&load(2, &capacity, &all));
        sum.add(&heatmap.row(&unknown));
        sum.add(&heatmap.row(&load(2, &short, &all)));
        assert_eq!(sum, role);
    }

    #[test]
    fn the_greatest_figures_stay_at_the_limit() {
        let years = Periods::of(span("2000-01-01", "2079-12-31"), Grain::Month).expect("months");
        let capacity = full_time(years.span());
        let most = Run { minutes: u32::MAX, ..run("2000-01-01", "2079-12-31", 0) };
        let all = [Booked { allocation: 1, booking: Booking::Hard, run: most }; 10];
        let mut row = Heatmap::new(&years).row(&load(1, &capacity, &all));
        assert_eq!(row.hard[0], 31 * 10 * u64::from(u32::MAX));
        for _ in 0..64 {
            row.add(&row.clone());
        }
        assert_eq!(
            (row.hard[0], row.total().map(|total| total.over), row.resources),
            (u64::MAX, Ok(u64::MAX), u32::MAX)
        );
    }
}
