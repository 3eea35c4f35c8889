//! Writing objectives: a tree of ten levels at most, and shares that follow from the weights of siblings. Whoever writes
//! one waits for whoever else does, so that the tree stays a tree and every share is of the sum that stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use entity::strategic_objective::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::rules::{self, ObjectiveState, WHOLE};
use crate::{
    auth::Step,
    error::Error,
    people::charge,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work,
        hierarchy::{Places, path},
        rows::{self, archived, follow, keys_are_free, open, save},
        usual,
    },
};

type Objectives = strategic_objective::Entity;
/// Objectives by id.
type Known = HashMap<Uuid, Model>;

/// Objectives from the top to the deepest.
const MAX_DEPTH: usize = 10;

/// The mutations of objectives.
pub fn mutations() -> Vec<Mutation> {
    usual("StrategicObjective", "strategicObjective", None, false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        work.alone().await?;
        let entity = work.lens.model.entity("StrategicObjective");
        let (scopes, needs) = (work.lens.caller.takes(Step::StrategySteer), Step::StrategySteer.as_str());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Objectives>(work, entity, &batch, scopes, needs).await?;
            let known = known(work).await?;
            archives_from_below(work, &rows, &known, action);
            return finish(work, rows, known, &batch, action).await;
        }
        let rows = open::<Objectives>(work, entity, &batch.items, blank).await?;
        rows::demand_new(work, &rows, scopes, needs);
        charge::are_here(work, &rows, &[("owner", "owner_id")]).await?;
        keys_are_free::<Objectives>(work, &rows, None).await?;
        for row in &rows {
            agrees(work, row);
        }
        let known = known(work).await?;
        stays_a_tree(work, &rows, &known);
        finish(work, rows, known, &batch, Action::Written).await
    }
    .boxed()
}

/// An objective of nothing yet, which weighs as much as any other of its kind.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        description: None,
        description_fold: None,
        horizon: None,
        state: ObjectiveState::Draft.as_str().to_owned(),
        weight: WHOLE,
        share: None,
        owner_id: None,
        parent_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// All objectives. An organization has some dozens, and nobody else writes one meanwhile.
async fn known(work: &Work<'_>) -> Result<Known, Error> {
    let all = Objectives::find().all(work.txn).await?;
    Ok(all.into_iter().map(|objective| (objective.id, objective)).collect())
}

/// What an objective says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if row.after.weight < 0 {
        let line = "A weight is 0 or more.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("weight"), line));
    }
    let states = row.before.as_ref().map(|before| [&before.state, &row.after.state].map(|s| ObjectiveState::parse(s)));
    if let Some([Some(from), Some(to)]) = states
        && from != to
        && !from.followers().contains(&to)
    {
        let line = format!("From {} it does not go to {}.", from.as_str(), to.as_str());
        let allowed: Vec<_> = from.followers().iter().map(|s| s.as_str()).collect();
        let error = UserError::new(UserCode::IllegalState, row.place("state"), line);
        work.fail(row, error.with("state", from.as_str()).with("allowed", allowed.join(",")));
    }
}

/// The archive is filled from below and emptied from above, as that of items.
fn archives_from_below(work: &mut Work<'_>, rows: &[Row<Model>], known: &Known, action: Action) {
    for row in rows {
        let is_open = |other: &&Model| other.parent_id == Some(row.after.id) && other.archived_at.is_none();
        let parent = row.after.parent_id.and_then(|id| known.get(&id));
        let line = match action {
            Action::Archived if known.values().any(|o| is_open(&o)) => "What is part of it is archived first.",
            Action::Unarchived if parent.is_some_and(|p| p.archived_at.is_some()) => {
                "What it is part of is taken out of the archive first."
            }
            _ => continue,
        };
        work.fail(row, UserError::rule(row.path.clone(), "ARCHIVED_FROM_BELOW", line));
    }
}

/// Refuses rows that would stand below themselves, too deep, or below what is archived. What cannot go stays where it is
/// and may then stand in another's way: so until all of them stand.
fn stays_a_tree(work: &mut Work<'_>, rows: &[Row<Model>], known: &Known) {
    loop {
        let mut places: Places = known.values().map(|o| (o.id, o.parent_id)).collect();
        places.extend(rows.iter().filter(|r| !work.has_failed(r.index)).map(|r| (r.after.id, r.after.parent_id)));
        let wrong = misplaced(work, rows, known, &places);
        if wrong.is_empty() {
            return;
        }
        for (at, error) in wrong {
            work.fail(&rows[at], error);
        }
    }
}

fn misplaced(work: &Work<'_>, rows: &[Row<Model>], known: &Known, places: &Places) -> Vec<(usize, UserError)> {
    let is_moved = |row: &Row<Model>| row.before.as_ref().is_none_or(|before| before.parent_id != row.after.parent_id);
    let moved: BTreeMap<usize, Uuid> = (0..rows.len())
        .filter(|at| is_moved(&rows[*at]) && !work.has_failed(rows[*at].index))
        .map(|at| (at, rows[at].after.id))
        .collect();
    let rule = |at: usize, line: &str| (at, UserError::rule(rows[at].place("parent"), "HIERARCHY", line));
    // First the rings: who hangs below one is not to blame for it.
    let is_ring = |id: Uuid| path(places, id, MAX_DEPTH).last().and_then(|top| places.get(top)) == Some(&Some(id));
    let rings = moved.iter().filter(|(_, id)| is_ring(**id));
    let rings: Vec<_> = rings.map(|(at, _)| rule(*at, "An objective is no part of itself.")).collect();
    if !rings.is_empty() {
        return rings;
    }
    let mut wrong = BTreeMap::new();
    for id in places.keys() {
        let path = path(places, *id, MAX_DEPTH);
        if path.len() > MAX_DEPTH
            && let Some((at, _)) = moved.iter().find(|(_, moved)| path.contains(moved))
        {
            wrong.extend([rule(*at, "The tree would be deeper than ten objectives.")]);
        }
    }
    for at in moved.keys() {
        let parent = rows[*at].after.parent_id.and_then(|id| known.get(&id));
        if parent.is_some_and(|parent| parent.archived_at.is_some()) {
            let line = "Nothing is put below an archived objective.";
            wrong.insert(*at, UserError::new(UserCode::IllegalState, rows[*at].place("parent"), line));
        }
    }
    wrong.into_iter().collect()
}

/// Saves the rows, and with them whatever share changes by them.
async fn finish(
    work: &mut Work<'_>,
    mut rows: Vec<Row<Model>>,
    mut known: Known,
    batch: &Batch,
    action: Action,
) -> Result<Done, Error> {
    if work.rejects(batch) {
        return save::<Objectives>(work, rows, batch, action).await;
    }
    let mut parents = BTreeSet::new();
    for row in rows.iter().filter(|row| !work.has_failed(row.index)) {
        parents.extend(row.before.iter().chain([&row.after]).map(|o| o.parent_id));
        known.insert(row.after.id, row.after.clone());
    }
    let shares = shares_below(&known, &parents);
    for row in &mut rows {
        row.after.share = shares.get(&row.after.id).copied().unwrap_or(row.after.share);
    }
    let named: BTreeSet<Uuid> = rows.iter().filter(|row| !work.has_failed(row.index)).map(|row| row.after.id).collect();
    let entity = work.lens.model.entity("StrategicObjective");
    let siblings = shares.iter().filter(|(id, share)| !named.contains(id) && known[*id].share != **share);
    let siblings = siblings
        .map(|(id, share)| Row::derived(entity, known[id].clone(), Model { share: *share, ..known[id].clone() }));
    let siblings = siblings.collect();
    let done = save::<Objectives>(work, rows, batch, action).await?;
    follow::<Objectives>(work, siblings).await?;
    Ok(done)
}

/// The share of every objective right below these, or at the top.
fn shares_below(known: &Known, parents: &BTreeSet<Option<Uuid>>) -> BTreeMap<Uuid, Option<i64>> {
    let mut out = BTreeMap::new();
    for parent in parents {
        let all: Vec<&Model> = known.values().filter(|o| o.parent_id == *parent).collect();
        let takes = |o: &Model| {
            o.archived_at.is_none() && ObjectiveState::parse(&o.state).is_some_and(ObjectiveState::takes_share)
        };
        let (with, without): (Vec<&Model>, Vec<&Model>) = all.into_iter().partition(|o| takes(o));
        let weights: Vec<i64> = with.iter().map(|o| o.weight).collect();
        match rules::shares(&weights) {
            Some(shares) => out.extend(with.iter().map(|o| o.id).zip(shares.into_iter().map(Some))),
            None => out.extend(with.iter().map(|o| (o.id, None))),
        }
        out.extend(without.iter().map(|o| (o.id, None)));
    }
    out
}
