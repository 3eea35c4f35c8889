//! What was measured: who records it and who decides on it, what it says, and what other systems call it.

use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{NO_FAULT, actual, advance, euros, had, made, measured, prepared};
use crate::support::{
    api_keys,
    dump::dump,
    writes::{audit, change, events, faults, param, person, request_key, sql, statuses},
};

const NEW: &str = "benefitActualCreate";

tests! {
    async fn the_owner_records_also_after_the_project_has_closed(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("5") })).await;
        let owner = world.client_as("nina.petrova", &[]).await;
        assert_eq!(faults(&change(&owner, NEW, actual("M-B-1", json!({}))).await), ["ILLEGAL_STATE input.measureKey"], "a draft");
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let id = had(&owner, "M-B-1", json!({ "amount": euros("12.5"), "evidence": "The ledger", "evidenceUrl": "https://example.org/ledger" })).await;
        let row = one(&db).await;
        let nina = person(&db, "nina.petrova").await;
        assert_eq!((row.state.as_str(), row.recorded_by_id, row.owner_id, row.is_draft), ("RECORDED", Some(nina.id), Some(nina.id), false));
        assert_eq!((row.value, row.amount, row.attributed_amount, row.currency.as_str()), (4_000_000_000, Some(125_000), Some(125_000), "EUR"));
        assert_eq!((row.attributed_item_id, row.attribution_share, row.reported_portfolio_id), (row.item_id, 1_000_000_000, row.portfolio_id));
        assert_eq!(row.due_on, Some(measured(&db, "M-B-1").await.first_due_on), "it answers what was due");
        assert_eq!(faults(&change(&owner, "benefitActualUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "value": "3.5" } })).await), NO_FAULT);
        let read = owner.query("{ benefitActuals { nodes { value amount { amount } attributedItem { key } recordedBy { key } measure { key unit } benefit { key } viewerAccess { canWrite } } } benefits { nodes { viewerAccess { canWrite } } } projects(filter: { isTrackingBenefits: { eq: true } }) { nodes { key isTrackingBenefits } } }").await.data();
        assert_eq!(read["benefitActuals"]["nodes"], json!([{ "value": "3.5", "amount": { "amount": "12.5" }, "attributedItem": { "key": "PR-007" }, "recordedBy": { "key": "nina.petrova" }, "measure": { "key": "M-B-1", "unit": "hours" }, "benefit": { "key": "B-1" }, "viewerAccess": { "canWrite": true } }]));
        assert_eq!(read["benefits"]["nodes"][0]["viewerAccess"]["canWrite"], json!(false), "she writes no profile");
        assert_eq!(read["projects"]["nodes"], json!([{ "key": "PR-007", "isTrackingBenefits": true }]));
        let entry = audit(&db).await.into_iter().rfind(|e| e.target_type == "BenefitActual").expect("an entry");
        assert!(entry.actor_id == Some(nina.id) && entry.changes.contains("\"class\":\"BEN_ACTUAL\""), "{}", entry.changes);
        assert!(events(&db).await.iter().any(|e| e.target_id == row.id && e.was_person_id == Some(nina.id)));
        // No longer hers, and no longer to be found.
        change(&lead, "benefitUpdate", super::patch("B-1", json!({ "ownerKey": "paul.meier" }))).await;
        world.clock.advance_seconds(6);
        let told = faults(&change(&owner, "benefitActualUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "value": "1" } })).await);
        assert!(told.iter().all(|fault| fault.starts_with("FORBIDDEN") || fault.starts_with("NOT_FOUND")) && !told.is_empty(), "{told:?}");
        assert_eq!(one(&db).await.owner_id, Some(person(&db, "paul.meier").await.id));
    }

    async fn nobody_else_records_what_is_promised(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let id = had(&lead, "M-B-1", json!({})).await;
        let before = dump(&world.database().await).await;
        for (who, role, sees) in [
            ("marc.dubois", Role::ProjectManager, true),
            ("lena.schmid", Role::ProjectManager, false),
            ("daniel.osei", Role::Sponsor, true),
            ("stefan.brunner", Role::Finance, true),
            ("walter.zimmermann", Role::Auditor, true),
            ("jonas.weber", Role::Analyst, true),
            ("karin.baumann", Role::ResourceManager, false),
            ("tom.fischer", Role::Admin, false),
        ] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query("{ benefitActuals { totalCount } benefitMeasures { totalCount } }").await.json();
            assert_eq!(read["data"]["benefitActuals"]["totalCount"] == json!(1), sees, "{who} {read}");
            assert_eq!(read["data"]["benefitMeasures"]["totalCount"] == json!(1), sees, "{who} {read}");
            for (mutation, input) in [
                (NEW, actual("M-B-1", json!({}))),
                ("benefitActualUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "value": "1" } })),
                ("benefitActualDelete", json!({ "id": id, "ifVersion": "*" })),
                ("benefitActualBulkUpsert", json!({ "clientMutationKey": request_key(1), "items": [{ "ref": { "external": { "system": "SAP", "id": "1" } }, "patch": actual("M-B-1", json!({})) }] })),
            ] {
                let told = faults(&change(&client, mutation, input).await);
                assert!(told.iter().all(|f| f.starts_with("FORBIDDEN") || f.starts_with("NOT_FOUND")) && !told.is_empty(), "{who} {mutation} {told:?}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key"));
        had(&key, "M-B-1", json!({ "measuredOn": "2026-02-21" })).await;
    }

    async fn an_actual_says_something_that_can_be(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        made(&db, &lead, "B-2", "PR-001", json!({ "kind": "QUANTIFIABLE" })).await;
        for key in ["B-1", "B-2"] {
            advance(&lead, key, &["PROFILED", "APPROVED"]).await;
        }
        for (measure, more, told) in [
            ("M-B-1", json!({ "measuredOn": "2026-03-03" }), "OUT_OF_RANGE input.measuredOn"),
            ("M-B-1", json!({ "attributionShare": "0" }), "OUT_OF_RANGE input.attributionShare"),
            ("M-B-1", json!({ "attributionShare": "1.1" }), "OUT_OF_RANGE input.attributionShare"),
            ("M-B-1", json!({ "amount": { "amount": "1", "currency": "USD" } }), "INVALID input.amount.currency"),
            ("M-B-2", json!({ "amount": euros("1") }), "INVARIANT input.amount"),
            ("M-B-1", json!({ "dueOn": "2026-02-21" }), "INVARIANT input.dueOn"),
            ("M-B-1", json!({ "attributedItemKey": null }), "REQUIRED input.attributedItemKey"),
            ("M-B-1", json!({ "attributedItemKey": "PR-002" }), "INVARIANT input.attributedItemKey"),
            ("M-B-1", json!({ "evidenceUrl": "nowhere" }), "INVALID input.evidenceUrl"),
            ("M-B-9", json!({}), "NOT_FOUND input.measureKey"),
        ] {
            assert_eq!(faults(&change(&lead, NEW, actual(measure, more.clone())).await), [told], "{more}");
        }
        // Worse than without it.
        had(&lead, "M-B-1", json!({ "amount": euros("-3"), "dueOn": null })).await;
        let row = one(&db).await;
        assert_eq!((row.amount, row.attributed_amount, row.due_on), (Some(-30_000), Some(-30_000), None));
        assert!(measured(&db, "M-B-1").await.next_due_on.is_some(), "one beside the calendar answers nothing");
    }

    async fn what_was_measured_is_decided_on_by_another(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, kind) in [("B-1", "FINANCIAL_CASHABLE"), ("B-2", "FINANCIAL_NON_CASHABLE")] {
            made(&db, &lead, key, "PR-001", json!({ "kind": kind, "amount": euros("5") })).await;
            advance(&lead, key, &["PROFILED", "APPROVED"]).await;
        }
        let owner = world.client_as("nina.petrova", &[]).await;
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let (cash, other) = (had(&owner, "M-B-1", json!({})).await, had(&owner, "M-B-2", json!({})).await);
        let whole = |id: &Value| json!({ "id": id, "ifVersion": "*" });
        for (client, id, needs) in [
            (owner.clone(), &cash, "BENEFIT_VALIDATE_CASHABLE"),
            (finance.clone(), &other, "BENEFIT_VALIDATE"),
            (world.client_as("marc.dubois", &[Role::ProjectManager]).await, &cash, "BENEFIT_VALIDATE_CASHABLE"),
            (world.client_as("daniel.osei", &[Role::Sponsor]).await, &other, "BENEFIT_VALIDATE"),
        ] {
            for (mutation, input) in [("benefitActualValidate", whole(id)), ("benefitActualReturn", json!({ "id": id, "ifVersion": "*", "note": "No" })), ("benefitActualReverse", json!({ "id": id, "ifVersion": "*", "note": "No" }))] {
                let told = change(&client, mutation, input).await;
                assert_eq!((faults(&told)[0].as_str(), param(&told, "needs").as_deref()), ("FORBIDDEN input", Some(needs)), "{mutation}");
            }
        }
        assert_eq!(faults(&change(&finance, "benefitActualReturn", json!({ "id": cash, "ifVersion": "*", "note": " " })).await), ["REQUIRED input.note"]);
        assert_eq!(faults(&change(&finance, "benefitActualReverse", json!({ "id": cash, "ifVersion": "*", "note": "No" })).await), ["ILLEGAL_STATE input"]);
        assert_eq!(faults(&change(&finance, "benefitActualReturn", json!({ "id": cash, "ifVersion": "1", "note": "Which ledger?" })).await), NO_FAULT);
        assert_eq!(faults(&change(&finance, "benefitActualValidate", whole(&cash)).await), ["ILLEGAL_STATE input"], "returned");
        let again = json!({ "id": cash, "ifVersion": "2", "patch": { "evidence": "Ledger 4730" } });
        let done = change(&owner, "benefitActualUpdate", again).await;
        assert_eq!((faults(&done), &done["benefitActual"]["state"]), (NO_FAULT, &json!("RECORDED")));
        assert_eq!(faults(&change(&finance, "benefitActualValidate", whole(&cash)).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "benefitActualValidate", whole(&other)).await), NO_FAULT);
        let rows = entity::benefit_actual::Entity::find().all(&db).await.expect("rows");
        assert!(rows.iter().all(|row| row.state == "VALIDATED" && row.validated_at.is_some() && row.decision_note.is_none()));
        // It stands, also for the office.
        for (mutation, input) in [("benefitActualUpdate", json!({ "id": cash, "ifVersion": "*", "patch": { "value": "1" } })), ("benefitActualDelete", whole(&cash))] {
            assert_eq!(faults(&change(&lead, mutation, input).await), ["IMMUTABLE input.id"], "{mutation}");
        }
        assert_eq!(faults(&change(&owner, NEW, actual("M-B-1", json!({}))).await), ["DUPLICATE input.measuredOn"]);
        assert!(measured(&db, "M-B-1").await.next_due_on.is_none());
        assert_eq!(faults(&change(&finance, "benefitActualReverse", json!({ "id": cash, "ifVersion": "*", "note": "Counted twice" })).await), NO_FAULT);
        assert!(measured(&db, "M-B-1").await.next_due_on.is_some(), "its due date is open again");
        let read = lead.query(&format!("{{ benefitActual(by: {{id: {cash}}}) {{ state decisionNote validatedBy {{ key }} reversedBy {{ key }} reversedAt }} }}")).await.data();
        assert_eq!((&read["benefitActual"]["decisionNote"], &read["benefitActual"]["reversedBy"]["key"]), (&json!("Counted twice"), &json!("stefan.brunner")));
        had(&owner, "M-B-1", json!({})).await;
    }

    async fn nobody_decides_on_what_she_wrote(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let id = had(&lead, "M-B-1", json!({})).await;
        let whole = json!({ "id": id, "ifVersion": "*" });
        let told = change(&lead, "benefitActualValidate", whole.clone()).await;
        assert_eq!((faults(&told), param(&told, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("RECORDER")));
        // What another wrote last is another's.
        let owner = world.client_as("nina.petrova", &[]).await;
        change(&owner, "benefitActualUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "value": "2" } })).await;
        assert_eq!(faults(&change(&lead, "benefitActualValidate", whole).await), NO_FAULT);
        // A key decides on nothing, and who made the key not on what it wrote.
        sql(&db, "UPDATE api_key SET roles = 'PMO_LEAD' WHERE key = 'sync-operations'").await;
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key")).header("x-access-mode", "MASK");
        let id = had(&key, "M-B-1", json!({ "measuredOn": "2026-02-25", "dueOn": null })).await;
        let other = had(&owner, "M-B-1", json!({ "measuredOn": "2026-02-26", "dueOn": null })).await;
        let told = change(&key, "benefitActualValidate", json!({ "id": other, "ifVersion": "*" })).await;
        assert_eq!((faults(&told)[0].as_str(), param(&told, "needs").as_deref()), ("FORBIDDEN input", Some("BENEFIT_VALIDATE_CASHABLE")));
        assert_eq!(faults(&change(&world.client_as("stefan.brunner", &[Role::Finance]).await, "benefitActualValidate", json!({ "id": id, "ifVersion": "*" })).await), NO_FAULT);
    }

    async fn settling_ends_recording_and_not_deciding(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED", "ENABLED", "REALIZING"]).await;
        let owner = world.client_as("nina.petrova", &[]).await;
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let id = had(&owner, "M-B-1", json!({})).await;
        advance(&lead, "B-1", &["REALIZED"]).await;
        for (mutation, input) in [
            (NEW, actual("M-B-1", json!({ "measuredOn": "2026-02-22" }))),
            ("benefitActualUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "value": "1" } })),
            ("benefitActualDelete", json!({ "id": id, "ifVersion": "*" })),
        ] {
            let told = faults(&change(&owner, mutation, input).await);
            assert!(told.len() == 1 && told[0].starts_with("IMMUTABLE"), "{mutation} {told:?}");
        }
        assert_eq!(faults(&change(&finance, "benefitActualReturn", json!({ "id": id, "ifVersion": "*", "note": "No" })).await), ["ILLEGAL_STATE input.id"]);
        assert_eq!(faults(&change(&finance, "benefitActualValidate", json!({ "id": id, "ifVersion": "*" })).await), NO_FAULT);
        assert_eq!(faults(&change(&finance, "benefitActualReverse", json!({ "id": id, "ifVersion": "*", "note": "No" })).await), NO_FAULT);
        assert!(measured(&db, "M-B-1").await.next_due_on.is_none());
    }

    async fn other_systems_bring_theirs_again_and_again(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key")).header("x-access-mode", "MASK");
        let row = |id: &str, more: Value| json!({ "ref": { "external": { "system": "SAP", "id": id } }, "patch": actual("M-B-1", more) });
        let send = async |n: u64, items: Value| {
            let input = json!({ "clientMutationKey": request_key(n), "errorPolicy": "REJECT_FAILED", "items": items });
            change(&key, "benefitActualBulkUpsert", input).await
        };
        let first = json!([row("1", json!({})), row("2", json!({ "measuredOn": "2026-02-21" })), row("2", json!({ "measuredOn": "2026-02-22" })), row(" ", json!({ "measuredOn": "2026-02-23" }))]);
        assert_eq!(statuses(&send(1, first).await), ["CREATED", "CREATED", "FAILED", "FAILED"]);
        let done = send(2, json!([row("1", json!({})), row("2", json!({ "measuredOn": "2026-02-21", "value": "3" })), row("3", json!({ "measuredOn": "2026-02-24" }))])).await;
        assert_eq!(statuses(&done), ["UNCHANGED", "UPDATED", "CREATED"], "{done}");
        let read = lead.query("{ benefitActual(by: {external: {system: \"SAP\", id: \"2\"}}) { value externalSystem externalId version recordedBy { key } } }").await.data();
        assert_eq!(read["benefitActual"], json!({ "value": "3", "externalSystem": "SAP", "externalId": "2", "version": "2", "recordedBy": null }));
        let by = json!({ "ref": { "external": { "system": "SAP", "id": "3" } }, "ifVersion": "1", "patch": { "value": "2" } });
        assert_eq!(faults(&change(&key, "benefitActualUpdate", by).await), NO_FAULT);
        // Where the caller sees nothing of it, the name is taken all the same.
        sql(&db, "UPDATE benefit_actual SET item_id = (SELECT id FROM portfolio_item WHERE key = 'PR-014'), portfolio_id = (SELECT portfolio_id FROM portfolio_item WHERE key = 'PR-014') WHERE external_id = '3'").await;
        let told = send(3, json!([row("3", json!({ "measuredOn": "2026-02-25" }))])).await;
        assert_eq!(faults(&told["results"][0]), ["DUPLICATE input.items.0.ref.external"]);
        assert_eq!(faults(&change(&key, "benefitActualUpdate", json!({ "ref": { "external": { "system": "SAP", "id": "9" } }, "ifVersion": "*", "patch": { "value": "2" } })).await), ["NOT_FOUND input.ref.external"]);
        // At the same time, one row comes of it.
        let (one, other) = futures_util::join!(send(4, json!([row("5", json!({ "measuredOn": "2026-02-26" }))])), send(5, json!([row("5", json!({ "measuredOn": "2026-02-26" }))])));
        let mut told = [statuses(&one), statuses(&other)].concat();
        told.sort();
        assert_eq!(told, ["CREATED", "UNCHANGED"]);
    }

    async fn what_is_not_validated_is_removed(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let owner = world.client_as("nina.petrova", &[]).await;
        let id = had(&owner, "M-B-1", json!({})).await;
        assert!(measured(&db, "M-B-1").await.next_due_on.is_none());
        assert_eq!(faults(&change(&owner, "benefitActualDelete", json!({ "id": id, "ifVersion": "1" })).await), NO_FAULT);
        assert!(measured(&db, "M-B-1").await.next_due_on.is_some());
        let gone = audit(&db).await.into_iter().rfind(|e| e.action == "DELETED").expect("an entry");
        assert!(gone.changes.contains("\"field\":\"value\""), "{}", gone.changes);
    }
}

/// The only actual.
async fn one(db: &DatabaseConnection) -> entity::benefit_actual::Model {
    entity::benefit_actual::Entity::find().one(db).await.expect("actuals").expect("an actual")
}
