//! The benefits map: what may lead to what, who writes it, and who sees it.

use entity::{benefits_map_edge, benefits_map_node};
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, made, prepared};
use crate::support::{
    api_keys,
    client::Client,
    dump::dump,
    writes::{audit, change, faults, item_id, param, request_key, sql, statuses},
};

const EDGE: &str = "benefitsMapEdgeCreate";
const KINDS: [&str; 5] = ["OUTPUT", "CHANGE", "OUTCOME", "BENEFIT", "OBJECTIVE"];

tests! {
    async fn edges_lead_forward_and_never_around(world: &World) {
        let (db, lead) = prepared(world).await;
        for kind in KINDS {
            for nth in ["1", "2", "3"] {
                node(&db, &lead, &format!("{kind}-{nth}"), kind, "PR-001", json!({})).await;
            }
        }
        // The table of what leads to what, by hand.
        let allowed = ["11111", "01111", "00111", "00001", "00000"];
        for (from, row) in KINDS.iter().zip(allowed) {
            for (to, may) in KINDS.iter().zip(row.chars()) {
                let done = change(&lead, EDGE, edge(&format!("{from}-1"), &format!("{to}-2"))).await;
                let due = if may == '1' { NO_FAULT } else { vec!["INVARIANT input.toKey".to_owned()] };
                assert_eq!(faults(&done), due, "{from} {to}");
                assert!(may == '1' || param(&done, "rule").as_deref() == Some("MAP_ORDER"));
            }
        }
        assert_eq!(faults(&change(&lead, EDGE, edge("OUTPUT-1", "OUTPUT-2")).await), ["DUPLICATE input.toKey"]);
        assert_eq!(faults(&change(&lead, EDGE, edge("OUTPUT-2", "OUTPUT-3")).await), NO_FAULT);
        for (from, to) in [("OUTPUT-3", "OUTPUT-1"), ("OUTPUT-2", "OUTPUT-1"), ("OUTPUT-1", "OUTPUT-1")] {
            let done = change(&lead, EDGE, edge(from, to)).await;
            assert_eq!((faults(&done), param(&done, "rule").as_deref()), (vec!["INVARIANT input.toKey".to_owned()], Some("MAP_CYCLE")), "{from} {to}");
        }
        for weight in ["0", "-1"] {
            let mut input = edge("OUTPUT-3", "CHANGE-3");
            input["weight"] = json!(weight);
            assert_eq!(faults(&change(&lead, EDGE, input).await), ["OUT_OF_RANGE input.weight"]);
        }
        let items = json!([edge("OUTCOME-3", "OUTCOME-1"), edge("OUTCOME-2", "OUTCOME-3"), edge("CHANGE-3", "OUTCOME-3"), edge("CHANGE-3", "OUTCOME-3")]);
        let input = json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items });
        assert_eq!(statuses(&change(&lead, "benefitsMapEdgeBulkCreate", input).await), ["CREATED", "FAILED", "CREATED", "FAILED"]);
    }

    async fn two_at_the_same_time_do_not_lead_around_together(world: &World) {
        let (db, lead) = prepared(world).await;
        for round in 0..4 {
            let (one, other) = (format!("A-{round}"), format!("B-{round}"));
            node(&db, &lead, &one, "CHANGE", "PR-001", json!({})).await;
            node(&db, &lead, &other, "CHANGE", "PR-001", json!({})).await;
            let (there, back) = futures_util::join!(change(&lead, EDGE, edge(&one, &other)), change(&lead, EDGE, edge(&other, &one)));
            assert_eq!(faults(&there).len() + faults(&back).len(), 1, "{there} {back}");
        }
    }

    async fn a_node_stands_for_what_its_kind_says(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        change(&lead, "strategicObjectiveCreate", json!({ "key": "O-1", "title": "One", "weight": "1" })).await;
        for (kind, more, told) in [
            ("OUTCOME", json!({ "benefitKey": "B-1" }), "INVARIANT input.benefitKey"),
            ("BENEFIT", json!({ "objectiveKey": "O-1" }), "INVARIANT input.objectiveKey"),
            ("BENEFIT", json!({ "benefitKey": "B-9" }), "NOT_FOUND input.benefitKey"),
            ("BENEFIT", json!({ "itemId": null }), "REQUIRED input.itemId"),
        ] {
            let mut input = json!({ "key": "N", "title": "N", "kind": kind, "itemId": item_id(&db, "PR-001").await });
            for (name, value) in more.as_object().expect("members") {
                input[name] = value.clone();
            }
            assert_eq!(faults(&change(&lead, "benefitsMapNodeCreate", input).await), [told], "{kind} {more}");
        }
        node(&db, &lead, "BEN", "BENEFIT", "PR-001", json!({ "benefitKey": "B-1", "ownerKey": "paul.meier" })).await;
        node(&db, &lead, "OBJ", "OBJECTIVE", "PR-001", json!({ "objectiveKey": "O-1" })).await;
        assert_eq!(faults(&change(&lead, EDGE, edge("BEN", "OBJ")).await), NO_FAULT);
        let kind = json!({ "ref": { "key": "BEN" }, "ifVersion": "*", "patch": { "kind": "OUTPUT" } });
        assert_eq!(faults(&change(&lead, "benefitsMapNodeUpdate", kind).await), ["IMMUTABLE input.patch.kind"]);
        let read = lead.query("{ benefit(by: {key: \"B-1\"}) { benefitsMapNodes { nodes { key outgoingEdges { nodes { weight to { key objective { key } } } } } } } project(by: {key: \"PR-001\"}) { benefitsMapNodes(orderBy: [{key: {direction: ASC}}]) { nodes { key incomingEdges { totalCount } } } } }").await.data();
        assert_eq!(read["benefit"]["benefitsMapNodes"]["nodes"], json!([{ "key": "BEN", "outgoingEdges": { "nodes": [{ "weight": "1", "to": { "key": "OBJ", "objective": { "key": "O-1" } } }] } }]));
        assert_eq!(read["project"]["benefitsMapNodes"]["nodes"], json!([{ "key": "BEN", "incomingEdges": { "totalCount": 0 } }, { "key": "OBJ", "incomingEdges": { "totalCount": 1 } }]));
    }

    async fn a_manager_writes_the_map_of_her_projects_until_a_benefit_is_promised(world: &World) {
        let (db, lead) = prepared(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        made(&db, &marc, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        node(&db, &marc, "OUT", "OUTPUT", "PR-001", json!({})).await;
        node(&db, &marc, "CHG", "CHANGE", "PR-002", json!({})).await;
        node(&db, &marc, "BEN", "BENEFIT", "PR-001", json!({ "benefitKey": "B-1" })).await;
        node(&db, &lead, "FAR", "OUTCOME", "PR-003", json!({})).await;
        let here = made_edge(&marc, "OUT", "CHG").await;
        let there = made_edge(&marc, "CHG", "BEN").await;
        assert_eq!(faults(&change(&marc, EDGE, edge("CHG", "FAR")).await), ["NOT_FOUND input.toKey"], "another's project");
        let far = made_edge(&lead, "CHG", "FAR").await;
        let weight = |id: &Value| json!({ "id": id, "ifVersion": "*", "patch": { "weight": "2" } });
        assert_eq!(faults(&change(&marc, "benefitsMapEdgeUpdate", weight(&far)).await), ["NOT_FOUND input.id"], "she does not see where it leads");
        assert_eq!(faults(&change(&marc, "benefitsMapEdgeUpdate", weight(&there)).await), NO_FAULT);
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let nodes = benefits_map_node::Entity::find().all(&db).await.expect("nodes");
        assert!(nodes.iter().all(|node| node.is_draft == (node.key != "BEN")));
        let before = dump(&world.database().await).await;
        for (mutation, input) in [
            ("benefitsMapNodeUpdate", json!({ "ref": { "key": "BEN" }, "ifVersion": "*", "patch": { "title": "Mine" } })),
            ("benefitsMapEdgeUpdate", weight(&there)),
            ("benefitsMapEdgeDelete", json!({ "id": there, "ifVersion": "*" })),
            (EDGE, edge("OUT", "BEN")),
        ] {
            let told = faults(&change(&marc, mutation, input).await);
            assert!(!told.is_empty() && told.iter().all(|fault| fault.starts_with("FORBIDDEN")), "{mutation} {told:?}");
        }
        assert_eq!(dump(&world.database().await).await, before);
        assert_eq!(faults(&change(&marc, "benefitsMapEdgeUpdate", weight(&here)).await), NO_FAULT, "the rest stays hers");
        assert_eq!(faults(&change(&marc, "benefitsMapEdgeDelete", json!({ "id": here, "ifVersion": "*" })).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, EDGE, edge("OUT", "BEN")).await), NO_FAULT, "the office goes on");
        for (who, role) in [("daniel.osei", Role::Sponsor), ("stefan.brunner", Role::Finance), ("walter.zimmermann", Role::Auditor)] {
            let client = world.client_as(who, &[role]).await;
            let told = faults(&change(&client, "benefitsMapNodeUpdate", json!({ "ref": { "key": "OUT" }, "ifVersion": "*", "patch": { "title": "Mine" } })).await);
            assert_eq!(told, ["FORBIDDEN input"], "{who}");
        }
    }

    async fn an_edge_is_there_for_who_sees_both_nodes(world: &World) {
        let (db, lead) = prepared(world).await;
        node(&db, &lead, "NEAR", "OUTPUT", "PR-001", json!({})).await;
        node(&db, &lead, "FAR", "CHANGE", "PR-003", json!({})).await;
        let id = made_edge(&lead, "NEAR", "FAR").await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key")).header("x-access-mode", "MASK");
        let seen = "{ benefitsMapNodes { nodes { key outgoingEdges { totalCount } } } benefitsMapEdges { totalCount nodes { to { key } toItem { key } } groups(by: [{ field: TO_ITEM }]) { count } } }";
        let read = marc.query(seen).await.data();
        assert_eq!(read["benefitsMapNodes"]["nodes"], json!([{ "key": "NEAR", "outgoingEdges": { "totalCount": 0 } }]));
        assert_eq!(read["benefitsMapEdges"], json!({ "totalCount": 0, "nodes": [], "groups": [] }));
        assert_eq!(marc.query(&format!("{{ node(id: {id}) {{ id }} benefitsMapEdges(filter: {{ to: {{ key: {{ eq: \"FAR\" }} }} }}) {{ totalCount }} }}")).await.data(), json!({ "node": null, "benefitsMapEdges": { "totalCount": 0 } }));
        let read = key.query(seen).await.data();
        assert_eq!(read["benefitsMapEdges"]["nodes"], json!([{ "to": { "key": "FAR" }, "toItem": { "key": "PR-003" } }]), "both are granted");
        // The trail of hers tells no node that she does not see.
        let entry = audit(&db).await.into_iter().rfind(|e| e.target_type == "BenefitsMapEdge").expect("an entry");
        assert!(entry.changes.contains("\"field\":\"from\"") && entry.changes.contains("\"field\":\"toItem\"") && !entry.changes.contains("\"field\":\"to\""), "{}", entry.changes);
        // What becomes confidential at the far end is gone with what leads there.
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'claire.moreau') WHERE key = 'PR-003'").await;
        let hide = json!({ "ref": { "key": "PR-003" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        assert_eq!(faults(&change(&lead, "projectConfidentialitySet", hide).await), NO_FAULT);
        let stored = benefits_map_edge::Entity::find().one(&db).await.expect("edges").expect("an edge");
        assert!(stored.is_to_restricted && !stored.is_restricted);
        assert_eq!(lead.query(seen).await.data()["benefitsMapEdges"]["totalCount"], json!(0));
        // And where the far end moves, the edge follows it.
        sql(&db, "UPDATE portfolio_item SET confidentiality = 'NORMAL' WHERE key = 'PR-003'").await;
        let moved = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "parentKey": "PF-OPERATIONS" } });
        assert_eq!(faults(&change(&lead, "projectUpdate", moved).await), NO_FAULT);
        let stored = benefits_map_edge::Entity::find().one(&db).await.expect("edges").expect("an edge");
        let node = benefits_map_node::Entity::find().all(&db).await.expect("nodes").into_iter().find(|node| node.key == "NEAR").expect("one");
        assert_eq!(stored.portfolio_id, node.portfolio_id);
    }

    async fn nothing_new_leads_to_what_is_archived(world: &World) {
        let (db, lead) = prepared(world).await;
        node(&db, &lead, "A", "OUTPUT", "PR-001", json!({})).await;
        node(&db, &lead, "B", "CHANGE", "PR-001", json!({})).await;
        node(&db, &lead, "C", "OUTCOME", "PR-001", json!({})).await;
        let id = made_edge(&lead, "A", "B").await;
        let whole = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "benefitsMapNodeArchive", whole("B")).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, EDGE, edge("B", "C")).await), ["ILLEGAL_STATE input.fromKey"]);
        let weight = json!({ "id": id, "ifVersion": "*", "patch": { "weight": "2" } });
        assert_eq!(faults(&change(&lead, "benefitsMapEdgeUpdate", weight).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(&lead, "benefitsMapEdgeDelete", json!({ "id": id, "ifVersion": "*" })).await), NO_FAULT, "it may go");
        assert_eq!(faults(&change(&lead, "benefitsMapNodeUnarchive", whole("B")).await), NO_FAULT);
        made_edge(&lead, "A", "B").await;
    }

    async fn a_map_is_one_answer_in_a_stable_order_of_what_she_may_read(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, kind, item) in [("Z", "OUTPUT", "PR-001"), ("B", "OUTPUT", "PR-001"), ("C", "CHANGE", "PR-003"), ("A", "OUTCOME", "PR-001"), ("E", "BENEFIT", "PF-OPERATIONS"), ("OLD", "OUTCOME", "PR-001")] {
            node(&db, &lead, key, kind, item, json!({})).await;
        }
        for (from, to, weight) in [("C", "A", "1"), ("Z", "A", "2.5"), ("Z", "C", "1"), ("B", "A", "0.5"), ("A", "E", "1"), ("B", "OLD", "1")] {
            let mut input = edge(from, to);
            input["weight"] = json!(weight);
            assert_eq!(faults(&change(&lead, EDGE, input).await), NO_FAULT, "{from} {to}");
        }
        assert_eq!(faults(&change(&lead, "benefitsMapNodeArchive", json!({ "ref": { "key": "OLD" }, "ifVersion": "*" })).await), NO_FAULT);
        // The whole tree: nodes by kind and key, edges by where they begin and end, nothing of what is archived.
        let (nodes, edges) = whole(&lead, "PF-OPERATIONS").await;
        assert_eq!(nodes, ["B", "Z", "C", "A", "E"]);
        assert_eq!(edges, ["B-A 0.5", "Z-C 1", "Z-A 2.5", "C-A 1", "A-E 1"]);
        // Of one project what is on its own map, and what leads on within it.
        assert_eq!(whole(&lead, "PR-001").await, (texts(&["B", "Z", "A"]), texts(&["B-A 0.5", "Z-A 2.5"])));
        assert_eq!(whole(&lead, "PR-007").await, (vec![], vec![]));
        // A manager has what is on the maps of his projects, and no edge to anything else, wherever he asks.
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        assert_eq!(whole(&marc, "PF-OPERATIONS").await, (texts(&["B", "Z", "A"]), texts(&["B-A 0.5", "Z-A 2.5"])));
        assert_eq!(whole(&marc, "PR-003").await, (vec![], vec![]));
        // What becomes confidential is on no map of who is not named on it.
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'claire.moreau') WHERE key = 'PR-003'").await;
        let hide = json!({ "ref": { "key": "PR-003" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        assert_eq!(faults(&change(&lead, "projectConfidentialitySet", hide).await), NO_FAULT);
        assert_eq!(whole(&lead, "PF-OPERATIONS").await, (texts(&["B", "Z", "A", "E"]), texts(&["B-A 0.5", "Z-A 2.5", "A-E 1"])));
    }
}

/// Makes a node; fails if it may not.
async fn node(db: &DatabaseConnection, client: &Client, key: &str, kind: &str, item: &str, more: Value) {
    let mut input = json!({ "key": key, "title": key, "kind": kind, "itemId": item_id(db, item).await });
    let Value::Object(more) = more else { panic!("members are due") };
    input.as_object_mut().expect("an object").extend(more);
    let done = change(client, "benefitsMapNodeCreate", input).await;
    assert_eq!(faults(&done), NO_FAULT, "{key}");
}

fn edge(from: &str, to: &str) -> Value {
    json!({ "fromKey": from, "toKey": to, "weight": "1" })
}

/// Makes an edge; fails if it may not. Its id.
async fn made_edge(client: &Client, from: &str, to: &str) -> Value {
    let done = change(client, EDGE, edge(from, to)).await;
    assert_eq!(faults(&done), NO_FAULT, "{from} {to}");
    done["benefitsMapEdge"]["id"].clone()
}

const MAPS: &str = "query($item: String!) { portfolioItems(filter: {key: {eq: $item}}, first: 1) { nodes { key benefitsMap { nodes { key } edges { weight from { key } to { key } } } } } }";

/// The map of an item with all below it: keys of nodes, and edges as `from-to weight`.
async fn whole(client: &Client, item: &str) -> (Vec<String>, Vec<String>) {
    let data = client.query_with(MAPS, json!({ "item": item })).await.data();
    let items = data["portfolioItems"]["nodes"].as_array().expect("items").iter();
    let map = items.filter(|of| of["key"] == item).map(|of| of["benefitsMap"].clone()).next().expect("the item");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let nodes = map["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["key"]));
    let edge =
        |edge: &Value| format!("{}-{} {}", text(&edge["from"]["key"]), text(&edge["to"]["key"]), text(&edge["weight"]));
    (nodes.collect(), map["edges"].as_array().expect("edges").iter().map(edge).collect())
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}
