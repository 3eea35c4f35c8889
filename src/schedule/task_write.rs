//! Writing tasks: their days, work and technique agree with each other, and they stand in the tree of their project. What is
//! earned by them follows in the same transaction. Whoever writes tasks of a project waits for whoever else does.

use std::collections::BTreeSet;

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    portfolio_item, progress_measurement,
    task::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    earned,
    rules::{TaskKind, Technique, WHOLE},
    task_tree,
};
use crate::{
    auth::Class,
    error::Error,
    people::charge,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work, of_item, outside,
        rows::{self, archived, keys_are_free, open, save},
        usual,
    },
};

type Tasks = task::Entity;

/// The mutations of tasks.
pub fn mutations() -> Vec<Mutation> {
    usual("Task", "task", Some(Class::Work.write()), true, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("Task");
        let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Work.write()), Class::Work.write().to_string());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Tasks>(work, entity, &batch, scopes, &needs).await?;
            let projects: Vec<Uuid> = projects(&rows).into_iter().collect();
            rows::lock::<portfolio_item::Entity>(work, &projects).await?;
            of_item::items_are_open(work, &rows).await?;
            let known = task_tree::known(work, &projects).await?;
            task_tree::archives_from_below(work, &rows, &known, action);
            task_tree::numbers_are_free(work, &rows, &known);
            return finish(work, rows, &batch, action).await;
        }
        let mut rows = open::<Tasks>(work, entity, &batch.items, blank).await?;
        let items = of_item::items(work, &rows, scopes, &needs).await?;
        // Once the project is locked: whoever sent the same before has committed it.
        outside::name::<Tasks>(work, &mut rows).await?;
        of_item::items_are_open(work, &rows).await?;
        keys_are_free::<Tasks>(work, &rows, None).await?;
        charge::are_here(work, &rows, &[("owner", "owner_id")]).await?;
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                of_item::take_scope(row, item);
            }
            follow_from_each_other(row);
            days_agree(work, row);
            progress_agrees(work, row);
            kind_agrees(work, row);
        }
        technique_stays(work, &rows).await?;
        nothing_less_was_measured(work, &rows).await?;
        let projects: Vec<Uuid> = projects(&rows).into_iter().collect();
        let known = task_tree::known(work, &projects).await?;
        task_tree::stays_a_tree(work, &rows, &known);
        task_tree::numbers_are_free(work, &rows, &known);
        finish(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A task of nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        description: None,
        parent_id: None,
        wbs: None,
        kind: TaskKind::Task.as_str().to_owned(),
        planned_start_on: None,
        planned_finish_on: None,
        forecast_start_on: None,
        forecast_finish_on: None,
        actual_start_on: None,
        actual_finish_on: None,
        work_minutes: None,
        remaining_work_minutes: None,
        percent_complete: 0,
        physical_percent_complete: None,
        earned_value_technique: None,
        apportioned_to_id: None,
        apportioned_ratio: None,
        weight: None,
        parent_percent_complete: None,
        owner_id: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn projects(rows: &[Row<Model>]) -> BTreeSet<Uuid> {
    rows.iter().map(|row| row.after.item_id).filter(|id| !id.is_nil()).collect()
}

/// What follows where the input does not say it: a milestone has one day, what is finished is complete, and a kind has its
/// technique.
fn follow_from_each_other(row: &mut Row<Model>) {
    let gives = |field: &str| row.given.iter().any(|a| a.field.name == field);
    let is_milestone = row.after.kind == TaskKind::Milestone.as_str();
    let one = |start: &mut Option<NaiveDate>, finish: &mut Option<NaiveDate>, names: (&str, &str)| match (
        gives(names.0),
        gives(names.1),
    ) {
        (true, false) => *finish = *start,
        (false, true) => *start = *finish,
        _ => (*start, *finish) = (start.or(*finish), finish.or(*start)),
    };
    let m = &mut row.after;
    if is_milestone {
        one(&mut m.planned_start_on, &mut m.planned_finish_on, ("plannedStartOn", "plannedFinishOn"));
        one(&mut m.forecast_start_on, &mut m.forecast_finish_on, ("forecastStartOn", "forecastFinishOn"));
        one(&mut m.actual_start_on, &mut m.actual_finish_on, ("actualStartOn", "actualFinishOn"));
    }
    if m.actual_finish_on.is_some() {
        if !gives("percentComplete") {
            m.percent_complete = WHOLE;
        }
        if !gives("remainingWorkMinutes") {
            m.remaining_work_minutes = m.remaining_work_minutes.map(|_| 0);
        }
    }
    let is_other = row.before.as_ref().is_none_or(|before| before.kind != m.kind);
    if is_other && !gives("earnedValueTechnique") {
        let first = TaskKind::parse(&m.kind).and_then(|kind| kind.techniques().first());
        m.earned_value_technique = first.map(|technique| technique.as_str().to_owned());
    }
}

/// The place of the later of two fields that was given.
fn later<'f>(row: &Row<Model>, first: &'f str, second: &'f str) -> &'f str {
    if row.gives(second) { second } else { first }
}

fn days_agree(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    let is_milestone = m.kind == TaskKind::Milestone.as_str();
    for (start, finish, from, to) in [
        ("plannedStartOn", "plannedFinishOn", m.planned_start_on, m.planned_finish_on),
        ("forecastStartOn", "forecastFinishOn", m.forecast_start_on, m.forecast_finish_on),
        ("actualStartOn", "actualFinishOn", m.actual_start_on, m.actual_finish_on),
    ] {
        let Some((from, to)) = from.zip(to) else { continue };
        let place = row.place(later(row, start, finish));
        if is_milestone && from != to {
            let line = format!("A milestone has one day: `{start}` is `{finish}`.");
            work.fail(row, UserError::rule(place, "MILESTONE_DATE", line));
        } else if to < from {
            let line = format!("`{finish}` comes before `{start}`.");
            work.fail(row, UserError::rule(place, "DATES_IN_ORDER", line));
        }
    }
    let today = work.now.date_naive();
    for (field, day) in [("actualStartOn", m.actual_start_on), ("actualFinishOn", m.actual_finish_on)] {
        if row.gives(field) && day.is_some_and(|day| day > today) {
            let line = format!("`{field}` is not after today.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
        }
    }
    if m.actual_finish_on.is_some() && m.actual_start_on.is_none() {
        let line = "What is finished was begun: `actualStartOn` is missing.";
        let place = later(row, "actualStartOn", "actualFinishOn");
        work.fail(row, UserError::rule(row.place(place), "ACTUAL_START", line));
    }
}

fn progress_agrees(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    for (field, percent) in [
        ("percentComplete", Some(m.percent_complete)),
        ("physicalPercentComplete", m.physical_percent_complete),
        ("parentPercentComplete", m.parent_percent_complete),
    ] {
        if row.gives(field) && percent.is_some_and(|percent| !(0..=WHOLE).contains(&percent)) {
            let line = format!("`{field}` is 0 to 1.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
        }
    }
    let minutes = |minutes: Option<i32>| minutes.map(i64::from);
    for (field, value) in [
        ("workMinutes", minutes(m.work_minutes)),
        ("remainingWorkMinutes", minutes(m.remaining_work_minutes)),
        ("apportionedRatio", m.apportioned_ratio),
        ("weight", m.weight),
    ] {
        if value.is_some_and(|value| value < 0) {
            let line = format!("`{field}` is 0 or more.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
        }
    }
    if m.actual_finish_on.is_none() {
        return;
    }
    let has_rest = m.remaining_work_minutes.is_some_and(|rest| rest > 0);
    for (field, contradicts) in [("percentComplete", m.percent_complete < WHOLE), ("remainingWorkMinutes", has_rest)] {
        if contradicts {
            let line = "What is finished is complete, and no work is left.";
            work.fail(row, UserError::rule(row.place(field), "TASK_FINISHED", line));
        }
    }
}

/// What a task of this kind may have.
fn kind_agrees(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    let Some(kind) = TaskKind::parse(&m.kind) else { return };
    let technique = earned::technique(m);
    let fits = technique.map_or(kind == TaskKind::Summary, |technique| kind.techniques().contains(&technique));
    if !fits {
        let place = later(row, "kind", "earnedValueTechnique");
        let allowed: Vec<&str> = kind.techniques().iter().map(|technique| technique.as_str()).collect();
        let line = match kind {
            TaskKind::Summary => "A summary has no technique: its parts earn.".to_owned(),
            _ => format!("A task of kind {} is measured by {}.", kind.as_str(), allowed.join(", ")),
        };
        let error = UserError::rule(row.place(place), "TECHNIQUE_OF_KIND", line);
        work.fail(row, error.with("allowed", allowed.join(",")));
    }
    let is_milestone = kind == TaskKind::Milestone;
    for (field, has) in [
        ("workMinutes", m.work_minutes.is_some_and(|work| work > 0)),
        ("remainingWorkMinutes", m.remaining_work_minutes.is_some_and(|work| work > 0)),
    ] {
        if is_milestone && has {
            let line = "A milestone has no work.";
            work.fail(row, UserError::rule(row.place(later(row, "kind", field)), "MILESTONE_WORK", line));
        }
    }
    for (field, has) in [("weight", m.weight.is_some()), ("parentPercentComplete", m.parent_percent_complete.is_some())]
    {
        if !is_milestone && has {
            let line = format!("Only a milestone has `{field}`.");
            work.fail(row, UserError::rule(row.place(later(row, "kind", field)), "MILESTONE_WEIGHT", line));
        }
    }
    let is_apportioned = technique == Some(Technique::Apportioned);
    let has_base = m.apportioned_to_id.is_some();
    if is_apportioned != has_base || (m.apportioned_ratio.is_some() && !is_apportioned) {
        let line = "A task that is APPORTIONED names the task that it earns with, and no other does.";
        let place = if row.gives("apportionedTo") { "apportionedTo" } else { "apportionedRatio" };
        work.fail(row, UserError::rule(row.place(later(row, "earnedValueTechnique", place)), "APPORTIONED", line));
    }
}

/// How a task is measured stays once it was: what was earned would be another sum.
async fn technique_stays(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    use progress_measurement::Column as C;
    let changes = |row: &&Row<Model>| {
        let before = row.before.as_ref();
        before.is_some_and(|before| before.earned_value_technique != row.after.earned_value_technique)
    };
    let ids: Vec<Uuid> = rows.iter().filter(changes).map(|row| row.after.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let measured = progress_measurement::Entity::find().select_only().column(C::TaskId).distinct();
    let measured = measured.filter(C::TaskId.is_in(ids)).filter(C::ArchivedAt.is_null());
    let measured: BTreeSet<Uuid> = measured.into_tuple::<Uuid>().all(work.txn).await?.into_iter().collect();
    for row in rows.iter().filter(changes) {
        if measured.contains(&row.after.id) && !work.is_refused(row.index) {
            let line = "This task was measured: how it earns stays.";
            let place = later(row, "kind", "earnedValueTechnique");
            work.fail(row, UserError::rule(row.place(place), "TECHNIQUE_STAYS", line));
        }
    }
    Ok(())
}

/// A task is not finished before a day on which it was measured to be less than complete.
async fn nothing_less_was_measured(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    use progress_measurement::Column as C;
    let finishes = |row: &&Row<Model>| {
        let was = row.before.as_ref().and_then(|before| before.actual_finish_on);
        let is_own = earned::technique(&row.after).is_some_and(|technique| !technique.follows_others());
        row.before.is_some() && row.after.actual_finish_on.is_some() && was != row.after.actual_finish_on && is_own
    };
    let ids: Vec<Uuid> = rows.iter().filter(finishes).map(|row| row.after.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let less = progress_measurement::Entity::find().filter(C::TaskId.is_in(ids)).filter(C::ArchivedAt.is_null());
    let less = less.filter(C::PercentComplete.lt(WHOLE)).all(work.txn).await?;
    for row in rows.iter().filter(finishes) {
        let later = less.iter().filter(|less| less.task_id == row.after.id && !work.is_refused(row.index));
        let later = later.filter(|less| Some(less.status_on) >= row.after.actual_finish_on);
        if let Some(on) = later.map(|less| less.status_on).max() {
            let line = format!("It was measured as less than complete on {on}.");
            let error = UserError::rule(row.place("actualFinishOn"), "TASK_FINISHED", line);
            work.fail(row, error.with("statusOn", on));
        }
    }
    Ok(())
}

async fn finish(work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch, action: Action) -> Result<Done, Error> {
    let rejected = work.rejects(batch);
    let good = || rows.iter().filter(|row| !work.has_failed(row.index));
    let projects: BTreeSet<Uuid> = good().map(|row| row.after.item_id).collect();
    let touched: BTreeSet<Uuid> = good().map(|row| row.after.id).collect();
    let done = save::<Tasks>(work, rows, batch, action).await?;
    if !rejected {
        earned::settle(work, &projects, &touched).await?;
    }
    Ok(done)
}
