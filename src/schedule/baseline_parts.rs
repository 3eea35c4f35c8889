//! Writing what a draft of a baseline holds: an item for each task, and the increments of an item, which lie in its days and
//! sum to its cost at most. What the items come to stands on the baseline, in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    baseline, baseline_item,
    baseline_period_value::{self, Column as V},
    task,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter};
use uuid::Uuid;

use super::{
    baseline_write::{self, PEN, Sums, gone, is_draft, items_of},
    rules::TaskKind,
};
use crate::{
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, drop_rows, open, save},
        value, written,
    },
};

type Items = baseline_item::Entity;
type Values = baseline_period_value::Entity;
/// Baselines by id.
type Baselines = HashMap<Uuid, baseline::Model>;

/// Columns that a part has from its whole, besides the item's scope.
const SHARED: [&str; 2] = ["currency", "reported_portfolio_id"];

/// The mutations of items and increments.
pub fn mutations() -> Vec<Mutation> {
    let gone =
        |what: &str| format!("Removes a {what} while its baseline is a draft. Nothing of it is left but its trail.");
    let mut all = written("BaselineItem", "baselineItem", None, write_items);
    let items = gone("BaselineItem, with its increments,");
    all.push(delete("BaselineItem", "baselineItem", None, items, write_items));
    all.extend(written("BaselinePeriodValue", "baselinePeriodValue", None, write_values));
    let values = gone("BaselinePeriodValue");
    all.push(delete("BaselinePeriodValue", "baselinePeriodValue", None, values, write_values));
    all
}

/// An item of nothing yet.
pub fn blank_item(work: &Work<'_>) -> baseline_item::Model {
    let today = work.now.date_naive();
    baseline_item::Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        baseline_id: Uuid::nil(),
        task_id: Uuid::nil(),
        start_on: today,
        finish_on: today,
        work_minutes: None,
        currency: String::new(),
        cost_amount: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// An increment of nothing yet.
pub fn blank_period_value(work: &Work<'_>) -> baseline_period_value::Model {
    baseline_period_value::Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        baseline_id: Uuid::nil(),
        baseline_item_id: Uuid::nil(),
        end_on: work.now.date_naive(),
        currency: String::new(),
        planned_amount: None,
        work_minutes: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// Refuses parts of baselines that stand, whichever way they stand.
async fn may_change<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    baselines: &Baselines,
    by: &str,
) -> Result<(), Error> {
    for row in rows {
        let of = value::optional_id(&row.after, "baseline_id").and_then(|id| baselines.get(&id));
        let Some(of) = of.filter(|_| !work.is_refused(row.index)) else { continue };
        let path = if row.before.is_none() { row.place(by) } else { row.named_at.clone() };
        is_draft(work, row, of, path.clone());
        if of.archived_at.is_some() && !work.has_failed(row.index) {
            let line = "The Baseline is archived; take it out of the archive first.";
            work.fail(row, UserError::new(UserCode::Immutable, path, line));
        }
    }
    of_item::items_are_open(work, rows).await?;
    if work.mutation.verb == Verb::Delete {
        rows::demand(work, rows, work.lens.caller.takes(PEN), PEN.as_str()).await?;
    }
    Ok(())
}

fn write_items<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("BaselineItem");
        let mut rows = open::<Items>(work, entity, &batch.items, blank_item).await?;
        let (link, scopes) = (("baseline", "baseline_id"), work.lens.caller.takes(PEN));
        let baselines =
            of_item::wholes::<baseline::Entity, _>(work, &rows, "Baseline", link, scopes, PEN.as_str()).await?;
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            if let Some(of) = baselines.get(&row.after.baseline_id) {
                of_item::take(row, of, &SHARED);
            }
        }
        may_change(work, &rows, &baselines, "baseline").await?;
        let removes = work.mutation.verb == Verb::Delete;
        if !removes {
            let tasks: Vec<Uuid> = rows.iter().map(|row| row.after.task_id).collect();
            let tasks = rows::lock::<task::Entity>(work, &tasks).await?;
            for row in &rows {
                item_agrees(work, row, tasks.get(&row.after.task_id));
            }
            holds_its_increments(work, &rows).await?;
        }
        let sums = sums(work, &rows, &baselines, removes).await?;
        let rejected = work.rejects(&batch);
        let done = if removes {
            remove_items(work, rows, &batch).await?
        } else {
            save::<Items>(work, rows, &batch, Action::Written).await?
        };
        if !rejected {
            baseline_write::keep(work, &baselines, sums).await?;
        }
        Ok(done)
    }
    .boxed()
}

async fn remove_items(work: &mut Work<'_>, rows: Vec<Row<baseline_item::Model>>, batch: &Batch) -> Result<Done, Error> {
    if !work.rejects(batch) {
        let of: Vec<Uuid> = rows.iter().map(|row| row.after.id).collect();
        let values = Values::find().filter(V::BaselineItemId.is_in(of)).all(work.txn).await?;
        let values = gone(work, "BaselinePeriodValue", values);
        drop_rows::<Values>(work, values).await?;
    }
    rows::remove::<Items>(work, rows, batch).await
}

fn item_agrees(work: &mut Work<'_>, row: &Row<baseline_item::Model>, task: Option<&task::Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    of_item::money_agrees(work, row);
    if m.finish_on < m.start_on {
        let place = if row.gives("finishOn") { "finishOn" } else { "startOn" };
        let line = "`finishOn` comes before `startOn`.";
        work.fail(row, UserError::rule(row.place(place), "DATES_IN_ORDER", line));
    }
    no_less_than_nothing(work, row, m.work_minutes);
    let Some(task) = task.filter(|_| row.before.is_none()) else { return };
    if task.item_id != m.item_id || task.kind == TaskKind::Summary.as_str() {
        let line = "An item is of a task of the same project that is no summary: the cost of one would count twice.";
        work.fail(row, UserError::rule(row.place("task"), "BASELINE_TASK", line));
    }
}

fn no_less_than_nothing<M>(work: &mut Work<'_>, row: &Row<M>, minutes: Option<i32>) {
    if minutes.is_some_and(|minutes| minutes < 0) {
        let line = "`workMinutes` is 0 or more.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("workMinutes"), line));
    }
}

/// An item that changes still holds the increments that it has.
async fn holds_its_increments(work: &mut Work<'_>, rows: &[Row<baseline_item::Model>]) -> Result<(), Error> {
    let of: Vec<Uuid> = rows.iter().filter(|row| row.before.is_some()).map(|row| row.after.id).collect();
    let mut by_item: HashMap<Uuid, Vec<baseline_period_value::Model>> = HashMap::new();
    for value in Values::find().filter(V::BaselineItemId.is_in(of)).all(work.txn).await? {
        by_item.entry(value.baseline_item_id).or_default().push(value);
    }
    for row in rows {
        let Some(values) = by_item.get(&row.after.id) else { continue };
        if let Some((field, line)) = misfit(&row.after, &values.iter()) {
            let place = match field {
                "plannedValue" => "cost",
                "endOn" if row.gives("finishOn") => "finishOn",
                "endOn" => "startOn",
                other => other,
            };
            work.fail(row, UserError::rule(row.place(place), "PERIODS_WITHIN_ITEM", line));
        }
    }
    Ok(())
}

/// Which field of increments does not fit their item.
fn misfit<'v>(
    item: &baseline_item::Model,
    values: &(impl Iterator<Item = &'v baseline_period_value::Model> + Clone),
) -> Option<(&'static str, &'static str)> {
    let cost: i128 = values.clone().filter_map(|value| value.planned_amount).map(i128::from).sum();
    let minutes: i64 = values.clone().filter_map(|value| value.work_minutes).map(i64::from).sum();
    if values.clone().any(|value| value.end_on < item.start_on || item.finish_on < value.end_on) {
        Some(("endOn", "An increment is earned on a day of its item."))
    } else if cost > i128::from(item.cost_amount.unwrap_or_default()) {
        Some(("plannedValue", "The increments would sum to more than the item's cost."))
    } else if minutes > item.work_minutes.map(i64::from).unwrap_or_default() {
        Some(("workMinutes", "The increments would sum to more than the item's work."))
    } else {
        None
    }
}

/// What baselines will hold and come to. A task has one item; what cannot be kept as a number is refused.
async fn sums(
    work: &mut Work<'_>,
    rows: &[Row<baseline_item::Model>],
    baselines: &Baselines,
    removes: bool,
) -> Result<BTreeMap<Uuid, Sums>, Error> {
    let stored = items_of(work, baselines.keys().copied()).await?;
    // Of several rows in one list the last is to blame; without it the others are looked at again.
    loop {
        let good: Vec<&Row<baseline_item::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let (mut wrong, mut sums) = (vec![], BTreeMap::new());
        for (baseline, stored) in &stored {
            let of: Vec<_> = good.iter().filter(|row| row.after.baseline_id == *baseline).collect();
            let written: HashSet<Uuid> = of.iter().map(|row| row.after.id).collect();
            let kept: Vec<&baseline_item::Model> = stored.iter().filter(|item| !written.contains(&item.id)).collect();
            let mut taken: BTreeSet<Uuid> = kept.iter().map(|item| item.task_id).collect();
            let new = of.iter().filter(|_| !removes);
            wrong.extend(new.clone().filter(|row| !taken.insert(row.after.task_id)).map(|row| {
                let line = "The baseline has an item for this task already.";
                (**row, UserError::new(UserCode::Duplicate, row.place("task"), line))
            }));
            match Sums::over(kept.into_iter().chain(new.map(|row| &row.after))) {
                Some(total) => drop(sums.insert(*baseline, total)),
                None => wrong.extend(of.last().map(|row| {
                    let line = "The items would sum to more than can be kept.";
                    (**row, UserError::new(UserCode::OutOfRange, row.place("cost"), line))
                })),
            }
        }
        if wrong.is_empty() {
            return Ok(sums);
        }
        for (row, error) in wrong {
            work.fail(row, error);
        }
    }
}

fn write_values<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("BaselinePeriodValue");
        let mut rows = open::<Values>(work, entity, &batch.items, blank_period_value).await?;
        let (link, scopes) = (("baselineItem", "baseline_item_id"), work.lens.caller.takes(PEN));
        let items = of_item::wholes::<Items, _>(work, &rows, "BaselineItem", link, scopes, PEN.as_str()).await?;
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            if let Some(of) = items.get(&row.after.baseline_item_id) {
                of_item::take(row, of, &SHARED);
                row.after.baseline_id = of.baseline_id;
            }
        }
        let of: BTreeSet<Uuid> = items.values().map(|item| item.baseline_id).collect();
        let baselines = rows::lock::<baseline::Entity>(work, &of.into_iter().collect::<Vec<_>>()).await?;
        may_change(work, &rows, &baselines, "baselineItem").await?;
        if work.mutation.verb == Verb::Delete {
            return rows::remove::<Values>(work, rows, &batch).await;
        }
        for row in &rows {
            of_item::money_agrees(work, row);
            no_less_than_nothing(work, row, row.after.work_minutes);
        }
        lie_in_their_items(work, &rows, &items).await?;
        save::<Values>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Refuses a second increment for a day, and what does not fit its item.
async fn lie_in_their_items(
    work: &mut Work<'_>,
    rows: &[Row<baseline_period_value::Model>],
    items: &HashMap<Uuid, baseline_item::Model>,
) -> Result<(), Error> {
    let stored = Values::find().filter(V::BaselineItemId.is_in(items.keys().copied())).all(work.txn).await?;
    // Of several rows in one list the last is to blame; without it the others are looked at again.
    loop {
        let good: Vec<&Row<baseline_period_value::Model>> =
            rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| row.after.id).collect();
        let mut wrong = vec![];
        for item in items.values() {
            let of: Vec<_> = good.iter().filter(|row| row.after.baseline_item_id == item.id).collect();
            let kept = stored.iter().filter(|value| value.baseline_item_id == item.id);
            let kept: Vec<_> = kept.filter(|value| !written.contains(&value.id)).collect();
            let mut taken: BTreeSet<_> = kept.iter().map(|value| value.end_on).collect();
            let twice = of.iter().find(|row| !taken.insert(row.after.end_on));
            if let Some(row) = twice {
                let line = "The item has an increment for this day already.";
                wrong.push((**row, UserError::new(UserCode::Duplicate, row.place("endOn"), line)));
                continue;
            }
            let outside = of.iter().find(|row| row.after.end_on < item.start_on || item.finish_on < row.after.end_on);
            let values = kept.into_iter().chain(of.iter().map(|row| &row.after));
            if let Some((field, line)) = misfit(item, &values)
                && let Some(row) = outside.or(of.last())
            {
                wrong.push((**row, UserError::rule(row.place(field), "PERIODS_WITHIN_ITEM", line)));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        for (row, error) in wrong {
            work.fail(row, error);
        }
    }
}
