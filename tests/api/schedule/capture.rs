//! A picture of a plan: an item for each task, its cost exact to the last 1/10,000 over months and days.

use entity::{baseline, baseline_item, baseline_period_value};
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{done, francs, of, prepared, stored, task};
use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, faults, param},
};

/// Asks for a picture, and what it made.
async fn capture(client: &Client, more: Value) -> Value {
    let mut input = json!({ "projectKey": "PR-014" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let document = "mutation($input: BaselineCaptureInput!) { baselineCapture(input: $input) { baseline { id state revision currency startOn finishOn budgetAtCompletion { amount } items { totalCount } } userErrors { code message path params { name value } } } }";
    client.query_with(document, json!({ "input": input })).await.data()["baselineCapture"].clone()
}

/// What an item of a task has: its cost, and its increments as day and amount.
async fn item(db: &DatabaseConnection, key: &str, revision: i32) -> (Option<i64>, Vec<(String, i64, Option<i32>)>) {
    let task = stored(db, key).await;
    let baselines = baseline::Entity::find().filter(baseline::Column::Revision.eq(revision));
    let baseline = baselines.one(db).await.expect("baselines").expect("a baseline");
    let items = baseline_item::Entity::find().filter(baseline_item::Column::TaskId.eq(task.id));
    let items = items.filter(baseline_item::Column::BaselineId.eq(baseline.id)).one(db).await.expect("items");
    let item = items.expect("an item");
    let values =
        baseline_period_value::Entity::find().filter(baseline_period_value::Column::BaselineItemId.eq(item.id));
    let mut values: Vec<_> = values
        .all(db)
        .await
        .expect("values")
        .into_iter()
        .map(|value| (value.end_on.to_string(), value.planned_amount.unwrap_or_default(), value.work_minutes))
        .collect();
    values.sort();
    (item.cost_amount, values)
}

async fn plan(client: &Client) {
    task(client, "S-1", json!({ "kind": "SUMMARY" })).await;
    task(client, "T-1", json!({ "parentKey": "S-1", "wbs": "1", "plannedStartOn": "2026-01-20", "plannedFinishOn": "2026-03-02", "workMinutes": 100 })).await;
    task(client, "T-2", json!({ "parentKey": "S-1", "wbs": "2", "plannedStartOn": "2026-03-01", "plannedFinishOn": "2026-03-03", "workMinutes": 200 })).await;
    task(client, "M-1", json!({ "kind": "MILESTONE", "wbs": "3", "plannedFinishOn": "2026-03-03" })).await;
}

tests! {
    async fn costs_are_spread_to_the_last_unit(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        plan(&manager).await;
        let told = capture(&manager, json!({ "costs": [{ "taskKey": "T-2", "cost": francs("0.001") }], "amount": francs("100"), "name": "First" })).await;
        assert_eq!(faults(&told), Vec::<String>::new(), "{told}");
        let made = &told["baseline"];
        let facts = json!({ "id": made["id"], "state": "DRAFT", "revision": 1, "currency": "CHF", "startOn": "2026-01-20", "finishOn": "2026-03-03", "budgetAtCompletion": { "amount": "100.001" }, "items": { "totalCount": 3 } });
        assert_eq!(*made, facts);
        // 42 days: 12, 28 and 2 of them; the remainders go to the largest first.
        let (cost, values) = item(&db, "T-1", 1).await;
        assert_eq!(cost, Some(1_000_000));
        let due = [("2026-01-31", 285_714, Some(28)), ("2026-02-28", 666_667, Some(67)), ("2026-03-02", 47_619, Some(5))];
        assert_eq!(values, due.map(|(end, amount, minutes)| (end.to_owned(), amount, minutes)));
        assert_eq!(item(&db, "T-2", 1).await, (Some(10), vec![("2026-03-03".to_owned(), 10, Some(200))]));
        assert_eq!(item(&db, "M-1", 1).await, (Some(0), vec![]));
        // It is whole: it can be handed in as it is, and every row has its entry in the trail.
        let id = made["id"].as_str().expect("an id");
        let entries = audit(&db).await.into_iter().filter(|entry| entry.mutation == "baselineCapture").count();
        assert_eq!(entries, 1 + 3 + 4);
        done(&manager, "baselineSubmit", of(id)).await;
        done(&lead, "baselineApprove", of(id)).await;
        // What nobody says costs what it did in the baseline in force, now by day.
        let told = capture(&manager, json!({ "spread": "DAY", "costs": [{ "taskKey": "M-1", "cost": francs("5") }] })).await;
        assert_eq!((faults(&told), &told["baseline"]["budgetAtCompletion"]["amount"]), (vec![], &json!("105.001")));
        let (cost, values) = item(&db, "T-2", 2).await;
        let due = [("2026-03-01", 4, Some(67)), ("2026-03-02", 3, Some(67)), ("2026-03-03", 3, Some(66))];
        assert_eq!((cost, values), (Some(10), due.map(|(end, amount, minutes)| (end.to_owned(), amount, minutes)).to_vec()));
        let (cost, values) = item(&db, "T-1", 2).await;
        assert_eq!((cost, values.len(), values.iter().map(|(_, amount, _)| amount).sum::<i64>()), (Some(1_000_000), 42, 1_000_000));
        // By work: T-1 has a third of it.
        let told = capture(&manager, json!({ "amount": francs("1") })).await;
        assert_eq!(faults(&told), Vec::<String>::new(), "{told}");
        assert_eq!((item(&db, "T-1", 3).await.0, item(&db, "T-2", 3).await.0), (Some(3_333), Some(6_667)));
    }

    async fn what_cannot_be_frozen_is_told(world: &World) {
        let (_, lead, manager) = prepared(world).await;
        let told = capture(&manager, json!({})).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("TASK_PLANNED"), "{told}");
        plan(&manager).await;
        task(&manager, "T-3", json!({ "wbs": "4", "plannedStartOn": "2026-01-01" })).await;
        let told = capture(&manager, json!({})).await;
        assert_eq!((param(&told, "rule").as_deref(), param(&told, "tasks").as_deref()), (Some("TASK_PLANNED"), Some("T-3")), "{told}");
        done(&manager, "taskUpdate", super::patch("T-3", json!({ "plannedFinishOn": "2900-01-01" }))).await;
        let before = dump(&world.database().await).await;
        for (client, more, due) in [
            (&manager, json!({ "spread": "DAY" }), "OUT_OF_RANGE input.spread"),
            (&manager, json!({ "costs": [{ "taskKey": "S-1", "cost": francs("1") }] }), "NOT_FOUND input.costs.0.taskKey"),
            (&manager, json!({ "costs": [{ "taskKey": "T-1", "cost": francs("1") }, { "taskKey": "T-1", "cost": francs("1") }] }), "DUPLICATE input.costs.1.taskKey"),
            (&manager, json!({ "costs": [{ "taskKey": "T-1", "cost": francs("-1") }] }), "OUT_OF_RANGE input.costs.0.cost.amount"),
            (&manager, json!({ "amount": { "amount": "1", "currency": "EUR" } }), "INVALID input.amount.currency"),
            (&manager, json!({ "name": "N".repeat(256) }), "TOO_LONG input.name"),
            (&manager, json!({ "projectKey": "PR-NONE" }), "NOT_FOUND input.projectKey"),
            (&manager, json!({ "projectKey": "PG-ERP" }), "NOT_FOUND input.projectKey"),
            (&manager, json!({ "projectKey": "PR-015" }), "FORBIDDEN input.projectKey"),
            (&lead, json!({ "projectId": "prj_none", "projectKey": null }), "NOT_FOUND input.projectId"),
        ] {
            let told = capture(client, more.clone()).await;
            assert_eq!(faults(&told), [due], "{more}");
        }
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        assert_eq!(faults(&capture(&auditor, json!({})).await), ["FORBIDDEN input.projectKey"]);
        assert_eq!(dump(&world.database().await).await, before, "nothing was written");
    }
}
