//! Items that serve nothing on a day, and the matrix of a day: lists with a condition of their own, and with all that any
//! other list has.

use std::collections::BTreeSet;

use foliograph::{auth::Role, clock::Clock};
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{contribute, objective};
use crate::support::{
    client::Client,
    writes::{begin_bare, change, item_id},
};

const LIST: &str = "query($on: LocalDate, $first: Int, $after: Cursor, $filter: PortfolioItemFilter) { \
    unalignedItems(on: $on, first: $first, after: $after, filter: $filter, orderBy: [{key: {direction: ASC}}]) { \
    totalCount nodes { key } pageInfo { hasNextPage endCursor } } }";

tests! {
    async fn what_contributes_on_the_day_is_aligned(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let open = open_items(&db).await;
        assert_eq!(keys(&lead, json!({})).await, open, "nothing serves anything yet");
        objective(&lead, "O-1", None, json!({})).await;
        objective(&lead, "O-2", None, json!({})).await;
        for (key, more) in [
            ("PR-001", json!({ "share": "0.4" })),
            ("PR-002", json!({ "share": 0, "rating": "EXTREME" })),
            ("PR-003", json!({ "rating": "NONE" })),
            ("PR-004", json!({ "rating": "LOW" })),
            ("PR-006", json!({ "share": "0.1", "validFromOn": "2026-03-03" })),
            ("PR-008", json!({ "share": "0.1", "validToOn": "2026-03-02" })),
            ("PR-009", json!({ "rating": "NONE", "share": "0.1", "validFromOn": "2026-03-02", "validToOn": "2026-03-02" })),
        ] {
            contribute(&lead, &item_id(&db, key).await, "O-1", more).await;
        }
        for (on, aligned) in [
            (Value::Null, &["PR-001", "PR-004", "PR-008", "PR-009"][..]),
            (json!("2026-03-02"), &["PR-001", "PR-004", "PR-008", "PR-009"]),
            (json!("2026-03-03"), &["PR-001", "PR-004", "PR-006"]),
            (json!("2020-01-01"), &["PR-001", "PR-004", "PR-008"]),
        ] {
            let expected: BTreeSet<String> = open.iter().filter(|key| !aligned.contains(&key.as_str())).cloned().collect();
            assert_eq!(keys(&lead, json!({ "on": on })).await, expected, "{on}");
            let document = format!("{{ unalignedItems(on: {on}, first: 100) {{ nodes {{ key }} }} }}");
            assert_eq!(keys_of(&lead.query(&document).await.data()["unalignedItems"]), expected, "{on} in the document");
        }
        let at_all = keys_of(&lead.query("{ unalignedItems(first: 100) { nodes { key } } }").await.data()["unalignedItems"]);
        assert!(!at_all.contains("PR-008") && at_all.contains("PR-006"), "today");
        // An archived objective is none, and so is an archived contribution.
        change(&lead, "strategicObjectiveArchive", json!({ "ref": { "key": "O-1" }, "ifVersion": "*" })).await;
        assert_eq!(keys(&lead, json!({})).await, open);
        let other = contribute(&lead, &item_id(&db, "PR-001").await, "O-2", json!({ "share": "0.4" })).await;
        assert!(!keys(&lead, json!({})).await.contains("PR-001"));
        change(&lead, "objectiveContributionArchive", json!({ "id": other, "ifVersion": "*" })).await;
        assert_eq!(keys(&lead, json!({})).await, open);
    }

    async fn the_callers_filter_pages_figures_and_groups_are_those_of_items(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-1", None, json!({})).await;
        for key in ["PR-001", "PR-002", "PG-ERP"] {
            contribute(&lead, &item_id(&db, key).await, "O-1", json!({ "share": "0.4" })).await;
        }
        let erp = json!({ "parent": { "key": { "eq": "PG-ERP" } }, "or": [{ "state": { "eq": "ACTIVE" } }, { "state": { "eq": "ON_HOLD" } }] });
        assert_eq!(keys(&lead, json!({ "filter": erp })).await, ["PR-006", "PR-008"].map(str::to_owned).into());
        let (mut all, mut after, mut pages) = (vec![], Value::Null, 0);
        loop {
            let page = lead.query_with(LIST, json!({ "first": 7, "after": after })).await.data()["unalignedItems"].take();
            all.extend(page["nodes"].as_array().expect("nodes").iter().map(|n| n["key"].as_str().expect("a key").to_owned()));
            assert_eq!(page["totalCount"], json!(open_items(&db).await.len() - 3));
            after = page["pageInfo"]["endCursor"].clone();
            pages += 1;
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        assert!(pages > 3 && all.is_sorted() && all.len() == open_items(&db).await.len() - 3);
        let document = "{ unalignedItems { aggregate { count sum { budget { amount currency } } coverage { budget { excludedNoAccess } } } \
            groups(by: [{ field: STATE }]) { count key { state } } } \
            portfolioItems(filter: {state: {nin: [CLOSED, CANCELLED]}, archivedAt: {isNull: true}, alignment: {isEmpty: true}}) { \
            aggregate { count sum { budget { amount currency } } coverage { budget { excludedNoAccess } } } groups(by: [{ field: STATE }]) { count key { state } } } }";
        for client in [lead.clone(), world.client_as("marc.dubois", &[Role::ProjectManager]).await, world.client_as("jonas.weber", &[Role::Analyst]).await] {
            let read = client.query(document).await.json()["data"].take();
            assert_eq!(read["unalignedItems"], read["portfolioItems"]);
            assert_ne!(read["unalignedItems"]["aggregate"]["count"], json!(0));
        }
        // A cursor is good for the list and the day that it came from.
        let cursor = lead.query_with(LIST, json!({ "first": 2 })).await.data()["unalignedItems"]["pageInfo"]["endCursor"].clone();
        for (field, good) in [("unalignedItems", true), ("portfolioItems", false), ("unalignedItems(on: \"2026-03-02\")", false)] {
            let (name, arguments) = field.split_once('(').map_or((field, String::new()), |(name, rest)| (name, format!("{}, ", rest.trim_end_matches(')'))));
            let document = format!("query($after: Cursor) {{ {name}({arguments}after: $after, orderBy: [{{key: {{direction: ASC}}}}]) {{ totalCount }} }}");
            let reply = lead.query_with(&document, json!({ "after": cursor })).await.json();
            assert_eq!(reply.get("errors").is_none(), good, "{field}: {reply}");
        }
    }

    async fn each_caller_sees_her_own_items_there(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let claire = world.client_as("claire.moreau", &[Role::PmoLead]).await;
        objective(&lead, "O-1", None, json!({})).await;
        contribute(&claire, &item_id(&db, "PR-030").await, "O-1", json!({ "share": "0.4" })).await;
        contribute(&lead, &item_id(&db, "PR-052").await, "O-1", json!({ "share": "0.4" })).await;
        for (who, role) in [("claire.moreau", Role::PmoLead), ("anna.keller", Role::PmoLead), ("marc.dubois", Role::ProjectManager), ("jonas.weber", Role::Analyst), ("helen.ashworth", Role::Sponsor), ("nobody.at.all", Role::ResourceManager)] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query_with("query($f: PortfolioItemFilter) { portfolioItems(first: 200, filter: $f) { nodes { key } } }", json!({ "f": { "state": { "nin": ["CLOSED", "CANCELLED"] }, "archivedAt": { "isNull": true } } })).await;
            let mut visible = keys_of(&read.data()["portfolioItems"]);
            visible.retain(|key| key != "PR-030" && key != "PR-052");
            assert_eq!(keys(&client, json!({})).await, visible, "{who}");
        }
        let denied = world.client_as("nobody.at.all", &[]).await.query("{ unalignedItems { totalCount } portfolioItems { totalCount } }").await.json();
        assert_eq!((&denied["data"]["unalignedItems"], &denied["data"]["portfolioItems"]), (&Value::Null, &Value::Null));
        let coordinates: Vec<&Value> = denied["extensions"]["access"].as_array().into_iter().flatten().map(|a| &a["coordinate"]).collect();
        assert_eq!(coordinates, ["Query.unalignedItems", "Query.portfolioItems"]);
    }

    async fn today_is_another_day_after_midnight_for_the_same_plan(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-1", None, json!({})).await;
        contribute(&lead, &item_id(&db, "PR-001").await, "O-1", json!({ "share": "0.4", "validToOn": world.clock.today() })).await;
        let document = "{ unalignedItems(first: 100) { nodes { key } totalCount } }";
        let today = keys_of(&lead.query(document).await.data()["unalignedItems"]);
        assert!(!today.contains("PR-001"));
        let plans = world.app().await.engine.plans_kept(document);
        world.clock.advance_seconds(12 * 3600);
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let tomorrow = keys_of(&lead.query(document).await.data()["unalignedItems"]);
        assert!(tomorrow.contains("PR-001") && tomorrow.len() == today.len() + 1);
        assert_eq!((plans, world.app().await.engine.plans_kept(document)), (Some(1), Some(1)));
    }

    async fn the_matrix_shows_a_day_or_all_days(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-1", None, json!({})).await;
        for (key, from, to) in [("PR-001", Value::Null, json!("2026-03-01")), ("PR-002", json!("2026-03-02"), Value::Null), ("PR-003", Value::Null, Value::Null)] {
            contribute(&lead, &item_id(&db, key).await, "O-1", json!({ "share": "0.4", "validFromOn": from, "validToOn": to })).await;
        }
        let document = "query($on: LocalDate) { alignmentMatrix(on: $on, filter: {share: {gt: \"0\"}}) { totalCount nodes { item { key } } groups(by: [{ field: OBJECTIVE }]) { count } } }";
        for (on, expected) in [(Value::Null, &["PR-001", "PR-002", "PR-003"][..]), (json!("2026-03-01"), &["PR-001", "PR-003"]), (json!("2026-03-02"), &["PR-002", "PR-003"]), (Value::Null, &["PR-001", "PR-002", "PR-003"])] {
            let read = lead.query_with(document, json!({ "on": on })).await.data();
            let mut items: Vec<&str> = read["alignmentMatrix"]["nodes"].as_array().expect("cells").iter().filter_map(|c| c["item"]["key"].as_str()).collect();
            items.sort_unstable();
            assert_eq!(items, expected, "{on}");
            assert_eq!((&read["alignmentMatrix"]["totalCount"], &read["alignmentMatrix"]["groups"][0]["count"]), (&json!(expected.len()), &json!(expected.len())));
        }
        let wrong = lead.query("{ alignmentMatrix(on: \"tomorrow\") { totalCount } }").await.json();
        assert!(wrong["errors"].is_array());
    }
}

/// Keys of the items that serve nothing, with these variables.
async fn keys(client: &Client, mut variables: Value) -> BTreeSet<String> {
    variables["first"] = json!(200);
    let read = client.query_with(LIST, variables).await.data()["unalignedItems"].take();
    let keys = keys_of(&read);
    assert_eq!(read["totalCount"], json!(keys.len()));
    keys
}

fn keys_of(connection: &Value) -> BTreeSet<String> {
    let nodes = connection["nodes"].as_array().unwrap_or_else(|| panic!("no nodes in {connection}"));
    nodes.iter().map(|node| node["key"].as_str().expect("a key").to_owned()).collect()
}

/// Keys of what is neither over, archived nor confidential.
async fn open_items(db: &DatabaseConnection) -> BTreeSet<String> {
    let all = entity::portfolio_item::Entity::find().all(db).await.expect("items");
    let open = all
        .into_iter()
        .filter(|i| !matches!(i.state.as_str(), "CLOSED" | "CANCELLED") && i.archived_at.is_none() && !i.is_restricted);
    open.map(|i| i.key).collect()
}
