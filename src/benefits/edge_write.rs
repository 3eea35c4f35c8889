//! Writing what leads to what on the benefits map, by who may write both ends. Edges lead forward and never around, whoever
//! writes at the same time: their writers queue.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    benefits_map_edge::{self, Column as E, Model},
    benefits_map_node::{self, Model as Node},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::{
    auth::Class,
    error::Error,
    graph::value::WHOLE,
    write::{
        Action, Done, Mutation, Path, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, open, remove, save},
        written,
    },
};

type Edges = benefits_map_edge::Entity;
type Nodes = benefits_map_node::Entity;

/// The mutations of edges.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single, needs) = ("BenefitsMapEdge", "benefitsMapEdge", Some(Class::Ben.write()));
    let mut all = written(entity, single, needs, write);
    all.push(delete(entity, single, needs, format!("Removes a {entity}. Nothing of it is left but its trail."), write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        // Two edges that are fine apart may lead around together.
        work.alone().await?;
        let entity = work.lens.model.entity("BenefitsMapEdge");
        let mut rows = open::<Edges>(work, entity, &batch.items, blank).await?;
        let ends: Vec<Uuid> = rows.iter().flat_map(|row| [row.after.from_id, row.after.to_id]).collect();
        let nodes = rows::lock::<Nodes>(work, &ends).await?;
        both_are_hers(work, &rows, &nodes).await?;
        ends_are_open(work, &rows, &nodes).await?;
        if work.mutation.verb == Verb::Delete {
            return remove::<Edges>(work, rows, &batch).await;
        }
        for row in &mut rows {
            if let (Some(from), Some(to)) = (nodes.get(&row.after.from_id), nodes.get(&row.after.to_id)) {
                of_item::take(row, from, &[]);
                row.after.to_item_id = to.item_id;
                row.after.to_portfolio_id = to.portfolio_id;
                row.after.is_to_restricted = to.is_restricted;
                row.after.is_draft = from.is_draft && to.is_draft;
                agrees(work, row, from, to);
            }
        }
        lead_nowhere_back(work, &rows).await?;
        save::<Edges>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// From nothing to nothing, counting as much as any other.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        from_id: Uuid::nil(),
        to_id: Uuid::nil(),
        weight: WHOLE,
        note: None,
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        to_item_id: Uuid::nil(),
        to_portfolio_id: None,
        is_to_restricted: false,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

fn place(row: &Row<Model>, field: &str) -> Path {
    if row.before.is_none() { row.place(field) } else { row.named_at.clone() }
}

/// Refuses edges of which the caller may not write both ends.
async fn both_are_hers(work: &mut Work<'_>, rows: &[Row<Model>], nodes: &HashMap<Uuid, Node>) -> Result<(), Error> {
    let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Ben.write()), Class::Ben.write());
    let ids: Vec<Uuid> = nodes.keys().copied().collect();
    let held = work.lens.holds(work.lens.model.entity("BenefitsMapNode"), &ids, &[scopes]).await?;
    for row in rows {
        for (field, id) in [("from", row.after.from_id), ("to", row.after.to_id)] {
            // A new edge that leads nowhere she sees is refused by that link.
            let is_named = row.before.is_some() || row.gives(field);
            if is_named && !held.get(&id).is_some_and(|held| held[0]) && !work.is_refused(row.index) {
                let line = format!("An edge of a node needs {needs} on it.");
                work.fail(row, UserError::new(UserCode::Forbidden, place(row, field), line).with("needs", needs));
            }
        }
    }
    Ok(())
}

/// Refuses edges of what is archived, but for taking them away.
async fn ends_are_open(work: &mut Work<'_>, rows: &[Row<Model>], nodes: &HashMap<Uuid, Node>) -> Result<(), Error> {
    let archived = of_item::archived(work, nodes.values().map(|node| node.item_id)).await?;
    let removes = work.mutation.verb == Verb::Delete;
    for row in rows {
        for (field, id) in [("from", row.after.from_id), ("to", row.after.to_id)] {
            let is_closed = |node: &Node| archived.contains(&node.item_id) || (node.archived_at.is_some() && !removes);
            if nodes.get(&id).is_some_and(is_closed) && !work.has_failed(row.index) {
                let line = "The node or its item is archived; take it out of the archive first.";
                work.fail(row, UserError::new(UserCode::Immutable, place(row, field), line));
            }
        }
    }
    Ok(())
}

/// What an edge says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>, from: &Node, to: &Node) {
    if row.after.weight <= 0 {
        let line = "A weight is above 0.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("weight"), line));
    }
    if row.before.is_none() && !rules::leads(&from.kind, &to.kind) && !work.is_refused(row.index) {
        let line = format!("On a benefits map nothing leads from {} to {}.", from.kind, to.kind);
        work.fail(row, UserError::rule(row.place("to"), "MAP_ORDER", line));
    }
}

/// Refuses new edges between two nodes that have one, and those that would lead back to where they begin. Of several in a
/// list the last is to blame.
async fn lead_nowhere_back(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let mut edges = around(work, rows.iter().filter(|row| row.before.is_none())).await?;
    for row in rows.iter().filter(|row| row.before.is_none()) {
        if work.has_failed(row.index) {
            continue;
        }
        let (from, to) = (row.after.from_id, row.after.to_id);
        if edges.get(&from).is_some_and(|ends| ends.contains(&to)) {
            let line = "The one leads to the other already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("to"), line));
        } else if leads_to(&edges, to, from) {
            let line = "This would lead back to where it begins.";
            work.fail(row, UserError::rule(row.place("to"), "MAP_CYCLE", line));
        } else {
            edges.entry(from).or_default().push(to);
        }
    }
    Ok(())
}

/// Where each node leads, of all that can be reached from the ends of these edges: a statement for each step away.
async fn around(work: &Work<'_>, rows: impl Iterator<Item = &Row<Model>>) -> Result<HashMap<Uuid, Vec<Uuid>>, Error> {
    let mut seen: HashSet<Uuid> = rows.flat_map(|row| [row.after.from_id, row.after.to_id]).collect();
    let mut front: Vec<Uuid> = seen.iter().copied().collect();
    let mut edges: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    while !front.is_empty() {
        let stored = Edges::find().select_only().columns([E::FromId, E::ToId]);
        let stored = stored.filter(E::FromId.is_in(std::mem::take(&mut front)));
        for (from, to) in stored.into_tuple::<(Uuid, Uuid)>().all(work.txn).await? {
            edges.entry(from).or_default().push(to);
            if seen.insert(to) {
                front.push(to);
            }
        }
    }
    Ok(edges)
}

/// Whether a node is another, or leads to it.
fn leads_to(edges: &HashMap<Uuid, Vec<Uuid>>, from: Uuid, to: Uuid) -> bool {
    let (mut seen, mut front) = (HashSet::from([from]), vec![from]);
    while let Some(at) = front.pop() {
        if at == to {
            return true;
        }
        front.extend(edges.get(&at).into_iter().flatten().filter(|next| seen.insert(**next)));
    }
    false
}
