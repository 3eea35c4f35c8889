//! Bookings as another system tells them, with their days and the segments that these follow from. They go the way of all
//! bookings; what is agreed there and cannot be confirmed here stays SOFT, and why is told.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use entity::{
    allocation::{self, Column as C, Model},
    allocation_segment, portfolio_item,
};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    allocation_write::{Bookings, agrees, blank, changes_of_confirmed_are_proposed},
    booking::OVER,
    load::{Run, runs::compress},
    worktime::{capacity::Fte, shift},
};
use crate::{
    auth::{Class, Step},
    error::Error,
    write::{Batch, FieldChange, Row, UserCode, UserError, Work, insert::insert, of_item},
};

/// Rows of one statement.
const AT_ONCE: usize = 400;
/// Rules by which what is agreed elsewhere is not confirmed here.
const CONFIRMS_NOT: [&str; 2] = ["WITHIN_CAPACITY", "WITHIN_PROJECT"];

/// A booking as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where errors say that it stands.
    pub index: usize,
    /// The system, and its id there.
    pub external: (String, String),
    /// The project.
    pub project: portfolio_item::Model,
    /// The resource.
    pub resource: Uuid,
    /// How many full-time people it is worth, in 1e-9; none where that is not known.
    pub fte: Option<i64>,
    /// Whether it is agreed there.
    pub is_agreed: bool,
    /// The first day.
    pub start_on: NaiveDate,
    /// The last day.
    pub end_on: NaiveDate,
    /// Minutes of all its days.
    pub minutes: i32,
    /// What it is for.
    pub note: Option<String>,
    /// Minutes of each day that has any; none where they lie in proportion to the capacity.
    pub days: Option<BTreeMap<NaiveDate, u64>>,
    /// What the days follow from, in order.
    pub segments: Vec<Segment>,
}

/// An amount from when to when, as it is told.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Whether it is agreed there.
    pub is_agreed: bool,
    /// The first of its days.
    pub start_on: NaiveDate,
    /// The last of them.
    pub end_on: NaiveDate,
    /// When it begins.
    pub start: String,
    /// When it ends.
    pub finish: String,
    /// The amount.
    pub sum: String,
    /// What the amount counts.
    pub unit: &'static str,
}

/// What became of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It is another one than before.
    Updated,
    /// It was so already.
    Unchanged,
    /// It is over here, and stays as it is.
    Over(String),
}

/// A booking that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it is SOFT although it is agreed there.
    pub soft_because: Option<String>,
}

/// Writes them all, or none where one of them has an error. `confirms` says whether whoever imports may confirm whatever
/// she books; where not, her own right decides.
pub async fn take(work: &mut Work<'_>, told: &[Told], confirms: bool) -> Result<Vec<Taken>, Error> {
    let stored = stored(work, told).await?;
    let confirmers = if confirms { HashSet::new() } else { confirmed_by_caller(work, told).await? };
    let may_confirm = |resource: Uuid| confirms || confirmers.contains(&resource);
    let mut taken: Vec<Taken> =
        told.iter().map(|_| Taken { outcome: Outcome::Unchanged, soft_because: None }).collect();
    let (mut rows, mut places) = (vec![], HashMap::new());
    for (at, one) in told.iter().enumerate() {
        let before = stored.get(&one.external.1);
        if let Some(over) = before.filter(|before| OVER.contains(&before.state.as_str())) {
            taken[at].outcome = Outcome::Over(over.state.clone());
            continue;
        }
        places.insert(one.index, at);
        rows.push(row(work, one, before));
    }
    for row in &rows {
        agrees(work, row);
        is_settled(work, row);
    }
    let mut bookings = Bookings::lock(work, &rows).await?;
    of_item::items_are_open(work, &rows).await?;
    bookings.projects_go_on(work, &rows);
    if !confirms {
        changes_of_confirmed_are_proposed(work, &mut rows).await?;
    }
    for row in &mut rows {
        let is_kept = row.before.as_ref().is_some_and(|before| before.state == "HARD");
        // Who may not confirm leaves the days of what is confirmed alone.
        if !is_kept || may_confirm(row.after.resource_id) {
            lay(work, &mut bookings, row, &told[places[&row.index]]);
        }
    }
    let segments = segments(work, &rows).await?;
    let mut other: Vec<Uuid> = vec![];
    for row in &mut rows {
        let one = &told[places[&row.index]];
        if note_segments(row, one, segments.get(&row.after.id)) {
            other.push(row.after.id);
        }
    }
    for (index, why) in confirm(work, &bookings, &mut rows, told, &places, may_confirm).await? {
        taken[places[&index]].soft_because = Some(why);
    }
    let written: Vec<(Model, usize)> = rows.iter().map(|row| (row.after.clone(), places[&row.index])).collect();
    let batch = Batch { items: vec![], count: rows.len(), keeps_good: false };
    let done = bookings.finish(work, rows, &batch).await?;
    for row in done.rows {
        taken[places[&row.index]].outcome = match row.status {
            "CREATED" => Outcome::Created,
            "UPDATED" => Outcome::Updated,
            _ => Outcome::Unchanged,
        };
    }
    if work.errors.is_empty() {
        let made = written.iter().filter(|(m, _)| other.contains(&m.id));
        put_segments(work, made.map(|(m, at)| (m, &told[*at])).collect()).await?;
    }
    Ok(taken)
}

/// What is stored of these bookings, locked, by its id in the system.
async fn stored(work: &Work<'_>, told: &[Told]) -> Result<HashMap<String, Model>, Error> {
    let mut all = HashMap::new();
    for some in told.chunks(AT_ONCE) {
        let Some(system) = some.first().map(|one| one.external.0.as_str()) else { break };
        let found = allocation::Entity::find()
            .filter(C::ExternalSystem.eq(system))
            .filter(C::ExternalId.is_in(some.iter().map(|one| one.external.1.as_str())))
            .order_by_asc(C::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        all.extend(found.into_iter().filter_map(|row| Some((row.external_id.clone()?, row))));
    }
    Ok(all)
}

/// The resources whose bookings the caller confirms.
async fn confirmed_by_caller(work: &Work<'_>, told: &[Told]) -> Result<HashSet<Uuid>, Error> {
    let ids: Vec<Uuid> = told.iter().map(|one| one.resource).collect();
    let may = work.lens.caller.takes(Step::AllocationConfirm);
    let held = work.lens.holds(work.lens.model.entity("Resource"), &ids, &[may]).await?;
    Ok(held.into_iter().filter(|(_, held)| held[0]).map(|(id, _)| id).collect())
}

/// The row as it is told; its state is decided later.
fn row(work: &Work<'_>, one: &Told, before: Option<&Model>) -> Row<Model> {
    let entity = work.lens.model.entity("Allocation");
    let mut row = match before {
        Some(before) => Row::derived(entity, before.clone(), before.clone()),
        None => Row::made(entity, blank(work)),
    };
    row.index = one.index;
    let m = &mut row.after;
    if before.is_none() {
        let (system, id) = one.external.clone();
        (m.external_system, m.external_id) = (Some(system), Some(id));
        (m.item_id, m.portfolio_id, m.is_restricted) =
            (one.project.id, one.project.portfolio_id, one.project.is_restricted);
        m.resource_id = one.resource;
    } else if (m.item_id, m.resource_id) != (one.project.id, one.resource) {
        (m.item_id, m.resource_id) = (one.project.id, one.resource);
    }
    (m.start_on, m.end_on, m.minutes) = (one.start_on, one.end_on, one.minutes);
    if one.days.is_some() { "BY_DAY" } else { "FLAT" }.clone_into(&mut m.curve);
    if one.note.is_some() {
        m.note.clone_from(&one.note);
    }
    row
}

/// Project and resource of a booking are settled when it is made.
fn is_settled(work: &mut Work<'_>, row: &Row<Model>) {
    let whose = |m: &Model| (m.item_id, m.resource_id);
    if row.before.as_ref().is_some_and(|before| whose(before) != whose(&row.after)) {
        let line = "The booking of that id is one of another resource, or for another project, here.";
        work.fail(row, UserError::new(UserCode::Immutable, row.path.clone(), line));
    }
}

/// Lays the minutes over their days, where they lie otherwise than before.
fn lay(work: &mut Work<'_>, bookings: &mut Bookings, row: &mut Row<Model>, one: &Told) {
    let plain = |m: &Model| (m.start_on, m.end_on, m.minutes, m.curve.clone());
    let is_same = row.before.as_ref().is_some_and(|before| plain(before) == plain(&row.after));
    let Some(days) = &one.days else {
        if !is_same {
            bookings.respread(work, row);
        }
        return;
    };
    let Some(runs) = runs(days) else { return };
    let most = u64::from(shift::DAY) * most_people(one.fte);
    if let Some((day, minutes)) = days.iter().find(|(_, minutes)| **minutes > most) {
        let line = format!("On {day} it has {minutes} minutes; a day of this resource has {most} at most.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.path.clone(), line));
        return;
    }
    let before = bookings.lies(row.after.id);
    if row.before.is_none() || before != runs {
        if is_same {
            row.beside.push(FieldChange::told("periods", Class::Work, spelled(&before), spelled(&runs)));
        }
        bookings.lay(row.after.id, runs);
    }
}

/// How many people work at most at the same time.
fn most_people(fte: Option<i64>) -> u64 {
    let people = fte.and_then(Fte::of_stored).map(|fte| fte.get().ceil());
    people.and_then(|people| u64::try_from(people).ok()).unwrap_or(1).max(1)
}

/// Days as runs of equally many minutes; none where there is no minute.
fn runs(days: &BTreeMap<NaiveDate, u64>) -> Option<Vec<Run>> {
    let (first, last) = (*days.keys().next()?, *days.keys().next_back()?);
    let minutes: Vec<u64> =
        first.iter_days().take_while(|day| *day <= last).map(|day| days.get(&day).copied().unwrap_or(0)).collect();
    compress(first, &minutes)
}

fn spelled(runs: &[Run]) -> Json {
    json!(runs.iter().map(|run| format!("{} {} {}", run.from, run.to, run.minutes)).collect::<Vec<_>>())
}

/// Confirms what is agreed there, where it may be confirmed and fits here. Why not, by index.
async fn confirm(
    work: &mut Work<'_>,
    bookings: &Bookings,
    rows: &mut [Row<Model>],
    told: &[Told],
    places: &HashMap<usize, usize>,
    may_confirm: impl Fn(Uuid) -> bool,
) -> Result<Vec<(usize, String)>, Error> {
    let mut soft = vec![];
    for row in rows.iter_mut() {
        let is_wished = told[places[&row.index]].is_agreed && matches!(&*row.after.state, "SOFT" | "PROPOSED");
        if !is_wished {
            continue;
        }
        if !may_confirm(row.after.resource_id) {
            soft.push((row.index, format!("confirming it needs {}", Step::AllocationConfirm.as_str())));
        } else if !bookings.knows(row.after.resource_id) {
            soft.push((row.index, "the capacity of the resource is not known".to_owned()));
        } else {
            "HARD".clone_into(&mut row.after.state);
            row.after.confirmed_at = Some(work.now);
            row.after.confirmed_by_id = work.lens.caller.person;
        }
    }
    let had = work.errors.len();
    bookings.fit(work, rows).await?;
    let found = work.errors.split_off(had);
    for (index, error) in found {
        let rule = error.params.iter().find(|(name, _)| *name == "rule").map(|(_, rule)| rule.as_str());
        let row = rows.iter_mut().find(|row| row.index == index);
        let is_new = |row: &Row<Model>| row.before.as_ref().is_none_or(|before| before.state != "HARD");
        match row.filter(|row| row.after.state == "HARD" && is_new(row)) {
            Some(row) if rule.is_some_and(|rule| CONFIRMS_NOT.contains(&rule)) => {
                row.after.state = row.before.as_ref().map_or("SOFT", |before| &before.state).to_owned();
                (row.after.confirmed_at, row.after.confirmed_by_id) = (None, None);
                soft.push((index, error.message));
            }
            // Told again when it is written.
            _ => {}
        }
    }
    Ok(soft)
}

/// The segments of bookings that are there.
async fn segments(
    work: &Work<'_>,
    rows: &[Row<Model>],
) -> Result<HashMap<Uuid, Vec<allocation_segment::Model>>, Error> {
    use allocation_segment::Column as S;
    let known: Vec<Uuid> = rows.iter().filter(|row| row.before.is_some()).map(|row| row.after.id).collect();
    let mut all: HashMap<Uuid, Vec<allocation_segment::Model>> = HashMap::new();
    for some in known.chunks(AT_ONCE) {
        let of = allocation_segment::Entity::find().filter(S::AllocationId.is_in(some.iter().copied()));
        for segment in of.order_by_asc(S::Position).all(work.txn).await? {
            all.entry(segment.allocation_id).or_default().push(segment);
        }
    }
    Ok(all)
}

/// Whether the segments are others than before. That is a change of the booking.
fn note_segments(row: &mut Row<Model>, one: &Told, before: Option<&Vec<allocation_segment::Model>>) -> bool {
    let line = |booking: &str, start: &str, finish: &str, sum: &str, unit: &str| {
        format!("{booking} {start} {finish} {sum} {unit}")
    };
    let told: Vec<String> = one
        .segments
        .iter()
        .map(|s| line(if s.is_agreed { "HARD" } else { "SOFT" }, &s.start, &s.finish, &s.sum, s.unit))
        .collect();
    let stored: Vec<String> = before
        .into_iter()
        .flatten()
        .map(|s| line(&s.booking, &s.told_start, &s.told_finish, &s.told_sum, &s.unit))
        .collect();
    if told == stored {
        return false;
    }
    if row.before.is_some() {
        row.beside.push(FieldChange::told("segments", Class::Work, json!(stored), json!(told)));
    }
    true
}

/// Puts the segments of these bookings in the place of those that they had.
async fn put_segments(work: &Work<'_>, of: Vec<(&Model, &Told)>) -> Result<(), Error> {
    use allocation_segment::Column as S;
    let ids: Vec<Uuid> = of.iter().map(|(m, _)| m.id).collect();
    for some in ids.chunks(AT_ONCE) {
        let those = S::AllocationId.is_in(some.iter().copied());
        allocation_segment::Entity::delete_many().filter(those).exec(work.txn).await?;
    }
    let made = of
        .iter()
        .flat_map(|(m, one)| one.segments.iter().zip(1..).map(|(told, position)| segment(work, m, told, position)))
        .map(IntoActiveModel::into_active_model)
        .collect();
    insert::<allocation_segment::Entity>(work.txn, made, &[]).await
}

fn segment(work: &Work<'_>, m: &Model, told: &Segment, position: i32) -> allocation_segment::Model {
    allocation_segment::Model {
        id: work.clock.new_id(),
        item_id: m.item_id,
        portfolio_id: m.portfolio_id,
        is_restricted: m.is_restricted,
        allocation_id: m.id,
        resource_id: m.resource_id,
        position,
        booking: if told.is_agreed { "HARD" } else { "SOFT" }.to_owned(),
        start_on: told.start_on,
        end_on: told.end_on,
        told_start: told.start.clone(),
        told_finish: told.finish.clone(),
        told_sum: told.sum.clone(),
        unit: told.unit.to_owned(),
    }
}
