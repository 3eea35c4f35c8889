//! Recording time: by the person herself, by who manages her, or by the office, as long as the week is not handed in. A day has
//! 24 hours, whoever writes it at the same time.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::time_entry::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::ModelTrait;
use uuid::Uuid;

use super::{
    rules::{self, DAY},
    time_weeks::{Weeks, person_fault},
};
use crate::{
    auth::{Scopes, Step},
    error::Error,
    finance::labor::closed_days,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item, outside,
        rows::{self, open, remove, save},
        upsert,
        value::optional_id,
        written,
    },
};

type Entries = time_entry::Entity;

/// The mutations of entries, reversing apart.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single) = ("TimeEntry", "timeEntry");
    let mut all = written(entity, single, None, write);
    all.push(upsert(entity, single, None, write));
    let doc = "Removes a TimeEntry of a week that is not handed in. Nothing of it is left but its trail.";
    all.push(delete(entity, single, None, doc.to_owned(), write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open::<Entries>(work, work.lens.model.entity("TimeEntry"), &batch.items, blank).await?;
        let removes = work.mutation.verb == Verb::Delete;
        if removes {
            let scopes = work.lens.caller.takes(Step::TimeRecord);
            rows::demand(work, &rows, scopes, Step::TimeRecord.as_str()).await?;
        }
        may_record(work, &rows).await?;
        of_item::items_are_open(work, &rows).await?;
        let mut weeks = Weeks::lock(work, &rows).await?;
        for row in &mut rows {
            take_week(work, &mut weeks, row);
        }
        if removes {
            return remove::<Entries>(work, rows, &batch).await;
        }
        outside::name::<Entries>(work, &mut rows).await?;
        for row in &mut rows {
            agrees(work, &weeks, row);
        }
        days_are_open(work, &rows).await?;
        weeks.hold_together(work, &rows, &HashSet::new());
        weeks.make(work, &rows, &batch).await?;
        save::<Entries>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Minutes of nobody.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        timesheet_id: Uuid::nil(),
        resource_id: Uuid::nil(),
        item_id: None,
        portfolio_id: None,
        is_restricted: false,
        category_id: None,
        state: "OPEN".to_owned(),
        work_on: work.now.date_naive(),
        minutes: 0,
        start_time: None,
        end_time: None,
        is_billable: false,
        is_capex: false,
        note: None,
        posted_on: None,
        is_unrated: false,
        actual_id: None,
        reversal_of_id: None,
        reversal_reason: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// New rows are made for who records the time of their resource: a key of those who work on what is granted to it, and only
/// on that, which it sees again.
pub async fn may_record<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>]) -> Result<(), Error> {
    let (all, needs) = (work.lens.caller.takes(Step::TimeRecord), Step::TimeRecord.as_str());
    let scopes = [all.without(Scopes::GRANT), all.and(Scopes::GRANT)];
    let new: Vec<&Row<M>> = rows.iter().filter(|row| row.before.is_none()).collect();
    let of = |row: &Row<M>| optional_id(&row.after, "resource_id").unwrap_or_default();
    let ids: Vec<Uuid> = new.iter().map(|row| of(row)).filter(|id| !id.is_nil()).collect();
    let held: HashMap<Uuid, Vec<bool>> = work.lens.holds(work.lens.model.entity("Resource"), &ids, &scopes).await?;
    for row in new {
        let held = |at: usize| held.get(&of(row)).is_some_and(|held| held[at]);
        let may = held(0) || (held(1) && row.gives("project"));
        if !may && row.gives("resource") && !work.is_refused(row.index) {
            let line = format!("Recording time of this resource here needs {needs}.");
            work.fail(row, UserError::new(UserCode::Forbidden, row.place("resource"), line).with("needs", needs));
        }
    }
    Ok(())
}

/// Entries change as long as their week is written; new ones take its state and the scope of their project.
fn take_week(work: &mut Work<'_>, weeks: &mut Weeks, row: &mut Row<Model>) {
    if row.before.is_none()
        && let Some(project) = row.after.item_id.and_then(|id| weeks.projects.get(&id))
    {
        of_item::take_scope(row, project);
    }
    let Some(sheet) = weeks.sheet(work, &row.after) else { return };
    if row.before.is_none() {
        row.after.timesheet_id = sheet.id;
        row.after.state.clone_from(&sheet.state);
    }
    if rules::is_written(&sheet.state) || work.is_refused(row.index) {
        return;
    }
    let state = sheet.state.clone();
    let path = if row.before.is_none() { row.place("workOn") } else { row.named_at.clone() };
    let error = if state == "POSTED" {
        let line = "What is posted never changes: reverse it.";
        UserError::new(UserCode::Immutable, path, line).with("hint", "timeEntryReverse")
    } else {
        UserError::new(UserCode::IllegalState, path, format!("The week is {state}."))
    };
    work.fail(row, error.with("state", state));
}

/// What an entry says of itself, of its person and of its project.
fn agrees(work: &mut Work<'_>, weeks: &Weeks, row: &mut Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = row.after.clone();
    if m.item_id.is_some() == m.category_id.is_some() && !work.has_failed(row.index) {
        let line = "Time is of a project or of a category: say one of them.";
        work.fail(row, UserError::rule(row.path.clone(), "TIME_OF_ONE", line));
    }
    if !(1..=DAY).contains(&m.minutes) {
        let line = format!("`minutes` is 1 to {DAY}.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("minutes"), line));
    }
    if m.is_capex && m.item_id.is_none() {
        let line = "Only work on a project makes an asset.";
        work.fail(row, UserError::rule(row.place("isCapex"), "CAPEX_OF_PROJECT", line));
    }
    times_agree(work, row);
    let on = ("workOn", (m.work_on, m.work_on));
    if let (true, Some(person)) = (row.before.is_none(), weeks.person(&m))
        && let Some(fault) = person_fault(work, row, person, on)
    {
        work.fail(row, fault);
    }
    let project = m.item_id.and_then(|id| weeks.projects.get(&id));
    if project.is_some_and(|project| project.state == "CLOSED") {
        let path = if row.before.is_none() { row.place("project") } else { row.named_at.clone() };
        let line = "The project is closed: it takes no time.";
        work.fail(row, UserError::new(UserCode::IllegalState, path, line).with("state", "CLOSED"));
    }
}

/// Times are given together, in order, and have room for the minutes.
fn times_agree(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    let mut minutes = vec![];
    for (field, text) in [("startTime", &m.start_time), ("endTime", &m.end_time)] {
        match text.as_deref().map(rules::minute_of) {
            Some(None) => {
                let line = format!("`{field}` is a time of the day, such as `08:30`.");
                work.fail(row, UserError::new(UserCode::Invalid, row.place(field), line));
                return;
            }
            minute => minutes.extend(minute.flatten()),
        }
    }
    match minutes[..] {
        [start, end] if start >= end => {
            let line = "`endTime` comes after `startTime`.";
            work.fail(row, UserError::rule(row.place("endTime"), "TIMES_IN_ORDER", line));
        }
        [start, end] if i32::from(end - start) < m.minutes => {
            let line = "There are not that many minutes between `startTime` and `endTime`.";
            work.fail(row, UserError::rule(row.place("minutes"), "WITHIN_TIMES", line));
        }
        [] | [_, _] => {}
        _ => {
            let field = if m.start_time.is_some() { "startTime" } else { "endTime" };
            let line = "`startTime` and `endTime` are given together.";
            work.fail(row, UserError::new(UserCode::Required, row.place(field), line));
        }
    }
}

/// Nothing is recorded of days whose fiscal period is closed.
async fn days_are_open(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let changed = |row: &&Row<Model>| row.before.as_ref() != Some(&row.after);
    let days: BTreeSet<NaiveDate> = rows.iter().filter(changed).map(|row| row.after.work_on).collect();
    let closed = closed_days(work, &days).await?;
    for row in rows.iter().filter(changed) {
        if let (Some(key), false) = (closed.get(&row.after.work_on), work.is_refused(row.index)) {
            let path = if row.before.is_none() { row.place("workOn") } else { row.named_at.clone() };
            let error = UserError::new(UserCode::PeriodClosed, path, format!("{key} is closed."));
            work.fail(row, error.with("period", key));
        }
    }
    Ok(())
}
