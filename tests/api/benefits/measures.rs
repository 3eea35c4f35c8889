//! Measures: what they promise, when they are due, and which levels are planned of them.

use foliograph::auth::Role;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, had, made, measured, patch, prepared, to_state};
use crate::support::{
    dump::dump,
    writes::{change, events, faults, param, request_key, sql, statuses},
};

tests! {
    async fn a_target_agrees_with_direction_and_polarity(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        made(&db, &lead, "D-1", "PR-001", json!({ "polarity": "DISBENEFIT" })).await;
        for (benefit, more, told) in [
            ("B-1", json!({ "direction": "UP", "baselineValue": "1", "targetValue": "1" }), "INVARIANT input.targetValue"),
            ("B-1", json!({ "direction": "UP", "baselineValue": "1", "targetValue": "0.5" }), "INVARIANT input.targetValue"),
            ("B-1", json!({ "direction": "DOWN", "baselineValue": "1", "targetValue": "2" }), "INVARIANT input.targetValue"),
            ("D-1", json!({ "direction": "DOWN", "baselineValue": "2", "targetValue": "1" }), "INVARIANT input.targetValue"),
            ("B-1", json!({ "baselineOn": "2025-12-02", "targetOn": "2025-12-01" }), "INVARIANT input.targetOn"),
            ("B-1", json!({ "lastDueOn": "2025-12-31" }), "INVARIANT input.lastDueOn"),
            ("B-1", json!({ "baselineOn": "2026-02-02" }), "INVARIANT input.firstDueOn"),
            ("B-1", json!({ "unit": " " }), "REQUIRED input.unit"),
            ("B-1", json!({ "benefitKey": null }), "REQUIRED input.benefitKey"),
        ] {
            let done = change(&lead, "benefitMeasureCreate", measure("N", benefit, more.clone())).await;
            assert_eq!(faults(&done), [told], "{more}");
            if more.get("targetValue").is_some() {
                assert_eq!(param(&done, "rule").as_deref(), Some("MEASURE_TARGET"));
            }
        }
        // What is not wanted goes against the wanted way; its target is the limit.
        let limit = json!({ "direction": "DOWN", "baselineValue": "2", "targetValue": "5.25", "unit": "%" });
        let done = change(&lead, "benefitMeasureCreate", measure("D", "D-1", limit)).await;
        assert_eq!(faults(&done), NO_FAULT);
        let half = change(&lead, "benefitMeasureCreate", measure("B", "B-1", json!({ "baselineValue": "1" }))).await;
        assert_eq!(faults(&half), NO_FAULT, "a draft may lack a target");
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("B", "B-1", json!({}))).await), ["DUPLICATE input.key"]);
        let read = lead.query("{ benefitMeasure(by: {key: \"D\"}) { targetValue unit direction nextDueOn owner { key } benefit { key } item { key } } }").await.data();
        assert_eq!(read["benefitMeasure"], json!({ "targetValue": "5.25", "unit": "%", "direction": "DOWN", "nextDueOn": null, "owner": { "key": "nina.petrova" }, "benefit": { "key": "D-1" }, "item": { "key": "PR-001" } }));
    }

    async fn a_promise_has_a_measure_with_baseline_and_target(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "kind": "QUANTIFIABLE" })).await;
        made(&db, &lead, "B-2", "PR-001", json!({ "kind": "QUALITATIVE" })).await;
        sql(&db, "DELETE FROM benefit_measure").await;
        advance(&lead, "B-2", &["PROFILED", "APPROVED"]).await;
        advance(&lead, "B-1", &["PROFILED"]).await;
        let before = dump(&world.database().await).await;
        let refused = change(&lead, "benefitStateAdvance", to_state("B-1", "APPROVED")).await;
        assert_eq!((faults(&refused), param(&refused, "rule").as_deref()), (vec!["INVARIANT input.to".to_owned()], Some("BENEFIT_MEASURE")));
        assert_eq!(dump(&world.database().await).await, before);
        let whole = json!({ "baselineValue": "5", "baselineOn": "2025-12-01", "targetValue": "4", "targetOn": "2026-12-01" });
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("A", "B-1", whole.clone())).await), NO_FAULT);
        for lacks in ["baselineValue", "baselineOn", "targetValue", "targetOn"] {
            let gone = json!({ "ref": { "key": "A" }, "ifVersion": "*", "patch": { lacks: null } });
            assert_eq!(faults(&change(&lead, "benefitMeasureUpdate", gone).await), NO_FAULT);
            let refused = change(&lead, "benefitStateAdvance", to_state("B-1", "APPROVED")).await;
            assert_eq!(param(&refused, "rule").as_deref(), Some("BENEFIT_MEASURE"), "{lacks}");
            let again = json!({ "ref": { "key": "A" }, "ifVersion": "*", "patch": whole.clone() });
            assert_eq!(faults(&change(&lead, "benefitMeasureUpdate", again).await), NO_FAULT);
        }
        // A benefit that becomes a dis-benefit takes its measures with it.
        change(&lead, "benefitUpdate", patch("B-1", json!({ "polarity": "DISBENEFIT" }))).await;
        let refused = change(&lead, "benefitStateAdvance", to_state("B-1", "APPROVED")).await;
        assert_eq!(param(&refused, "rule").as_deref(), Some("BENEFIT_MEASURE"));
        change(&lead, "benefitUpdate", patch("B-1", json!({ "polarity": "BENEFIT" }))).await;
        advance(&lead, "B-1", &["APPROVED"]).await;
    }

    async fn what_a_measure_promises_stands_and_how_it_is_measured_does_not(world: &World) {
        let (db, lead) = prepared(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let owner = world.client_as("nina.petrova", &[]).await;
        made(&db, &marc, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        let whole = json!({ "baselineValue": "5", "baselineOn": "2025-12-01", "targetValue": "4", "targetOn": "2026-12-01" });
        // Both write drafts: the manager of the project, and the owner of the benefit.
        assert_eq!(faults(&change(&marc, "benefitMeasureCreate", measure("A", "B-1", whole.clone())).await), NO_FAULT);
        assert_eq!(faults(&change(&owner, "benefitMeasureCreate", measure("O", "B-1", whole.clone())).await), NO_FAULT);
        let gone = change(&owner, "benefitMeasureDelete", json!({ "ref": { "key": "O" }, "ifVersion": "*" })).await;
        assert_eq!(faults(&gone), NO_FAULT);
        advance(&marc, "B-1", &["PROFILED"]).await;
        advance(&lead, "B-1", &["APPROVED"]).await;
        let of = |patch: Value| json!({ "ref": { "key": "A" }, "ifVersion": "*", "patch": patch });
        for (field, value) in [("unit", json!("days")), ("direction", json!("UP")), ("baselineValue", json!("6")), ("baselineOn", json!("2025-12-02")), ("targetValue", json!("3")), ("targetOn", json!("2026-12-02"))] {
            for client in [&lead, &owner] {
                let told = faults(&change(client, "benefitMeasureUpdate", of(json!({ field: value }))).await);
                assert!(told.contains(&format!("IMMUTABLE input.patch.{field}")), "{field} {told:?}");
            }
        }
        for (client, told) in [(&lead, "IMMUTABLE input.benefitKey"), (&owner, "IMMUTABLE input.benefitKey"), (&marc, "FORBIDDEN input.benefitKey")] {
            assert_eq!(faults(&change(client, "benefitMeasureCreate", measure("N", "B-1", whole.clone())).await), [told]);
        }
        assert_eq!(faults(&change(&owner, "benefitMeasureDelete", json!({ "ref": { "key": "A" }, "ifVersion": "*" })).await), ["IMMUTABLE input.ref.key"]);
        assert_eq!(faults(&change(&owner, "benefitMeasureUpdate", of(json!({ "method": "By hand", "frequency": "ANNUAL", "baselineValue": "5.0" }))).await), NO_FAULT);
        assert_eq!(faults(&change(&marc, "benefitMeasureUpdate", of(json!({ "method": "Hers" }))).await), ["FORBIDDEN input.patch.method"]);
        // She writes neither the profile nor the plan.
        for (mutation, input) in [
            ("benefitUpdate", patch("B-1", json!({ "title": "Mine" }))),
            ("benefitMeasurePointCreate", json!({ "measureKey": "A", "dueOn": "2026-01-31", "value": "1" })),
            ("benefitPlanPointCreate", json!({ "benefitKey": "B-1", "periodKey": "M-02", "amount": euros("1") })),
            ("benefitReviewCreate", json!({ "benefitKey": "B-1", "heldOn": "2026-02-01", "finding": "Good", "recommendation": "CONTINUE" })),
        ] {
            let told = faults(&change(&owner, mutation, input).await);
            assert!(told.iter().any(|fault| fault.starts_with("FORBIDDEN")), "{mutation} {told:?}");
        }
        // Settled, it is measured no longer.
        advance(&lead, "B-1", &["WITHDRAWN"]).await;
        assert_eq!(faults(&change(&owner, "benefitMeasureUpdate", of(json!({ "method": "Late" }))).await), ["IMMUTABLE input.ref.key"]);
    }

    async fn what_an_import_brought_gets_its_measures_here(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        sql(&db, "DELETE FROM benefit_measure").await;
        sql(&db, "UPDATE benefit SET state = 'APPROVED', is_draft = FALSE, source = 'uk-gmpp' WHERE key = 'B-1'").await;
        let told = change(&lead, "benefitMeasureCreate", measure("A", "B-1", json!({ "baselineValue": "5" }))).await;
        assert_eq!(faults(&told), ["REQUIRED input.baselineOn"]);
        let whole = json!({ "baselineValue": "5", "baselineOn": "2025-12-01", "targetValue": "4", "targetOn": "2026-12-01" });
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("A", "B-1", whole)).await), NO_FAULT);
        assert_eq!(measured(&db, "A").await.next_due_on.map(|day| day.to_string()).as_deref(), Some("2026-01-31"));
    }

    async fn the_calendar_is_kept_by_every_write(world: &World) {
        let (db, lead) = prepared(world).await;
        let owner = world.client_as("nina.petrova", &[]).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        let whole = json!({ "frequency": "MONTHLY", "lastDueOn": "2026-04-30", "baselineValue": "5", "baselineOn": "2025-12-01", "targetValue": "4", "targetOn": "2026-12-01" });
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("A", "B-1", whole)).await), NO_FAULT);
        let next = async || measured(&db, "A").await.next_due_on.map(|day| day.to_string());
        assert_eq!(next().await, None, "nothing is due of a draft");
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        assert_eq!(next().await.as_deref(), Some("2026-01-31"));
        let told = events(&db).await.into_iter().filter(|e| e.target_type == "BenefitMeasure").count();
        assert!(told >= 2, "whoever follows measures is told: {told}");
        let january = had(&owner, "A", json!({ "measuredOn": "2026-01-31", "dueOn": "2026-01-31" })).await;
        assert_eq!(next().await.as_deref(), Some("2026-02-28"), "a month that is shorter");
        had(&owner, "A", json!({ "measuredOn": "2026-03-01", "dueOn": "2026-03-31" })).await;
        assert_eq!(next().await.as_deref(), Some("2026-02-28"), "the gap stays due");
        let back = json!({ "id": january, "ifVersion": "*", "note": "Not that" });
        assert_eq!(faults(&change(&world.client_as("stefan.brunner", &[Role::Finance]).await, "benefitActualReturn", back).await), NO_FAULT);
        assert_eq!(next().await.as_deref(), Some("2026-01-31"), "what was returned is due again");
        let again = json!({ "id": january, "ifVersion": "*", "patch": { "value": "4.5" } });
        assert_eq!(faults(&change(&owner, "benefitActualUpdate", again).await), NO_FAULT);
        had(&owner, "A", json!({ "measuredOn": "2026-02-28" })).await;
        assert_eq!(next().await.as_deref(), Some("2026-04-30"));
        let of = |patch: Value| json!({ "ref": { "key": "A" }, "ifVersion": "*", "patch": patch });
        change(&owner, "benefitMeasureUpdate", of(json!({ "lastDueOn": "2026-03-31" }))).await;
        assert_eq!(next().await, None, "nothing is due any more");
        change(&owner, "benefitMeasureUpdate", of(json!({ "lastDueOn": null }))).await;
        assert_eq!(next().await.as_deref(), Some("2026-04-30"));
        advance(&lead, "B-1", &["ENABLED", "REALIZING", "PARTLY_REALIZED"]).await;
        assert_eq!(next().await, None, "settled");
    }

    async fn levels_are_planned_for_due_dates_while_the_benefit_is_a_draft(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        let whole = json!({ "frequency": "QUARTERLY", "baselineValue": "5", "baselineOn": "2025-12-01", "targetValue": "4", "targetOn": "2026-12-01" });
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("A", "B-1", whole)).await), NO_FAULT);
        let point = |day: &str, value: &str| json!({ "measureKey": "A", "dueOn": day, "value": value });
        assert_eq!(faults(&change(&lead, "benefitMeasurePointCreate", point("2026-01-31", "4.5")).await), NO_FAULT);
        for (day, told) in [("2026-02-28", "INVARIANT input.dueOn"), ("2026-01-31", "DUPLICATE input.dueOn"), ("2026-04-30", "")] {
            assert_eq!(faults(&change(&lead, "benefitMeasurePointCreate", point(day, "4")).await).join(" "), told, "{day}");
        }
        let items = json!([point("2026-07-31", "3"), point("2026-07-31", "2"), point("2026-10-31", "1")]);
        let input = json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items });
        assert_eq!(statuses(&change(&lead, "benefitMeasurePointBulkCreate", input).await), ["CREATED", "FAILED", "CREATED"]);
        let read = lead.query("{ benefitMeasure(by: {key: \"A\"}) { points(orderBy: [{dueOn: {direction: ASC}}]) { totalCount nodes { id dueOn value benefit { key } } } } }").await.data();
        assert_eq!(read["benefitMeasure"]["points"]["totalCount"], json!(4));
        let (first, second) = (read["benefitMeasure"]["points"]["nodes"][0]["id"].clone(), read["benefitMeasure"]["points"]["nodes"][1]["id"].clone());
        assert_eq!(faults(&change(&lead, "benefitMeasurePointDelete", json!({ "id": second, "ifVersion": "*" })).await), NO_FAULT);
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        for (mutation, input, told) in [
            ("benefitMeasurePointCreate", point("2027-01-31", "4"), "IMMUTABLE input.measureKey"),
            ("benefitMeasurePointUpdate", json!({ "id": first, "ifVersion": "*", "patch": { "value": "1" } }), "IMMUTABLE input.id"),
            ("benefitMeasurePointDelete", json!({ "id": first, "ifVersion": "*" }), "IMMUTABLE input.id"),
        ] {
            assert_eq!(faults(&change(&lead, mutation, input).await), [told], "{mutation}");
        }
        let points = entity::benefit_measure_point::Entity::find().all(&db).await.expect("points");
        assert!(points.iter().all(|point| !point.is_draft) && points.len() == 3);
    }

    async fn a_draft_measure_goes_with_its_points(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        assert_eq!(faults(&change(&lead, "benefitMeasureCreate", measure("A", "B-1", json!({}))).await), NO_FAULT);
        change(&lead, "benefitMeasurePointCreate", json!({ "measureKey": "A", "dueOn": "2026-01-31", "value": "1" })).await;
        assert_eq!(faults(&change(&lead, "benefitMeasureDelete", json!({ "ref": { "key": "A" }, "ifVersion": "1" })).await), NO_FAULT);
        assert!(entity::benefit_measure_point::Entity::find().one(&db).await.expect("points").is_none());
        let told: Vec<String> = events(&db).await.iter().rev().take(2).map(|e| e.target_type.clone()).collect();
        assert!(told.contains(&"BenefitMeasure".to_owned()) && told.contains(&"BenefitMeasurePoint".to_owned()), "{told:?}");
    }

    async fn what_is_due_by_a_day_is_a_list_with_all_that_others_have(world: &World) {
        let (db, lead) = prepared(world).await;
        for (benefit, owner, first) in [("B-1", "nina.petrova", "2026-01-10"), ("B-2", "paul.meier", "2026-02-10"), ("B-3", "nina.petrova", "2026-06-10"), ("B-4", "nina.petrova", "2026-01-05")] {
            made(&db, &lead, benefit, "PR-001", json!({ "amount": euros("5"), "ownerKey": owner })).await;
            sql(&db, &format!("UPDATE benefit_measure SET first_due_on = '{first}' WHERE key = 'M-{benefit}'")).await;
            if benefit != "B-4" {
                advance(&lead, benefit, &["PROFILED", "APPROVED"]).await;
            }
        }
        let keys = |read: &Value| -> Vec<String> {
            read["benefitsDue"]["nodes"].as_array().expect("nodes").iter().map(|n| n["key"].as_str().expect("a key").to_owned()).collect()
        };
        for (on, due) in [("null", vec!["M-B-1", "M-B-2"]), ("\"2026-01-10\"", vec!["M-B-1"]), ("\"2026-01-09\"", vec![]), ("\"2027-01-01\"", vec!["M-B-1", "M-B-2", "M-B-3"])] {
            let read = lead.query(&format!("{{ benefitsDue(on: {on}, orderBy: [{{nextDueOn: {{direction: ASC}}}}]) {{ totalCount nodes {{ key }} groups(by: [{{ field: OWNER }}]) {{ count key {{ owner {{ key }} }} }} }} }}")).await.data();
            assert_eq!(keys(&read), due, "{on}");
            let count: i64 = read["benefitsDue"]["groups"].as_array().expect("groups").iter().map(|g| g["count"].as_i64().expect("a count")).sum();
            assert_eq!((read["benefitsDue"]["totalCount"].as_i64(), count), (Some(i64::try_from(due.len()).expect("few")), i64::try_from(due.len()).expect("few")));
        }
        let hers = lead.query("{ benefitsDue(filter: { owner: { key: { eq: \"nina.petrova\" } } }, first: 1) { nodes { key } pageInfo { hasNextPage } } }").await.data();
        assert_eq!((keys(&hers), &hers["benefitsDue"]["pageInfo"]["hasNextPage"]), (vec!["M-B-1".to_owned()], &json!(false)));
        // An owner has her calendar without any role; what is measured leaves it.
        let owner = world.client_as("nina.petrova", &[]).await;
        assert_eq!(keys(&owner.query("{ benefitsDue { nodes { key } } }").await.data()), ["M-B-1"]);
        had(&owner, "M-B-1", json!({ "measuredOn": "2026-01-20" })).await;
        assert!(keys(&owner.query("{ benefitsDue { nodes { key } } }").await.data()).is_empty());
        // An import archives what a later year replaces, whatever its state.
        sql(&db, "UPDATE benefit SET archived_at = updated_at WHERE key = 'B-2'").await;
        assert!(keys(&lead.query("{ benefitsDue { nodes { key } } }").await.data()).is_empty());
        sql(&db, "UPDATE benefit SET archived_at = NULL WHERE key = 'B-2'").await;
        let manager = world.client_as("lena.schmid", &[Role::ProjectManager]).await;
        assert!(keys(&manager.query("{ benefitsDue { nodes { key } } }").await.data()).is_empty(), "another's project");
        world.clock.advance_seconds(100 * 86_400);
        let later = world.client_as("anna.keller", &[Role::PmoLead]).await;
        assert_eq!(keys(&later.query("{ benefitsDue(orderBy: [{key: {direction: ASC}}]) { nodes { key } } }").await.data()), ["M-B-2", "M-B-3"]);
    }
}

/// The input of a measure that counts hours down, once.
fn measure(key: &str, benefit: &str, more: Value) -> Value {
    let mut input = json!({
        "key": key, "title": format!("Measure {key}"), "benefitKey": benefit, "unit": "hours", "direction": "DOWN",
        "frequency": "ONCE", "firstDueOn": "2026-01-31",
    });
    let Value::Object(more) = more else { panic!("members are due") };
    input.as_object_mut().expect("an object").extend(more);
    input
}
