//! Writing measurements: one for each task and day, never of a day to come, and what they earn with them. The task follows
//! its latest one, and so do the tasks that earn with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    portfolio_item,
    progress_measurement::{self, Column as C, Model},
    task,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    earned::{self, Facts},
    rules::{TaskKind, Technique, WHOLE},
};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work, of_item, outside,
        rows::{self, archived, follow, open, save},
        usual,
    },
};

type Measurements = progress_measurement::Entity;
/// Tasks by id.
type Tasks = HashMap<Uuid, task::Model>;

/// The mutations of measurements.
pub fn mutations() -> Vec<Mutation> {
    usual("ProgressMeasurement", "progressMeasurement", Some(Class::Work.write()), true, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("ProgressMeasurement");
        let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Work.write()), Class::Work.write().to_string());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Measurements>(work, entity, &batch, scopes, &needs).await?;
            let projects = projects(&rows);
            rows::lock::<portfolio_item::Entity>(work, &projects.iter().copied().collect::<Vec<_>>()).await?;
            of_item::items_are_open(work, &rows).await?;
            let replaced = each_once(work, &rows).await?;
            return finish(work, rows, replaced, &batch, action).await;
        }
        let mut rows = open::<Measurements>(work, entity, &batch.items, blank).await?;
        let link = ("task", "task_id");
        let tasks = of_item::wholes::<task::Entity, _>(work, &rows, "Task", link, scopes, &needs).await?;
        let items: Vec<Uuid> = tasks.values().map(|task| task.item_id).collect::<BTreeSet<_>>().into_iter().collect();
        let items = rows::lock::<portfolio_item::Entity>(work, &items).await?;
        // Once the project is locked: whoever sent the same before has committed it.
        outside::name::<Measurements>(work, &mut rows).await?;
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            let task = tasks.get(&row.after.task_id);
            let Some((task, item)) = task.and_then(|task| Some((task, items.get(&task.item_id)?))) else { continue };
            of_item::take(row, task, &[]);
            row.after.currency.clone_from(&item.base_currency);
            row.after.reported_portfolio_id = item.portfolio_id;
        }
        of_item::items_are_open(work, &rows).await?;
        for row in &rows {
            of_item::money_agrees(work, row);
            if let Some(task) = tasks.get(&row.after.task_id) {
                agrees(work, row, task);
            }
        }
        let replaced = each_once(work, &rows).await?;
        let facts = Facts::load(work, &projects(&rows)).await?;
        for row in &mut rows {
            earns(work, row, &facts, &tasks);
        }
        finish(work, rows, replaced, &batch, Action::Written).await
    }
    .boxed()
}

/// A measurement of nothing yet, today.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        task_id: Uuid::nil(),
        status_on: work.now.date_naive(),
        percent_complete: None,
        physical_percent_complete: None,
        earned_fraction: 0,
        currency: String::new(),
        measured_amount: None,
        source: None,
        note: None,
        is_derived: false,
        external_system: None,
        external_id: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A measurement of a task on a day that says nothing yet.
pub fn of_task(work: &Work<'_>, task: &task::Model, item: &portfolio_item::Model, on: NaiveDate) -> Model {
    Model {
        item_id: task.item_id,
        portfolio_id: task.portfolio_id,
        is_restricted: task.is_restricted,
        task_id: task.id,
        status_on: on,
        currency: item.base_currency.clone(),
        reported_portfolio_id: item.portfolio_id,
        ..blank(work)
    }
}

fn projects(rows: &[Row<Model>]) -> BTreeSet<Uuid> {
    rows.iter().map(|row| row.after.item_id).filter(|id| !id.is_nil()).collect()
}

/// What a measurement says of itself and of its task.
fn agrees(work: &mut Work<'_>, row: &Row<Model>, task: &task::Model) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    if task.archived_at.is_some() && row.before.is_some() {
        let line = "The task is archived; take it out of the archive first.";
        work.fail(row, UserError::new(UserCode::Immutable, row.named_at.clone(), line));
    }
    if task.kind == TaskKind::Summary.as_str() {
        let line = "A summary is not measured; its parts are.";
        work.fail(row, UserError::rule(row.place("task"), "TASK_MEASURED", line));
        return;
    }
    if m.status_on > work.now.date_naive() {
        let line = "A day to come is not measured.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("statusOn"), line));
    }
    let percents = [("percentComplete", m.percent_complete), ("physicalPercentComplete", m.physical_percent_complete)];
    for (field, percent) in percents {
        if percent.is_some_and(|percent| !(0..=WHOLE).contains(&percent)) {
            let line = format!("`{field}` is 0 to 1.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
        }
    }
    let Some(technique) = earned::technique(task) else { return };
    if technique.follows_others() {
        for (field, _) in percents.into_iter().filter(|(field, _)| row.gives(field)) {
            let line = format!("Other tasks decide how far a task of {} is.", technique.as_str());
            let error = UserError::rule(row.place(field), "TECHNIQUE", line);
            work.fail(row, error.with("technique", technique.as_str()));
        }
    } else if m.percent_complete.is_none() {
        let is_physical = technique == Technique::PhysicalPercentComplete && m.physical_percent_complete.is_some();
        if m.measured_amount.is_none() && technique != Technique::LevelOfEffort && !is_physical {
            let line = "A measurement says how far the task is, or what was earned.";
            let path = row.path.at("percentComplete");
            let path = if row.gives("percentComplete") { row.place("percentComplete") } else { path };
            work.fail(row, UserError::new(UserCode::Required, path, line));
        }
    }
    let is_over = task.actual_finish_on.is_some_and(|finish| finish <= m.status_on);
    if is_over && m.percent_complete.is_some_and(|percent| percent < WHOLE) && !technique.follows_others() {
        let line = "The task was finished by then: it is complete.";
        work.fail(row, UserError::rule(row.place("percentComplete"), "TASK_FINISHED", line));
    }
}

/// What is earned by it: never more than the task costs in the baseline in force.
fn earns(work: &mut Work<'_>, row: &mut Row<Model>, facts: &Facts, tasks: &Tasks) {
    let cost = facts.cost(row.after.task_id);
    if row.gives("measuredEarnedValue")
        && row.after.measured_amount.zip(cost).is_some_and(|(earned, cost)| earned > cost)
    {
        let line = "More than its cost in the baseline in force is not earned.";
        work.fail(row, UserError::rule(row.place("measuredEarnedValue"), "EARNED_WITHIN_COST", line));
    }
    row.after.earned_fraction = facts.fraction(&row.after);
    let technique = tasks.get(&row.after.task_id).and_then(earned::technique);
    if technique.is_some_and(Technique::follows_others) {
        row.after.percent_complete = Some(row.after.earned_fraction);
    }
}

/// A task has one measurement for a day, archived ones apart. One that followed from something else gives way to what is said
/// of the day: those are given, on their way into the archive.
async fn each_once(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<Vec<Row<Model>>, Error> {
    let of: Vec<Uuid> = rows.iter().map(|row| row.after.task_id).collect();
    let stored = Measurements::find().filter(C::TaskId.is_in(of)).filter(C::ArchivedAt.is_null());
    let written: BTreeSet<Uuid> = rows.iter().map(|row| row.after.id).collect();
    let stored = stored.all(work.txn).await?.into_iter().filter(|row| !written.contains(&row.id));
    let mut taken: BTreeMap<(Uuid, NaiveDate), Option<Model>> =
        stored.map(|row| ((row.task_id, row.status_on), Some(row))).collect();
    let mut replaced = vec![];
    for row in rows {
        if row.after.archived_at.is_some() || work.has_failed(row.index) {
            continue;
        }
        match taken.insert((row.after.task_id, row.after.status_on), None) {
            None => {}
            Some(Some(before)) if before.is_derived => {
                let after = Model { archived_at: Some(work.now), ..before.clone() };
                replaced.push(Row::derived(row.entity, before, after));
            }
            Some(_) => {
                let line = "The task has a measurement for this day already.";
                let path = if row.gives("statusOn") { row.place("statusOn") } else { row.named_at.clone() };
                work.fail(row, UserError::new(UserCode::Duplicate, path, line));
            }
        }
    }
    Ok(replaced)
}

async fn finish(
    work: &mut Work<'_>,
    rows: Vec<Row<Model>>,
    mut replaced: Vec<Row<Model>>,
    batch: &Batch,
    action: Action,
) -> Result<Done, Error> {
    let rejected = work.rejects(batch);
    let good = || rows.iter().filter(|row| !work.has_failed(row.index));
    let measured: BTreeSet<Uuid> = good().map(|row| row.after.task_id).collect();
    let projects: BTreeSet<Uuid> = good().map(|row| row.after.item_id).collect();
    let days: BTreeSet<(Uuid, NaiveDate)> = good().map(|row| (row.after.task_id, row.after.status_on)).collect();
    replaced.retain(|row| days.contains(&(row.after.task_id, row.after.status_on)));
    if !rejected {
        follow::<Measurements>(work, replaced).await?;
    }
    let done = save::<Measurements>(work, rows, batch, action).await?;
    if !rejected {
        earned::keep_tasks(work, &measured).await?;
        earned::settle(work, &projects, &measured).await?;
    }
    Ok(done)
}
