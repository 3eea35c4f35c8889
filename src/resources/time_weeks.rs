//! Weeks that are being written, with all that decides on them. Projects are locked first, then people, then weeks: of two who
//! record one person's day at the same time the second sees what the first did, so that no day ever has more than it can.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use entity::{
    portfolio_item, resource, resource_pool,
    time_entry::{self, Column as E, Model},
    timesheet::{self, Column as S},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules::{self, DAY};
use crate::{
    error::Error,
    write::{Batch, Row, UserCode, UserError, Work, rows},
};

/// Ids in one condition.
const AT_ONCE: usize = 400;

/// A person and the Monday of a week.
type Week = (Uuid, NaiveDate);

/// Weeks, and who works in them.
pub struct Weeks {
    people: HashMap<Uuid, resource::Model>,
    /// The most minutes of a week, by pool.
    most: HashMap<Uuid, i32>,
    /// The projects, by id; none of them is closed meanwhile.
    pub projects: HashMap<Uuid, portfolio_item::Model>,
    sheets: HashMap<Week, timesheet::Model>,
    /// Those that have to be made.
    made: HashMap<Week, timesheet::Model>,
    /// What counts in these weeks: neither what was reversed nor what reverses it.
    stored: Vec<Model>,
}

/// What is recorded of a day.
#[derive(Default)]
struct Day {
    minutes: i64,
    times: Vec<(u16, u16)>,
}

/// What is recorded of days and weeks.
#[derive(Default)]
struct Recorded {
    days: HashMap<(Uuid, NaiveDate), Day>,
    weeks: HashMap<(Uuid, Option<NaiveDate>), i64>,
}

impl Recorded {
    fn add(&mut self, entry: &Model) {
        let day = self.days.entry((entry.resource_id, entry.work_on)).or_default();
        day.minutes += i64::from(entry.minutes);
        day.times.extend(times(entry));
        *self.weeks.entry((entry.resource_id, rules::week_start(entry.work_on))).or_default() +=
            i64::from(entry.minutes);
    }

    fn day(&self, entry: &Model) -> Option<&Day> {
        self.days.get(&(entry.resource_id, entry.work_on))
    }

    fn week(&self, entry: &Model) -> i64 {
        self.weeks.get(&(entry.resource_id, rules::week_start(entry.work_on))).copied().unwrap_or_default()
    }
}

/// From when to when somebody worked, in minutes of the day; none where nobody said.
pub fn times(entry: &Model) -> Option<(u16, u16)> {
    entry.start_time.as_deref().and_then(rules::minute_of).zip(entry.end_time.as_deref().and_then(rules::minute_of))
}

/// The projects of time, locked against being closed.
pub async fn lock_projects(
    work: &Work<'_>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, portfolio_item::Model>, Error> {
    use portfolio_item::Column as C;
    let ids: BTreeSet<Uuid> = ids.collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut all = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        // Shared: everybody who works on a project records time on it.
        let found = portfolio_item::Entity::find().filter(C::Id.is_in(some.iter().copied())).order_by_asc(C::Id);
        all.extend(found.lock_shared().all(work.txn).await?.into_iter().map(|item| (item.id, item)));
    }
    Ok(all)
}

impl Weeks {
    /// Those of the rows.
    pub async fn lock(work: &Work<'_>, rows: &[Row<Model>]) -> Result<Self, Error> {
        let projects = lock_projects(work, rows.iter().filter_map(|row| row.after.item_id)).await?;
        let people: BTreeSet<Uuid> = rows.iter().map(|row| row.after.resource_id).filter(|id| !id.is_nil()).collect();
        let ids: Vec<Uuid> = people.into_iter().collect();
        let people = rows::lock::<resource::Entity>(work, &ids).await?;
        let mut this = Self {
            most: most(work, people.values()).await?,
            people,
            projects,
            sheets: HashMap::new(),
            made: HashMap::new(),
            stored: vec![],
        };
        let mondays: BTreeSet<NaiveDate> = rows.iter().filter_map(|row| rules::week_start(row.after.work_on)).collect();
        let (Some(first), Some(last)) = (mondays.first(), mondays.last()) else { return Ok(this) };
        let end = rules::week_end(*last).unwrap_or(*last);
        for some in ids.chunks(AT_ONCE) {
            let sheets = timesheet::Entity::find()
                .filter(S::ResourceId.is_in(some.iter().copied()))
                .filter(S::WeekStartOn.is_in(mondays.iter().copied()))
                .order_by_asc(S::Id)
                .lock_exclusive()
                .all(work.txn)
                .await?;
            this.sheets.extend(sheets.into_iter().map(|sheet| ((sheet.resource_id, sheet.week_start_on), sheet)));
            let entries = time_entry::Entity::find()
                .filter(E::ResourceId.is_in(some.iter().copied()))
                .filter(E::WorkOn.between(*first, end));
            this.stored.extend(entries.all(work.txn).await?);
        }
        let reversed: HashSet<Uuid> = this.stored.iter().filter_map(|entry| entry.reversal_of_id).collect();
        this.stored.retain(|entry| entry.reversal_of_id.is_none() && !reversed.contains(&entry.id));
        Ok(this)
    }

    /// The person of an entry.
    pub fn person(&self, entry: &Model) -> Option<&resource::Model> {
        self.people.get(&entry.resource_id)
    }

    /// The week that an entry stands in, or will.
    pub fn sheet(&mut self, work: &Work<'_>, entry: &Model) -> Option<&timesheet::Model> {
        let monday = rules::week_start(entry.work_on)?;
        let week = (self.person(entry)?.id, monday);
        if let Some(sheet) = self.sheets.get(&week) {
            return Some(sheet);
        }
        let due_at = rules::due_at(monday)?;
        Some(self.made.entry(week).or_insert_with(|| timesheet::Model {
            resource_id: week.0,
            week_start_on: monday,
            due_at,
            ..blank(work)
        }))
    }

    /// Makes the weeks that good new entries need.
    pub async fn make(&mut self, work: &mut Work<'_>, rows: &[Row<Model>], batch: &Batch) -> Result<(), Error> {
        if work.rejects(batch) {
            return Ok(());
        }
        let entity = work.lens.model.entity("Timesheet");
        let good = rows.iter().filter(|row| !work.has_failed(row.index));
        let needed: HashSet<Uuid> = good.map(|row| row.after.timesheet_id).collect();
        let mut made: Vec<timesheet::Model> = self.made.drain().map(|(_, sheet)| sheet).collect();
        made.retain(|sheet| needed.contains(&sheet.id));
        made.sort_by_key(|sheet| sheet.id);
        rows::follow::<timesheet::Entity>(work, made.into_iter().map(|sheet| Row::made(entity, sheet)).collect()).await
    }

    /// No day of a person has more than 24 hours, no week more than her pool lets it, and no two entries with times overlap. Of
    /// several in one list the later are to blame. What is `gone` counts no longer.
    pub fn hold_together(&self, work: &mut Work<'_>, rows: &[Row<Model>], gone: &HashSet<Uuid>) {
        // A row that is refused stays as it was and stands in another's way: so until all of the others stand.
        loop {
            let good: Vec<&Row<Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
            let written: HashSet<Uuid> = good.iter().map(|row| row.after.id).collect();
            let mut all = Recorded::default();
            for m in self.stored.iter().filter(|m| !written.contains(&m.id) && !gone.contains(&m.id)) {
                all.add(m);
            }
            let mut wrong = vec![];
            for row in good {
                let fault = all.day(&row.after).and_then(|day| day_fault(row, day));
                match fault.or_else(|| self.week_fault(row, all.week(&row.after))) {
                    Some(fault) => wrong.push((row, fault)),
                    None => all.add(&row.after),
                }
            }
            if wrong.is_empty() {
                return;
            }
            for (row, error) in wrong {
                work.fail(row, error);
            }
        }
    }

    fn week_fault(&self, row: &Row<Model>, others: i64) -> Option<UserError> {
        let most = self.person(&row.after)?.pool_id.and_then(|pool| self.most.get(&pool).copied())?;
        let line = "More would be recorded in this week than the pool of the person lets be.";
        (others + i64::from(row.after.minutes) > i64::from(most))
            .then(|| UserError::rule(row.place("minutes"), "WEEK_MAXIMUM", line).with("max", most))
    }
}

/// What speaks against an entry beside what else is recorded of its day.
fn day_fault(row: &Row<Model>, day: &Day) -> Option<UserError> {
    let m = &row.after;
    if day.minutes + i64::from(m.minutes) > i64::from(DAY) {
        let line = "A day has 24 hours: more would be recorded of this one.";
        return Some(UserError::rule(row.place("minutes"), "DAY_HAS_24_HOURS", line));
    }
    let (start, end) = times(m)?;
    let line = "Another entry of the person has a part of this time already.";
    let overlaps = day.times.iter().any(|(from, to)| *from < end && start < *to);
    overlaps.then(|| UserError::rule(row.place("startTime"), "TIMES_APART", line))
}

/// The most minutes of a week, by pool.
async fn most<'r>(
    work: &Work<'_>,
    people: impl Iterator<Item = &'r resource::Model>,
) -> Result<HashMap<Uuid, i32>, Error> {
    use resource_pool::Column as C;
    let pools: BTreeSet<Uuid> = people.filter_map(|person| person.pool_id).collect();
    let found = resource_pool::Entity::find().select_only().columns([C::Id, C::MostWeekMinutes]);
    let found = found.filter(C::Id.is_in(pools)).filter(C::MostWeekMinutes.is_not_null());
    Ok(found.into_tuple::<(Uuid, i32)>().all(work.txn).await?.into_iter().collect())
}

/// A week of nobody.
pub fn blank(work: &Work<'_>) -> timesheet::Model {
    timesheet::Model {
        id: work.clock.new_id(),
        resource_id: Uuid::nil(),
        week_start_on: work.now.date_naive(),
        state: "OPEN".to_owned(),
        due_at: work.now,
        submitted_at: None,
        submitted_by_id: None,
        submitted_principal: None,
        approved_at: None,
        approved_by_id: None,
        posted_at: None,
        return_note: None,
        unrated_minutes: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What speaks against a person's time on a day, but for what else she did: only people record time, while they are employed,
/// and not for weeks to come.
pub fn person_fault<M>(
    work: &Work<'_>,
    row: &Row<M>,
    person: &resource::Model,
    (field, days): (&str, (NaiveDate, NaiveDate)),
) -> Option<UserError> {
    if person.kind != "PERSON" {
        let line = "Only a resource that is a PERSON records time.";
        return Some(UserError::rule(row.place("resource"), "TIME_OF_PERSON", line));
    }
    let today = work.now.date_naive();
    let end = rules::week_start(today).and_then(rules::week_end).unwrap_or(today);
    if days.0 > end {
        let line = "No time is recorded for weeks to come.";
        return Some(UserError::new(UserCode::OutOfRange, row.place(field), line));
    }
    let is_outside = person.employed_from_on.is_some_and(|from| days.1 < from)
        || person.employed_to_on.is_some_and(|to| to < days.0);
    let line = "The person is not employed then.";
    is_outside.then(|| UserError::rule(row.place(field), "WITHIN_EMPLOYMENT", line))
}
