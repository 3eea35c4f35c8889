//! Plans of three projects: their tasks, the baselines that were made of them, and how far the tasks were month by month.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use entity::{baseline, baseline_item, baseline_period_value, portfolio_item, progress_measurement, task};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    PMO_LEAD,
    shape::{PER_UNIT, WHOLE, World, at, facts, id, month_end, who},
};
use crate::{
    error::Error,
    schedule::rules::{self, Milestone, Progress, Spread, Technique},
};

/// The task that was dropped.
const DROPPED: &str = "TF-7";
/// The task whose last figure came as money from the tool that regional teams use.
const IMPORTED: &str = "EF-2.3";
/// The task with a measurement of the wrong day, which is in the archive.
const MISTAKEN: &str = "SC-3";
/// Most months of an item whose planned value is told month by month; longer ones earn by the day.
const BY_MONTH: usize = 6;

/// Dates are days from the day of the demonstration, parts are percent.
#[derive(Deserialize)]
struct Fact {
    key: String,
    project: String,
    parent: Option<String>,
    wbs: Option<String>,
    kind: String,
    technique: Option<String>,
    title: String,
    start: i64,
    finish: i64,
    began: Option<i64>,
    ended: Option<i64>,
    expected: Option<i64>,
    percent: Option<i64>,
    physical: Option<i64>,
    hours: Option<i32>,
    /// Of a thousand of the project's budget.
    share: Option<i64>,
    base: Option<String>,
    ratio: Option<i64>,
    weight: Option<i64>,
    stands: Option<i64>,
    owner: String,
    external: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct BaselineFact {
    project: String,
    revision: i32,
    state: String,
    days: i64,
    name: String,
    /// Of a thousand of what its tasks cost.
    share: i64,
    /// By how many days later it is.
    shift: i64,
    /// Tasks that it has no item for.
    without: Option<String>,
    note: Option<String>,
    decision: Option<String>,
}

/// Plans and what belongs to them.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Schedule {
    pub tasks: Vec<task::Model>,
    pub baselines: Vec<baseline::Model>,
    pub items: Vec<baseline_item::Model>,
    pub values: Vec<baseline_period_value::Model>,
    pub measurements: Vec<progress_measurement::Model>,
}

fn part(percent: i64) -> i64 {
    percent * (WHOLE / 100)
}

/// Makes them.
pub(super) fn schedule(world: &World<'_>) -> Result<Schedule, Error> {
    let given = facts::<Fact>(include_str!("tasks.csv"))?;
    let mut made = Schedule::default();
    for fact in &given {
        made.tasks.push(task(world, world.item(&fact.project)?, fact)?);
    }
    for fact in facts::<BaselineFact>(include_str!("baselines.csv"))? {
        freeze(world, &mut made, &given, &fact)?;
    }
    measure(world, &mut made, &given)?;
    Ok(made)
}

fn task(world: &World<'_>, item: &portfolio_item::Model, fact: &Fact) -> Result<task::Model, Error> {
    let day = |days: i64| world.as_of + TimeDelta::days(days);
    let is_dropped = fact.key == DROPPED;
    let (began, ended) = (fact.began.map(day), fact.ended.map(day));
    let is_over = ended.is_some();
    let slip = fact.expected.map_or(0, |expected| expected - fact.finish);
    // What has not begun is expected as much later as it ends later.
    let forecast_start = began.unwrap_or_else(|| day(fact.start + slip));
    let forecast_finish = ended.unwrap_or_else(|| day(fact.expected.unwrap_or(fact.finish)));
    let percent = if is_over { 100 } else { fact.percent.unwrap_or_default() };
    let work_minutes = fact.hours.map(|hours| hours * 60);
    let rest = |work: i32| i32::try_from(i64::from(work) * (100 - percent) / 100).unwrap_or_default();
    let made = item.created_at + TimeDelta::days(4);
    let last = ended.or(began).map_or(made, |day| at(day, 18).max(made));
    let by = World::author(item);
    Ok(task::Model {
        id: id("task", &fact.key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        key: fact.key.clone(),
        title: fact.title.clone(),
        title_fold: fact.title.to_lowercase(),
        description: fact.description.clone(),
        parent_id: fact.parent.as_ref().map(|key| id("task", key)),
        wbs: fact.wbs.clone(),
        kind: fact.kind.clone(),
        planned_start_on: Some(day(fact.start)),
        planned_finish_on: Some(day(fact.finish)),
        forecast_start_on: Some(forecast_start).filter(|_| !is_dropped),
        forecast_finish_on: Some(forecast_finish).filter(|_| !is_dropped),
        actual_start_on: began,
        actual_finish_on: ended,
        work_minutes,
        remaining_work_minutes: work_minutes.map(rest),
        percent_complete: part(percent),
        physical_percent_complete: fact.physical.map(part),
        earned_value_technique: fact.technique.clone(),
        apportioned_to_id: fact.base.as_ref().map(|key| id("task", key)),
        apportioned_ratio: fact.ratio.map(part),
        weight: fact.weight.map(|weight| weight * WHOLE),
        parent_percent_complete: fact.stands.map(part),
        owner_id: Some(world.person(&fact.owner)?),
        external_system: fact.external.as_ref().map(|_| "JIRA".to_owned()),
        external_id: fact.external.clone(),
        version: if last == made { 1 } else { 3 },
        created_at: made,
        created_by_id: by,
        updated_at: last,
        updated_by_id: by,
        archived_at: is_dropped.then(|| at(day(-95), 10)),
    })
}

fn freeze(world: &World<'_>, made: &mut Schedule, given: &[Fact], fact: &BaselineFact) -> Result<(), Error> {
    let item = world.item(&fact.project)?;
    let day = world.as_of + TimeDelta::days(fact.days);
    let office = Some(who(PMO_LEAD));
    let manager = World::author(item);
    let is_submitted = fact.state != "DRAFT";
    let is_decided = is_submitted && fact.state != "SUBMITTED";
    let is_rejected = fact.state == "REJECTED";
    let later = given_later(world, fact)?;
    let superseded_at = (fact.state == "SUPERSEDED").then_some(later).flatten();
    let decided = at(day + TimeDelta::days(3), 15);
    let mut row = baseline::Model {
        id: id("baseline", &format!("{}:{}", fact.project, fact.revision)),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        revision: fact.revision,
        name: Some(fact.name.clone()),
        kind: "PERFORMANCE".to_owned(),
        level: "WORK_PACKAGE".to_owned(),
        state: fact.state.clone(),
        as_of_on: day,
        note: fact.note.clone(),
        currency: item.base_currency.clone(),
        completion_amount: 0,
        reserve_amount: item
            .budget_amount
            .filter(|_| is_submitted)
            .map(|budget| budget / PER_UNIT / 25_000 * 1_000 * PER_UNIT),
        start_on: None,
        finish_on: None,
        reported_portfolio_id: world.portfolio_on(item, day),
        submitted_at: is_submitted.then(|| at(day, 10)),
        submitted_by_id: manager.filter(|_| is_submitted),
        submitted_principal: manager.filter(|_| is_submitted).map(|manager| world.principal(manager)),
        approved_at: (is_decided && !is_rejected).then_some(decided),
        approved_by_id: office.filter(|_| is_decided && !is_rejected),
        superseded_at,
        decision_note: fact.decision.clone().filter(|_| is_decided),
        version: 1 + i64::from(is_submitted) + i64::from(is_decided) + i64::from(superseded_at.is_some()),
        created_at: at(day, 9),
        created_by_id: manager,
        updated_at: superseded_at.unwrap_or(if is_decided { decided } else { at(day, 10) }),
        updated_by_id: if is_decided { office } else { manager },
        archived_at: is_rejected.then(|| decided + TimeDelta::days(30)),
    };
    let without = fact.without.as_deref().unwrap_or_default();
    let budget = item.budget_amount.unwrap_or_default();
    for (fact_of, task) in given.iter().zip(&made.tasks) {
        let is_left_out = without.split(',').any(|key| key == task.key);
        let (Some(share), false) = (fact_of.share.filter(|_| task.item_id == item.id), is_left_out) else { continue };
        if fact_of.key == DROPPED {
            continue;
        }
        let shifted = |days: i64| world.as_of + TimeDelta::days(days + fact.shift);
        let cost = budget / PER_UNIT * share / 1_000 * fact.share / 1_000 * PER_UNIT;
        let of = baseline_item::Model {
            id: id("baseline_item", &format!("{}:{}:{}", fact.project, fact.revision, task.key)),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            baseline_id: row.id,
            task_id: task.id,
            start_on: shifted(fact_of.start),
            finish_on: shifted(fact_of.finish),
            work_minutes: task.work_minutes,
            currency: row.currency.clone(),
            cost_amount: Some(cost),
            reported_portfolio_id: row.reported_portfolio_id,
            version: 1,
            created_at: row.created_at,
            created_by_id: row.created_by_id,
            updated_at: row.created_at,
            updated_by_id: row.created_by_id,
        };
        row.completion_amount += cost;
        row.start_on = Some(row.start_on.map_or(of.start_on, |first| first.min(of.start_on)));
        row.finish_on = Some(row.finish_on.map_or(of.finish_on, |last| last.max(of.finish_on)));
        if fact.state == "APPROVED" {
            made.values.extend(values(&of, &task.key));
        }
        made.items.push(of);
    }
    made.baselines.push(row);
    Ok(())
}

/// When the next baseline of the project was approved.
fn given_later(world: &World<'_>, fact: &BaselineFact) -> Result<Option<DateTime<Utc>>, Error> {
    let all = facts::<BaselineFact>(include_str!("baselines.csv"))?;
    let next = all.iter().find(|other| other.project == fact.project && other.revision == fact.revision + 1);
    Ok(next.map(|next| at(world.as_of + TimeDelta::days(next.days + 3), 15)))
}

/// The increments of an item that is short enough.
fn values(item: &baseline_item::Model, key: &str) -> Vec<baseline_period_value::Model> {
    let periods = rules::periods((item.start_on, item.finish_on), Spread::Month);
    let cost = item.cost_amount.unwrap_or_default();
    if periods.len() > BY_MONTH || cost == 0 {
        return vec![];
    }
    let days: Vec<i64> = periods.iter().map(|(_, days)| *days).collect();
    let minutes = rules::split(item.work_minutes.map(i64::from).unwrap_or_default(), &days);
    let divided = rules::split(cost, &days).into_iter().zip(minutes);
    let value = |((end_on, _), (amount, minutes)): ((NaiveDate, i64), (i64, i64))| baseline_period_value::Model {
        id: id("baseline_period_value", &format!("{}:{key}:{end_on}", item.baseline_id)),
        item_id: item.item_id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        baseline_id: item.baseline_id,
        baseline_item_id: item.id,
        end_on,
        currency: item.currency.clone(),
        planned_amount: Some(amount),
        work_minutes: i32::try_from(minutes).ok(),
        reported_portfolio_id: item.reported_portfolio_id,
        version: 1,
        created_at: item.created_at,
        created_by_id: item.created_by_id,
        updated_at: item.created_at,
        updated_by_id: item.created_by_id,
    };
    periods.into_iter().zip(divided).map(value).collect()
}

/// What each task was found to be: own figures month by month, and what follows from milestones and from others.
fn measure(world: &World<'_>, made: &mut Schedule, given: &[Fact]) -> Result<(), Error> {
    let of = |key: &str| given.iter().zip(&made.tasks).find(|(fact, _)| fact.key == key);
    let mut rows: Vec<progress_measurement::Model> = vec![];
    for (fact, task) in given.iter().zip(&made.tasks) {
        let Some(technique) = fact.technique.as_deref().and_then(Technique::parse) else { continue };
        let item = world.item(&fact.project)?;
        let milestones = |on: NaiveDate| -> Vec<Milestone> {
            let below = made.tasks.iter().filter(|other| other.parent_id == Some(task.id));
            let one = |milestone: &task::Model| Milestone {
                is_reached: milestone.actual_finish_on.is_some_and(|reached| reached <= on),
                weight: milestone.weight.unwrap_or_default(),
                parent_percent: milestone.parent_percent_complete.unwrap_or_default(),
            };
            below.map(one).collect()
        };
        let earned_by = |on: NaiveDate| -> i64 {
            let base = fact.base.as_deref().and_then(of).map(|(_, base)| base.id);
            let of_base = rows.iter().filter(|row| Some(row.task_id) == base && row.status_on <= on);
            of_base.max_by_key(|row| row.status_on).map_or(0, |row| row.earned_fraction)
        };
        let days: Vec<NaiveDate> = match technique {
            Technique::Apportioned => {
                let base = fact.base.as_deref().and_then(of).map(|(_, base)| base.id);
                rows.iter().filter(|row| Some(row.task_id) == base).map(|row| row.status_on).collect()
            }
            _ if technique.has_milestones() => {
                let below = made.tasks.iter().filter(|other| other.parent_id == Some(task.id));
                below.filter_map(|milestone| milestone.actual_finish_on).collect()
            }
            Technique::ZeroHundred => task.actual_finish_on.into_iter().collect(),
            Technique::LevelOfEffort => vec![last_month(world)],
            _ => months(world, fact),
        };
        let mut of_task = vec![];
        for on in days {
            let (percent, physical) = figures(world, fact, on);
            let span = (world.as_of + TimeDelta::days(fact.start), world.as_of + TimeDelta::days(fact.finish));
            let below = milestones(on);
            let fraction = rules::earned(
                technique,
                &Progress {
                    percent,
                    physical,
                    is_begun: task.actual_start_on.is_some_and(|begun| begun <= on),
                    planned: rules::planned(span, 0, &[], on),
                    milestones: &below,
                    base: (task.apportioned_ratio.unwrap_or(WHOLE), earned_by(on)),
                },
            );
            let row = measurement(world, item, task, on);
            let follows = technique.follows_others();
            let is_derived = follows || technique == Technique::ZeroHundred;
            of_task.push(progress_measurement::Model {
                percent_complete: match technique {
                    Technique::LevelOfEffort => None,
                    _ if follows => Some(fraction),
                    _ => Some(percent),
                },
                physical_percent_complete: physical,
                earned_fraction: fraction,
                is_derived,
                source: (!is_derived).then(|| "Project manager".to_owned()),
                ..row
            });
        }
        if let (Some(last), true) = (of_task.last_mut(), fact.key == IMPORTED) {
            let cost = made.items.iter().find(|item| item.task_id == task.id).and_then(|item| item.cost_amount);
            let cost = cost.unwrap_or_default();
            last.measured_amount = Some(rules::part_of(last.earned_fraction, cost));
            last.source = Some("Regional teams".to_owned());
            last.note = Some("As the regional teams report it, by interface.".to_owned());
            last.external_system = Some("CLARITY".to_owned());
            last.external_id = Some(format!("{}:{}", fact.key, last.status_on));
        }
        if let (Some(last), true) = (of_task.last(), fact.key == MISTAKEN) {
            let on = last.status_on - TimeDelta::days(1);
            let row = measurement(world, item, task, on);
            let wrong = progress_measurement::Model {
                percent_complete: last.percent_complete,
                earned_fraction: last.earned_fraction,
                note: Some("Entered for the wrong day.".to_owned()),
                archived_at: Some(row.created_at + TimeDelta::hours(1)),
                ..row
            };
            of_task.push(wrong);
        }
        rows.extend(of_task);
    }
    // How far a task is, is what was measured last.
    for task in made.tasks.iter_mut().filter(|task| task.actual_finish_on.is_none()) {
        let last = rows.iter().filter(|row| row.task_id == task.id && row.archived_at.is_none());
        if let Some(percent) = last.max_by_key(|row| row.status_on).and_then(|row| row.percent_complete) {
            task.percent_complete = percent;
        }
    }
    made.measurements = rows;
    Ok(())
}

fn last_month(world: &World<'_>) -> NaiveDate {
    month_end(world.as_of - Months::new(1))
}

/// The ends of the months that a task was at work in, and its last day.
fn months(world: &World<'_>, fact: &Fact) -> Vec<NaiveDate> {
    let Some(began) = fact.began.map(|days| world.as_of + TimeDelta::days(days)) else { return vec![] };
    let ended = fact.ended.map(|days| world.as_of + TimeDelta::days(days));
    let until = ended.unwrap_or(world.as_of);
    let ends = (0..40).map(|month| month_end(began + Months::new(month))).take_while(|end| *end < until);
    ends.chain(ended).collect()
}

/// How far it was and how much of its result was there on a day: evenly up to its last day, or to what is known now.
fn figures(world: &World<'_>, fact: &Fact, on: NaiveDate) -> (i64, Option<i64>) {
    let Some(began) = fact.began else { return (0, None) };
    let last = world.days_to(last_month(world));
    let (until, percent) = fact.ended.map_or((last, fact.percent.unwrap_or_default()), |ended| (ended, 100));
    if fact.ended.is_some_and(|ended| ended <= world.days_to(on)) {
        return (WHOLE, fact.physical.map(part));
    }
    let passed = (world.days_to(on) - began).clamp(0, until - began);
    let share = |percent: i64| part(percent * passed / (until - began).max(1));
    (share(percent), fact.physical.map(share))
}

fn measurement(
    world: &World<'_>,
    item: &portfolio_item::Model,
    task: &task::Model,
    on: NaiveDate,
) -> progress_measurement::Model {
    let eve = at(world.as_of - TimeDelta::days(1), 17);
    let made = at(on + TimeDelta::days(1), 9).min(eve);
    let by: Option<Uuid> = World::author(item);
    progress_measurement::Model {
        id: id("progress_measurement", &format!("{}:{on}", task.key)),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        task_id: task.id,
        status_on: on,
        percent_complete: None,
        physical_percent_complete: None,
        earned_fraction: 0,
        currency: item.base_currency.clone(),
        measured_amount: None,
        source: None,
        note: None,
        is_derived: false,
        external_system: None,
        external_id: None,
        reported_portfolio_id: world.portfolio_on(item, on),
        version: 1,
        created_at: made,
        created_by_id: by,
        updated_at: made,
        updated_by_id: by,
        archived_at: None,
    }
}
