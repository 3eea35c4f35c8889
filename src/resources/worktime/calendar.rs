//! Working calendars: a week, exceptions to it, and a calendar to stand on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::recurrence::Recurrence;
use super::series::Series;
use super::shift::Shifts;
use super::{MOST_DAYS, within};

/// The most calendars that one may stand on, each upon the next.
pub const MOST_BASES: usize = 16;

/// The shifts of a week, Monday first. A day without any says nothing: it is as in the base. A day off is
/// [`Shifts::NONE`].
pub type Week = [Option<Shifts>; 7];

/// Days on which other shifts hold than those of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The days.
    pub on: Series,
    /// Their shifts; none: no work.
    pub shifts: Shifts,
}

/// A working calendar. What holds on a day is the first of these that says something:
///
/// 1. its own exceptions, those that do not recur first, else in the order given;
/// 2. the exceptions of its base in the same order, then those of the base's base and so on;
/// 3. its own week, the week of its base and so on; a day that none of them knows has no working time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    week: [Shifts; 7],
    /// The exceptions of the calendar and of each one below it, first those that win. The lists are shared.
    exceptions: Vec<Arc<[Exception]>>,
}

impl Calendar {
    /// A calendar, upon a base or none.
    pub fn new(week: Week, mut exceptions: Vec<Exception>, base: Option<&Self>) -> Self {
        exceptions.sort_by_key(|exception| exception.on.recurrence != Recurrence::Once);
        let own = (!exceptions.is_empty()).then(|| Arc::from(exceptions));
        let bases = base.map(|base| base.exceptions.as_slice()).unwrap_or_default();
        let mut below = base.map(|base| base.week.clone()).unwrap_or_default().into_iter();
        let week = week.map(|own| {
            let inherited = below.next().unwrap_or_default();
            own.unwrap_or(inherited)
        });
        Self { week, exceptions: own.into_iter().chain(bases.iter().cloned()).collect() }
    }

    /// The shifts of a day.
    pub fn shifts(&self, day: NaiveDate) -> &Shifts {
        let mut exceptions = self.exceptions.iter().flat_map(|list| list.iter());
        let exception = exceptions.find(|exception| exception.on.holds_on(day));
        exception.map_or(&self.week[day.weekday().num_days_from_monday() as usize], |exception| &exception.shifts)
    }

    /// Working minutes of a day, 0..=1440.
    pub fn minutes(&self, day: NaiveDate) -> u16 {
        self.shifts(day).minutes()
    }

    /// Whether any day can have working time: one of the week has, or an exception that has days. An exception counts
    /// also where others hide all of its days.
    pub fn has_working_time(&self) -> bool {
        let some = |shifts: &Shifts| !shifts.as_slice().is_empty();
        let mut exceptions = self.exceptions.iter().flat_map(|list| list.iter());
        self.week.iter().any(some) || exceptions.any(|one| some(&one.shifts) && one.on.first().is_some())
    }
}

/// The working minutes of every day of a range: worked out once for all who share a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    first: NaiveDate,
    minutes: Vec<u16>,
}

impl Days {
    /// Those of a calendar from a day to another, both included. None where the range is reversed or has more than
    /// [`MOST_DAYS`].
    pub fn of(calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Option<Self> {
        let days = usize::try_from((to - from).num_days()).ok()?.checked_add(1)?;
        if days > MOST_DAYS {
            return None;
        }
        let minutes = from.iter_days().take(days).map(|day| calendar.minutes(day)).collect();
        Some(Self { first: from, minutes })
    }

    /// The first day.
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    /// The minutes of each day from the first on, 0..=1440.
    pub fn minutes(&self) -> &[u16] {
        &self.minutes
    }

    /// The minutes of a day; 0 outside the range.
    pub fn at(&self, day: NaiveDate) -> u16 {
        self.minutes[within(self.first, self.minutes.len(), day, day)].first().copied().unwrap_or(0)
    }
}

/// A calendar as it is kept: with the id of its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<Id> {
    /// Its id.
    pub id: Id,
    /// The calendar that it stands on.
    pub base: Option<Id>,
    /// Its own week.
    pub week: Week,
    /// Its own exceptions.
    pub exceptions: Vec<Exception>,
}

/// The calendars of rows in any order, by id; or everything that is wrong with how they stand on each other.
pub fn resolve<Id: Copy + Ord>(mut rows: Vec<Row<Id>>) -> Result<BTreeMap<Id, Arc<Calendar>>, Vec<BaseFault<Id>>> {
    let bases: Vec<(Id, Option<Id>)> = rows.iter().map(|row| (row.id, row.base)).collect();
    let heights = heights(&bases)?;
    rows.sort_by_key(|row| heights.get(&row.id).copied());
    let mut calendars: BTreeMap<Id, Arc<Calendar>> = BTreeMap::new();
    for row in rows {
        let base = row.base.and_then(|base| calendars.get(&base)).map(Arc::as_ref);
        let calendar = Calendar::new(row.week, row.exceptions, base);
        calendars.insert(row.id, Arc::new(calendar));
    }
    Ok(calendars)
}

/// What is wrong with how calendars stand on each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseFault<Id> {
    /// There are two calendars of this id.
    Twice(Id),
    /// The base of a calendar is not there.
    Missing {
        /// The calendar.
        calendar: Id,
        /// The base that it names.
        base: Id,
    },
    /// Calendars each of which stands on the next, and the last on the first; the smallest id is first.
    Cycle(Vec<Id>),
    /// A calendar that stands on more than [`MOST_BASES`]; what stands on it is not named again.
    TooHigh(Id),
}

impl<Id: fmt::Display> fmt::Display for BaseFault<Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice(id) => write!(f, "calendar {id} is there twice"),
            Self::Missing { calendar, base } => write!(f, "calendar {calendar} stands on {base}, which is not there"),
            Self::Cycle(ids) => {
                f.write_str("calendars stand on each other: ")?;
                ids.iter().try_for_each(|id| write!(f, "{id} on "))?;
                ids.first().map_or(Ok(()), |id| id.fmt(f))
            }
            Self::TooHigh(id) => write!(f, "calendar {id} stands on more than {MOST_BASES} others"),
        }
    }
}

impl<Id: fmt::Debug + fmt::Display> std::error::Error for BaseFault<Id> {}

/// Upon how many others each calendar stands.
fn heights<Id: Copy + Ord>(rows: &[(Id, Option<Id>)]) -> Result<BTreeMap<Id, usize>, Vec<BaseFault<Id>>> {
    let bases: BTreeMap<Id, Option<Id>> = rows.iter().copied().collect();
    let mut faults = twice(rows);
    let mut heights: BTreeMap<Id, usize> = BTreeMap::new();
    for start in bases.keys() {
        let (mut path, mut on_path) = (vec![], BTreeSet::new());
        let mut next = Some(*start);
        while let Some(id) = next.filter(|id| !heights.contains_key(id) && on_path.insert(*id)) {
            path.push(id);
            next = bases.get(&id).copied().flatten();
            if let Some(base) = next.filter(|base| !bases.contains_key(base)) {
                faults.push(BaseFault::Missing { calendar: id, base });
                next = None;
            }
        }
        let back = next.filter(|id| on_path.contains(id));
        faults.extend(back.map(|again| BaseFault::Cycle(cycle(&path, again))));
        let mut height = next.and_then(|id| heights.get(&id)).map_or(0, |height| height + 1);
        for id in path.into_iter().rev() {
            if height == MOST_BASES + 1 {
                faults.push(BaseFault::TooHigh(id));
            }
            heights.insert(id, height);
            height += usize::from(back.is_none());
        }
    }
    if faults.is_empty() { Ok(heights) } else { Err(faults) }
}

fn twice<Id: Copy + Ord>(rows: &[(Id, Option<Id>)]) -> Vec<BaseFault<Id>> {
    let (mut seen, mut again) = (BTreeSet::new(), BTreeSet::new());
    for (id, _) in rows {
        if !seen.insert(*id) {
            again.insert(*id);
        }
    }
    again.into_iter().map(BaseFault::Twice).collect()
}

/// The end of a path that came back to one of its members, from the smallest id on.
fn cycle<Id: Copy + Ord>(path: &[Id], again: Id) -> Vec<Id> {
    let mut ids: Vec<Id> = path.iter().copied().skip_while(|id| *id != again).collect();
    let smallest = (0..ids.len()).min_by_key(|at| ids[*at]).unwrap_or(0);
    ids.rotate_left(smallest);
    ids
}

#[cfg(test)]
mod tests {
    use chrono::{Weekday, WeekdaySet};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn week(text: [&str; 7]) -> Week {
        text.map(|day| Some(day.parse().expect("shifts")))
    }

    fn standard() -> Week {
        let day = "08:00-12:00 13:00-17:00";
        week([day, day, day, day, day, "", ""])
    }

    fn exception(recurrence: Recurrence, from: &str, shifts: &str) -> Exception {
        let on = Series { recurrence, from: day(from), until: None, occurrences: None };
        Exception { on, shifts: shifts.parse().expect("shifts") }
    }

    fn row(id: u32, base: Option<u32>) -> Row<u32> {
        Row { id, base, week: Week::default(), exceptions: vec![] }
    }

    fn faults(bases: &[(u32, Option<u32>)]) -> Vec<String> {
        let rows = bases.iter().map(|(id, base)| row(*id, *base)).collect();
        resolve(rows).expect_err("faults").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_night_shift_has_forty_hours_by_civil_days() {
        let night = "00:00-03:00 04:00-08:00 23:00-24:00";
        let week = week(["23:00-24:00", night, night, night, night, "00:00-03:00 04:00-08:00", ""]);
        let calendar = Calendar::new(week, vec![], None);
        let days = Days::of(&calendar, day("2003-01-06"), day("2003-01-12")).expect("a week");
        assert_eq!(days.minutes(), [60, 480, 480, 480, 480, 420, 0]);
        assert_eq!(days.minutes().iter().sum::<u16>(), 40 * 60);
    }

    #[test]
    fn the_first_that_says_something_wins() {
        let weekly = |on| Recurrence::Weekly { every: 1, weekdays: WeekdaySet::single(on) };
        let below =
            vec![exception(Recurrence::Once, "2025-12-25", ""), exception(weekly(Weekday::Tue), "2025-01-01", "")];
        let base = Calendar::new(standard(), below, None);
        let own = vec![
            exception(weekly(Weekday::Wed), "2025-01-01", "08:00-09:00"),
            exception(weekly(Weekday::Wed), "2025-01-01", "08:00-10:00"),
            exception(Recurrence::Once, "2025-12-24", "08:00-11:00"),
        ];
        let mut week = Week::default();
        week[1] = Some("08:00-12:00".parse().expect("shifts"));
        week[3] = week[1].clone();
        week[4] = Some(Shifts::NONE);
        let calendar = Calendar::new(week, own, Some(&base));
        let days = Days::of(&calendar, day("2025-12-22"), day("2025-12-28")).expect("a week");
        // Monday of the base; Tuesday excepted in the base; Wednesday once; Thursday excepted in the base; a free Friday.
        assert_eq!(days.minutes(), [480, 0, 180, 0, 0, 0, 0]);
        assert_eq!(calendar.minutes(day("2025-12-17")), 60);
        assert_eq!(calendar.minutes(day("2025-12-18")), 240);
        assert_eq!((days.at(day("2025-12-22")), days.at(day("2025-12-21")), days.at(day("2026-01-01"))), (480, 0, 0));
    }

    #[test]
    fn a_calendar_without_working_time_is_known() {
        let nothing = Calendar::new(Week::default(), vec![], None);
        assert!(!nothing.has_working_time());
        assert_eq!(nothing.minutes(day("2025-01-06")), 0);
        assert!(
            Calendar::new(Week::default(), vec![], Some(&Calendar::new(standard(), vec![], None))).has_working_time()
        );
        let one = exception(Recurrence::Once, "2025-12-25", "08:00-09:00");
        assert!(Calendar::new(Week::default(), vec![one.clone()], None).has_working_time());
        let never = Exception { on: Series { until: Some(day("2025-12-24")), ..one.on }, ..one };
        assert!(!Calendar::new(Week::default(), vec![never], None).has_working_time());
    }

    #[test]
    fn a_table_of_days_has_its_limits() {
        let calendar = Calendar::new(standard(), vec![], None);
        let of = |from, to| Days::of(&calendar, from, to).map(|days| days.minutes().len());
        assert_eq!(of(day("2025-01-01"), day("2025-01-01")), Some(1));
        assert_eq!(of(day("2025-01-02"), day("2025-01-01")), None);
        assert_eq!(of(day("2000-01-01"), day("2099-12-31")), Some(36_525));
        assert_eq!(of(NaiveDate::MIN, NaiveDate::MAX), None);
    }

    #[test]
    fn calendars_stand_on_each_other_in_any_order_of_rows() {
        let rows = vec![row(1, Some(2)), row(2, Some(3)), Row { week: standard(), ..row(3, None) }];
        let calendars = resolve(rows).expect("calendars");
        assert_eq!(calendars.len(), 3);
        assert!(calendars.values().all(|calendar| calendar.minutes(day("2025-01-06")) == 480));
    }

    #[test]
    fn all_that_is_wrong_with_bases_is_told_at_once() {
        let rows =
            [(1, Some(1)), (2, Some(4)), (3, Some(2)), (4, Some(3)), (5, Some(2)), (6, Some(60)), (7, None), (7, None)];
        let text = [
            "calendar 7 is there twice",
            "calendars stand on each other: 1 on 1",
            "calendars stand on each other: 2 on 4 on 3 on 2",
            "calendar 6 stands on 60, which is not there",
        ];
        assert_eq!(faults(&rows), text);
    }

    #[test]
    fn a_tower_of_calendars_is_refused_and_a_big_ring_is_one_fault() {
        let tower: Vec<_> = (0..50_000_u32).map(|id| (id, id.checked_sub(1))).collect();
        assert_eq!(faults(&tower), ["calendar 17 stands on more than 16 others"]);
        assert_eq!(
            resolve(tower[..17].iter().map(|(id, base)| row(*id, *base)).collect()).map(|all| all.len()),
            Ok(17)
        );
        let ring: Vec<_> = (0..50_000).map(|id| (id, Some((id + 1) % 50_000))).collect();
        assert_eq!(faults(&ring).len(), 1);
    }
}
