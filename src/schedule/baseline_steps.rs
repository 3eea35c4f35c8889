//! The steps of a baseline's life: handed in when it is whole, approved by another than who did or who runs the project, and
//! then superseding the one before.

use std::collections::{BTreeMap, HashMap};

use async_graphql_value::ConstValue;
use entity::{
    baseline::{self, Column as C, Model},
    baseline_period_value, portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::baseline_write::{PEN, items_of, open_to};
use crate::{
    auth::{Step, steps::Duty},
    error::Error,
    finance::{check_note, rules::VersionState as State},
    write::{
        Action, Done, Member, Mutation, Row, UserCode, UserError, Verb, Work, duty, input,
        rows::{self, follow, save},
    },
};

type Baselines = baseline::Entity;

/// The mutations that take a step.
pub fn mutations() -> Vec<Mutation> {
    let note = Member { name: "note", ty: "String", doc: "Why it is decided so, at most 4,000 characters." };
    let act = |ending: &str, doc: &str, input, run| Mutation {
        name: format!("baseline{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "Baseline",
        verb: Verb::Act,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    vec![
        act(
            "Submit",
            "Hands a draft in for approval: from then on nothing of it changes. It has items by then, and the increments of an item sum to its cost.",
            vec![],
            submit,
        ),
        act(
            "Approve",
            "Approves a submitted baseline: it is the project's baseline of its kind from now on, and the one before is superseded. Never by who submitted it, nor by the project's manager.",
            vec![note.clone()],
            approve,
        ),
        act("Reject", "Rejects a submitted baseline.", vec![note], reject),
    ]
}

/// Whether the state may follow, for who may know it.
fn may_become(work: &mut Work<'_>, row: &Row<Model>, to: State) -> bool {
    if work.is_refused(row.index) {
        return false;
    }
    let is_next = to.leads().any(|from| from == row.after.state);
    if !is_next {
        let line = format!("A baseline that is {} does not become {}.", row.after.state, to.as_str());
        let error = UserError::new(UserCode::IllegalState, row.path.clone(), line).with("state", &row.after.state);
        work.fail(row, error.with("allowed", to.leads().collect::<Vec<_>>().join(",")));
    }
    is_next
}

fn submit<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open_to(work, &batch, PEN).await?;
        for row in &mut rows {
            if !may_become(work, row, State::Submitted) {
                continue;
            }
            is_whole(work, row).await?;
            State::Submitted.as_str().clone_into(&mut row.after.state);
            row.after.submitted_at = Some(work.now);
            row.after.submitted_by_id = work.lens.caller.person;
            row.after.submitted_principal = Some(work.principal.clone());
        }
        save::<Baselines>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Refuses a baseline without items, and one in which increments do not sum to what they divide. Whoever writes them waits
/// for the baseline's row, which is locked.
async fn is_whole(work: &mut Work<'_>, row: &Row<Model>) -> Result<(), Error> {
    use baseline_period_value::Column as V;
    let items = items_of(work, std::iter::once(row.after.id)).await?.remove(&row.after.id).unwrap_or_default();
    if items.is_empty() {
        let line = "A baseline is submitted with items.";
        work.fail(row, UserError::rule(row.path.clone(), "BASELINE_ITEMS", line));
    }
    let values = baseline_period_value::Entity::find().filter(V::BaselineId.eq(row.after.id)).all(work.txn).await?;
    let mut by_item: BTreeMap<Uuid, Vec<baseline_period_value::Model>> = BTreeMap::new();
    for value in values {
        by_item.entry(value.baseline_item_id).or_default().push(value);
    }
    let open = items.iter().filter(|item| {
        let Some(values) = by_item.get(&item.id) else { return false };
        let cost: i128 = values.iter().filter_map(|value| value.planned_amount).map(i128::from).sum();
        let divided: Vec<i64> = values.iter().filter_map(|value| value.work_minutes).map(i64::from).collect();
        let work = item.work_minutes.map(i64::from).unwrap_or_default();
        cost != i128::from(item.cost_amount.unwrap_or_default())
            || (!divided.is_empty() && divided.iter().sum::<i64>() != work)
    });
    let open = open.count();
    if open > 0 {
        let line = "The increments of an item sum to its cost and its work.";
        work.fail(row, UserError::rule(row.path.clone(), "PERIODS_SUM", line).with("items", open));
    }
    Ok(())
}

fn approve<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    decide(work, input, State::Approved)
}

fn reject<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    decide(work, input, State::Rejected)
}

fn decide<'a>(work: &'a mut Work<'_>, input: &'a ConstValue, to: State) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let note = input::text(input, "note");
        let step = Step::BaselineApprove;
        let mut rows = open_to(work, &batch, step).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
        // Two who approve for the same project wait for each other here.
        let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
        let mut superseded = vec![];
        for row in &mut rows {
            if !may_become(work, row, to) {
                continue;
            }
            if let Some(note) = note.as_deref() {
                check_note(work, row, row.path.at("note"), note);
            }
            if to == State::Approved {
                stands_apart(work, row, &items).await?;
                superseded.extend(former(work, row).await?);
                row.after.approved_at = Some(work.now);
                row.after.approved_by_id = work.lens.caller.person;
            }
            to.as_str().clone_into(&mut row.after.state);
            row.after.decision_note.clone_from(&note);
        }
        // One of a kind is in force at a time: the former gives way first.
        if !work.rejects(&batch) {
            follow::<Baselines>(work, superseded).await?;
        }
        save::<Baselines>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Who submitted a baseline does not approve it, nor does who runs the project.
async fn stands_apart(
    work: &mut Work<'_>,
    row: &Row<Model>,
    items: &HashMap<Uuid, portfolio_item::Model>,
) -> Result<(), Error> {
    let me = work.lens.caller.person;
    let runs_it = items.get(&row.after.item_id).is_some_and(|item| me.is_some() && item.project_manager_id == me);
    let submitter = row.after.submitted_principal.as_deref();
    let handed_in = duty::is_caller(work, row.after.submitted_by_id, submitter).await?;
    for (is_mine, mine, line) in [
        (handed_in, Duty::Submitter, "Who submitted a baseline does not approve it."),
        (runs_it, Duty::ProjectManager, "Who manages a project does not approve its baselines."),
    ] {
        if is_mine && Step::BaselineApprove.barred().contains(&mine) {
            let error = UserError::new(UserCode::Forbidden, row.path.clone(), line);
            let error = error.with("needs", Step::BaselineApprove.as_str());
            work.fail(row, error.with("conflictOfDuty", mine.as_str()));
        }
    }
    Ok(())
}

/// The baseline that gives way. One that is older than it is refused.
async fn former(work: &mut Work<'_>, row: &Row<Model>) -> Result<Option<Row<Model>>, Error> {
    let of = Baselines::find().filter(C::ItemId.eq(row.after.item_id)).filter(C::Kind.eq(&row.after.kind));
    let of = of.filter(C::State.eq(State::Approved.as_str())).order_by_asc(C::Id).lock_exclusive();
    let Some(before) = of.one(work.txn).await? else { return Ok(None) };
    if before.revision > row.after.revision {
        let line = "A later baseline is in force.";
        let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
        work.fail(row, error.with("state", &row.after.state));
    }
    let after = Model { state: State::Superseded.as_str().to_owned(), superseded_at: Some(work.now), ..before.clone() };
    Ok(Some(Row::derived(row.entity, before, after)))
}
