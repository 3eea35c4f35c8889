//! What people have worked for a quarter: weeks that are posted, some of them handed in late, one that was returned, the present
//! one, and an entry that was wrong. What they cost is in the hours of each month that the ledger sends.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{allocation_period, portfolio_item, resource, time_category, time_entry, timesheet};
use uuid::Uuid;

use super::{
    bookings::{Bookings, capacities, projects_of},
    resource_frame::ResourceFrame,
    resources::Resources,
    shape::{World, dice, id, instant, who},
};
use crate::{
    error::Error,
    resources::{
        rules::{due_at, week_end, week_start},
        worktime::capacity::Capacity,
    },
};

/// Categories: key, name, what it is. The last one is archived.
const CATEGORIES: [(&str, &str, &str); 5] = [
    ("ADMINISTRATION", "Administration", "Forms, mails and meetings of the unit."),
    ("TRAINING", "Training", "Courses, and learning by oneself."),
    ("SUPPORT", "Support", "Help for colleagues who use what was built before."),
    ("ABSENCE", "Paid absence", "Hours of a day that are paid and not worked."),
    ("DICTATION", "Dictation", "Was given up with the typing pool."),
];
/// Weeks before the present one.
const WEEKS: i64 = 12;
/// Who records time besides some of two pools.
const OTHERS: [&str; 2] = ["marc.dubois", "chloe.martin"];
/// Who manages all of them.
const MANAGER: &str = "karin.baumann";
/// Who posts.
const POSTER: &str = "anna.keller";

/// Categories, weeks and entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Timesheets {
    pub categories: Vec<time_category::Model>,
    pub sheets: Vec<timesheet::Model>,
    pub entries: Vec<time_entry::Model>,
}

impl Timesheets {
    /// For the day.
    pub(super) fn new(
        world: &World<'_>,
        frame: &ResourceFrame,
        staff: &Resources,
        booked: &Bookings,
    ) -> Result<Self, Error> {
        let monday = week_start(world.as_of).ok_or_else(|| Error::internal("no such week"))?;
        let first = monday - TimeDelta::weeks(WEEKS);
        let capacities = capacities(frame, staff, (first, monday + TimeDelta::days(6)))?;
        let mut days: HashMap<Uuid, Vec<&allocation_period::Model>> = HashMap::new();
        for period in booked.periods.iter().filter(|period| matches!(&*period.state, "SOFT" | "HARD" | "COMPLETED")) {
            days.entry(period.resource_id).or_default().push(period);
        }
        let mut all = Self {
            categories: CATEGORIES.iter().map(|fact| category(world.as_of, *fact)).collect(),
            sheets: vec![],
            entries: vec![],
        };
        for resource in staff.all.iter().filter(|resource| records(resource)) {
            let Some(capacity) = capacities.get(&resource.id) else { continue };
            let booked = days.get(&resource.id).map_or(&[][..], Vec::as_slice);
            let worker = Worker { resource, capacity, booked, usual: projects_of(world, resource) };
            for week in 0..=WEEKS {
                all.week(world, &worker, first + TimeDelta::weeks(week));
            }
        }
        all.go_wrong_once(world);
        Ok(all)
    }

    fn week(&mut self, world: &World<'_>, worker: &Worker<'_>, monday: NaiveDate) {
        let last = week_end(monday).unwrap_or(monday).min(world.as_of);
        let days: BTreeMap<NaiveDate, u32> = monday
            .iter_days()
            .take_while(|day| *day <= last)
            .map(|day| (day, worker.capacity.at(day)))
            .filter(|(_, minutes)| *minutes > 0)
            .collect();
        if days.is_empty() {
            return;
        }
        let sheet = sheet(world, worker.resource, monday, self.sheets.is_empty());
        for (number, (day, minutes)) in days.into_iter().enumerate() {
            let name = format!("{}/{day}", worker.resource.key);
            let project = worker.project_on(world, day, number).filter(|_| dice(&name, 9) > 0);
            self.entries.push(entry(&sheet, &name, (day, minutes), project));
        }
        self.sheets.push(sheet);
    }

    /// An entry that was too long is reversed, and what is right stands in its place.
    fn go_wrong_once(&mut self, world: &World<'_>) {
        let is_wrong =
            |entry: &&time_entry::Model| entry.state == "POSTED" && entry.item_id.is_some() && !entry.is_restricted;
        let Some(wrong) = self.entries.iter().find(is_wrong).cloned() else { return };
        let (at, by) = (instant(world.as_of, -3), Some(who(POSTER)));
        let made = |what: &str, minutes: i32| time_entry::Model {
            id: id("time_entry", &format!("{}/{what}", wrong.id)),
            minutes,
            posted_on: Some(world.as_of - TimeDelta::days(3)),
            external_system: None,
            external_id: None,
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            ..wrong.clone()
        };
        let right = time_entry::Model { start_time: None, end_time: None, ..made("right", wrong.minutes / 2) };
        self.entries.push(time_entry::Model {
            reversal_of_id: Some(wrong.id),
            reversal_reason: Some("She left at noon.".to_owned()),
            ..made("reversal", -wrong.minutes)
        });
        self.entries.push(right);
    }
}

/// Some of two pools, and two more: few enough for whoever looks at all of them.
fn records(resource: &resource::Model) -> bool {
    let is_in = |pool: &str| resource.pool_id == Some(id("resource_pool", pool));
    let of = if is_in("REGULATORY") { 2 } else { 12 };
    let is_one = (is_in("REGULATORY") || is_in("DEVELOPMENT")) && dice(&resource.key, of) == 0;
    resource.kind == "PERSON" && resource.archived_at.is_none() && (is_one || OTHERS.contains(&&*resource.key))
}

/// Somebody with what she is booked for.
struct Worker<'w> {
    resource: &'w resource::Model,
    capacity: &'w Capacity,
    booked: &'w [&'w allocation_period::Model],
    /// What she works on when nobody has booked her.
    usual: Vec<&'w portfolio_item::Model>,
}

impl<'w> Worker<'w> {
    /// What she works on: of several projects of a day now this one, now that.
    fn project_on(&self, world: &World<'w>, day: NaiveDate, number: usize) -> Option<&'w portfolio_item::Model> {
        let on: Vec<&&allocation_period::Model> =
            self.booked.iter().filter(|period| period.start_on <= day && day <= period.end_on).collect();
        let booked = (!on.is_empty()).then(|| on[number % on.len()].item_id);
        let has_begun = |item: &&portfolio_item::Model| item.actual_start_on.is_some_and(|start| start <= day);
        match booked {
            Some(id) => world.items.iter().find(|item| item.id == id),
            None => self.usual.iter().copied().find(has_begun),
        }
    }
}

fn category(as_of: NaiveDate, (key, name, description): (&str, &str, &str)) -> time_category::Model {
    let (at, by) = (instant(as_of, -490), Some(who(MANAGER)));
    time_category::Model {
        id: id("time_category", key),
        key: key.to_owned(),
        name: name.to_owned(),
        name_fold: name.to_lowercase(),
        description: Some(description.to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: (key == "DICTATION").then(|| instant(as_of, -200)),
    }
}

/// How far a week is, by how long ago it was. One of the last week was returned.
fn state(world: &World<'_>, name: &str, monday: NaiveDate, is_first: bool) -> &'static str {
    match (week_start(world.as_of).unwrap_or(monday) - monday).num_weeks() {
        0 => "OPEN",
        1 if dice(name, 12) == 0 => "RETURNED",
        1 => ["SUBMITTED", "APPROVED", "OPEN"][usize::from(dice(name, 5) > 2) + usize::from(dice(name, 11) == 0)],
        2 if dice(name, 4) == 0 && !is_first => "APPROVED",
        _ => "POSTED",
    }
}

fn sheet(world: &World<'_>, resource: &resource::Model, monday: NaiveDate, is_first: bool) -> timesheet::Model {
    let name = format!("{}/{monday}", resource.key);
    let state = state(world, &name, monday, is_first);
    let made = monday.and_hms_opt(16, 0, 0).unwrap_or_default().and_utc();
    let after = |days: i64, hour: i64| made + TimeDelta::days(days) + TimeDelta::hours(hour);
    // On Friday; some the Tuesday after, when it was late.
    let handed_in = if dice(&format!("{name} late"), 9) == 0 { after(8, -7) } else { after(4, 1) };
    let is_in = matches!(state, "SUBMITTED" | "APPROVED" | "POSTED");
    // What is not over yet by the day was done in time.
    let handed_in = handed_in.min(instant(world.as_of, -1));
    let (is_approved, is_posted) = (matches!(state, "APPROVED" | "POSTED"), state == "POSTED");
    let person = resource.person_id;
    let last = [Some(made), is_in.then_some(handed_in), is_approved.then(|| later(handed_in, world))];
    timesheet::Model {
        id: id("timesheet", &name),
        resource_id: resource.id,
        week_start_on: monday,
        state: state.to_owned(),
        due_at: due_at(monday).unwrap_or(made),
        submitted_at: is_in.then_some(handed_in),
        submitted_by_id: person.filter(|_| is_in),
        submitted_principal: person.filter(|_| is_in).map(|person| world.principal(person)),
        approved_at: is_approved.then(|| later(handed_in, world)),
        approved_by_id: is_approved.then(|| who(MANAGER)),
        posted_at: is_posted.then(|| later(handed_in, world)),
        return_note: (state == "RETURNED").then(|| "Thursday is missing.".to_owned()),
        unrated_minutes: is_posted.then_some(0),
        version: 1 + i64::from(is_in) + i64::from(is_approved) + i64::from(is_posted),
        created_at: made.min(instant(world.as_of, 0)),
        created_by_id: person,
        updated_at: last.into_iter().flatten().max().unwrap_or(made).min(instant(world.as_of, 0)),
        updated_by_id: if is_posted { Some(who(POSTER)) } else { person },
    }
}

/// The day after, as far as it is over.
fn later(at: DateTime<Utc>, world: &World<'_>) -> DateTime<Utc> {
    (at + TimeDelta::days(1)).min(instant(world.as_of, 0))
}

fn entry(
    sheet: &timesheet::Model,
    name: &str,
    (day, minutes): (NaiveDate, u32),
    project: Option<&portfolio_item::Model>,
) -> time_entry::Model {
    let category = ["ADMINISTRATION", "ADMINISTRATION", "TRAINING", "SUPPORT", "ABSENCE"];
    let category = category[usize::try_from(dice(&format!("{name} category"), 5)).unwrap_or_default()];
    let minutes = i32::try_from(minutes).unwrap_or_default();
    let has_times = dice(&format!("{name} times"), 10) == 0 && minutes <= 480;
    let end = 480 + minutes;
    let is_outside = dice(&format!("{name} outside"), 40) == 0;
    time_entry::Model {
        id: id("time_entry", name),
        timesheet_id: sheet.id,
        resource_id: sheet.resource_id,
        item_id: project.map(|item| item.id),
        portfolio_id: project.and_then(|item| item.portfolio_id),
        is_restricted: project.is_some_and(|item| item.is_restricted),
        category_id: project.is_none().then(|| id("time_category", category)),
        state: sheet.state.clone(),
        work_on: day,
        minutes,
        start_time: has_times.then(|| "08:00".to_owned()),
        end_time: has_times.then(|| format!("{:02}:{:02}", end / 60, end % 60)),
        is_billable: project.is_some() && dice(&format!("{name} bill"), 6) == 0,
        is_capex: project.is_some() && dice(&format!("{name} capex"), 7) == 0,
        note: (dice(&format!("{name} note"), 12) == 0).then(|| "As agreed on Monday.".to_owned()),
        posted_on: sheet.posted_at.map(|at| at.date_naive()),
        is_unrated: false,
        actual_id: None,
        reversal_of_id: None,
        reversal_reason: None,
        external_system: is_outside.then(|| "BADGE".to_owned()),
        external_id: is_outside.then(|| name.to_owned()),
        version: sheet.version,
        created_at: sheet.created_at,
        created_by_id: sheet.created_by_id,
        updated_at: sheet.updated_at,
        updated_by_id: sheet.updated_by_id,
    }
}
