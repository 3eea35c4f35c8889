//! Baselines: drafts with items and increments, approval by the office alone, one in force of each kind.

use entity::{baseline, baseline_item, baseline_period_value};
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{NO_FAULT, done, francs, of, patch, prepared, task};
use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, change, faults, param, request_key, sql, statuses},
};

/// A draft of PR-014; its id.
async fn draft(client: &Client, more: Value) -> String {
    let mut input = json!({ "projectKey": "PR-014" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    done(client, "baselineCreate", input).await["id"].as_str().expect("an id").to_owned()
}

/// An item of January 2026; its id.
async fn item(client: &Client, baseline: &str, task: &str, cost: &str) -> String {
    let input = json!({ "baselineId": baseline, "taskKey": task, "startOn": "2026-01-01", "finishOn": "2026-01-31", "cost": francs(cost) });
    done(client, "baselineItemCreate", input).await["id"].as_str().expect("an id").to_owned()
}

/// A submitted baseline with one item.
async fn submitted(client: &Client, task: &str, more: Value) -> String {
    let id = draft(client, more).await;
    item(client, &id, task, "100").await;
    done(client, "baselineSubmit", of(&id)).await;
    id
}

async fn states(db: &DatabaseConnection) -> Vec<String> {
    let mut all = baseline::Entity::find().all(db).await.expect("baselines");
    all.sort_by_key(|baseline| baseline.revision);
    all.into_iter().map(|baseline| format!("{} {}", baseline.revision, baseline.state)).collect()
}

tests! {
    async fn a_manager_saves_and_the_office_approves(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        let empty = draft(&manager, json!({ "name": "First", "managementReserve": francs("5") })).await;
        let told = change(&manager, "baselineSubmit", of(&empty)).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("BASELINE_ITEMS"), "{told}");
        item(&manager, &empty, "T-1", "100").await;
        assert_eq!(done(&manager, "baselineSubmit", of(&empty)).await["state"], "SUBMITTED");
        let refused = change(&manager, "baselineApprove", of(&empty)).await;
        assert_eq!((faults(&refused), param(&refused, "needs").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("BASELINE_APPROVE")));
        let sponsor = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        assert_eq!(faults(&change(&sponsor, "baselineApprove", of(&empty)).await), ["FORBIDDEN input"]);
        // A manager who belongs to the office as well is still the manager, and a submitter the submitter.
        let both = world.client_as("george.mensah", &[Role::PmoLead]).await;
        let conflict = change(&both, "baselineApprove", of(&empty)).await;
        let told: Vec<String> = conflict["userErrors"].as_array().expect("errors").iter().map(|e| e["params"][1]["value"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(told, ["SUBMITTER", "PROJECT_MANAGER"], "{conflict}");
        let note = json!({ "id": empty, "ifVersion": "*", "note": "Fits the budget." });
        assert_eq!(done(&lead, "baselineApprove", note).await["state"], "APPROVED");
        let row = baseline::Entity::find().one(&db).await.expect("baselines").expect("a baseline");
        assert_eq!((row.completion_amount, row.reserve_amount, row.decision_note.as_deref()), (1_000_000, Some(50_000), Some("Fits the budget.")));
        assert!(row.approved_at.is_some() && row.approved_by_id.is_some() && row.submitted_by_id.is_some());
        // From now on it stands, with all below it.
        let its_item = foliograph::graph::encode_id("bsi", baseline_item::Entity::find().one(&db).await.expect("items").expect("an item").id);
        let before = dump(&world.database().await).await;
        for (mutation, input, told) in [
            ("baselineUpdate", json!({ "id": empty, "ifVersion": "*", "patch": { "name": "Other" } }), "IMMUTABLE input.id"),
            ("baselineDelete", of(&empty), "IMMUTABLE input.id"),
            ("baselineArchive", of(&empty), "ILLEGAL_STATE input"),
            ("baselineSubmit", of(&empty), "ILLEGAL_STATE input"),
            ("baselineReject", of(&empty), "ILLEGAL_STATE input"),
            ("baselineItemUpdate", json!({ "id": its_item, "ifVersion": "*", "patch": { "cost": francs("1") } }), "IMMUTABLE input.id"),
            ("baselineItemDelete", of(&its_item), "IMMUTABLE input.id"),
            ("baselineItemCreate", json!({ "baselineId": empty, "taskKey": "T-1", "startOn": "2026-01-01", "finishOn": "2026-01-01" }), "IMMUTABLE input.baselineId"),
            ("baselinePeriodValueCreate", json!({ "baselineItemId": its_item, "endOn": "2026-01-15", "plannedValue": francs("1") }), "IMMUTABLE input.baselineItemId"),
        ] {
            let answer = change(&lead, mutation, input).await;
            assert_eq!(faults(&answer).first().map(String::as_str), Some(told), "{mutation}: {answer}");
        }
        assert_eq!(dump(&world.database().await).await, before, "nothing was written");
    }

    async fn one_baseline_of_a_kind_is_in_force(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        let first = submitted(&manager, "T-1", json!({})).await;
        let second = submitted(&manager, "T-1", json!({})).await;
        let other = submitted(&manager, "T-1", json!({ "kind": "SCHEDULE" })).await;
        for id in [&second, &other] {
            done(&lead, "baselineApprove", of(id)).await;
        }
        // What is older than the one in force comes too late.
        assert_eq!(faults(&change(&lead, "baselineApprove", of(&first)).await), ["ILLEGAL_STATE input"]);
        done(&lead, "baselineReject", json!({ "id": first, "ifVersion": "*", "note": "Too late." })).await;
        let fourth = submitted(&manager, "T-1", json!({})).await;
        done(&lead, "baselineApprove", of(&fourth)).await;
        assert_eq!(states(&db).await, ["1 REJECTED", "2 SUPERSEDED", "3 APPROVED", "4 APPROVED"]);
        let all = baseline::Entity::find().all(&db).await.expect("baselines");
        let of_revision = |revision: i32| all.iter().find(|b| b.revision == revision).expect("a baseline");
        assert_eq!(of_revision(2).superseded_at, of_revision(4).approved_at);
        assert!(of_revision(1).approved_at.is_none());
        done(&manager, "baselineArchive", of(&second)).await;
        let read = manager.query("{ project(by: {key: \"PR-014\"}) { baselines(filter: {state: {eq: APPROVED}, kind: {eq: PERFORMANCE}}) { nodes { revision budgetAtCompletion { amount currency } startOn finishOn items { totalCount } } } } }").await.data();
        assert_eq!(read["project"]["baselines"]["nodes"], json!([{ "revision": 4, "budgetAtCompletion": { "amount": "100", "currency": "CHF" }, "startOn": "2026-01-01", "finishOn": "2026-01-31", "items": { "totalCount": 1 } }]));
    }

    async fn two_approvals_at_once_leave_one_in_force(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        let ids = [submitted(&manager, "T-1", json!({})).await, submitted(&manager, "T-1", json!({})).await];
        let (a, b) = tokio::join!(change(&lead, "baselineApprove", of(&ids[0])), change(&lead, "baselineApprove", of(&ids[1])));
        assert!(faults(&b).is_empty(), "{a} {b}");
        let states = states(&db).await;
        assert!(states == ["1 SUPERSEDED", "2 APPROVED"] || states == ["1 SUBMITTED", "2 APPROVED"], "{states:?}");
    }

    async fn items_and_increments_come_to_what_the_baseline_says(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        task(&manager, "T-2", json!({})).await;
        task(&manager, "S-1", json!({ "kind": "SUMMARY" })).await;
        done(&lead, "taskCreate", json!({ "key": "X-1", "title": "Elsewhere", "projectKey": "PR-001" })).await;
        let id = draft(&manager, json!({})).await;
        let new = |task: &str, from: &str, to: &str, more: Value| {
            let mut input = json!({ "baselineId": id, "taskKey": task, "startOn": from, "finishOn": to });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        let first = done(&manager, "baselineItemCreate", new("T-1", "2026-01-10", "2026-02-20", json!({ "cost": francs("70.5"), "workMinutes": 600 }))).await;
        let first = first["id"].as_str().expect("an id").to_owned();
        for (input, told, rule) in [
            (new("T-1", "2026-01-10", "2026-02-20", json!({})), "DUPLICATE input.taskKey", None),
            (new("S-1", "2026-01-10", "2026-02-20", json!({})), "INVARIANT input.taskKey", Some("BASELINE_TASK")),
            (new("X-1", "2026-01-10", "2026-02-20", json!({})), "INVARIANT input.taskKey", Some("BASELINE_TASK")),
            (new("T-2", "2026-01-10", "2026-01-09", json!({})), "INVARIANT input.finishOn", Some("DATES_IN_ORDER")),
            (new("T-2", "2026-01-10", "2026-02-20", json!({ "workMinutes": -1 })), "OUT_OF_RANGE input.workMinutes", None),
            (new("T-2", "2026-01-10", "2026-02-20", json!({ "cost": francs("-1") })), "OUT_OF_RANGE input.cost.amount", None),
            (new("T-2", "2026-01-10", "2026-02-20", json!({ "cost": { "amount": "1", "currency": "EUR" } })), "INVALID input.cost.currency", None),
        ] {
            let answer = change(&lead, "baselineItemCreate", input.clone()).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{input}");
        }
        done(&manager, "baselineItemCreate", new("T-2", "2025-12-01", "2026-01-31", json!({ "cost": francs("29.5") }))).await;
        let row = baseline::Entity::find().one(&db).await.expect("baselines").expect("a baseline");
        assert_eq!((row.completion_amount, row.start_on.map(|d| d.to_string()), row.finish_on.map(|d| d.to_string())), (1_000_000, Some("2025-12-01".into()), Some("2026-02-20".into())));
        let value = |end: &str, amount: &str, minutes: Value| json!({ "baselineItemId": first, "endOn": end, "plannedValue": francs(amount), "workMinutes": minutes });
        let items = json!([value("2026-01-31", "50", json!(400)), value("2026-02-20", "20", json!(200))]);
        let told = change(&manager, "baselinePeriodValueBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["CREATED", "CREATED"], "{told}");
        for (input, told, rule) in [
            (value("2026-01-31", "0", json!(null)), "DUPLICATE input.endOn", None),
            (value("2026-02-21", "0", json!(null)), "INVARIANT input.endOn", Some("PERIODS_WITHIN_ITEM")),
            (value("2026-01-09", "0", json!(null)), "INVARIANT input.endOn", Some("PERIODS_WITHIN_ITEM")),
            (value("2026-02-01", "0.5001", json!(null)), "INVARIANT input.plannedValue", Some("PERIODS_WITHIN_ITEM")),
            (value("2026-02-01", "0", json!(1)), "INVARIANT input.workMinutes", Some("PERIODS_WITHIN_ITEM")),
        ] {
            let answer = change(&manager, "baselinePeriodValueCreate", input.clone()).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{input}");
        }
        // The item still holds what it is divided into, and the parts sum to it when it is handed in.
        let less = json!({ "id": first, "ifVersion": "*", "patch": { "cost": francs("69") } });
        assert_eq!(faults(&change(&manager, "baselineItemUpdate", less).await), ["INVARIANT input.patch.cost"]);
        let shorter = json!({ "id": first, "ifVersion": "*", "patch": { "finishOn": "2026-02-19" } });
        assert_eq!(faults(&change(&manager, "baselineItemUpdate", shorter).await), ["INVARIANT input.patch.finishOn"]);
        let told = change(&manager, "baselineSubmit", of(&id)).await;
        assert_eq!((param(&told, "rule").as_deref(), param(&told, "items").as_deref()), (Some("PERIODS_SUM"), Some("1")), "{told}");
        let exact = json!({ "id": first, "ifVersion": "*", "patch": { "cost": francs("70") } });
        done(&manager, "baselineItemUpdate", exact).await;
        // An item goes with its increments, a draft with all that it holds; the trail keeps what they were.
        let spare = draft(&manager, json!({})).await;
        let gone = item(&manager, &spare, "T-1", "7").await;
        done(&manager, "baselinePeriodValueCreate", json!({ "baselineItemId": gone, "endOn": "2026-01-31", "plannedValue": francs("7") })).await;
        assert_eq!(faults(&change(&manager, "baselineItemDelete", of(&gone)).await), NO_FAULT);
        item(&manager, &spare, "T-1", "8").await;
        assert_eq!(faults(&change(&manager, "baselineDelete", of(&spare)).await), NO_FAULT);
        let removed: Vec<String> = audit(&db).await.into_iter().filter(|e| e.action == "DELETED").map(|e| e.target_type).collect();
        assert_eq!(removed, ["BaselinePeriodValue", "BaselineItem", "BaselineItem", "Baseline"]);
        let left = (baseline_item::Entity::find().all(&db).await.expect("items").len(), baseline_period_value::Entity::find().all(&db).await.expect("values").len());
        assert_eq!(left, (2, 2));
        done(&manager, "baselineSubmit", of(&id)).await;
        done(&manager, "taskUpdate", patch("T-1", json!({ "plannedStartOn": "2026-05-01" }))).await;
        assert_eq!(baseline_item::Entity::find().all(&db).await.expect("items").len(), 2, "a plan that was frozen stands");
    }

    async fn money_of_a_baseline_is_masked_where_the_plan_is_not(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        let id = submitted(&manager, "T-1", json!({})).await;
        done(&lead, "baselineApprove", of(&id)).await;
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'jonas.weber') WHERE key = 'PF-PRODUCTS'").await;
        let asked = format!("{{ baseline(by: {{id: \"{id}\"}}) {{ state budgetAtCompletion {{ amount }} items {{ nodes {{ startOn cost {{ amount }} }} }} }} }}");
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await.query(&asked).await.json();
        assert_eq!(analyst["data"]["baseline"], json!({ "state": "APPROVED", "budgetAtCompletion": null, "items": { "nodes": [{ "startOn": "2026-01-01", "cost": null }] } }), "{analyst}");
        assert_eq!(analyst["extensions"]["access"].as_array().map(Vec::len), Some(2), "{analyst}");
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await.query(&asked).await.json();
        assert_eq!(auditor["data"]["baseline"]["budgetAtCompletion"]["amount"], "100", "{auditor}");
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        assert!(finance.query("{ baselines { totalCount } }").await.json()["data"]["baselines"].is_null());
    }
}
