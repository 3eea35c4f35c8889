//! A picture of a project's plan as a new draft of a baseline: an item for each task, its cost spread over days or months.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use entity::{
    baseline::{self, Column as B},
    baseline_item, baseline_period_value, portfolio_item, task,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    baseline_parts::{blank_item, blank_period_value},
    baseline_write::{PEN, Sums, blank, items_of},
    rules::{self, Spread, TaskKind},
};
use crate::{
    error::Error,
    finance::versions::Revisions,
    graph::{encode_id, input::listed, parse_id, value::amount},
    write::{
        Done, InputType, Member, Mutation, Path, PlainType, Row, Shape, UserCode, UserError, Verb, Work, Written,
        input, of_item,
        rows::{self, follow},
    },
};

/// Most increments of one picture: a thousand tasks of a year by month.
const MAX_INCREMENTS: i64 = 12_000;
/// Characters of the longest name.
const LONGEST_NAME: usize = 255;

/// `baselineCapture`.
pub fn mutation() -> Mutation {
    let member = |name, ty, doc| Member { name, ty, doc };
    Mutation {
        name: "baselineCapture".to_owned(),
        doc: "Makes a new draft of a baseline from a project's tasks as they are planned now: an item for each task that is not archived and no SUMMARY, with increments of planned value that sum to its cost. A task costs what `costs` says; else its part of `amount`, by planned work; else what it costs in the baseline in force; else nothing. What is divided is divided by largest remainders, to the last 1/10,000.".to_owned(),
        needs: None,
        entity: "Baseline",
        verb: Verb::Other,
        input: vec![
            member("projectId", "ID", "The project; give this or `projectKey`."),
            member("projectKey", "String", "The human key of the project, instead of its id."),
            member("kind", "BaselineKind", "What the baseline is compared with; PERFORMANCE if not said."),
            member("name", "String", "What it is called, at most 255 characters; null for nothing."),
            member("spread", "BaselineSpread", "Over what the cost and the work of each task are spread, by calendar days; MONTH if not said."),
            member("costs", "[BaselineCostInput!]", "What tasks cost; each task once."),
            member("amount", "MoneyInput", "What the tasks that `costs` does not name cost together, in the project's base currency."),
        ],
        payload: vec![member("baseline", "Baseline", "The new draft; null where there are errors.")],
        inputs: vec![InputType {
            name: "BaselineCostInput",
            doc: "What one task costs.",
            members: vec![
                member("taskId", "ID", "The task; give this or `taskKey`."),
                member("taskKey", "String", "The human key of the task, instead of its id."),
                member("cost", "MoneyInput!", "The cost, 0 or more, in the project's base currency."),
            ],
        }],
        run: capture,
    }
}

/// `BaselineSpread`.
pub fn types() -> Vec<PlainType> {
    vec![PlainType {
        name: "BaselineSpread",
        doc: "Over what a cost is spread.",
        shape: Shape::Choice(vec![
            ("DAY", "Each calendar day of a task has an increment."),
            ("MONTH", "Each calendar month has, by the days that a task has in it."),
        ]),
    }]
}

/// What is wrong with an input, where.
type Fault = UserError;

fn capture<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let done = Done { count: 1, ..Done::default() };
        let Some(item) = project(work, input).await? else { return Ok(done) };
        let tasks = tasks(work, &item).await?;
        let kind = input::text(input, "kind").unwrap_or_else(|| "PERFORMANCE".to_owned());
        let name = input::text(input, "name");
        if name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME || name.contains('\0')) {
            let line = format!("A name has at most {LONGEST_NAME} characters.");
            let error = UserError::new(UserCode::TooLong, Path::input().at("name"), line);
            work.errors.push((0, error.with("max", LONGEST_NAME)));
        }
        let costs = match costs(work, input, &item, &tasks, &kind).await? {
            Ok(costs) => costs,
            Err(faults) => {
                work.errors.extend(faults.into_iter().map(|fault| (0, fault)));
                return Ok(done);
            }
        };
        let mut draft = baseline::Model { kind, name, ..blank(work) };
        Revisions::of::<baseline::Entity>(work, std::iter::once(item.id)).await?.begin(&mut draft, &item);
        let spread = if input::text(input, "spread").as_deref() == Some("DAY") { Spread::Day } else { Spread::Month };
        let count: i64 = tasks.iter().filter_map(planned).map(|span| rules::count(span, spread)).sum();
        if count > MAX_INCREMENTS {
            let line = format!("These would be {count} increments, more than {MAX_INCREMENTS}.");
            let error = UserError::new(UserCode::OutOfRange, Path::input().at("spread"), line);
            work.errors.push((0, error.with("max", MAX_INCREMENTS)));
            return Ok(done);
        }
        let parts: Vec<Part> = tasks.iter().map(|task| part(work, &draft, &item, task, &costs, spread)).collect();
        let Some(sums) = Sums::over(parts.iter().map(|part| &part.item)) else {
            let line = "The items would sum to more than can be kept.";
            work.errors.push((0, UserError::new(UserCode::OutOfRange, Path::input().at("costs"), line)));
            return Ok(done);
        };
        if !work.errors.is_empty() {
            return Ok(done);
        }
        write(work, sums.of(&draft), &item, parts, done).await
    }
    .boxed()
}

async fn write(
    work: &mut Work<'_>,
    draft: baseline::Model,
    item: &portfolio_item::Model,
    parts: Vec<Part>,
    mut done: Done,
) -> Result<Done, Error> {
    let entity = |name: &str| work.lens.model.entity(name);
    let (of_items, of_values) = (entity("BaselineItem"), entity("BaselinePeriodValue"));
    let mut row = Row::made(entity("Baseline"), draft);
    of_item::take_scope(&mut row, item);
    let id = row.after.id;
    let (mut items, mut values) = (vec![], vec![]);
    for part in parts {
        items.push(Row::made(of_items, part.item));
        values.extend(part.values.into_iter().map(|value| Row::made(of_values, value)));
    }
    follow::<baseline::Entity>(work, vec![row]).await?;
    follow::<baseline_item::Entity>(work, items).await?;
    follow::<baseline_period_value::Entity>(work, values).await?;
    done.rows = vec![Written { index: 0, id: Some(id), prefix: "bsl", status: "CREATED" }];
    done.beside.insert("baseline".to_owned(), encode_id("bsl", id).into());
    Ok(done)
}

/// The project, locked, where the caller makes baselines; else why not is noted.
async fn project(work: &mut Work<'_>, input: &ConstValue) -> Result<Option<portfolio_item::Model>, Error> {
    let (by_id, by_key) = (input::text(input, "projectId"), input::text(input, "projectKey"));
    let (field, projects) =
        (if by_id.is_some() { "projectId" } else { "projectKey" }, work.lens.model.entity("Project"));
    let path = Path::input().at(field);
    let found = match (by_id, by_key) {
        (Some(_), Some(_)) => {
            let line = "Give `projectId` or `projectKey`, not both.";
            work.errors.push((0, UserError::new(UserCode::Invalid, Path::input().at("projectKey"), line)));
            return Ok(None);
        }
        (None, None) => {
            let line = "Say which project, with `projectId` or `projectKey`.";
            work.errors.push((0, UserError::new(UserCode::Required, Path::input().at("projectId"), line)));
            return Ok(None);
        }
        (Some(id), None) => match parse_id(&id) {
            Some((_, id)) => work.lens.by_id(projects, &[id]).await?.into_values().next(),
            None => None,
        },
        (None, Some(key)) => {
            work.lens.by_key(projects, std::slice::from_ref(&key)).await?.into_values().flatten().next()
        }
    };
    let Some(found) = found else {
        let line = "There is no such project that you can see.";
        work.errors.push((0, UserError::new(UserCode::NotFound, path, line)));
        return Ok(None);
    };
    let held = work.lens.holds(projects, &[found.id], &[work.lens.caller.takes(PEN)]).await?;
    if !held.get(&found.id).is_some_and(|held| held[0]) {
        let line = format!("A baseline of this project needs {}.", PEN.as_str());
        work.errors.push((0, UserError::new(UserCode::Forbidden, path, line).with("needs", PEN.as_str())));
        return Ok(None);
    }
    if found.is_archived {
        let line = "The item is archived; take it out of the archive first.";
        work.errors.push((0, UserError::new(UserCode::Immutable, path, line)));
        return Ok(None);
    }
    Ok(rows::lock::<portfolio_item::Entity>(work, &[found.id]).await?.remove(&found.id))
}

/// The tasks that have an item, in the order of their numbers. Each has planned days; else why not is noted.
async fn tasks(work: &mut Work<'_>, item: &portfolio_item::Model) -> Result<Vec<task::Model>, Error> {
    use task::Column as T;
    let of = task::Entity::find().filter(T::ItemId.eq(item.id)).filter(T::ArchivedAt.is_null());
    let of = of.filter(T::Kind.ne(TaskKind::Summary.as_str())).order_by_asc(T::Wbs).order_by_asc(T::Id);
    let tasks = of.all(work.txn).await?;
    let mut fail = |line: &str, keys: Vec<&str>| {
        let error = UserError::rule(Path::input(), "TASK_PLANNED", line);
        work.errors.push((0, error.with("tasks", keys.join(","))));
    };
    if tasks.is_empty() {
        fail("The project has no task that a baseline could be made of.", vec![]);
    }
    let is_open = |task: &&task::Model| planned(task).is_none();
    let open: Vec<&str> = tasks.iter().filter(is_open).map(|task| task.key.as_str()).collect();
    if !open.is_empty() {
        fail("Tasks are planned, from day to day, before they are frozen.", open);
    }
    Ok(tasks)
}

fn planned(task: &task::Model) -> Option<rules::Span> {
    task.planned_start_on.zip(task.planned_finish_on)
}

/// What each task costs, by task.
async fn costs(
    work: &Work<'_>,
    input: &ConstValue,
    item: &portfolio_item::Model,
    tasks: &[task::Model],
    kind: &str,
) -> Result<Result<BTreeMap<Uuid, i64>, Vec<Fault>>, Error> {
    let (mut costs, mut faults) = (BTreeMap::new(), vec![]);
    let root = Path::input().at("costs");
    for (at, given) in input::member(input, "costs").map(listed).unwrap_or_default().into_iter().enumerate() {
        let path = root.at(at);
        let (id, key) = (input::text(given, "taskId"), input::text(given, "taskKey"));
        let id = id.as_deref().and_then(parse_id).map(|(_, id)| id);
        let task = tasks.iter().find(|task| Some(task.id) == id || Some(&task.key) == key.as_ref());
        let place = path.at(if key.is_some() { "taskKey" } else { "taskId" });
        let Some(task) = task else {
            let line = "The project has no such task that an item could be of.";
            faults.push(UserError::new(UserCode::NotFound, place, line));
            continue;
        };
        match money(given, "cost", &path, &item.base_currency) {
            Ok(Some(cost)) if costs.insert(task.id, cost).is_some() => {
                faults.push(UserError::new(UserCode::Duplicate, place, "Another cost names this task too."));
            }
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
    }
    let total = money(input, "amount", &Path::input(), &item.base_currency).map_err(|fault| faults.push(fault));
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let others: Vec<&task::Model> = tasks.iter().filter(|task| !costs.contains_key(&task.id)).collect();
    if let Ok(Some(total)) = total {
        let weights: Vec<i64> =
            others.iter().map(|task| task.work_minutes.map(i64::from).unwrap_or_default()).collect();
        if total > 0 && weights.iter().sum::<i64>() == 0 {
            let line = "Without planned work the amount cannot be divided.";
            return Ok(Err(vec![UserError::rule(Path::input().at("amount"), "TASK_PLANNED", line)]));
        }
        costs.extend(others.iter().map(|task| task.id).zip(rules::split(total, &weights)));
    } else {
        let former = former(work, item.id, kind).await?;
        costs.extend(others.iter().map(|task| (task.id, former.get(&task.id).copied().unwrap_or_default())));
    }
    Ok(Ok(costs))
}

/// What tasks cost in the baseline in force.
async fn former(work: &Work<'_>, project: Uuid, kind: &str) -> Result<HashMap<Uuid, i64>, Error> {
    let of = baseline::Entity::find().filter(B::ItemId.eq(project)).filter(B::Kind.eq(kind));
    let current = of.filter(B::State.eq("APPROVED")).all(work.txn).await?;
    let items = items_of(work, current.iter().map(|baseline| baseline.id).collect::<BTreeSet<_>>().into_iter()).await?;
    Ok(items.into_values().flatten().map(|item| (item.task_id, item.cost_amount.unwrap_or_default())).collect())
}

/// Money of an input, 0 or more, in the currency that is due.
fn money(given: &ConstValue, name: &str, at: &Path, due: &str) -> Result<Option<i64>, Fault> {
    let Some(money) = input::member(given, name).filter(|value| **value != ConstValue::Null) else { return Ok(None) };
    let path = at.at(name);
    let units = amount(&input::member(money, "amount").cloned().unwrap_or_default())
        .map_err(|e| UserError::new(UserCode::Invalid, path.at("amount"), e.message))?;
    if input::text(money, "currency").as_deref() != Some(due) {
        let line = format!("The money of this project is in {due}.");
        return Err(UserError::new(UserCode::Invalid, path.at("currency"), line).with("currency", due));
    }
    if units < 0 {
        return Err(UserError::new(UserCode::OutOfRange, path.at("amount"), "A cost is 0 or more."));
    }
    Ok(Some(units))
}

/// An item with its increments.
struct Part {
    item: baseline_item::Model,
    values: Vec<baseline_period_value::Model>,
}

fn part(
    work: &Work<'_>,
    draft: &baseline::Model,
    project: &portfolio_item::Model,
    task: &task::Model,
    costs: &BTreeMap<Uuid, i64>,
    spread: Spread,
) -> Part {
    let today = work.now.date_naive();
    let (start, finish) = planned(task).unwrap_or((today, today));
    let cost = costs.get(&task.id).copied().unwrap_or_default();
    let item = baseline_item::Model {
        item_id: project.id,
        portfolio_id: project.portfolio_id,
        is_restricted: project.is_restricted,
        baseline_id: draft.id,
        task_id: task.id,
        start_on: start,
        finish_on: finish,
        work_minutes: task.work_minutes,
        currency: draft.currency.clone(),
        cost_amount: Some(cost),
        reported_portfolio_id: draft.reported_portfolio_id,
        ..blank_item(work)
    };
    let minutes = task.work_minutes.map(i64::from).unwrap_or_default();
    if cost == 0 && minutes == 0 {
        return Part { item, values: vec![] };
    }
    let periods = rules::periods((start, finish), spread);
    let days: Vec<i64> = periods.iter().map(|(_, days)| *days).collect();
    let divided = rules::split(cost, &days).into_iter().zip(rules::split(minutes, &days));
    let value = |((end, _), (cost, minutes)): ((chrono::NaiveDate, i64), (i64, i64))| baseline_period_value::Model {
        item_id: project.id,
        portfolio_id: project.portfolio_id,
        is_restricted: project.is_restricted,
        baseline_id: draft.id,
        baseline_item_id: item.id,
        end_on: end,
        currency: draft.currency.clone(),
        planned_amount: Some(cost),
        work_minutes: task.work_minutes.and_then(|_| i32::try_from(minutes).ok()),
        reported_portfolio_id: draft.reported_portfolio_id,
        ..blank_period_value(work)
    };
    let values = periods.into_iter().zip(divided).map(value).collect();
    Part { item, values }
}
