//! Profiles: who writes them, what they say, and what of them stands once it was promised.

use foliograph::auth::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, benefit_id, euros, made, patch, prepared, profile, stored};
use crate::support::{
    api_keys,
    dump::dump,
    writes::{audit, change, events, faults, item, item_id, param, person, request_key, sql, statuses},
};

tests! {
    async fn a_manager_makes_benefits_of_her_project(world: &World) {
        let (db, _) = prepared(world).await;
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let (project, owner) = (item(&db, "PR-001").await, person(&db, "nina.petrova").await);
        made(&db, &manager, "B-1", "PR-001", json!({ "amount": euros("1000.5"), "sponsorKey": "daniel.osei", "confidence": "0.8" })).await;
        let row = stored(&db, "B-1").await;
        assert_eq!((row.portfolio_id, row.reported_portfolio_id, row.is_restricted, row.is_draft), (project.portfolio_id, project.portfolio_id, false, true));
        assert_eq!((row.currency.as_str(), row.amount, row.owner_id, row.state.as_str(), row.polarity.as_str()), ("EUR", Some(10_005_000), Some(owner.id), "IDENTIFIED", "BENEFIT"));
        let read = manager.query("{ benefit(by: {key: \"B-1\"}) { title amount { amount currency } plannedAmount { amount } confidence item { key } owner { key } viewerAccess { canWrite } version } }").await.data();
        assert_eq!(read["benefit"], json!({
            "title": "Benefit B-1", "amount": { "amount": "1000.5", "currency": "EUR" }, "plannedAmount": { "amount": "0" }, "confidence": "0.8",
            "item": { "key": "PR-001" }, "owner": { "key": "nina.petrova" }, "viewerAccess": { "canWrite": true }, "version": "1",
        }));
        let entry = audit(&db).await.pop().expect("an entry");
        assert_eq!((entry.mutation.as_str(), entry.action.as_str(), entry.item_id, entry.after_item_id), ("benefitCreate", "CREATED", Some(project.id), Some(project.id)));
        let event = events(&db).await.pop().expect("an event");
        assert_eq!((event.target_type.as_str(), event.target_id, event.was_there), ("Benefit", row.id, false));
        assert_eq!(faults(&change(&manager, "benefitUpdate", patch("B-1", json!({ "title": "Other", "amount": null }))).await), NO_FAULT);
        let row = stored(&db, "B-1").await;
        assert_eq!((row.amount, row.currency.as_str(), row.title_fold.as_str(), row.version), (None, "EUR", "other", 2));
    }

    async fn a_benefit_says_something_that_can_be(world: &World) {
        let (db, lead) = prepared(world).await;
        for (more, told) in [
            (json!({ "confidence": "1.01" }), "OUT_OF_RANGE input.confidence"),
            (json!({ "amount": { "amount": "5", "currency": "CHF" } }), "INVALID input.amount.currency"),
            (json!({ "amount": euros("-1") }), "OUT_OF_RANGE input.amount.amount"),
            (json!({ "ownerKey": "felix.huber" }), "INVALID input.ownerKey"),
            (json!({ "sponsorKey": "felix.huber" }), "INVALID input.sponsorKey"),
            (json!({ "ownerKey": null }), "REQUIRED input.ownerKey"),
            (json!({ "ownerKey": "marc.dubois" }), "INVARIANT input.ownerKey"),
        ] {
            let done = change(&lead, "benefitCreate", profile(&db, "B-1", "PR-001", more).await).await;
            assert_eq!(faults(&done), [told]);
            if told.starts_with("INVARIANT") {
                assert_eq!(param(&done, "rule").as_deref(), Some("BENEFIT_OWNER"));
            }
        }
        let mut without = profile(&db, "B-1", "PR-001", json!({})).await;
        without.as_object_mut().expect("an object").remove("ownerKey");
        assert_eq!(faults(&change(&lead, "benefitCreate", without).await), ["REQUIRED input.ownerId"]);
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let again = profile(&db, "B-1", "PR-002", json!({})).await;
        assert_eq!(faults(&change(&lead, "benefitCreate", again).await), ["DUPLICATE input.key"]);
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerId": null }))).await), ["REQUIRED input.patch.ownerId"]);
        let moved = patch("B-1", json!({ "itemId": item_id(&db, "PR-002").await }));
        assert_eq!(faults(&change(&lead, "benefitUpdate", moved).await), ["IMMUTABLE input.patch.itemId"]);
        let old = profile(&db, "B-2", "PR-057", json!({})).await;
        assert_eq!(faults(&change(&lead, "benefitCreate", old).await), ["ILLEGAL_STATE input.itemId"], "an archived project");
        made(&db, &lead, "B-2", "PR-007", json!({})).await;
        assert_eq!(item(&db, "PR-007").await.state, "CLOSED", "what is closed goes on having benefits");
    }

    async fn who_owns_a_benefit_does_not_come_to_run_its_project(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let run_by = |who: &str| json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "projectManagerKey": who } });
        let told = change(&lead, "projectUpdate", run_by("nina.petrova")).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.patch.projectManagerKey".to_owned()], Some("BENEFIT_OWNER")));
        assert_eq!(faults(&change(&lead, "projectUpdate", run_by("paul.meier")).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "paul.meier" }))).await), ["INVARIANT input.patch.ownerKey"]);
        // An archived one stands in nobody's way, and does not come back against the rule.
        let whole = json!({ "ref": { "key": "B-1" }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "benefitArchive", whole.clone()).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "projectUpdate", run_by("nina.petrova")).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "benefitUnarchive", whole.clone()).await), ["INVARIANT input"]);
        assert_eq!(faults(&change(&lead, "projectUpdate", run_by("marc.dubois")).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "benefitUnarchive", whole).await), NO_FAULT);
        // At the same time, one of the two is refused.
        for round in 0..4 {
            change(&lead, "projectUpdate", run_by("marc.dubois")).await;
            assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "nina.petrova" }))).await), NO_FAULT);
            let owner = change(&lead, "benefitUpdate", patch("B-1", json!({ "ownerKey": "paul.meier" })));
            let (owner, manager) = futures_util::join!(owner, change(&lead, "projectUpdate", run_by("paul.meier")));
            assert_eq!(faults(&owner).len() + faults(&manager).len(), 1, "round {round}: {owner} {manager}");
        }
    }

    async fn a_manager_writes_drafts_of_her_own_and_nothing_else(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        made(&db, &lead, "B-2", "PR-003", json!({})).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let before = dump(&world.database().await).await;
        let foreign = change(&marc, "benefitCreate", profile(&db, "N", "PR-003", json!({})).await).await;
        assert_eq!((faults(&foreign), param(&foreign, "needs").as_deref()), (vec!["FORBIDDEN input.itemId".to_owned()], Some("BEN_WRITE")));
        let unseen = change(&marc, "benefitUpdate", patch("B-2", json!({ "title": "Mine" }))).await;
        assert_eq!(faults(&unseen), ["NOT_FOUND input.ref.key"], "a manager reads benefits of her own projects");
        let hidden = change(&marc, "benefitCreate", profile(&db, "N", "PR-034", json!({})).await).await;
        assert_eq!(faults(&hidden), ["NOT_FOUND input.itemId"]);
        assert_eq!(dump(&world.database().await).await, before);
        advance(&marc, "B-1", &["PROFILED"]).await;
        assert_eq!(faults(&change(&marc, "benefitUpdate", patch("B-1", json!({ "title": "Still hers" }))).await), NO_FAULT);
        advance(&lead, "B-1", &["APPROVED"]).await;
        let told = faults(&change(&marc, "benefitUpdate", patch("B-1", json!({ "title": "No longer" }))).await);
        assert_eq!(told, ["FORBIDDEN input.patch.title"]);
        assert_eq!(faults(&change(&marc, "benefitArchive", json!({ "ref": { "key": "B-1" }, "ifVersion": "*" })).await), ["FORBIDDEN input", "ILLEGAL_STATE input"]);
        let read = marc.query("{ benefits { nodes { key viewerAccess { canWrite reason } } } }").await.data();
        assert_eq!(read["benefits"]["nodes"], json!([{ "key": "B-1", "viewerAccess": { "canWrite": false, "reason": "ROW" } }]));
    }

    async fn a_key_writes_benefits_of_what_is_granted_to_it(world: &World) {
        let (db, _) = prepared(world).await;
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key"));
        made(&db, &key, "B-1", "PR-001", json!({})).await;
        assert_eq!(faults(&change(&key, "benefitUpdate", patch("B-1", json!({ "title": "Other" }))).await), NO_FAULT);
        let elsewhere = change(&key, "benefitCreate", profile(&db, "N", "PR-014", json!({})).await).await;
        assert_eq!(faults(&elsewhere), ["NOT_FOUND input.itemId"], "it sees nothing that is not granted");
        let step = change(&key, "benefitStateAdvance", super::to_state("B-1", "WITHDRAWN")).await;
        assert_eq!(faults(&step), ["FORBIDDEN input.to"]);
        assert_eq!((stored(&db, "B-1").await.created_by_id, audit(&db).await.pop().map(|e| e.principal.starts_with("key:"))), (None, Some(true)));
    }

    async fn who_only_reads_writes_nothing(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let before = dump(&world.database().await).await;
        for (who, role, sees) in [
            ("daniel.osei", Role::Sponsor, true),
            ("helen.ashworth", Role::Sponsor, true),
            ("ingrid.solberg", Role::Sponsor, false),
            ("stefan.brunner", Role::Finance, true),
            ("jonas.weber", Role::Analyst, true),
            ("priya.nair", Role::Analyst, false),
            ("walter.zimmermann", Role::Auditor, true),
            ("karin.baumann", Role::ResourceManager, false),
            ("tom.fischer", Role::Admin, false),
        ] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query("{ benefits { totalCount } }").await.json();
            assert_eq!(read["data"]["benefits"]["totalCount"] == json!(1), sees, "{who}: {read}");
            for (mutation, input) in [
                ("benefitCreate", profile(&db, "N", "PR-001", json!({})).await),
                ("benefitUpdate", patch("B-1", json!({ "title": "Other" }))),
                ("benefitArchive", json!({ "ref": { "key": "B-1" }, "ifVersion": "*" })),
                ("benefitBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": [patch("B-1", json!({ "title": "Other" }))] })),
            ] {
                let told = faults(&change(&client, mutation, input).await);
                assert!(told.iter().any(|fault| fault.starts_with("FORBIDDEN input")), "{who} {mutation} {told:?}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn what_was_promised_stands(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let wish = json!({ "title": "Renamed", "kind": "QUALITATIVE", "polarity": "DISBENEFIT", "amount": euros("6") });
        let told = faults(&change(&lead, "benefitUpdate", patch("B-1", wish)).await);
        assert_eq!(told, ["IMMUTABLE input.patch.kind", "IMMUTABLE input.patch.polarity", "IMMUTABLE input.patch.amount"]);
        let may = json!({ "title": "Renamed", "amount": euros("5.00"), "ownerKey": "paul.meier", "confidence": 1 });
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", may)).await), NO_FAULT);
        let whole = json!({ "ref": { "key": "B-1" }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "benefitArchive", whole.clone()).await), ["ILLEGAL_STATE input"]);
        advance(&lead, "B-1", &["WITHDRAWN"]).await;
        assert_eq!(faults(&change(&lead, "benefitArchive", whole).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "title": "Again" }))).await), ["IMMUTABLE input.ref.key"]);
    }

    async fn benefits_of_an_archived_item_stand(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({})).await;
        let project = json!({ "ref": { "key": "PR-007" }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "projectArchive", project).await), NO_FAULT);
        let before = dump(&world.database().await).await;
        let share = json!({ "benefitKey": "B-1", "contributorId": item_id(&db, "PR-001").await, "share": "0.1" });
        for (mutation, input, told) in [
            ("benefitUpdate", patch("B-1", json!({ "title": "Other" })), "IMMUTABLE input.ref.key"),
            ("benefitStateAdvance", super::to_state("B-1", "PROFILED"), "IMMUTABLE input.ref.key"),
            ("benefitArchive", json!({ "ref": { "key": "B-1" }, "ifVersion": "*" }), "IMMUTABLE input.ref.key"),
            ("benefitContributionCreate", share, "IMMUTABLE input.benefitKey"),
        ] {
            assert_eq!(faults(&change(&lead, mutation, input).await), [told], "{mutation}");
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn lists_and_versions_are_those_of_all_rows(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-0", "PR-001", json!({})).await;
        let mut items = vec![];
        for (key, more) in [("B-1", json!({})), ("B-2", json!({ "confidence": 2 })), ("B-0", json!({})), ("B-3", json!({ "ownerKey": "marc.dubois" })), ("B-4", json!({}))] {
            items.push(profile(&db, key, "PR-001", more).await);
        }
        let input = json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items });
        let done = change(&lead, "benefitBulkCreate", input).await;
        assert_eq!(statuses(&done), ["CREATED", "FAILED", "FAILED", "FAILED", "CREATED"], "{done}");
        let told: Vec<String> = (0..5).flat_map(|at| faults(&done["results"][at])).collect();
        assert_eq!(told, ["OUT_OF_RANGE input.items.1.confidence", "DUPLICATE input.items.2.key", "INVARIANT input.items.3.ownerKey"]);
        let writes = ["1", "1"].map(|version| change(&lead, "benefitUpdate", json!({ "ref": { "key": "B-1" }, "ifVersion": version, "patch": { "beneficiary": "Sales" } })));
        let told: Vec<Value> = join_all(writes).await;
        let conflicts: Vec<String> = told.iter().flat_map(faults).collect();
        assert_eq!(conflicts, ["VERSION_CONFLICT input.ifVersion"]);
        assert!(told.iter().any(|done| param(done, "conflictingFields").as_deref() == Some("beneficiary")));
    }

    async fn a_benefit_goes_where_its_item_goes(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let (id, home) = (benefit_id(&db, "B-1").await, stored(&db, "B-1").await.portfolio_id);
        let away = json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "*", "patch": { "parentKey": "PF-PRODUCTS" } });
        assert_eq!(faults(&change(&lead, "programUpdate", away).await), NO_FAULT);
        let row = stored(&db, "B-1").await;
        assert!(row.portfolio_id != home && row.reported_portfolio_id == home);
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'daniel.osei') WHERE key = 'PR-001'").await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        let hide = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        assert_eq!(faults(&change(&owner, "projectConfidentialitySet", hide).await), NO_FAULT);
        for (client, is_there) in [(&owner, true), (&lead, false)] {
            let read = client.query(&format!("{{ node(id: \"{id}\") {{ id }} benefits {{ totalCount }} }}")).await.data();
            assert_eq!((read["node"]["id"] == json!(id), &read["benefits"]["totalCount"]), (is_there, &json!(i32::from(is_there))));
        }
        assert_eq!(faults(&change(&lead, "benefitUpdate", patch("B-1", json!({ "title": "Hidden" }))).await), ["NOT_FOUND input.ref.key"]);
    }
}
