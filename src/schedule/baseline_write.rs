//! Writing baselines: drafts, which go with all that they hold, and the way into the archive. Their steps are in
//! `baseline_steps`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    baseline::{self, Model},
    baseline_item, baseline_period_value,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter};
use uuid::Uuid;

use super::baseline_steps;
use crate::{
    auth::Step,
    error::Error,
    finance::{rules::VersionState as State, versions},
    write::{
        Action, Batch, Done, Mutation, Path, Row, Work, delete, of_item,
        rows::{self, archived, drop_rows, follow, open, save},
        usual,
    },
};

type Baselines = baseline::Entity;

/// What writing a baseline needs.
pub const PEN: Step = Step::BaselineSubmit;

/// The mutations of baselines.
pub fn mutations() -> Vec<Mutation> {
    let gone =
        "Removes a Baseline, with its items and increments, while it is a draft. Nothing of it is left but its trail.";
    let mut all = usual("Baseline", "baseline", None, false, write);
    all.push(delete("Baseline", "baseline", None, gone.to_owned(), remove));
    all.extend(baseline_steps::mutations());
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, scopes) = (work.lens.model.entity("Baseline"), work.lens.caller.takes(PEN));
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Baselines>(work, entity, &batch, scopes, PEN.as_str()).await?;
            let line = "A baseline that is in force or waits for approval is not archived.";
            versions::stays(work, &rows, action, &["SUBMITTED", "APPROVED"], line);
            return save::<Baselines>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Baselines>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        for row in rows.iter().filter(|row| row.before.is_some()) {
            is_draft(work, row, &row.after, row.named_at.clone());
        }
        versions::number::<Baselines>(work, &mut rows, scopes, PEN.as_str()).await?;
        for row in &rows {
            of_item::money_agrees(work, row);
        }
        save::<Baselines>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A draft of nothing yet, as of today.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        revision: 0,
        name: None,
        kind: "PERFORMANCE".to_owned(),
        level: "WORK_PACKAGE".to_owned(),
        state: State::Draft.as_str().to_owned(),
        as_of_on: work.now.date_naive(),
        note: None,
        currency: String::new(),
        completion_amount: 0,
        reserve_amount: None,
        start_on: None,
        finish_on: None,
        reported_portfolio_id: None,
        submitted_at: None,
        submitted_by_id: None,
        submitted_principal: None,
        approved_at: None,
        approved_by_id: None,
        superseded_at: None,
        decision_note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Refuses what is written of a baseline that is no draft any more.
pub fn is_draft<M>(work: &mut Work<'_>, row: &Row<M>, of: &Model, path: Path) {
    if of.state != State::Draft.as_str() && !work.is_refused(row.index) {
        of_item::immutable(work, row, path, "Baseline", &of.state);
    }
}

/// The baselines that a step is about, for who may take it.
pub async fn open_to(work: &mut Work<'_>, batch: &Batch, step: Step) -> Result<Vec<Row<Model>>, Error> {
    let rows = open::<Baselines>(work, work.lens.model.entity("Baseline"), &batch.items, blank).await?;
    rows::demand(work, &rows, work.lens.caller.takes(step), step.as_str()).await?;
    of_item::items_are_open(work, &rows).await?;
    Ok(rows)
}

fn remove<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to(work, &batch, PEN).await?;
        for row in &rows {
            is_draft(work, row, &row.after, row.named_at.clone());
        }
        if !work.rejects(&batch) {
            use baseline_item::Column as I;
            use baseline_period_value::Column as V;
            let of: Vec<Uuid> = rows.iter().map(|row| row.after.id).collect();
            let values = baseline_period_value::Entity::find().filter(V::BaselineId.is_in(of.clone()));
            let values = values.all(work.txn).await?;
            let items = baseline_item::Entity::find().filter(I::BaselineId.is_in(of)).all(work.txn).await?;
            let values = gone(work, "BaselinePeriodValue", values);
            drop_rows::<baseline_period_value::Entity>(work, values).await?;
            let items = gone(work, "BaselineItem", items);
            drop_rows::<baseline_item::Entity>(work, items).await?;
        }
        rows::remove::<Baselines>(work, rows, &batch).await
    }
    .boxed()
}

/// Rows that go with another.
pub fn gone<M: ModelTrait + Clone>(work: &Work<'_>, entity: &str, models: Vec<M>) -> Vec<Row<M>> {
    let entity = work.lens.model.entity(entity);
    models.into_iter().map(|model| Row::derived(entity, model.clone(), model)).collect()
}

/// What the items of a baseline come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Their cost, in 1/10,000.
    pub cost: i64,
    /// Their first day.
    pub start: Option<NaiveDate>,
    /// Their last day.
    pub finish: Option<NaiveDate>,
}

impl Sums {
    /// Over these items; none where the cost cannot be kept.
    pub fn over<'i>(mut items: impl Iterator<Item = &'i baseline_item::Model>) -> Option<Self> {
        items.try_fold(Self::default(), |sums, item| {
            Some(Self {
                cost: sums.cost.checked_add(item.cost_amount.unwrap_or_default())?,
                start: Some(sums.start.map_or(item.start_on, |start| start.min(item.start_on))),
                finish: Some(sums.finish.map_or(item.finish_on, |finish| finish.max(item.finish_on))),
            })
        })
    }

    /// The baseline with them.
    pub fn of(self, baseline: &Model) -> Model {
        Model { completion_amount: self.cost, start_on: self.start, finish_on: self.finish, ..baseline.clone() }
    }
}

/// Brings baselines up to what their items come to.
pub async fn keep(
    work: &mut Work<'_>,
    baselines: &HashMap<Uuid, Model>,
    sums: BTreeMap<Uuid, Sums>,
) -> Result<(), Error> {
    let entity = work.lens.model.entity("Baseline");
    let changed = sums.into_iter().filter_map(|(id, sums)| {
        let before = baselines.get(&id)?;
        let after = sums.of(before);
        (after != *before).then(|| Row::derived(entity, before.clone(), after))
    });
    let changed = changed.collect();
    follow::<Baselines>(work, changed).await
}

/// The items of baselines, by baseline.
pub async fn items_of(
    work: &Work<'_>,
    baselines: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, Vec<baseline_item::Model>>, Error> {
    use baseline_item::Column as I;
    let of: BTreeSet<Uuid> = baselines.collect();
    let found = baseline_item::Entity::find().filter(I::BaselineId.is_in(of.clone())).all(work.txn).await?;
    let mut items: BTreeMap<Uuid, Vec<baseline_item::Model>> = of.into_iter().map(|id| (id, vec![])).collect();
    for item in found {
        items.entry(item.baseline_id).or_default().push(item);
    }
    Ok(items)
}
