//! Writing the benefits map. Edges lead forward and never around, whoever writes at the same time: their writers queue.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    benefit,
    benefits_map_edge::{self, Column as E},
    benefits_map_node::{self, Column as N, Model as Node},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    auth::Class,
    error::Error,
    people::charge,
    write::{
        Action, Batch, Done, Mutation, Row, UserError, Work, of_item,
        rows::{self, archived, follow, keys_are_free, open, save},
        usual,
    },
};

type Nodes = benefits_map_node::Entity;
type Edges = benefits_map_edge::Entity;

/// The mutations of nodes.
pub fn mutations() -> Vec<Mutation> {
    usual("BenefitsMapNode", "benefitsMapNode", Some(Class::Ben.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("BenefitsMapNode");
        let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Ben.write()), Class::Ben.write().to_string());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Nodes>(work, entity, &batch, scopes, &needs).await?;
            of_item::items_are_open(work, &rows).await?;
            return finish(work, rows, &batch, action).await;
        }
        let mut rows = open::<Nodes>(work, entity, &batch.items, blank).await?;
        let items = of_item::items_of_new(work, &rows, scopes.of_new(), &needs).await?;
        of_item::items_are_open(work, &rows).await?;
        keys_are_free::<Nodes>(work, &rows, None).await?;
        charge::are_here(work, &rows, &[("owner", "owner_id")]).await?;
        let linked: Vec<Uuid> = rows.iter().filter_map(|row| row.after.benefit_id).collect();
        // Locked, or it could be approved before this node stands for it.
        let linked = benefit::Entity::find().filter(benefit::Column::Id.is_in(linked));
        let linked = linked.order_by_asc(benefit::Column::Id).lock_shared().all(work.txn).await?;
        let drafts: HashMap<Uuid, bool> = linked.into_iter().map(|benefit| (benefit.id, benefit.is_draft)).collect();
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                of_item::take_scope(row, item);
            }
            row.after.is_draft = row.after.benefit_id.and_then(|id| drafts.get(&id).copied()).unwrap_or(true);
            agrees(work, row);
        }
        finish(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A node of nothing.
pub fn blank(work: &Work<'_>) -> Node {
    Node {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        kind: String::new(),
        description: None,
        owner_id: None,
        benefit_id: None,
        objective_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A node stands for what its kind says.
fn agrees(work: &mut Work<'_>, row: &Row<Node>) {
    for (field, kind, id) in
        [("benefit", "BENEFIT", row.after.benefit_id), ("objective", "OBJECTIVE", row.after.objective_id)]
    {
        if id.is_some() && row.after.kind != kind && row.gives(field) {
            let line = format!("A node of kind {} stands for no {field}.", row.after.kind);
            work.fail(row, UserError::rule(row.place(field), "MAP_KIND", line));
        }
    }
}

/// Saves the nodes, and with them the edges whose standing follows.
async fn finish(work: &mut Work<'_>, rows: Vec<Row<Node>>, batch: &Batch, action: Action) -> Result<Done, Error> {
    let written = rows.iter().filter(|row| !work.rejects(batch) && !work.has_failed(row.index));
    let changed = written.filter(|row| row.before.as_ref().is_some_and(|b| b.is_draft != row.after.is_draft));
    let changed: Vec<Uuid> = changed.map(|row| row.after.id).collect();
    let done = save::<Nodes>(work, rows, batch, action).await?;
    follow_nodes(work, &changed).await?;
    Ok(done)
}

/// Brings the nodes of benefits, and what leads there and from there, up to whether these are drafts.
pub async fn follow_benefits(work: &mut Work<'_>, changed: &HashMap<Uuid, benefit::Model>) -> Result<(), Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let nodes = Nodes::find().filter(N::BenefitId.is_in(changed.keys().copied())).order_by_asc(N::Id);
    let nodes = nodes.lock_exclusive().all(work.txn).await?;
    let entity = work.lens.model.entity("BenefitsMapNode");
    let rows = nodes.into_iter().filter_map(|before| {
        let is_draft = changed.get(&before.benefit_id?)?.is_draft;
        let after = Node { is_draft, ..before.clone() };
        (after != before).then(|| Row::derived(entity, before, after))
    });
    let rows: Vec<Row<Node>> = rows.collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.after.id).collect();
    follow::<Nodes>(work, rows).await?;
    follow_nodes(work, &ids).await
}

async fn follow_nodes(work: &mut Work<'_>, changed: &[Uuid]) -> Result<(), Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let at = Condition::any().add(E::FromId.is_in(changed.iter().copied())).add(E::ToId.is_in(changed.iter().copied()));
    let edges = Edges::find().filter(at).order_by_asc(E::Id).lock_exclusive().all(work.txn).await?;
    let ends: HashSet<Uuid> = edges.iter().flat_map(|edge| [edge.from_id, edge.to_id]).collect();
    let ends = Nodes::find().select_only().columns([N::Id, N::IsDraft]).filter(N::Id.is_in(ends));
    let drafts: HashMap<Uuid, bool> = ends.into_tuple().all(work.txn).await?.into_iter().collect();
    let is_draft = |id: &Uuid| drafts.get(id).copied().unwrap_or_default();
    let entity = work.lens.model.entity("BenefitsMapEdge");
    let rows = edges.into_iter().filter_map(|before| {
        let is_draft = is_draft(&before.from_id) && is_draft(&before.to_id);
        let after = benefits_map_edge::Model { is_draft, ..before.clone() };
        (after != before).then(|| Row::derived(entity, before, after))
    });
    let rows = rows.collect();
    rows::follow::<Edges>(work, rows).await
}
