//! Plan points and contributions: written while the benefit is a draft, summed on it, and gone with a tombstone.

use entity::{benefit_contribution, benefit_plan_point};
use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, made, patch, prepared, stored};
use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, change, events, faults, item_id, param, request_key, sql, statuses},
};

const POINT: &str = "benefitPlanPointCreate";
const SHARE: &str = "benefitContributionCreate";

tests! {
    async fn points_sum_on_their_benefit(world: &World) {
        let (db, lead) = prepared(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        made(&db, &marc, "B-1", "PR-001", json!({})).await;
        let first = point(&marc, "B-1", "M-01", "100.25").await;
        let second = point(&marc, "B-1", "M-02", "50").await;
        let row = stored(&db, "B-1").await;
        assert_eq!((row.planned_amount, row.version), (1_502_500, 3));
        let entries: Vec<String> = audit(&db).await.iter().map(|e| format!("{} {}", e.target_type, e.target_version)).collect();
        assert_eq!(entries, ["Benefit 1", "BenefitPlanPoint 1", "Benefit 2", "BenefitPlanPoint 1", "Benefit 3"]);
        let less = json!({ "id": first, "ifVersion": "1", "patch": { "amount": euros("0"), "note": "Later" } });
        assert_eq!(faults(&change(&marc, "benefitPlanPointUpdate", less).await), NO_FAULT);
        assert_eq!(stored(&db, "B-1").await.planned_amount, 500_000);
        let noted = json!({ "id": first, "ifVersion": "*", "patch": { "note": null } });
        change(&marc, "benefitPlanPointUpdate", noted).await;
        assert_eq!(stored(&db, "B-1").await.version, 4, "a note is not money");
        let read = lead.query("{ benefit(by: {key: \"B-1\"}) { plannedAmount { amount currency } planPoints(orderBy: [{amount: {direction: ASC}}]) { totalCount nodes { amount { amount } period { key } item { key } } aggregate { sum { amount { amount } } } } } }").await.data();
        assert_eq!(read["benefit"]["plannedAmount"], euros("50"));
        assert_eq!(read["benefit"]["planPoints"]["nodes"][1], json!({ "amount": { "amount": "50" }, "period": { "key": "M-02" }, "item": { "key": "PR-001" } }));
        assert_eq!(read["benefit"]["planPoints"]["aggregate"]["sum"]["amount"][0]["amount"], json!("50"));
        // Gone, with what it was in the trail, and a tombstone for who had it.
        let (watermark, _) = changes(&lead, &Value::Null).await;
        let remove = json!({ "id": second, "ifVersion": "1", "clientMutationKey": request_key(1) });
        for replayed in [false, true] {
            let done = change(&marc, "benefitPlanPointDelete", remove.clone()).await;
            assert_eq!((faults(&done), &done["deletedId"], &done["replayed"]), (NO_FAULT, &second, &json!(replayed)));
        }
        assert_eq!((stored(&db, "B-1").await.planned_amount, benefit_plan_point::Entity::find().all(&db).await.expect("points").len()), (0, 1));
        let gone = audit(&db).await.into_iter().rfind(|e| e.action == "DELETED").expect("an entry");
        assert!(gone.changes.contains("\"before\":{\"amount\":\"50\",\"currency\":\"EUR\"}"), "{}", gone.changes);
        let (_, told) = changes(&lead, &watermark).await;
        assert!(told.contains(&format!("TOMBSTONE {}", second.as_str().expect("an id"))) && told.len() == 2, "{told:?}");
        assert_eq!(faults(&change(&marc, "benefitPlanPointDelete", json!({ "id": second, "ifVersion": "*" })).await), ["NOT_FOUND input.id"]);
    }

    async fn a_point_is_of_an_open_period_and_the_only_one(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let id = point(&lead, "B-1", "M-01", "1").await;
        for (period, amount, told) in [
            ("M-00", euros("1"), "PERIOD_CLOSED input.periodKey"),
            ("M-01", euros("1"), "DUPLICATE input.periodKey"),
            ("M-02", euros("-1"), "OUT_OF_RANGE input.amount.amount"),
            ("M-02", json!({ "amount": "1", "currency": "USD" }), "INVALID input.amount.currency"),
            ("M-02", euros("900000000000000"), ""),
        ] {
            let done = change(&lead, POINT, json!({ "benefitKey": "B-1", "periodKey": period, "amount": amount })).await;
            assert_eq!(faults(&done).join(" "), told, "{period} {amount}");
        }
        let more = json!({ "id": id, "ifVersion": "*", "patch": { "amount": euros("900000000000000") } });
        assert_eq!(faults(&change(&lead, "benefitPlanPointUpdate", more).await), ["OUT_OF_RANGE input.patch.amount"], "the sum");
        sql(&db, "UPDATE fiscal_period SET state = 'CLOSED' WHERE key = 'M-01'").await;
        let before = dump(&world.database().await).await;
        let late = json!({ "id": id, "ifVersion": "*", "patch": { "amount": euros("2") } });
        assert_eq!(faults(&change(&lead, "benefitPlanPointUpdate", late).await), ["PERIOD_CLOSED input.id"]);
        assert_eq!(faults(&change(&lead, "benefitPlanPointDelete", json!({ "id": id, "ifVersion": "*" })).await), ["PERIOD_CLOSED input.id"]);
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn points_of_a_list_are_told_apart(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        made(&db, &lead, "B-2", "PR-002", json!({})).await;
        let new = |benefit: &str, period: &str, amount: &str| json!({ "benefitKey": benefit, "periodKey": period, "amount": euros(amount) });
        let items = json!([new("B-1", "M-01", "1"), new("B-1", "M-01", "2"), new("B-2", "M-00", "4"), new("B-2", "M-01", "8"), new("B-1", "M-02", "16")]);
        let input = |policy: &str, n| json!({ "clientMutationKey": request_key(n), "errorPolicy": policy, "items": items });
        let all = change(&lead, "benefitPlanPointBulkCreate", input("REJECT_ALL", 1)).await;
        assert_eq!((statuses(&all)[0].as_str(), stored(&db, "B-1").await.version), ("NOT_WRITTEN", 1));
        let good = change(&lead, "benefitPlanPointBulkCreate", input("REJECT_FAILED", 2)).await;
        assert_eq!(statuses(&good), ["CREATED", "FAILED", "FAILED", "CREATED", "CREATED"], "{good}");
        assert_eq!([stored(&db, "B-1").await.planned_amount, stored(&db, "B-2").await.planned_amount], [170_000, 80_000]);
        // Whoever writes at the same time, the sum is of all of them.
        let ids: Vec<Value> = points(&lead).await;
        let writes = ids.iter().enumerate().map(|(n, id)| change(&lead, "benefitPlanPointUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "amount": euros(&(n + 1).to_string()) } })));
        for done in join_all(writes).await {
            assert_eq!(faults(&done), NO_FAULT);
        }
        let rows = benefit_plan_point::Entity::find().all(&db).await.expect("points");
        for key in ["B-1", "B-2"] {
            let benefit = stored(&db, key).await;
            assert_eq!(benefit.planned_amount, rows.iter().filter(|p| p.benefit_id == benefit.id).map(|p| p.amount).sum::<i64>());
        }
    }

    async fn parts_of_a_promise_stand_for_everybody(world: &World) {
        let (db, lead) = prepared(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        made(&db, &marc, "B-1", "PR-001", json!({})).await;
        let point = point(&marc, "B-1", "M-01", "5").await;
        let share = shared(&db, &marc, "B-1", "PR-002", "0.25").await;
        advance(&marc, "B-1", &["PROFILED"]).await;
        advance(&lead, "B-1", &["APPROVED"]).await;
        let before = dump(&world.database().await).await;
        let helper = item_id(&db, "PR-006").await;
        for (mutation, input, code, path) in [
            (POINT, json!({ "benefitKey": "B-1", "periodKey": "M-02", "amount": euros("1") }), "IMMUTABLE", "input.benefitKey"),
            ("benefitPlanPointUpdate", json!({ "id": point, "ifVersion": "*", "patch": { "amount": euros("1") } }), "IMMUTABLE", "input.id"),
            ("benefitPlanPointDelete", json!({ "id": point, "ifVersion": "*" }), "IMMUTABLE", "input.id"),
            (SHARE, json!({ "benefitKey": "B-1", "contributorId": helper, "share": "0.1" }), "IMMUTABLE", "input.benefitKey"),
            ("benefitContributionUpdate", json!({ "id": share, "ifVersion": "*", "patch": { "share": "0.1" } }), "IMMUTABLE", "input.id"),
            ("benefitContributionDelete", json!({ "id": share, "ifVersion": "*" }), "IMMUTABLE", "input.id"),
        ] {
            assert_eq!(faults(&change(&lead, mutation, input.clone()).await), [format!("{code} {path}")], "{mutation}");
            let told = faults(&change(&marc, mutation, input).await);
            assert!(told.len() == 1 && told[0].starts_with("FORBIDDEN input"), "{mutation} {told:?}");
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn parts_are_written_by_who_writes_the_benefit(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let (point, share) = (point(&lead, "B-1", "M-01", "5").await, shared(&db, &lead, "B-1", "PR-002", "0.25").await);
        let before = dump(&world.database().await).await;
        let helper = item_id(&db, "PR-006").await;
        for (who, role, sees) in [("lena.schmid", Role::ProjectManager, false), ("daniel.osei", Role::Sponsor, true), ("stefan.brunner", Role::Finance, true), ("walter.zimmermann", Role::Auditor, true)] {
            let client = world.client_as(who, &[role]).await;
            for (mutation, input) in [
                (POINT, json!({ "benefitKey": "B-1", "periodKey": "M-02", "amount": euros("1") })),
                ("benefitPlanPointUpdate", json!({ "id": point, "ifVersion": "*", "patch": { "amount": euros("1") } })),
                ("benefitPlanPointDelete", json!({ "id": point, "ifVersion": "*" })),
                (SHARE, json!({ "benefitKey": "B-1", "contributorId": helper, "share": "0.1" })),
                ("benefitContributionDelete", json!({ "id": share, "ifVersion": "*" })),
            ] {
                let told = faults(&change(&client, mutation, input).await);
                let code = if sees { "FORBIDDEN" } else { "NOT_FOUND" };
                assert!(told.len() == 1 && told[0].starts_with(code), "{who} {mutation} {told:?}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn the_parts_of_a_benefit_are_at_most_the_whole(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let id = shared(&db, &lead, "B-1", "PR-002", "0.7").await;
        for (item, share, told) in [
            ("PR-003", "0", "OUT_OF_RANGE input.share"),
            ("PR-003", "1.1", "OUT_OF_RANGE input.share"),
            ("PR-003", "0.4", "INVARIANT input.share"),
            ("PR-001", "0.1", "INVARIANT input.contributorId"),
            ("PR-002", "0.1", "DUPLICATE input.contributorId"),
            ("PR-034", "0.1", "NOT_FOUND input.contributorId"),
        ] {
            let done = change(&lead, SHARE, json!({ "benefitKey": "B-1", "contributorId": item_id(&db, item).await, "share": share })).await;
            assert_eq!(faults(&done), [told], "{item} {share}");
            if item == "PR-003" && share == "0.4" {
                assert_eq!(param(&done, "rule").as_deref(), Some("BENEFIT_SHARES"));
            }
        }
        shared(&db, &lead, "B-1", "PR-003", "0.3").await;
        let more = json!({ "id": id, "ifVersion": "*", "patch": { "share": "0.70001" } });
        assert_eq!(faults(&change(&lead, "benefitContributionUpdate", more).await), ["INVARIANT input.patch.share"]);
        let read = lead.query("{ project(by: {key: \"PR-003\"}) { benefitContributions { nodes { share benefit { key } contributor { key } item { key } } } } }").await.data();
        assert_eq!(read["project"]["benefitContributions"]["nodes"], json!([{ "share": "0.3", "benefit": { "key": "B-1" }, "contributor": { "key": "PR-003" }, "item": { "key": "PR-001" } }]));
        let gone = change(&lead, "benefitContributionDelete", json!({ "id": id, "ifVersion": "1" })).await;
        assert_eq!((faults(&gone), &gone["deletedId"]), (NO_FAULT, &id));
        let entry = audit(&db).await.pop().expect("an entry");
        assert_eq!((entry.action.as_str(), entry.before_item_id.is_some(), entry.after_item_id), ("DELETED", true, None));
        assert_eq!(events(&db).await.last().map(|e| (e.was_there, e.version)), Some((true, 2)));
    }

    async fn who_shares_at_once_shares_no_more_than_the_whole(world: &World) {
        let (db, lead) = prepared(world).await;
        for round in 0..3 {
            let key = format!("B-{round}");
            made(&db, &lead, &key, "PR-001", json!({})).await;
            let mut writes = vec![];
            for item in ["PR-002", "PR-003", "PR-004", "PR-006"] {
                writes.push(change(&lead, SHARE, json!({ "benefitKey": key, "contributorId": item_id(&db, item).await, "share": "0.4" })));
            }
            let done = join_all(writes).await;
            assert_eq!(done.iter().filter(|done| faults(done).is_empty()).count(), 2);
            let benefit = stored(&db, &key).await.id;
            let all = benefit_contribution::Entity::find().all(&db).await.expect("contributions");
            assert_eq!(all.iter().filter(|c| c.benefit_id == benefit).map(|c| c.share).sum::<i64>(), 800_000_000);
        }
        let (one, two, three) = (item_id(&db, "PR-009").await, item_id(&db, "PR-010").await, item_id(&db, "PR-013").await);
        made(&db, &lead, "B-9", "PR-001", json!({})).await;
        let of = |item: &str, share: &str| json!({ "benefitKey": "B-9", "contributorId": item, "share": share });
        let items = json!([of(&one, "0.6"), of(&two, "0.5"), of(&three, "0.4")]);
        let input = json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items });
        assert_eq!(statuses(&change(&lead, "benefitContributionBulkCreate", input).await), ["CREATED", "FAILED", "FAILED"], "the last one too many is the first to go");
    }

    async fn parts_follow_their_benefit(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        point(&lead, "B-1", "M-01", "5").await;
        shared(&db, &lead, "B-1", "PR-002", "0.25").await;
        change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "paul.meier" }))).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let benefit = stored(&db, "B-1").await;
        let point = benefit_plan_point::Entity::find().one(&db).await.expect("points").expect("a point");
        let share = benefit_contribution::Entity::find().one(&db).await.expect("contributions").expect("a contribution");
        assert_eq!((point.is_draft, point.owner_id, point.version), (false, benefit.owner_id, 3));
        assert_eq!((share.is_draft, share.owner_id, share.version), (false, benefit.owner_id, 3));
        let told = events(&db).await.into_iter().filter(|e| e.target_type == "BenefitPlanPoint");
        let told: Vec<(bool, bool, i64)> = told.map(|e| (e.was_there, e.was_draft, e.version)).collect();
        assert_eq!(told, [(false, false, 1), (true, true, 2), (true, true, 3)], "an event for each change, with what the row was");
    }
}

async fn point(client: &Client, benefit: &str, period: &str, amount: &str) -> Value {
    let done =
        change(client, POINT, json!({ "benefitKey": benefit, "periodKey": period, "amount": euros(amount) })).await;
    assert_eq!(faults(&done), NO_FAULT);
    done["benefitPlanPoint"]["id"].clone()
}

async fn shared(db: &DatabaseConnection, client: &Client, benefit: &str, item: &str, share: &str) -> Value {
    let input = json!({ "benefitKey": benefit, "contributorId": item_id(db, item).await, "share": share });
    let done = change(client, SHARE, input).await;
    assert_eq!(faults(&done), NO_FAULT);
    done["benefitContribution"]["id"].clone()
}

async fn points(client: &Client) -> Vec<Value> {
    let read = client.query("{ benefitPlanPoints { nodes { id } } }").await.data();
    read["benefitPlanPoints"]["nodes"].as_array().expect("points").iter().map(|p| p["id"].clone()).collect()
}

/// What changed of benefits since a watermark, as `KIND id`, with the next one.
async fn changes(client: &Client, since: &Value) -> (Value, Vec<String>) {
    let document = "query($since: Cursor) { changes(since: $since, types: [BENEFIT, BENEFIT_PLAN_POINT, BENEFIT_CONTRIBUTION], first: 500) { watermark changes { kind id } } }";
    let read = client.query_with(document, json!({ "since": since })).await.data()["changes"].take();
    let told = read["changes"].as_array().expect("changes").iter();
    let told = told.map(|c| format!("{} {}", c["kind"].as_str().expect("a kind"), c["id"].as_str().expect("an id")));
    (read["watermark"].clone(), told.collect())
}
