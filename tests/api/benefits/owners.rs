//! Who owns a benefit sees it, its parts and its item, by owning it: on every path, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use foliograph::auth::Role;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, benefit_id, euros, made, patch, prepared};
use crate::support::{
    World, api_keys,
    client::Client,
    dump::dump,
    writes::{change, faults, item_id, sql, stranger},
};

/// Who has no role, and owns what the lead gives her.
const OWNER: &str = "stranger.admin";

const SEEN: &str = "query { \
    benefits(first: 100) { totalCount nodes { key amount { amount } item { key budget { amount } } } aggregate { sum { amount { amount } } } groups(by: [{ field: ITEM }]) { count key { item { key } } } } \
    benefitPlanPoints { totalCount } benefitContributions { totalCount nodes { contributor { key } } } \
    portfolioItems(first: 100) { totalCount nodes { key state budget { amount } benefits { totalCount } } groups(by: [{ field: STATE }]) { count } } \
    projects(filter: { benefits: { some: { key: { startsWith: \"B\" } } } }) { totalCount } }";

tests! {
    async fn an_owner_sees_her_benefits_and_their_items_and_nothing_else(world: &World) {
        let (db, _, owner) = begin(world).await;
        let read = owner.query(SEEN).await.json();
        let data = &read["data"];
        assert_eq!(keys(&data["benefits"]), ["B-1", "B-2"].into());
        assert_eq!(keys(&data["portfolioItems"]), ["PR-001", "PR-007"].into());
        assert_eq!(data["benefits"]["nodes"][0], json!({ "key": "B-1", "amount": { "amount": "30" }, "item": { "key": "PR-001", "budget": null } }));
        assert_eq!(data["benefits"]["aggregate"]["sum"]["amount"], json!([{ "amount": "70" }]));
        for (at, count) in [("benefits", 2), ("benefitPlanPoints", 2), ("benefitContributions", 1), ("portfolioItems", 2), ("projects", 2)] {
            assert_eq!(data[at]["totalCount"], json!(count), "{at}");
        }
        assert_eq!(data["benefitContributions"]["nodes"], json!([{ "contributor": null }]), "the item that helps is another's");
        let counts = |at: &str| data[at]["groups"].as_array().expect("groups").iter().map(|g| g["count"].as_i64().expect("a count")).sum::<i64>();
        assert_eq!((counts("benefits"), counts("portfolioItems")), (2, 2));
        assert!(data["portfolioItems"]["nodes"].as_array().expect("items").iter().all(|i| i["budget"] == Value::Null && i["benefits"]["totalCount"] == json!(1)));
        // Money of the item is not of her class, and says so.
        let masked: BTreeSet<&str> = read["extensions"]["access"].as_array().expect("entries").iter().filter_map(|a| a["coordinate"].as_str()).collect();
        assert!(masked.contains("Project.budget") && masked.iter().all(|c| c.ends_with(".budget")), "{masked:?}");
        for (key, is_hers) in [("B-1", true), ("B-2", true), ("B-3", false)] {
            let id = benefit_id(&db, key).await;
            let read = owner.query(&format!("{{ node(id: \"{id}\") {{ id }} nodes(ids: [\"{id}\"]) {{ id }} }}")).await.data();
            assert_eq!((read["node"]["id"] == json!(id), read["nodes"][0]["id"] == json!(id)), (is_hers, is_hers));
        }
        for (key, is_linked) in [("PR-001", true), ("PR-002", false), ("PR-034", false)] {
            let id = item_id(&db, key).await;
            let read = owner.query(&format!("{{ node(id: \"{id}\") {{ id }} }}")).await.data();
            assert_eq!(read["node"]["id"] == json!(id), is_linked, "{key}");
        }
        let file = owner.get("/export/v1/benefits.csv?columns=key,amountAmount").await;
        assert_eq!(file.text().lines().collect::<Vec<_>>(), ["key,amountAmount", "B-1,30", "B-2,40"]);
        for list in ["externalLinks { totalCount }", "apiKeys { totalCount }", "auditTrail { totalCount }", "budgets { totalCount }"] {
            let read = owner.query(&format!("{{ {list} }}")).await.json();
            let (name, _) = list.split_once(' ').expect("a name");
            assert_eq!(read["data"][name], Value::Null, "{list}");
        }
    }

    async fn an_owner_writes_nothing_by_owning(world: &World) {
        let (db, _, owner) = begin(world).await;
        let before = dump(&world.database().await).await;
        let helper = item_id(&db, "PR-001").await;
        for (mutation, input) in [
            ("benefitUpdate", patch("B-1", json!({ "title": "Mine" }))),
            ("benefitArchive", json!({ "ref": { "key": "B-1" }, "ifVersion": "*" })),
            ("benefitStateAdvance", super::to_state("B-1", "PROFILED")),
            ("benefitStateAdvance", super::to_state("B-1", "WITHDRAWN")),
            ("benefitPlanPointCreate", json!({ "benefitKey": "B-1", "periodKey": "M-02", "amount": euros("1") })),
            ("benefitContributionCreate", json!({ "benefitKey": "B-1", "contributorId": helper, "share": "0.1" })),
            ("projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": "Mine" } })),
        ] {
            let told = faults(&change(&owner, mutation, input).await);
            assert!(told.iter().any(|fault| fault.starts_with("FORBIDDEN")), "{mutation} {told:?}");
        }
        assert_eq!(dump(&world.database().await).await, before);
        let read = owner.query("{ benefits { nodes { viewerAccess { canRead canWrite } } } }").await.data();
        assert_eq!(read["benefits"]["nodes"][0]["viewerAccess"], json!({ "canRead": true, "canWrite": false }));
    }

    async fn changes_tell_an_owner_what_comes_and_goes(world: &World) {
        let (db, lead, owner) = begin(world).await;
        let mut copy = Copy::default();
        assert_eq!(copy.pull(&owner).await.len(), 2 + 2 + 2 + 1, "benefits, items, points and a contribution");
        change(&lead, "benefitUpdate", patch("B-1", json!({ "beneficiary": "Sales" }))).await;
        change(&lead, "benefitUpdate", patch("B-3", json!({ "beneficiary": "Sales" }))).await;
        assert_eq!(copy.pull(&owner).await, [format!("UPSERT {}", benefit_id(&db, "B-1").await)]);
        // Hers no longer, with all that hung on it.
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "paul.meier" }))).await), NO_FAULT);
        let told = copy.pull(&owner).await;
        assert!(told.len() == 5 && told.iter().all(|line| line.starts_with("TOMBSTONE")), "{told:?}");
        assert!(told.contains(&format!("TOMBSTONE {}", item_id(&db, "PR-001").await)), "the item too: {told:?}");
        assert_eq!(copy.rows, copy_of(&owner).await);
        // And another's, as it was approved.
        change(&lead, "benefitUpdate", patch("B-3", json!({ "ownerKey": OWNER }))).await;
        let told = copy.pull(&owner).await;
        assert_eq!(told.iter().collect::<BTreeSet<_>>(), [format!("UPSERT {}", benefit_id(&db, "B-3").await), format!("UPSERT {}", item_id(&db, "PR-002").await)].iter().collect());
        advance(&lead, "B-3", &["PROFILED", "APPROVED"]).await;
        let told = copy.pull(&owner).await;
        assert_eq!(told, [format!("UPSERT {}", benefit_id(&db, "B-3").await), format!("UPSERT {}", item_id(&db, "PR-002").await)], "the item follows benefits now");
        assert_eq!(copy.rows, copy_of(&owner).await);
        for key in ["B-2", "B-3"] {
            change(&lead, "benefitUpdate", patch(key, json!({ "ownerKey": "paul.meier" }))).await;
        }
        copy.pull(&owner).await;
        assert!(copy.rows.is_empty(), "{:?}", copy.rows);
    }

    async fn confidentiality_wins_over_owning(world: &World) {
        let (db, lead, owner) = begin(world).await;
        let mut copy = Copy::default();
        copy.pull(&owner).await;
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'anna.keller') WHERE key = 'PR-001'").await;
        let hide = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        assert_eq!(faults(&change(&lead, "projectConfidentialitySet", hide).await), NO_FAULT);
        let data = owner.query(SEEN).await.json()["data"].take();
        assert_eq!((keys(&data["benefits"]), keys(&data["portfolioItems"])), (["B-2"].into(), ["PR-007"].into()));
        let told = copy.pull(&owner).await;
        assert!(told.len() == 5 && told.iter().all(|line| line.starts_with("TOMBSTONE")), "{told:?}");
        assert_eq!(copy.rows, copy_of(&owner).await);
    }

    async fn owning_comes_beside_what_roles_give(world: &World) {
        let (db, lead, _) = begin(world).await;
        // A sponsor elsewhere reads what is active everywhere; a benefit of a proposal shows her that item as well.
        made(&db, &lead, "B-9", "PR-004", json!({ "ownerKey": "ingrid.solberg", "amount": { "amount": "5", "currency": "GBP" } })).await;
        let ingrid = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let read = ingrid.query("{ benefits { nodes { key amount { currency } item { key state budget { amount } } } } projects(filter: {key: {in: [\"PR-003\", \"PR-004\"]}}) { nodes { key } } }").await.json();
        assert_eq!(read["data"]["benefits"]["nodes"], json!([{ "key": "B-9", "amount": { "currency": "GBP" }, "item": { "key": "PR-004", "state": "PROPOSED", "budget": null } }]));
        assert_eq!(read["data"]["projects"]["nodes"], json!([{ "key": "PR-004" }]));
        assert_eq!(read["extensions"]["access"][0]["reason"], json!("ROW"));
        // Plans are made for rights: with her last benefit the same document is another plan.
        let document = "{ projects(filter: {key: {eq: \"PR-004\"}}) { totalCount } }";
        assert_eq!(ingrid.query(document).await.at("/data/projects/totalCount"), json!(1));
        change(&lead, "benefitUpdate", patch("B-9", json!({ "ownerKey": "paul.meier" }))).await;
        assert_eq!(ingrid.query(document).await.at("/data/projects/totalCount"), json!(0));
        // A key owns nothing, whoever made it, and nobody owns what she left.
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key")).header("x-access-mode", "MASK");
        assert_eq!(key.query("{ benefits { totalCount } }").await.at("/data/benefits/totalCount"), json!(4), "of what is granted to it");
        sql(&db, "UPDATE person SET is_active = FALSE WHERE key = 'stranger.admin'").await;
        world.clock.advance_seconds(6);
        let gone = world.client_as(OWNER, &[]).await.query("{ benefits { totalCount } }").await.json();
        assert_eq!(gone["data"]["benefits"], Value::Null);
    }
}

/// A world in which somebody without a role owns two benefits, one of them with parts, and not a third.
async fn begin(world: &World) -> (DatabaseConnection, Client, Client) {
    let (db, lead) = prepared(world).await;
    stranger(world, Role::Admin).await;
    for (key, item, owner, amount) in
        [("B-1", "PR-001", OWNER, "30"), ("B-2", "PR-007", OWNER, "40"), ("B-3", "PR-002", "nina.petrova", "50")]
    {
        made(&db, &lead, key, item, json!({ "ownerKey": owner, "amount": euros(amount) })).await;
    }
    for (period, amount) in [("M-01", "10"), ("M-02", "20")] {
        let input = json!({ "benefitKey": "B-1", "periodKey": period, "amount": euros(amount) });
        assert_eq!(faults(&change(&lead, "benefitPlanPointCreate", input).await), NO_FAULT);
    }
    let helper = item_id(&db, "PR-002").await;
    let input = json!({ "benefitKey": "B-1", "contributorId": helper, "share": "0.1" });
    assert_eq!(faults(&change(&lead, "benefitContributionCreate", input).await), NO_FAULT);
    let owner = world.client_as(OWNER, &[]).await;
    (db, lead, owner)
}

fn keys(connection: &Value) -> BTreeSet<&str> {
    let nodes = connection["nodes"].as_array().unwrap_or_else(|| panic!("no nodes in {connection}"));
    nodes.iter().filter_map(|node| node["key"].as_str()).collect()
}

/// A copy of benefits, their parts and items that is kept up to date by pulling: versions by id.
#[derive(Default)]
struct Copy {
    since: Value,
    rows: BTreeMap<String, Value>,
}

const TYPES: &str = "[BENEFIT, BENEFIT_PLAN_POINT, BENEFIT_CONTRIBUTION, PORTFOLIO, PROGRAM, PROJECT]";

impl Copy {
    /// Pulls to the end; gives what was told, as `KIND id`.
    async fn pull(&mut self, client: &Client) -> Vec<String> {
        let mut told = vec![];
        loop {
            let document = format!(
                "query($since: Cursor) {{ changes(since: $since, types: {TYPES}, first: 3) {{ watermark hasMore changes {{ kind id version }} }} }}"
            );
            let page = client.query_with(&document, json!({ "since": self.since })).await.data()["changes"].take();
            for change in page["changes"].as_array().expect("changes") {
                let (kind, id) =
                    (change["kind"].as_str().expect("a kind"), change["id"].as_str().expect("an id").to_owned());
                match kind {
                    "UPSERT" => self.rows.insert(id.clone(), change["version"].clone()),
                    _ => self.rows.remove(&id),
                };
                told.push(format!("{kind} {id}"));
            }
            self.since = page["watermark"].clone();
            if page["hasMore"] == json!(false) {
                return told;
            }
        }
    }
}

/// What a copy should hold, read from the lists.
async fn copy_of(client: &Client) -> BTreeMap<String, Value> {
    let data = client.query("{ benefits { nodes { id version } } benefitPlanPoints { nodes { id version } } benefitContributions { nodes { id version } } portfolioItems(first: 200) { nodes { id version } } }").await.data();
    let all = ["benefits", "benefitPlanPoints", "benefitContributions", "portfolioItems"]
        .map(|list| data[list]["nodes"].as_array().expect("nodes").clone());
    all.into_iter()
        .flatten()
        .map(|node| (node["id"].as_str().expect("an id").to_owned(), node["version"].clone()))
        .collect()
}
