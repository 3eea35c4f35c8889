//! The life of a week until it is posted: made, handed in, approved or given back. Nobody approves her own week, nor one that
//! she handed in herself; the entries of a week stand where it stands.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    resource,
    time_entry::{self, Column as E},
    timesheet::{self, Column as S, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    rules::{self, SheetState},
    time_entry_write::may_record,
    time_weeks::{blank, person_fault},
};
use crate::{
    auth::{Step, steps::Duty},
    error::Error,
    write::{
        Action, Batch, Done, Member, Mutation, Row, Run, UserCode, UserError, Verb, Work, duty, input,
        rows::{self, follow, open, save, text_fits},
    },
};

type Sheets = timesheet::Entity;
type Entries = time_entry::Entity;

/// Characters of the longest note.
const LONGEST_NOTE: usize = 2_000;
/// Ids in one condition.
const AT_ONCE: usize = 400;

/// The mutations of weeks, posting apart.
pub fn mutations() -> Vec<Mutation> {
    let note = Member { name: "note", ty: "String!", doc: "Why; at most 2,000 characters." };
    vec![
        act(
            "Create",
            Verb::Create,
            "Creates the Timesheet of a week without entries; the first entry of a week makes it, too.",
            vec![],
            create,
        ),
        act(
            "Submit",
            Verb::Act,
            "Hands in a Timesheet that is OPEN or RETURNED, by the person or by who records her time: its entries can no longer be changed.",
            vec![],
            submit,
        ),
        act(
            "Approve",
            Verb::Act,
            "Approves a Timesheet that is SUBMITTED, by who manages the person; never by herself, nor by who submitted it.",
            vec![],
            approve,
        ),
        act("BulkApprove", Verb::BulkAct, "Approves up to 1,000 Timesheet rows in one transaction.", vec![], approve),
        act(
            "Return",
            Verb::Act,
            "Gives a Timesheet that is SUBMITTED or APPROVED back, with a note: it is written again.",
            vec![note],
            give_back,
        ),
    ]
}

/// A mutation of weeks.
pub fn act(ending: &str, verb: Verb, doc: &str, input: Vec<Member>, run: Run) -> Mutation {
    Mutation {
        name: format!("timesheet{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "Timesheet",
        verb,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    }
}

fn create<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open::<Sheets>(work, work.lens.model.entity("Timesheet"), &batch.items, blank).await?;
        may_record(work, &rows).await?;
        let people = people(work, &rows).await?;
        for row in &mut rows {
            if let Some(due_at) = rules::due_at(row.after.week_start_on) {
                row.after.due_at = due_at;
            }
            agrees(work, row, people.get(&row.after.resource_id));
        }
        are_once(work, &rows).await?;
        save::<Sheets>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// The people of weeks, locked.
async fn people(work: &Work<'_>, rows: &[Row<Model>]) -> Result<HashMap<Uuid, resource::Model>, Error> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.after.resource_id).collect();
    rows::lock::<resource::Entity>(work, &ids.into_iter().collect::<Vec<_>>()).await
}

/// What a new week says of itself and of its person.
fn agrees(work: &mut Work<'_>, row: &Row<Model>, person: Option<&resource::Model>) {
    let Some(person) = person.filter(|_| !work.is_refused(row.index)) else { return };
    let monday = row.after.week_start_on;
    if rules::week_start(monday) != Some(monday) {
        let line = "A week begins on a Monday.";
        work.fail(row, UserError::rule(row.place("weekStartOn"), "WEEK_BEGINS_ON_MONDAY", line));
        return;
    }
    let days = (monday, rules::week_end(monday).unwrap_or(monday));
    if let Some(fault) = person_fault(work, row, person, ("weekStartOn", days)) {
        work.fail(row, fault);
    }
}

/// A person has each week once.
async fn are_once(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let people: HashSet<Uuid> = rows.iter().map(|row| row.after.resource_id).collect();
    let found =
        Sheets::find().select_only().columns([S::ResourceId, S::WeekStartOn]).filter(S::ResourceId.is_in(people));
    let weeks = rows.iter().map(|row| row.after.week_start_on);
    let taken: HashSet<(Uuid, chrono::NaiveDate)> =
        found.filter(S::WeekStartOn.is_in(weeks)).into_tuple().all(work.txn).await?.into_iter().collect();
    for row in rows {
        if taken.contains(&(row.after.resource_id, row.after.week_start_on)) && !work.is_refused(row.index) {
            let line = "The person has a sheet of this week already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("weekStartOn"), line));
        }
    }
    Ok(())
}

/// The weeks that a step is about, for who may take it, from where they may become what they are to be.
pub async fn opened(
    work: &mut Work<'_>,
    input: &ConstValue,
    step: Step,
    to: SheetState,
) -> Result<(Batch, Vec<Row<Model>>), Error> {
    let batch = work.read(input);
    let rows = open::<Sheets>(work, work.lens.model.entity("Timesheet"), &batch.items, blank).await?;
    rows::demand(work, &rows, work.lens.caller.takes(step), step.as_str()).await?;
    for row in &rows {
        let state = row.after.state.as_str();
        if !to.leads().any(|from| from == state) && !work.is_refused(row.index) {
            let line = format!("A timesheet that is {state} does not become {}.", to.as_str());
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line).with("state", state);
            work.fail(row, error.with("allowed", to.leads().collect::<Vec<_>>().join(",")));
        }
    }
    Ok((batch, rows))
}

/// The entries of weeks, by week.
pub async fn entries_of(
    work: &Work<'_>,
    sheets: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<time_entry::Model>>, Error> {
    let sheets: Vec<Uuid> = sheets.collect();
    let mut all: HashMap<Uuid, Vec<time_entry::Model>> = HashMap::new();
    for some in sheets.chunks(AT_ONCE) {
        let found = Entries::find().filter(E::TimesheetId.is_in(some.iter().copied())).order_by_asc(E::Id);
        for entry in found.all(work.txn).await? {
            all.entry(entry.timesheet_id).or_default().push(entry);
        }
    }
    Ok(all)
}

/// Saves weeks, and moves their entries with them.
async fn finish(work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch, to: SheetState) -> Result<Done, Error> {
    if !work.rejects(batch) {
        let good: Vec<Uuid> = rows.iter().filter(|row| !work.has_failed(row.index)).map(|row| row.after.id).collect();
        let entity = work.lens.model.entity("TimeEntry");
        let moved = entries_of(work, good.into_iter()).await?.into_values().flatten().map(|before| {
            let after = time_entry::Model { state: to.as_str().to_owned(), ..before.clone() };
            Row::derived(entity, before, after)
        });
        let mut moved: Vec<Row<time_entry::Model>> = moved.collect();
        moved.sort_by_key(|row| row.after.id);
        follow::<Entries>(work, moved).await?;
    }
    save::<Sheets>(work, rows, batch, Action::Written).await
}

fn submit<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let to = SheetState::Submitted;
        let (batch, mut rows) = opened(work, input, Step::TimeRecord, to).await?;
        for row in &mut rows {
            to.as_str().clone_into(&mut row.after.state);
            row.after.submitted_at = Some(work.now);
            row.after.submitted_by_id = work.lens.caller.person;
            row.after.submitted_principal = Some(work.principal.clone());
            row.after.return_note = None;
        }
        finish(work, rows, &batch, to).await
    }
    .boxed()
}

fn approve<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let to = SheetState::Approved;
        let (batch, mut rows) = opened(work, input, Step::TimesheetApprove, to).await?;
        let people = people(work, &rows).await?;
        for row in &mut rows {
            let worker = people.get(&row.after.resource_id).and_then(|person| person.person_id);
            no_conflict(work, row, worker).await?;
            to.as_str().clone_into(&mut row.after.state);
            row.after.approved_at = Some(work.now);
            row.after.approved_by_id = work.lens.caller.person;
        }
        finish(work, rows, &batch, to).await
    }
    .boxed()
}

/// Refuses who decides on what she did herself.
async fn no_conflict(work: &mut Work<'_>, row: &Row<Model>, worker: Option<Uuid>) -> Result<(), Error> {
    let m = &row.after;
    let parts = [
        (Duty::Worker, worker, None, "Nobody approves her own timesheet."),
        (
            Duty::Submitter,
            m.submitted_by_id,
            m.submitted_principal.as_deref(),
            "Who submitted a timesheet does not approve it.",
        ),
    ];
    for (part, person, principal, line) in parts {
        if !work.is_refused(row.index) && duty::is_caller(work, person, principal).await? {
            let error = UserError::new(UserCode::Forbidden, row.path.clone(), line);
            let error = error.with("needs", Step::TimesheetApprove.as_str());
            work.fail(row, error.with("conflictOfDuty", part.as_str()));
        }
    }
    Ok(())
}

fn give_back<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let to = SheetState::Returned;
        let (batch, mut rows) = opened(work, input, Step::TimesheetApprove, to).await?;
        let note = input::text(input, "note").unwrap_or_default();
        for row in &mut rows {
            let path = row.path.at("note");
            if note.trim().is_empty() {
                work.fail(row, UserError::new(UserCode::Required, path, "Say why."));
            } else {
                text_fits(work, row, path, &note, LONGEST_NOTE);
            }
            let m = &mut row.after;
            to.as_str().clone_into(&mut m.state);
            (m.submitted_at, m.submitted_by_id, m.submitted_principal) = (None, None, None);
            (m.approved_at, m.approved_by_id) = (None, None);
            m.return_note = Some(note.clone());
        }
        finish(work, rows, &batch, to).await
    }
    .boxed()
}
