//! What people's work costs is not for the project's manager: she sees her other rows, on every path, and is told of them.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{done, finance, ledger, money, with};
use crate::support::{
    client::Client,
    writes::{audit, begin_bare, change, events, faults, follow},
};

async fn post(client: &Client, key: &str, more: Value) -> String {
    let spent = json!({ "key": key, "itemKey": "PR-014", "occurredOn": "2026-02-10", "calendarKey": "CORP", "categoryKey": "STAFF", "source": "NON_LABOR", "amount": money("100", "CHF") });
    done(client, "actualCreate", with(spent, more)).await["id"].as_str().expect("an id").to_owned()
}

/// How many actuals each path shows, and their sum.
async fn sees(client: &Client, id: &str) -> Vec<Value> {
    let asked = format!(
        "{{ actuals {{ totalCount aggregate {{ count sum {{ amount {{ amount }} }} }} groups(by: [{{ field: SOURCE }}]) {{ count }} }}
           node(id: \"{id}\") {{ id }}
           labor: actuals(filter: {{ source: {{ eq: LABOR }} }}) {{ totalCount }}
           projects(filter: {{ actuals: {{ some: {{ source: {{ eq: LABOR }} }} }} }}) {{ totalCount }}
           project(by: {{ key: \"PR-014\" }}) {{ actuals {{ totalCount }} }} }}"
    );
    let data = client.query(&asked).await.data();
    vec![
        data["actuals"]["totalCount"].clone(),
        data["actuals"]["aggregate"]["count"].clone(),
        data["actuals"]["aggregate"]["sum"]["amount"][0]["amount"].clone(),
        json!(data["actuals"]["groups"].as_array().map_or(0, Vec::len)),
        json!(!data["node"].is_null()),
        data["labor"]["totalCount"].clone(),
        data["projects"]["totalCount"].clone(),
        data["project"]["actuals"]["totalCount"].clone(),
    ]
}

/// Kinds and ids of changes of actuals, in order of ids.
async fn told(client: &Client, since: &str) -> (Vec<String>, String) {
    let (changes, watermark) = follow(client, since).await;
    let text = |change: &Value| {
        format!("{} {}", change["kind"].as_str().unwrap_or_default(), change["id"].as_str().unwrap_or_default())
    };
    let mut told: Vec<String> = changes.iter().map(text).filter(|line| line.contains(" act_")).collect();
    told.sort();
    (told, watermark)
}

tests! {
    async fn the_manager_sees_what_is_no_labor_and_nothing_else(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        post(&finance, "A", json!({})).await;
        let labor = post(&finance, "B", json!({ "source": "LABOR", "amount": money("7", "CHF"), "quantity": "1" })).await;
        post(&finance, "C", json!({ "itemKey": "PR-015" })).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        assert_eq!(sees(&manager, &labor).await, [json!(1), json!(1), json!("100"), json!(1), json!(false), json!(0), json!(0), json!(1)]);
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        for client in [&finance, &auditor] {
            assert_eq!(sees(client, &labor).await, [json!(3), json!(3), json!("207"), json!(2), json!(true), json!(1), json!(1), json!(2)]);
        }
        // Whoever is both sees both.
        let both = world.client_as("george.mensah", &[Role::ProjectManager, Role::Finance]).await;
        assert_eq!(sees(&both, &labor).await[0], 3);
        // A hidden one is answered like one that is not there, also by its own id and its key.
        let asked = |by: &str| format!("{{ actual(by: {by}) {{ id }} }}");
        for (hidden, none) in [("{ key: \"B\" }", "{ key: \"Z\" }"), ("{ external: { system: \"SAP\", id: \"1\" } }", "{ external: { system: \"SAP\", id: \"2\" } }")] {
            let (one, other) = (manager.query(&asked(hidden)).await, manager.query(&asked(none)).await);
            assert_eq!((one.error_codes(), other.error_codes()), (vec!["NOT_FOUND".to_owned()], vec!["NOT_FOUND".to_owned()]));
        }
        // A list of the whole in a file has the same rows.
        let file = manager.get("/export/v1/actuals.jsonl").await;
        assert_eq!(file.text().lines().count(), 1, "{}", file.text());
    }

    async fn the_manager_is_told_of_what_is_no_labor_and_loses_it_alone(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let next = world.client_as("sofia.rossi", &[Role::ProjectManager]).await;
        let mine = post(&finance, "A", json!({})).await;
        let start = told(&manager, "").await;
        assert_eq!(start.0, [format!("UPSERT {mine}")]);
        let hers = told(&next, "").await;
        assert_eq!(hers.0, Vec::<String>::new());
        let labor = post(&finance, "B", json!({ "source": "LABOR" })).await;
        let other = post(&finance, "C", json!({})).await;
        let (changes, watermark) = told(&manager, &start.1).await;
        assert_eq!(changes, [format!("UPSERT {other}")], "not {labor}");
        // Another manages it from now on: what the one saw goes, and comes to the other; labor is told to neither.
        let given = json!({ "ref": { "key": "PR-014" }, "ifVersion": "*", "patch": { "projectManagerKey": "sofia.rossi" } });
        assert_eq!(faults(&change(&lead, "projectUpdate", given).await), Vec::<String>::new());
        let mut seen = [&mine, &other];
        seen.sort();
        assert_eq!(told(&manager, &watermark).await.0, seen.map(|id| format!("TOMBSTONE {id}")));
        assert_eq!(told(&next, &hers.1).await.0, seen.map(|id| format!("UPSERT {id}")));
        // The trail shows nobody what she may not read, and the stream knows what a row was.
        let entries = audit(&db).await.into_iter().filter(|a| a.target_type == "Actual").count();
        assert_eq!(entries, 3);
        // The project becomes confidential: each of its rows is told as it stood before.
        let hidden = json!({ "ref": { "key": "PR-014" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        let before = events(&db).await.len();
        assert_eq!(faults(&change(&lead, "projectConfidentialitySet", hidden).await), Vec::<String>::new());
        let moved = events(&db).await.into_iter().skip(before).filter(|e| e.target_type == "Actual");
        let mut was: Vec<bool> = moved.map(|e| e.was_labor).collect();
        was.sort_unstable();
        assert_eq!(was, [false, false, true]);
    }
}
