//! What a file of Microsoft Project says of calendars, resources, rates and assignments. Ids are the file's own `UID`s;
//! one that leads nowhere stands here as it was told. Instants are civil ones, without a zone.

use chrono::{NaiveDate, NaiveDateTime, WeekdaySet};
use rust_decimal::Decimal;

use super::Work;

/// The resources part of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The project around them.
    pub project: PlanProject,
    /// Its calendars, in the order of the file. No UID is there twice.
    pub calendars: Vec<Calendar>,
    /// Its resources, in the order of the file. No UID is there twice. UID 0, the unassigned one, and rows without a
    /// name are among them: see [`Resource::is_blank`].
    pub resources: Vec<Resource>,
    /// Its assignments, in the order of the file. No UID is there twice.
    pub assignments: Vec<Assignment>,
}

/// What the file says of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanProject {
    /// Its name, mostly that of a file.
    pub name: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its id across files.
    pub guid: Option<String>,
    /// When it starts.
    pub start: Option<NaiveDateTime>,
    /// When it finishes.
    pub finish: Option<NaiveDateTime>,
    /// The instant that progress is stated for.
    pub status: Option<NaiveDateTime>,
    /// ISO 4217 code of every amount; None where the file has only a symbol, from which no currency is guessed.
    pub currency: Option<String>,
    /// The sign shown before or after amounts.
    pub currency_symbol: Option<String>,
    /// Working minutes that it calls a day.
    pub minutes_per_day: Option<u32>,
    /// Working minutes that it calls a week.
    pub minutes_per_week: Option<u32>,
    /// Working days that it calls a month.
    pub days_per_month: Option<u32>,
    /// The UID of the calendar that holds where a task or resource has none. It is in the file.
    pub calendar: Option<i64>,
}

/// A stretch of work in minutes from the beginning of the day, 0 <= from < to <= 1440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift {
    /// The minute at which it begins.
    pub from: u16,
    /// The minute at which it ends, the first that is not its own.
    pub to: u16,
}

/// The working times of a week, Monday first. None: nothing is told of that day, it is as in the base. Empty: no work.
/// The shifts of a day are in order and neither overlap nor touch; there are at most 24.
pub type WeekTimes = [Option<Vec<Shift>>; 7];

/// A working calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The line of the file, from 1.
    pub line: u64,
    /// Its UID.
    pub uid: i64,
    /// Its id across files.
    pub guid: Option<String>,
    /// Its name. None where it is empty, as it may be in a resource's own calendar.
    pub name: Option<String>,
    /// Whether others may stand on it. One that is not is a resource's own.
    pub is_base: bool,
    /// Whether it is kept for a baseline only.
    pub is_baseline: bool,
    /// The UID of the calendar that it stands on. It is in the file, and following it never comes back.
    pub base: Option<i64>,
    /// Its own week.
    pub week: WeekTimes,
    /// Its own exceptions, in the order of the file.
    pub exceptions: Vec<Exception>,
    /// Weeks that replace the week for a time. Exceptions win over them.
    pub work_weeks: Vec<WorkWeek>,
}

/// Days that are otherwise than the week says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it is called.
    pub name: Option<String>,
    /// The first day that it can hold on.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// How it recurs.
    pub kind: ExceptionKind,
    /// How often it holds at most, where that ends it rather than `to` (`EnteredByOccurrences`).
    pub occurrences: Option<u32>,
    /// Its working times, as in a [`WeekTimes`]; empty for none.
    pub shifts: Vec<Shift>,
}

/// How an exception recurs, with the parameters of its `Type` as they are told. Which of them a rule can be made of is
/// found when it is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionKind {
    /// Type 1, or the older weekday 0: every day from the first to the last.
    Range,
    /// Type 7: each so many days.
    Daily {
        /// `Period`.
        period: u32,
    },
    /// Type 6: on days of the week, each so many weeks.
    Weekly {
        /// `Period`.
        period: u32,
        /// `DaysOfWeek`.
        weekdays: WeekdaySet,
    },
    /// Type 4: on a day of the month, each so many months.
    MonthlyOnDay {
        /// `Period`.
        period: u32,
        /// `MonthDay`, 1..=31.
        month_day: u32,
    },
    /// Type 5: on such a day as the second Tuesday, each so many months.
    MonthlyOnPosition {
        /// `Period`.
        period: u32,
        /// `MonthPosition`: 0 first to 3 fourth, 4 last.
        position: u32,
        /// `MonthItem`: 0 day, 1 weekday, 2 weekend day, 3 Sunday to 9 Saturday.
        item: u32,
    },
    /// Type 2: on a day of a month, each year.
    YearlyOnDay {
        /// `Month`: 0 January to 11 December.
        month: u32,
        /// `MonthDay`, 1..=31.
        month_day: u32,
    },
    /// Type 3: on such a day as the fourth Thursday of November, each year.
    YearlyOnPosition {
        /// `Month`: 0 January to 11 December.
        month: u32,
        /// `MonthPosition`: 0 first to 3 fourth, 4 last.
        position: u32,
        /// `MonthItem`: 0 day, 1 weekday, 2 weekend day, 3 Sunday to 9 Saturday.
        item: u32,
    },
}

/// A week that replaces that of a calendar for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkWeek {
    /// What it is called.
    pub name: Option<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The week. None: that day is as in the calendar.
    pub week: WeekTimes,
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// Somebody or something that works by the hour.
    Work,
    /// Something that is used up.
    Material,
    /// An expense.
    Cost,
}

/// Who or what does the work.
#[expect(clippy::struct_excessive_bools, reason = "each is an answer that the file gives by itself")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The line of the file, from 1.
    pub line: u64,
    /// Its UID. 0 stands for work that nobody is assigned to.
    pub uid: i64,
    /// Its row number as shown.
    pub id: Option<i64>,
    /// Its id across files.
    pub guid: Option<String>,
    /// Its name; None where it is empty.
    pub name: Option<String>,
    /// What it is.
    pub kind: ResourceKind,
    /// Whether the row is an empty one (`IsNull`).
    pub is_null: bool,
    /// Whether it stands for a role rather than for somebody.
    pub is_generic: bool,
    /// Whether it is not to be planned with any more.
    pub is_inactive: bool,
    /// Whether it is there for a budget only.
    pub is_budget: bool,
    /// Its initials.
    pub initials: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// A code of the user's.
    pub code: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its login.
    pub account: Option<String>,
    /// What is noted of it.
    pub notes: Option<String>,
    /// What material is counted in, such as `t` or `m3`.
    pub material_label: Option<String>,
    /// How much of it there is, 1 = 100 %. None of material and costs mostly, which are not counted in time.
    pub max_units: Option<Decimal>,
    /// The UID of the calendar that it works by, which is in the file; None where it is told as none.
    pub calendar: Option<i64>,
    /// The first day that it is there (`AvailableFrom`); None is since ever.
    pub available_from: Option<NaiveDate>,
    /// The last day that it is there (`AvailableTo`); None is without end.
    pub available_to: Option<NaiveDate>,
    /// How much of it there is from when to when, in the order of the file; these win over `max_units`.
    pub availability: Vec<Availability>,
    /// Whether bookings of it are proposed or committed.
    pub booking: Option<BookingType>,
    /// What an hour of it costs now: table A without dates.
    pub standard_rate: Option<Price>,
    /// What an hour of overtime costs now.
    pub overtime_rate: Option<Price>,
    /// What each use of it costs, in hundredths of the currency unit.
    pub cost_per_use: Option<Decimal>,
    /// Its rate tables, in the order of the file; these win over `standard_rate`.
    pub rates: Vec<Rate>,
}

impl Resource {
    /// Whether it is none that people named: UID 0, an empty row, or one without a name.
    pub fn is_blank(&self) -> bool {
        self.uid == 0 || self.is_null || self.name.is_none()
    }
}

/// How much there is of a resource for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// The first day; None is since ever (the file's 1984-01-01).
    pub from: Option<NaiveDate>,
    /// The last day; None is without end (the file's 2049-12-31).
    pub to: Option<NaiveDate>,
    /// 1 = 100 %.
    pub units: Decimal,
}

/// The five rate tables of a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateTable {
    /// The one that holds where an assignment names no other.
    #[default]
    A,
    /// The second.
    B,
    /// The third.
    C,
    /// The fourth.
    D,
    /// The fifth.
    E,
}

/// A rate as told: MSPDI writes it per hour whatever the unit it is shown in, of material per unit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The decimal number as it stands there, such as `42.5`; it reads as a [`Decimal`].
    pub text: String,
    /// The unit that it is shown in; None where none is told.
    pub unit: Option<RateUnit>,
}

/// What a rate is shown per. It does not change the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateUnit {
    /// 1: a minute.
    Minute,
    /// 2: an hour.
    Hour,
    /// 3: a day.
    Day,
    /// 4: a week.
    Week,
    /// 5: a month.
    Month,
    /// 7: a year.
    Year,
    /// 8: a unit of material. Such a rate is not one of an hour.
    Material,
}

/// A row of a rate table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The table.
    pub table: RateTable,
    /// From when it holds; None is since ever (the file's 1984-01-01).
    pub from: Option<NaiveDateTime>,
    /// The instant at which it ends, the first that is not its own; None is without end (the file's 2049-12-31).
    pub to: Option<NaiveDateTime>,
    /// What an hour costs.
    pub standard: Option<Price>,
    /// What an hour of overtime costs.
    pub overtime: Option<Price>,
    /// What each use costs, in hundredths of the currency unit.
    pub per_use: Option<Decimal>,
}

/// Whether a booking is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingType {
    /// 0: it is; a HARD allocation.
    Committed,
    /// 1: it is not yet; a SOFT allocation.
    Proposed,
}

/// A resource on a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The line of the file, from 1.
    pub line: u64,
    /// Its UID.
    pub uid: i64,
    /// Its id across files.
    pub guid: Option<String>,
    /// The UID of the task. 0 is the project itself.
    pub task: i64,
    /// The UID of the resource; None where nobody is assigned (the file's -65535).
    pub resource: Option<i64>,
    /// How much of the resource, 1 = 100 %.
    pub units: Option<Decimal>,
    /// All of its work. Of material it is the amount, written as if each unit were an hour.
    pub work: Option<Work>,
    /// Work done.
    pub actual_work: Option<Work>,
    /// Work still to do.
    pub remaining_work: Option<Work>,
    /// Of all its work that in overtime.
    pub overtime_work: Option<Work>,
    /// When it starts.
    pub start: Option<NaiveDateTime>,
    /// When it finishes.
    pub finish: Option<NaiveDateTime>,
    /// Its cost, in hundredths of the currency unit.
    pub cost: Option<Decimal>,
    /// How much later than its task it starts. It is in `start` already.
    pub delay: Option<Work>,
    /// How much later it starts by levelling. It is in `start` already.
    pub leveling_delay: Option<Work>,
    /// Whether it is agreed; None leaves it to the resource.
    pub booking: Option<BookingType>,
    /// The rate table of the resource that it costs by; None is A.
    pub rate_table: Option<RateTable>,
    /// `WorkContour`: 0 flat, 1 back loaded, 2 front loaded, 3 double peak, 4 early peak, 5 late peak, 6 bell, 7
    /// turtle, 8 edited by hand.
    pub contour: Option<u32>,
    /// Remaining and actual work from when to when: the remaining first, each kind in the order of time; none overlaps
    /// another of its kind. Where nobody is assigned, the rows say the length of the task rather than work.
    pub timephased: Vec<Timephased>,
    /// The name of the task, where the file has it.
    pub task_name: Option<String>,
}

/// What a timephased row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimephasedKind {
    /// 1: work still to do.
    Remaining,
    /// 2: work done.
    Actual,
}

/// Work of an assignment from when to when, spread evenly over its working time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timephased {
    /// What it is about.
    pub kind: TimephasedKind,
    /// When it begins.
    pub start: NaiveDateTime,
    /// When it ends, the first instant that is not its own.
    pub finish: NaiveDateTime,
    /// The work; zero where the row has no value.
    pub work: Work,
}
