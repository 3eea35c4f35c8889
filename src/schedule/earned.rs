//! What measurements say is earned, kept true: the latest measurement of a task tells what it has earned, also where its
//! milestones or another task decide. Those get their measurements in the transaction of whatever decides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    baseline, baseline_item, baseline_period_value, portfolio_item,
    progress_measurement::{self, Model},
    task,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    progress_write,
    rules::{self, Milestone, Progress, TaskKind, Technique, WHOLE},
};
use crate::{
    error::Error,
    write::{
        Row, Work,
        rows::{self, follow},
    },
};

type Measurements = progress_measurement::Entity;

/// What decides on the earned value of the tasks of some projects, as it stands in the transaction.
pub struct Facts {
    tasks: HashMap<Uuid, task::Model>,
    /// By task: its item in the performance baseline in force.
    items: HashMap<Uuid, baseline_item::Model>,
    /// By item: its increments.
    increments: HashMap<Uuid, Vec<(NaiveDate, i64)>>,
    /// By task that decides or is decided on: its measurements that are not archived, by day.
    measured: HashMap<Uuid, BTreeMap<NaiveDate, Model>>,
}

/// The technique of a task.
pub fn technique(task: &task::Model) -> Option<Technique> {
    task.earned_value_technique.as_deref().and_then(Technique::parse)
}

impl Facts {
    /// Reads them. The projects are locked: whoever writes their plans waits.
    pub async fn load(work: &Work<'_>, projects: &BTreeSet<Uuid>) -> Result<Self, Error> {
        let of = task::Column::ItemId.is_in(projects.iter().copied());
        let tasks = task::Entity::find().filter(of).filter(task::Column::ArchivedAt.is_null()).all(work.txn).await?;
        let tasks: HashMap<Uuid, task::Model> = tasks.into_iter().map(|task| (task.id, task)).collect();
        let current: Vec<Uuid> = baseline::Entity::find()
            .select_only()
            .column(baseline::Column::Id)
            .filter(baseline::Column::ItemId.is_in(projects.iter().copied()))
            .filter(baseline::Column::Kind.eq("PERFORMANCE"))
            .filter(baseline::Column::State.eq("APPROVED"))
            .into_tuple()
            .all(work.txn)
            .await?;
        let items = baseline_item::Entity::find().filter(baseline_item::Column::BaselineId.is_in(current.clone()));
        let items = items.all(work.txn).await?.into_iter().map(|item| (item.task_id, item)).collect();
        let values = baseline_period_value::Entity::find();
        let values = values.filter(baseline_period_value::Column::BaselineId.is_in(current)).all(work.txn).await?;
        let mut increments: HashMap<Uuid, Vec<(NaiveDate, i64)>> = HashMap::new();
        for value in values {
            let increment = (value.end_on, value.planned_amount.unwrap_or_default());
            increments.entry(value.baseline_item_id).or_default().push(increment);
        }
        let mut facts = Self { tasks, items, increments, measured: HashMap::new() };
        let decided: BTreeSet<Uuid> =
            facts.followers().iter().flat_map(|task| [Some(task.id), task.apportioned_to_id]).flatten().collect();
        if !decided.is_empty() {
            use progress_measurement::Column as C;
            facts.measured = decided.iter().map(|task| (*task, BTreeMap::new())).collect();
            let found = Measurements::find().filter(C::TaskId.is_in(decided)).filter(C::ArchivedAt.is_null());
            for measurement in found.all(work.txn).await? {
                facts.measured.entry(measurement.task_id).or_default().insert(measurement.status_on, measurement);
            }
        }
        Ok(facts)
    }

    /// The tasks on which others decide: those with milestones first, since another may earn with them.
    fn followers(&self) -> Vec<&task::Model> {
        let mut all: Vec<&task::Model> =
            self.tasks.values().filter(|task| technique(task).is_some_and(Technique::follows_others)).collect();
        all.sort_by_key(|task| (technique(task) == Some(Technique::Apportioned), task.id));
        all
    }

    fn milestones(&self, of: Uuid) -> impl Iterator<Item = &task::Model> {
        let is_one = |task: &&task::Model| task.kind == TaskKind::Milestone.as_str();
        self.tasks.values().filter(move |task| task.parent_id == Some(of)).filter(is_one)
    }

    /// The days on which what decides on a task changed.
    fn days_of(&self, task: &task::Model) -> BTreeSet<NaiveDate> {
        match technique(task) {
            Some(Technique::Apportioned) => {
                let base = task.apportioned_to_id.and_then(|base| self.measured.get(&base));
                base.into_iter().flat_map(BTreeMap::keys).copied().collect()
            }
            _ => self.milestones(task.id).filter_map(|milestone| milestone.actual_finish_on).collect(),
        }
    }

    /// What the task's item in the baseline in force costs, in 1/10,000; none without such an item.
    pub fn cost(&self, task: Uuid) -> Option<i64> {
        self.items.get(&task).map(|item| item.cost_amount.unwrap_or_default())
    }

    /// Which part of its cost a task had earned by a measurement.
    pub fn fraction(&self, measurement: &Model) -> i64 {
        if let (Some(measured), Some(cost)) = (measurement.measured_amount, self.cost(measurement.task_id)) {
            return rules::ratio(i128::from(measured), i128::from(cost)).min(WHOLE);
        }
        let Some(task) = self.tasks.get(&measurement.task_id) else { return 0 };
        let Some(technique) = technique(task) else { return 0 };
        let on = measurement.status_on;
        let milestones: Vec<Milestone> = self
            .milestones(task.id)
            .map(|milestone| Milestone {
                is_reached: milestone.actual_finish_on.is_some_and(|reached| reached <= on),
                weight: milestone.weight.unwrap_or_default(),
                parent_percent: milestone.parent_percent_complete.unwrap_or_default(),
            })
            .collect();
        let base = task.apportioned_to_id.and_then(|base| self.measured.get(&base));
        let base = base.and_then(|rows| rows.range(..=on).next_back()).map_or(0, |(_, row)| row.earned_fraction);
        rules::earned(
            technique,
            &Progress {
                percent: measurement.percent_complete.unwrap_or_default(),
                physical: measurement.physical_percent_complete,
                is_begun: task.actual_start_on.is_some_and(|begun| begun <= on),
                planned: self.planned(task, on),
                milestones: &milestones,
                base: (task.apportioned_ratio.unwrap_or(WHOLE), base),
            },
        )
    }

    /// Which part of a task's cost was planned to be earned by a day: by the baseline in force, else by its planned days.
    fn planned(&self, task: &task::Model, on: NaiveDate) -> i64 {
        if let Some(item) = self.items.get(&task.id) {
            let increments = self.increments.get(&item.id).map(Vec::as_slice).unwrap_or_default();
            return rules::planned(
                (item.start_on, item.finish_on),
                item.cost_amount.unwrap_or_default(),
                increments,
                on,
            );
        }
        let span = task.planned_start_on.zip(task.planned_finish_on);
        span.map_or(0, |span| rules::planned(span, 0, &[], on))
    }
}

/// Brings what follows from the plans of these projects up to date: that the `touched` tasks were finished, the measurements
/// of tasks on which others decide, and how far all of them are. The projects are locked, and what was to be written is
/// written.
pub async fn settle(work: &mut Work<'_>, projects: &BTreeSet<Uuid>, touched: &BTreeSet<Uuid>) -> Result<(), Error> {
    if projects.is_empty() {
        return Ok(());
    }
    let mut facts = Facts::load(work, projects).await?;
    let followers: Vec<task::Model> = facts.followers().into_iter().cloned().collect();
    let ids: Vec<Uuid> = projects.iter().copied().collect();
    let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
    let entity = work.lens.model.entity("ProgressMeasurement");
    let mut changed = finished(work, &mut facts, &items, touched).await?;
    for task in &followers {
        let Some(item) = items.get(&task.item_id) else { continue };
        let mut days = facts.days_of(task);
        days.extend(facts.measured.get(&task.id).into_iter().flat_map(BTreeMap::keys));
        for on in days {
            let before = facts.measured.get(&task.id).and_then(|rows| rows.get(&on)).cloned();
            let mut after = match &before {
                Some(before) => before.clone(),
                None => Model { is_derived: true, ..progress_write::of_task(work, task, item, on) },
            };
            after.earned_fraction = facts.fraction(&after);
            after.percent_complete = Some(after.earned_fraction);
            if before.as_ref() == Some(&after) {
                continue;
            }
            facts.measured.entry(task.id).or_default().insert(on, after.clone());
            changed.push(match before {
                Some(before) => Row::derived(entity, before, after),
                None => Row::made(entity, after),
            });
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let measured: BTreeSet<Uuid> = changed.iter().map(|row| row.after.task_id).collect();
    follow::<Measurements>(work, changed).await?;
    keep_tasks(work, &measured).await
}

/// That these tasks were finished, as a measurement of that day, where nothing later was measured; and no longer where they
/// were not, or on another day.
async fn finished(
    work: &Work<'_>,
    facts: &mut Facts,
    items: &HashMap<Uuid, portfolio_item::Model>,
    touched: &BTreeSet<Uuid>,
) -> Result<Vec<Row<Model>>, Error> {
    use progress_measurement::Column as C;
    let is_own = |technique: Technique| !technique.follows_others() && technique != Technique::LevelOfEffort;
    let tasks = touched.iter().filter_map(|id| facts.tasks.get(id));
    let tasks: Vec<task::Model> = tasks.filter(|task| technique(task).is_some_and(is_own)).cloned().collect();
    let mut stored: HashMap<Uuid, Vec<Model>> = HashMap::new();
    let of = Measurements::find().filter(C::TaskId.is_in(tasks.iter().map(|task| task.id)));
    for row in of.filter(C::ArchivedAt.is_null()).all(work.txn).await? {
        stored.entry(row.task_id).or_default().push(row);
    }
    let entity = work.lens.model.entity("ProgressMeasurement");
    let mut changed = vec![];
    for task in &tasks {
        let rows = stored.remove(&task.id).unwrap_or_default();
        let is_stale = |row: &Model| row.is_derived && Some(row.status_on) != task.actual_finish_on;
        let (stale, rows): (Vec<Model>, Vec<Model>) = rows.into_iter().partition(is_stale);
        for before in stale {
            facts.measured.get_mut(&task.id).and_then(|days| days.remove(&before.status_on));
            let after = Model { archived_at: Some(work.now), ..before.clone() };
            changed.push(Row::derived(entity, before, after));
        }
        let finish = task.actual_finish_on.filter(|finish| !rows.iter().any(|row| row.status_on >= *finish));
        if let (Some(on), Some(item)) = (finish, items.get(&task.item_id)) {
            let fresh = progress_write::of_task(work, task, item, on);
            let mut row = Model { is_derived: true, percent_complete: Some(WHOLE), ..fresh };
            row.earned_fraction = facts.fraction(&row);
            if let Some(days) = facts.measured.get_mut(&task.id) {
                days.insert(on, row.clone());
            }
            changed.push(Row::made(entity, row));
        }
    }
    Ok(changed)
}

/// Brings tasks up to their latest measurement. What is finished stays complete.
pub async fn keep_tasks(work: &mut Work<'_>, measured: &BTreeSet<Uuid>) -> Result<(), Error> {
    use progress_measurement::Column as C;
    let ids: Vec<Uuid> = measured.iter().copied().collect();
    let tasks = rows::lock::<task::Entity>(work, &ids).await?;
    let found = Measurements::find().filter(C::TaskId.is_in(ids)).filter(C::ArchivedAt.is_null());
    let found = found.order_by_asc(C::StatusOn).all(work.txn).await?;
    let latest: BTreeMap<Uuid, Model> = found.into_iter().map(|row| (row.task_id, row)).collect();
    let entity = work.lens.model.entity("Task");
    let mut changed = vec![];
    for (id, measurement) in latest {
        let Some(before) = tasks.get(&id) else { continue };
        let percent = measurement.percent_complete.filter(|_| before.actual_finish_on.is_none());
        let after = task::Model {
            percent_complete: percent.unwrap_or(before.percent_complete),
            physical_percent_complete: measurement.physical_percent_complete.or(before.physical_percent_complete),
            ..before.clone()
        };
        if after != *before {
            changed.push(Row::derived(entity, before.clone(), after));
        }
    }
    follow::<task::Entity>(work, changed).await
}
