//! One measurement is claimed once: by the benefit's own item and those that help to bring it, whoever writes when.

use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{NO_FAULT, actual, advance, euros, had, made, measured, patch, prepared};
use crate::support::{
    World,
    client::Client,
    writes::{change, faults, item, item_id, param, request_key, statuses, stranger},
};

const NEW: &str = "benefitActualCreate";

tests! {
    async fn shares_of_one_measurement_sum_to_the_whole_at_most(world: &World) {
        let (db, lead) = begin(world).await;
        had(&lead, "M-B-1", json!({ "attributionShare": "0.5", "amount": euros("100.0001") })).await;
        let of = |key: &'static str, share: &'static str, more: Value| {
            let mut input = actual("M-B-1", json!({ "attributedItemKey": key, "attributionShare": share, "amount": euros("100.0001") }));
            for (name, value) in more.as_object().expect("members") {
                input[name] = value.clone();
            }
            input
        };
        for (input, told, rule) in [
            (of("PR-002", "0.500000001", json!({})), "INVARIANT input.attributionShare", Some("ATTRIBUTION_SHARES")),
            (of("PR-001", "0.1", json!({})), "DUPLICATE input.measuredOn", None),
            (of("PR-002", "0.1", json!({ "value": "3" })), "INVARIANT input.value", Some("ONE_MEASUREMENT")),
            (of("PR-002", "0.1", json!({ "amount": euros("99") })), "INVARIANT input.value", Some("ONE_MEASUREMENT")),
            (of("PR-002", "0.1", json!({ "dueOn": null })), "INVARIANT input.value", Some("ONE_MEASUREMENT")),
            (of("PR-003", "0.1", json!({})), "INVARIANT input.attributedItemKey", Some("BENEFIT_CONTRIBUTOR")),
        ] {
            let done = change(&lead, NEW, input).await;
            assert_eq!((faults(&done), param(&done, "rule").as_deref()), (vec![told.to_owned()], rule));
        }
        assert_eq!(faults(&change(&lead, NEW, of("PR-002", "0.3", json!({}))).await), NO_FAULT);
        // Another day answers no due date that is answered.
        let due = measured(&db, "M-B-1").await.first_due_on.to_string();
        let late = actual("M-B-1", json!({ "measuredOn": "2026-02-25", "dueOn": due }));
        assert_eq!(faults(&change(&lead, NEW, late).await), ["DUPLICATE input.dueOn"]);
        had(&lead, "M-B-1", json!({ "measuredOn": "2026-02-25", "attributionShare": "1" })).await;
        let rows = entity::benefit_actual::Entity::find().all(&db).await.expect("actuals");
        let mut parts: Vec<Option<i64>> = rows.iter().map(|row| row.attributed_amount).collect();
        parts.sort_unstable();
        assert_eq!(parts, [None, Some(300_000), Some(500_000)], "100.0001 times 0.3 and 0.5, to the nearest, halves to even");
        let own = item(&db, "PR-001").await;
        assert!(rows.iter().all(|row| row.item_id == own.id), "all of them are of the benefit's item");
        let read = lead.query("{ project(by: {key: \"PR-002\"}) { attributedBenefitActuals { totalCount aggregate { sum { attributedAmount { amount } } } } } benefit(by: {key: \"B-1\"}) { actuals { aggregate { sum { attributedAmount { amount } } } } } }").await.data();
        assert_eq!(read["project"]["attributedBenefitActuals"], json!({ "totalCount": 1, "aggregate": { "sum": { "attributedAmount": [{ "amount": "30" }] } } }));
        assert_eq!(read["benefit"]["actuals"]["aggregate"]["sum"]["attributedAmount"], json!([{ "amount": "80" }]));
    }

    async fn what_is_returned_or_reversed_claims_nothing(world: &World) {
        let (_, lead) = begin(world).await;
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let first = had(&lead, "M-B-1", json!({ "attributionShare": "0.8" })).await;
        assert_eq!(faults(&change(&finance, "benefitActualReturn", json!({ "id": first, "ifVersion": "*", "note": "No" })).await), NO_FAULT);
        let second = had(&lead, "M-B-1", json!({ "attributedItemKey": "PR-002", "attributionShare": "0.5" })).await;
        let again = json!({ "id": first, "ifVersion": "*", "patch": { "evidence": "The ledger" } });
        assert_eq!(faults(&change(&lead, "benefitActualUpdate", again).await), ["INVARIANT input.patch"], "there is no room for it now");
        for (mutation, note) in [("benefitActualValidate", None), ("benefitActualReverse", Some("Twice"))] {
            let mut input = json!({ "id": second, "ifVersion": "*" });
            if let Some(note) = note {
                input["note"] = json!(note);
            }
            assert_eq!(faults(&change(&finance, mutation, input).await), NO_FAULT, "{mutation}");
        }
        let again = json!({ "id": first, "ifVersion": "*", "patch": { "evidence": "The ledger" } });
        assert_eq!(faults(&change(&lead, "benefitActualUpdate", again).await), NO_FAULT);
    }

    async fn a_list_is_looked_at_as_it_will_stand(world: &World) {
        let (db, lead) = begin(world).await;
        let ids = [
            had(&lead, "M-B-1", json!({ "attributionShare": "0.6" })).await,
            had(&lead, "M-B-1", json!({ "attributedItemKey": "PR-002", "attributionShare": "0.4" })).await,
        ];
        let patch = |at: usize, patch: Value| json!({ "ref": { "id": ids[at] }, "ifVersion": "*", "patch": patch });
        let one = json!({ "id": ids[0], "ifVersion": "*", "patch": { "value": "3" } });
        assert_eq!(faults(&change(&lead, "benefitActualUpdate", one).await), ["INVARIANT input.patch.value"]);
        let both = json!([patch(0, json!({ "value": "3", "attributionShare": "0.3" })), patch(1, json!({ "value": "3", "attributionShare": "0.7" }))]);
        let done = change(&lead, "benefitActualBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": both })).await;
        assert_eq!(statuses(&done), ["UPDATED", "UPDATED"], "{done}");
        // The first refused stays as it was and is in the other's way.
        let wrong = json!([patch(0, json!({ "attributionShare": "2" })), patch(1, json!({ "attributionShare": "0.8" }))]);
        let done = change(&lead, "benefitActualBulkUpdate", json!({ "clientMutationKey": request_key(2), "errorPolicy": "REJECT_FAILED", "items": wrong })).await;
        assert_eq!(statuses(&done), ["FAILED", "FAILED"], "{done}");
        let new = |day: &str, share: &str, key: &str| actual("M-B-1", json!({ "measuredOn": day, "attributionShare": share, "attributedItemKey": key }));
        let items = json!([new("2026-02-22", "0.6", "PR-001"), new("2026-02-22", "0.5", "PR-002"), new("2026-02-22", "0.4", "PR-006")]);
        let done = change(&lead, "benefitActualBulkCreate", json!({ "clientMutationKey": request_key(3), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done), ["CREATED", "FAILED", "CREATED"], "{done}");
        assert_eq!(entity::benefit_actual::Entity::find().all(&db).await.expect("actuals").len(), 4);
    }

    async fn writers_at_the_same_time_claim_it_once(world: &World) {
        let (db, lead) = begin(world).await;
        for round in 0..3 {
            let day = format!("2026-02-1{round}");
            let writes = ["PR-001", "PR-002", "PR-006"].map(|key| {
                change(&lead, NEW, actual("M-B-1", json!({ "measuredOn": day, "attributedItemKey": key, "attributionShare": "0.4" })))
            });
            let told: Vec<Vec<String>> = join_all(writes).await.iter().map(faults).collect();
            assert_eq!(told.iter().filter(|faults| faults.is_empty()).count(), 2, "{told:?}");
        }
        // With the benefit being settled, the calendar agrees with what came first.
        advance(&lead, "B-1", &["ENABLED", "REALIZING"]).await;
        let settle = change(&lead, "benefitStateAdvance", super::to_state("B-1", "REALIZED"));
        let record = change(&lead, NEW, actual("M-B-1", json!({ "measuredOn": "2026-02-28" })));
        let (settled, recorded) = futures_util::join!(settle, record);
        assert_eq!(faults(&settled), NO_FAULT);
        assert!(faults(&recorded).is_empty() || faults(&recorded) == ["IMMUTABLE input.measureKey"], "{recorded}");
        assert!(measured(&db, "M-B-1").await.next_due_on.is_none());
    }

    async fn who_helps_to_bring_it_may_be_out_of_sight(world: &World) {
        let (db, lead) = begin(world).await;
        // Somebody without a role.
        stranger(world, Role::Admin).await;
        change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "stranger.admin" }))).await;
        let owner = world.client_as("stranger.admin", &[]).await;
        let hidden = item_id(&db, "PR-002").await;
        let told = change(&owner, NEW, actual("M-B-1", json!({ "attributedItemId": hidden }))).await;
        assert_eq!(faults(&told), ["NOT_FOUND input.attributedItemId"], "she sees the items of her benefits");
        had(&lead, "M-B-1", json!({ "attributedItemKey": "PR-002", "attributionShare": "0.5" })).await;
        let read = owner.query("{ benefitActuals { nodes { attributedItem { key } attributionShare item { key } } } }").await.data();
        assert_eq!(read["benefitActuals"]["nodes"], json!([{ "attributedItem": null, "attributionShare": "0.5", "item": { "key": "PR-001" } }]));
    }
}

/// A world with a promised benefit that two further items help to bring.
async fn begin(world: &World) -> (DatabaseConnection, Client) {
    let (db, lead) = prepared(world).await;
    made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
    for key in ["PR-002", "PR-006"] {
        let input = json!({ "benefitKey": "B-1", "contributorId": item_id(&db, key).await, "share": "0.3" });
        assert_eq!(faults(&change(&lead, "benefitContributionCreate", input).await), NO_FAULT);
    }
    advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
    (db, lead)
}
