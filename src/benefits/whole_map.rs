//! `benefitsMap`: the benefits map of an item with all below it, in one answer.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::map::place;
use crate::{
    error::{Code, Error},
    graph::{
        Cell, ColumnType, ListType, Param, Row,
        decl::{Answer, Asking, Price},
        encode_id,
    },
    write::{Member, PlainType, Shape},
};

/// Most nodes of a map.
const MOST_NODES: usize = 1_000;

/// Most edges of a map.
const MOST_EDGES: usize = 5_000;

/// The field of items.
pub fn answer() -> Answer {
    Answer {
        name: "benefitsMap",
        doc: "The benefits map of the item with all below it, as far as the caller may read it: at most 1,000 nodes and 5,000 edges. What is archived is not on it.",
        args: vec![],
        ty: "BenefitsMap!",
        price: |question| Price {
            own: question.parents.saturating_mul(MOST_NODES),
            names: question.parents.saturating_mul(MOST_NODES),
        },
        run,
    }
}

/// Its type.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![PlainType {
        name: "BenefitsMap",
        doc: "How what an item and all below it deliver leads to benefits and objectives.",
        shape: Shape::Object(vec![
            member(
                "nodes",
                "[BenefitsMapNode!]",
                "What stands on it, in the order of kinds, then of keys; masked for who may not read benefits.",
            ),
            member(
                "edges",
                "[BenefitsMapEdge!]",
                "What leads to what among these nodes, in the order of the nodes that lead there, then of those that they lead to; masked likewise.",
            ),
        ]),
    }]
}

/// The place of a node on the map: its kind's, then its key.
type Place = (usize, String);

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let nodes = nodes(asking, &items).await?;
        let edges = edges(asking, &nodes).await?;
        let node = asking.model.entity("BenefitsMapNode").prefix.unwrap_or_default();
        let edge = asking.model.entity("BenefitsMapEdge").prefix.unwrap_or_default();
        let nothing = HashMap::new();
        let of = |item: &Uuid| {
            let places = nodes.get(item).unwrap_or(&nothing);
            let mut shown: Vec<(&Place, &Uuid)> = places.iter().map(|(id, place)| (place, id)).collect();
            shown.sort_unstable();
            let leads = |(from, to, id)| Some((places.get(from)?, places.get(to)?, id));
            let leading = places.keys().flat_map(|from| edges.get(from).into_iter().flatten().map(move |e| (from, e)));
            let mut between: Vec<(&Place, &Place, &Uuid)> =
                leading.filter_map(|(from, (to, id))| leads((from, to, id))).collect();
            between.sort_unstable();
            if shown.len() > MOST_NODES || between.len() > MOST_EDGES {
                let line = format!("A map has at most {MOST_NODES} nodes and {MOST_EDGES} edges; ask an item below.");
                return Err(Error::new(Code::ResultTooLarge, line));
            }
            Ok(json!({
                "nodes": shown.iter().map(|(_, id)| encode_id(node, **id)).collect::<Vec<_>>(),
                "edges": between.iter().map(|(.., id)| encode_id(edge, **id)).collect::<Vec<_>>(),
            }))
        };
        items.iter().map(of).collect()
    }
    .boxed()
}

/// The nodes on the map of each item that the caller may read, with their places.
async fn nodes(asking: &mut Asking<'_, '_>, items: &[Uuid]) -> Result<HashMap<Uuid, HashMap<Uuid, Place>>, Error> {
    let (node, item) = (asking.model.entity("BenefitsMapNode"), asking.model.entity("PortfolioItem"));
    let rights = asking.session.caller.rights.clone();
    let mut found: HashMap<Uuid, HashMap<Uuid, Place>> = HashMap::new();
    if rights.read(node.class).is_empty() {
        return Ok(found);
    }
    let keys: Arc<[Uuid]> = items.into();
    let mut sql = asking.session.sql();
    sql.push(
        "SELECT a.ancestor_id, t0.id, t0.kind, t0.key FROM item_ancestor a JOIN portfolio_item t1 ON t1.id = a.item_id",
    );
    sql.push(" JOIN benefits_map_node t0 ON t0.item_id = t1.id WHERE t0.archived_at IS NULL AND a.ancestor_id");
    sql.is_any(ListType::Id, Param::Keys);
    sql.visible(0, node, rights.read(node.class), " AND ");
    sql.visible(1, item, rights.read(item.class), " AND ");
    for row in asking.session.all(&sql.finish(), &keys).await? {
        let (Cell::Text(kind), Cell::Text(key)) = (row.at(2, ColumnType::Text), row.at(3, ColumnType::Text)) else {
            continue;
        };
        found.entry(id(&row, 0)).or_default().insert(id(&row, 1), (place(kind), key.to_owned()));
    }
    Ok(found)
}

/// What leads from these nodes to others that the caller may read: by node where to, and the edge.
async fn edges(
    asking: &mut Asking<'_, '_>,
    nodes: &HashMap<Uuid, HashMap<Uuid, Place>>,
) -> Result<HashMap<Uuid, Vec<(Uuid, Uuid)>>, Error> {
    let edge = asking.model.entity("BenefitsMapEdge");
    let from: BTreeSet<Uuid> = nodes.values().flat_map(HashMap::keys).copied().collect();
    let mut found: HashMap<Uuid, Vec<(Uuid, Uuid)>> = HashMap::new();
    if from.is_empty() {
        return Ok(found);
    }
    let keys: Arc<[Uuid]> = from.into_iter().collect();
    let scopes = asking.session.caller.rights.read(edge.class);
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.from_id, t0.to_id, t0.id FROM benefits_map_edge t0 WHERE t0.from_id");
    sql.is_any(ListType::Id, Param::Keys);
    sql.visible(0, edge, scopes, " AND ");
    for row in asking.session.all(&sql.finish(), &keys).await? {
        found.entry(id(&row, 0)).or_default().push((id(&row, 1), id(&row, 2)));
    }
    Ok(found)
}

fn id(row: &Row, at: usize) -> Uuid {
    match row.at(at, ColumnType::Id) {
        Cell::Id(id) => Uuid::from_bytes(id),
        _ => Uuid::nil(),
    }
}
