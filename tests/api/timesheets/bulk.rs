//! A thousand entries in one mutation: tried, refused row by row, written, and sent again.

use serde_json::{Value, json};

use super::{House, MONDAY, PROJECT, faults, of, sheet, with};
use crate::support::{
    client::Client,
    writes::{change, done, request_key, statuses},
};

/// A thousand entries of three minutes, over four days.
fn entries() -> Vec<Value> {
    let day = |n: u32| format!("2026-02-{}", 23 + n % 4);
    let entry = |n: u32| {
        let patch = json!({ "resourceKey": "wanda", "projectKey": PROJECT, "workOn": day(n), "minutes": 3 });
        json!({ "ref": { "external": { "system": "BADGE", "id": format!("W{n}") } }, "patch": patch })
    };
    (0..1_000).map(entry).collect()
}

async fn count(client: &Client) -> Value {
    let asked = "{ timeEntries(filter: { resource: { key: { eq: \"wanda\" } } }) { totalCount } }";
    client.query(asked).await.data()["timeEntries"]["totalCount"].clone()
}

tests! {
    async fn a_thousand_entries_are_written_in_one_mutation_or_none(world: &World) {
        let House { wanda, .. } = House::of(world).await;
        let mut items = entries();
        let list = |items: &[Value], number: u64, more: Value| with(json!({ "items": items, "clientMutationKey": request_key(number) }), more);
        let tried = change(&wanda, "timeEntryBulkUpsert", list(&items, 1, json!({ "dryRun": true }))).await;
        assert_eq!((&tried["createdCount"], &tried["isDryRun"], count(&wanda).await), (&json!(1_000), &json!(true), json!(0)));
        assert!(sheet(&wanda, "wanda", MONDAY).await.is_null());
        items[500]["patch"]["minutes"] = json!(-1);
        items[700]["patch"]["projectKey"] = json!("NO-SUCH");
        items[800]["patch"]["workOn"] = json!("2026-01-05");
        let refused = change(&wanda, "timeEntryBulkUpsert", list(&items, 2, json!({}))).await;
        let mut due = ["OUT_OF_RANGE input.items.500.patch.minutes", "NOT_FOUND input.items.700.patch.projectKey", "PERIOD_CLOSED input.items.800.patch.workOn"];
        let mut told = faults(&refused);
        due.sort_unstable();
        told.sort_unstable();
        assert_eq!((told, count(&wanda).await), (due.map(str::to_owned).to_vec(), json!(0)));
        // The good ones; and once more, after which nothing is written twice.
        for _ in 0..2 {
            let made = change(&wanda, "timeEntryBulkUpsert", list(&items, 3, json!({ "errorPolicy": "REJECT_FAILED" }))).await;
            assert_eq!((&made["createdCount"], &made["failedCount"], count(&wanda).await), (&json!(997), &json!(3), json!(997)));
        }
        let again = change(&wanda, "timeEntryBulkUpsert", list(&entries(), 4, json!({}))).await;
        assert_eq!((&again["createdCount"], &again["unchangedCount"], count(&wanda).await), (&json!(3), &json!(997), json!(1_000)));
        assert!(statuses(&again).iter().all(|status| status == "UNCHANGED" || status == "CREATED"));
        let other = change(&wanda, "timeEntryBulkUpsert", list(&items, 4, json!({}))).await;
        assert_eq!(faults(&other), ["IDEMPOTENCY_KEY_REUSED input.clientMutationKey"]);
    }

    async fn many_weeks_are_approved_and_posted_at_once(world: &World) {
        let house = House::of(world).await;
        let mut weeks = vec![];
        for (day, monday) in [("2026-02-10", "2026-02-09"), ("2026-02-17", "2026-02-16")] {
            done(&house.wanda, "timeEntryCreate", super::on_project(day, 60)).await;
            let week = sheet(&house.wanda, "wanda", monday).await;
            done(&house.wanda, "timesheetSubmit", of(&week)).await;
            weeks.push(json!({ "ref": { "id": week["id"] }, "ifVersion": "*" }));
        }
        let list = |number: u64| json!({ "items": weeks, "clientMutationKey": request_key(number) });
        let approved = change(&house.karin, "timesheetBulkApprove", list(1)).await;
        assert_eq!(approved["updatedCount"], 2, "{approved:#}");
        let posted = change(&house.lead, "timesheetBulkPost", list(2)).await;
        assert_eq!(posted["updatedCount"], 2, "{posted:#}");
        assert_eq!(super::labor(&house.finance).await.len(), 2);
        let again = change(&house.lead, "timesheetBulkPost", list(3)).await;
        assert_eq!(faults(&again), ["ILLEGAL_STATE input.items.0", "ILLEGAL_STATE input.items.1"]);
        assert_eq!(super::labor(&house.finance).await.len(), 2);
    }
}
