//! Items by what a KPI of theirs says: the same as their figures, for whom they are hers, and nothing told by what is left out.

use std::collections::BTreeSet;

use entity::portfolio_item;
use foliograph::auth::Role;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{derive, finance, score};
use crate::support::{
    client::{Client, Reply},
    writes::{begin, person},
};

const FOUND: &str =
    "query($filter: PortfolioItemFilter) { portfolioItems(filter: $filter, first: 200) { totalCount nodes { key } } }";

async fn ask(client: &Client, filter: Value) -> Reply {
    client.query_with(FOUND, json!({ "filter": filter })).await
}

/// The keys of the items that meet a condition.
async fn found(client: &Client, filter: Value) -> BTreeSet<String> {
    let reply = ask(client, filter).await;
    let page = &reply.data()["portfolioItems"];
    let nodes = page["nodes"].as_array().unwrap_or_else(|| panic!("{}", reply.text()));
    assert_eq!(page["totalCount"], nodes.len());
    nodes.iter().filter_map(|node| node["key"].as_str().map(str::to_owned)).collect()
}

/// The figures of a KPI of all items that she sees: key, value, color, unit.
async fn figures(client: &Client, key: &str) -> Vec<(String, Option<f64>, Option<String>, String)> {
    let asked = format!(
        "{{ portfolioItems(first: 200) {{ nodes {{ key kpis(keys: [\"{key}\"]) {{ value status unit }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    let nodes = reply.data()["portfolioItems"]["nodes"].clone();
    let of = |node: &Value| {
        let kpi = &node["kpis"][0];
        let value = kpi["value"].as_str().map(|value| value.parse().expect("a number"));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        (text(&node["key"]).expect("a key"), value, text(&kpi["status"]), text(&kpi["unit"]).unwrap_or_default())
    };
    nodes.as_array().expect("items").iter().map(of).collect()
}

tests! {
    async fn a_condition_finds_the_items_whose_figures_meet_it(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let performance = figures(&lead, "EV_SPI").await;
        let of = |meets: &dyn Fn(Option<f64>, Option<&str>) -> bool| -> BTreeSet<String> {
            performance.iter().filter(|(_, value, status, _)| meets(*value, status.as_deref())).map(|(key, ..)| key.clone()).collect()
        };
        let cpi = |more: Value| {
            let mut condition = more;
            condition["key"] = json!("EV_SPI");
            json!({ "kpi": condition })
        };
        let (low, red, none) = (
            of(&|value, _| value.is_some_and(|value| value < 1.0)),
            of(&|_, status| status == Some("RED")),
            of(&|value, _| value.is_none()),
        );
        assert!(!low.is_empty() && !red.is_empty() && !none.is_empty(), "{performance:?}");
        assert_eq!(found(&lead, cpi(json!({ "value": { "lt": "1" } }))).await, low);
        assert_eq!(found(&lead, cpi(json!({ "status": { "in": ["RED"] } }))).await, red);
        assert_eq!(found(&lead, cpi(json!({ "value": { "isNull": true } }))).await, none);
        // What has no figure meets neither a comparison nor its opposite.
        let high = of(&|value, _| value.is_some_and(|value| value >= 1.0));
        assert_eq!(found(&lead, json!({ "not": cpi(json!({ "value": { "lt": "1" } })) })).await, high);
        // Money is compared in one currency.
        let spent = figures(&lead, "EV_AC").await;
        let large: BTreeSet<String> = spent.iter().filter(|(_, value, _, unit)| unit == "CHF" && value.is_some_and(|value| value > 500_000.0)).map(|(key, ..)| key.clone()).collect();
        let francs = json!({ "kpi": { "key": "EV_AC", "currency": "CHF", "value": { "gt": "500000" } } });
        assert!(large.len() > 3, "{spent:?}");
        assert_eq!(found(&lead, francs.clone()).await, large);
        // An item without a figure has a currency, too.
        let estimates = figures(&lead, "EV_EAC2_TD").await;
        let without: BTreeSet<String> = estimates.iter().filter(|(_, value, _, unit)| unit == "CHF" && value.is_none()).map(|(key, ..)| key.clone()).collect();
        assert!(!without.is_empty(), "{estimates:?}");
        assert_eq!(found(&lead, json!({ "kpi": { "key": "EV_EAC2_TD", "currency": "CHF", "value": { "isNull": true } } })).await, without);
        // With other conditions, below a relation, and written into the document.
        let reply = lead.query("{ projects(filter: { state: { eq: ACTIVE }, portfolio: { kpi: { key: \"EV_AC\", currency: \"CHF\", value: { gt: \"500000\" } } } }, first: 200) { nodes { portfolio { key } } } }").await;
        let nodes = reply.data()["projects"]["nodes"].as_array().expect("projects").clone();
        assert!(!nodes.is_empty() && nodes.iter().all(|node| large.contains(node["portfolio"]["key"].as_str().expect("a key"))), "{nodes:?}");
    }

    async fn scores_that_scripts_post_are_conditions_too(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        for (project, value) in [("PR-001", "12"), ("PR-014", "4"), ("PR-020", "7")] {
            super::post(&lead, project, value).await;
        }
        derive(world).await;
        let score = |more: Value| {
            let mut condition = more;
            condition["key"] = json!("SCORE");
            json!({ "key": { "startsWith": "PR-" }, "kpi": condition })
        };
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(found(&lead, score(json!({ "value": { "gte": "7" } }))).await, keys(&["PR-001", "PR-020"]));
        assert_eq!(found(&lead, score(json!({ "status": { "eq": "RED" } }))).await, keys(&["PR-014"]));
        assert_eq!(found(&lead, json!({ "kpi": { "key": "NONESUCH", "value": { "gte": "7" } } })).await, keys(&[]));
    }

    async fn she_finds_by_figures_that_are_hers_whole(world: &World) {
        let (db, _) = begin(world).await;
        derive(world).await;
        let george = person(&db, "george.mensah").await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let spent = json!({ "kpi": { "key": "EV_AC", "currency": "CHF", "value": { "gte": "0" } } });
        let rows = portfolio_item::Entity::find().all(&db).await.expect("items");
        let own: BTreeSet<String> = rows.iter().filter(|row| row.project_manager_id == Some(george.id)).map(|row| row.key.clone()).collect();
        let hers = found(&manager, spent.clone()).await;
        assert!(!hers.is_empty() && hers.is_subset(&own), "{hers:?} of {own:?}");
        // Neither way round does she find what is not hers.
        let opposite = found(&manager, json!({ "not": spent.clone() })).await;
        assert!(opposite.is_subset(&own), "{opposite:?}");
        let whole = finance(world).await;
        let all = found(&whole, spent.clone()).await;
        let hidden: BTreeSet<String> = rows.iter().filter(|row| row.is_restricted).map(|row| row.key.clone()).collect();
        assert!(all.len() > hers.len() && hers.difference(&all).all(|key| hidden.contains(key)), "{all:?}");
        // Who reads no money is refused, whatever there is.
        for (role, key) in [(Role::ResourceManager, "EV_AC"), (Role::Admin, "BN_REAL")] {
            let client = world.client_as("reader", &[role]).await;
            let reply = ask(&client, json!({ "kpi": { "key": key, "currency": "CHF", "value": { "gte": "0" } } })).await;
            assert_eq!(reply.json()["errors"][0]["extensions"]["code"], "FILTER_FORBIDDEN", "{}", reply.text());
        }
    }

    async fn what_cannot_be_compared_is_refused(world: &World) {
        let (_, lead) = begin(world).await;
        for (condition, code) in [
            (json!({ "key": "EV_AC", "value": { "gt": "5" } }), "BAD_VARIABLES"),
            (json!({ "key": "EV_NONE", "value": { "gt": "5" } }), "BAD_VARIABLES"),
            (json!({ "key": "EV_SPI", "value": { "gt": "five" } }), "BAD_VARIABLES"),
            (json!({ "value": { "gt": "5" } }), "BAD_VARIABLES"),
            (json!({ "key": "EV_SPI", "value": { "gt": null } }), "GRAPHQL_VALIDATION_FAILED"),
            (json!(null), "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let reply = ask(&lead, json!({ "kpi": condition })).await;
            assert_eq!(reply.json()["errors"][0]["extensions"]["code"], code, "{condition}: {}", reply.text());
        }
    }
}
