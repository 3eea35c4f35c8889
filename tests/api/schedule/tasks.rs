//! Tasks: what they say of themselves, where they stand, what follows from each other, and names from elsewhere.

use foliograph::auth::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{NO_FAULT, done, new_task, of, patch, prepared, stored, task};
use crate::support::{
    dump::dump,
    writes::{change, faults, param, request_key, sql, statuses},
};

tests! {
    async fn days_work_and_progress_agree(world: &World) {
        let (db, _, manager) = prepared(world).await;
        for (more, told, rule) in [
            (json!({ "plannedStartOn": "2026-03-02", "plannedFinishOn": "2026-03-01" }), "INVARIANT input.plannedFinishOn", Some("DATES_IN_ORDER")),
            (json!({ "forecastFinishOn": "2026-03-01", "forecastStartOn": "2026-03-02" }), "INVARIANT input.forecastFinishOn", Some("DATES_IN_ORDER")),
            (json!({ "actualStartOn": "2999-01-01" }), "OUT_OF_RANGE input.actualStartOn", None),
            (json!({ "actualFinishOn": "2026-01-01" }), "INVARIANT input.actualFinishOn", Some("ACTUAL_START")),
            (json!({ "actualStartOn": "2026-01-01", "actualFinishOn": "2026-01-02", "percentComplete": "0.9" }), "INVARIANT input.percentComplete", Some("TASK_FINISHED")),
            (json!({ "actualStartOn": "2026-01-01", "actualFinishOn": "2026-01-02", "remainingWorkMinutes": 1 }), "INVARIANT input.remainingWorkMinutes", Some("TASK_FINISHED")),
            (json!({ "percentComplete": "1.000000001" }), "OUT_OF_RANGE input.percentComplete", None),
            (json!({ "physicalPercentComplete": "-0.1" }), "OUT_OF_RANGE input.physicalPercentComplete", None),
            (json!({ "workMinutes": -1 }), "OUT_OF_RANGE input.workMinutes", None),
            (json!({ "kind": "MILESTONE", "plannedStartOn": "2026-03-01", "plannedFinishOn": "2026-03-02" }), "INVARIANT input.plannedFinishOn", Some("MILESTONE_DATE")),
            (json!({ "kind": "MILESTONE", "workMinutes": 60 }), "INVARIANT input.workMinutes", Some("MILESTONE_WORK")),
            (json!({ "kind": "SUMMARY", "earnedValueTechnique": "PERCENT_COMPLETE" }), "INVARIANT input.earnedValueTechnique", Some("TECHNIQUE_OF_KIND")),
            (json!({ "kind": "TASK", "earnedValueTechnique": "LEVEL_OF_EFFORT" }), "INVARIANT input.earnedValueTechnique", Some("TECHNIQUE_OF_KIND")),
            (json!({ "kind": "MILESTONE", "earnedValueTechnique": "FIFTY_FIFTY" }), "INVARIANT input.earnedValueTechnique", Some("TECHNIQUE_OF_KIND")),
            (json!({ "earnedValueTechnique": null }), "INVARIANT input.earnedValueTechnique", Some("TECHNIQUE_OF_KIND")),
            (json!({ "weight": "1" }), "INVARIANT input.weight", Some("MILESTONE_WEIGHT")),
            (json!({ "kind": "MILESTONE", "weight": "-1" }), "OUT_OF_RANGE input.weight", None),
            (json!({ "earnedValueTechnique": "APPORTIONED" }), "INVARIANT input.earnedValueTechnique", Some("APPORTIONED")),
            (json!({ "apportionedRatio": "1" }), "INVARIANT input.apportionedRatio", Some("APPORTIONED")),
            (json!({ "projectKey": "PG-ERP" }), "NOT_FOUND input.projectKey", None),
        ] {
            let answer = change(&manager, "taskCreate", new_task("T-1", more.clone())).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{more}");
        }
        task(&manager, "T-1", json!({ "workMinutes": 600, "remainingWorkMinutes": 300, "actualStartOn": "2026-01-05" })).await;
        let fresh = stored(&db, "T-1").await;
        assert_eq!((fresh.kind.as_str(), fresh.earned_value_technique.as_deref(), fresh.percent_complete), ("TASK", Some("PERCENT_COMPLETE"), 0));
        // What is finished is complete; whoever says otherwise is told.
        done(&manager, "taskUpdate", patch("T-1", json!({ "actualFinishOn": "2026-02-05" }))).await;
        let over = stored(&db, "T-1").await;
        assert_eq!((over.percent_complete, over.remaining_work_minutes), (1_000_000_000, Some(0)));
        let told = change(&manager, "taskUpdate", patch("T-1", json!({ "percentComplete": "0.5" }))).await;
        assert_eq!(faults(&told), ["INVARIANT input.patch.percentComplete"]);
        // A milestone has one day, whichever of the two is said.
        task(&manager, "M-1", json!({ "kind": "MILESTONE", "plannedFinishOn": "2026-05-01", "forecastStartOn": "2026-05-03" })).await;
        let milestone = stored(&db, "M-1").await;
        assert_eq!((milestone.planned_start_on, milestone.forecast_finish_on), (milestone.planned_finish_on, milestone.forecast_start_on));
        assert_eq!(milestone.earned_value_technique.as_deref(), Some("ZERO_HUNDRED"));
        done(&manager, "taskUpdate", patch("M-1", json!({ "plannedStartOn": "2026-05-09", "actualFinishOn": "2026-02-01" }))).await;
        let reached = stored(&db, "M-1").await;
        assert_eq!((reached.planned_finish_on, reached.actual_start_on), (reached.planned_start_on, reached.actual_finish_on));
        assert_eq!(reached.percent_complete, 1_000_000_000);
    }

    async fn tasks_stand_below_summaries_of_their_project(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let summary = |more: Value| { let mut m = json!({ "kind": "SUMMARY" }); m.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone()); m };
        task(&manager, "S-1", summary(json!({ "wbs": "1" }))).await;
        task(&manager, "S-2", summary(json!({ "wbs": "1.1", "parentKey": "S-1" }))).await;
        task(&manager, "T-1", json!({ "wbs": "1.1.1", "parentKey": "S-2" })).await;
        done(&lead, "taskCreate", json!({ "key": "X-1", "title": "Elsewhere", "projectKey": "PR-001", "kind": "SUMMARY", "wbs": "1" })).await;
        for (key, change_it, told, rule) in [
            ("S-1", json!({ "parentKey": "S-2" }), "INVARIANT input.patch.parentKey", Some("TASK_PARENT")),
            ("S-1", json!({ "parentKey": "S-1" }), "INVARIANT input.patch.parentKey", Some("TASK_PARENT")),
            ("S-2", json!({ "parentKey": "T-1" }), "INVARIANT input.patch.parentKey", Some("TASK_PARENT")),
            ("S-2", json!({ "parentKey": "X-1" }), "INVARIANT input.patch.parentKey", Some("TASK_PARENT")),
            ("S-2", json!({ "kind": "TASK" }), "INVARIANT input.patch.kind", Some("TASK_PARENT")),
            ("S-2", json!({ "wbs": "1" }), "DUPLICATE input.patch.wbs", None),
            ("S-2", json!({ "key": "S-1" }), "DUPLICATE input.patch.key", None),
            ("S-2", json!({ "projectKey": "PR-001" }), "IMMUTABLE input.patch.projectKey", None),
        ] {
            let client = if change_it.get("parentKey") == Some(&json!("X-1")) { &lead } else { &manager };
            let client = if change_it.get("projectKey").is_some() { &lead } else { client };
            let answer = change(client, "taskUpdate", patch(key, change_it.clone())).await;
            let known = if change_it.get("projectKey").is_some() { faults(&answer).into_iter().take(1).collect() } else { faults(&answer) };
            assert_eq!((known, param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{key} {change_it}");
        }
        // Numbers that are exchanged in one list are each given once.
        let items: Vec<Value> = [("S-2", "1.1.1"), ("T-1", "1.1")].iter().map(|(key, wbs)| patch(key, json!({ "wbs": wbs }))).collect();
        let told = change(&manager, "taskBulkUpdate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["UPDATED", "UPDATED"], "{told}");
        // A ring over two rows of one list is refused whole.
        task(&manager, "S-3", summary(json!({ "parentKey": "S-2" }))).await;
        let items = json!([patch("S-2", json!({ "parentKey": "S-3" })), patch("S-3", json!({ "parentKey": "S-2" }))]);
        let told = change(&manager, "taskBulkUpdate", json!({ "items": items, "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(2) })).await;
        assert_eq!(statuses(&told)[0], "FAILED", "{told}");
        // The tree is read from above and from below.
        let asked = "{ project(by: {key: \"PR-014\"}) { tasks(filter: {parent: {key: {eq: \"S-2\"}}}) { nodes { key parent { key } project { key } } } } task(by: {key: \"S-1\"}) { children { nodes { key } } } }";
        let read = manager.query(asked).await.data();
        assert_eq!(read["task"]["children"]["nodes"], json!([{ "key": "S-2" }]));
        assert_eq!(read["project"]["tasks"]["nodes"][0], json!({ "key": "T-1", "parent": { "key": "S-2" }, "project": { "key": "PR-014" } }));
        // The archive is filled from below and emptied from above; what is in it gives its number away.
        assert_eq!(param(&change(&manager, "taskArchive", patchless("S-2")).await, "rule").as_deref(), Some("ARCHIVED_FROM_BELOW"));
        for key in ["T-1", "S-3", "S-2"] {
            done(&manager, "taskArchive", patchless(key)).await;
        }
        assert_eq!(param(&change(&manager, "taskUnarchive", patchless("T-1")).await, "rule").as_deref(), Some("ARCHIVED_FROM_BELOW"));
        task(&manager, "T-2", json!({ "wbs": "1.1.1", "parentKey": "S-1" })).await;
        assert_eq!(faults(&change(&manager, "taskUnarchive", patchless("S-2")).await), ["DUPLICATE input.ref.key"]);
        assert_eq!(faults(&change(&manager, "taskUpdate", patch("T-1", json!({ "title": "Other" }))).await), ["IMMUTABLE input.ref.key"]);
        // Nothing of an archived project changes.
        sql(&db, "UPDATE portfolio_item SET archived_at = '2026-01-01 00:00:00+00:00' WHERE key = 'PR-014'").await;
        assert_eq!(faults(&change(&lead, "taskUpdate", patch("S-1", json!({ "title": "Other" }))).await), ["IMMUTABLE input.ref.key"]);
        assert_eq!(faults(&change(&lead, "taskCreate", new_task("T-9", json!({}))).await), ["ILLEGAL_STATE input.projectKey"]);
    }

    async fn two_who_move_summaries_at_once_make_no_ring(world: &World) {
        let (db, _, manager) = prepared(world).await;
        for key in ["S-1", "S-2"] {
            task(&manager, key, json!({ "kind": "SUMMARY" })).await;
        }
        let moves = [("S-1", "S-2"), ("S-2", "S-1")].map(|(key, parent)| change(&manager, "taskUpdate", patch(key, json!({ "parentKey": parent }))));
        let told = join_all(moves).await;
        assert_eq!(told.iter().filter(|told| faults(told).is_empty()).count(), 1, "{told:?}");
        let parents = [stored(&db, "S-1").await.parent_id, stored(&db, "S-2").await.parent_id];
        assert_eq!(parents.iter().flatten().count(), 1);
    }

    async fn a_task_that_earns_with_another_names_one_that_is_measured_by_itself(world: &World) {
        let (_, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        task(&manager, "S-1", json!({ "kind": "SUMMARY" })).await;
        task(&manager, "L-1", json!({ "kind": "LEVEL_OF_EFFORT" })).await;
        done(&lead, "taskCreate", json!({ "key": "X-1", "title": "Elsewhere", "projectKey": "PR-001" })).await;
        task(&manager, "A-1", json!({ "earnedValueTechnique": "APPORTIONED", "apportionedToKey": "T-1" })).await;
        for base in ["S-1", "L-1", "A-1", "X-1"] {
            let more = json!({ "earnedValueTechnique": "APPORTIONED", "apportionedToKey": base, "apportionedRatio": "0.5" });
            let told = change(&lead, "taskCreate", new_task("A-2", more)).await;
            assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.apportionedToKey".to_owned()], Some("APPORTIONED")), "{base}");
        }
        let told = change(&manager, "taskUpdate", patch("T-1", json!({ "kind": "SUMMARY" }))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("APPORTIONED"), "{told}");
    }

    async fn a_name_from_elsewhere_finds_a_task_again(world: &World) {
        let (db, _, manager) = prepared(world).await;
        let item = |id: &str, patch: Value| json!({ "ref": { "external": { "system": "JIRA", "id": id } }, "patch": patch });
        let new = |key: &str| json!({ "key": key, "title": key, "projectKey": "PR-014" });
        let both = json!([item("GW-1", new("GW-1")), item("GW-2", new("GW-2"))]);
        let told = change(&manager, "taskBulkUpsert", json!({ "items": both, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["CREATED", "CREATED"], "{told}");
        let made = stored(&db, "GW-1").await;
        assert_eq!((made.external_system.as_deref(), made.external_id.as_deref()), (Some("JIRA"), Some("GW-1")));
        // Again nothing changes; another title does.
        let again = json!([item("GW-1", new("GW-1")), item("GW-2", json!({ "title": "Other" }))]);
        let told = change(&manager, "taskBulkUpsert", json!({ "items": again, "clientMutationKey": request_key(2) })).await;
        assert_eq!(statuses(&told), ["UNCHANGED", "UPDATED"], "{told}");
        let found = manager.query("{ task(by: {external: {system: \"JIRA\", id: \"GW-2\"}}) { key title externalSystem externalId } }").await.data();
        assert_eq!(found["task"], json!({ "key": "GW-2", "title": "Other", "externalSystem": "JIRA", "externalId": "GW-2" }));
        // A name that the caller cannot see is still taken, and one name is one task's.
        let other = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let theirs = |key: &str| json!({ "key": key, "title": key, "projectKey": "PR-001" });
        let told = change(&other, "taskBulkUpsert", json!({ "items": [item("GW-1", theirs("MINE"))], "clientMutationKey": request_key(3) })).await;
        assert_eq!(faults(&told), ["DUPLICATE input.items.0.ref.external"], "{told}");
        let twice = json!([item("GW-3", new("GW-3")), item("GW-3", new("GW-4"))]);
        let told = change(&manager, "taskBulkUpsert", json!({ "items": twice, "clientMutationKey": request_key(4) })).await;
        assert_eq!(faults(&told), ["DUPLICATE input.items.1.ref.external"], "{told}");
        let long = json!([json!({ "ref": { "external": { "system": "S".repeat(65), "id": "1" } }, "patch": new("GW-5") })]);
        let told = change(&manager, "taskBulkUpsert", json!({ "items": long, "clientMutationKey": request_key(5) })).await;
        assert_eq!(faults(&told), ["TOO_LONG input.items.0.ref.external.system"], "{told}");
        // Two who send the same at once make one task.
        let send = |nth: u64| change(&manager, "taskBulkUpsert", json!({ "items": [item("GW-9", new("GW-9"))], "clientMutationKey": request_key(nth) }));
        let told = join_all([send(10), send(11)]).await;
        let mut became: Vec<String> = told.iter().flat_map(statuses).collect();
        became.sort();
        assert_eq!(became, ["CREATED", "UNCHANGED"], "{told:?}");
    }

    async fn tasks_are_for_whom_the_policy_names(world: &World) {
        let (_, lead, manager) = prepared(world).await;
        let id = task(&manager, "T-1", json!({})).await;
        let before = dump(&world.database().await).await;
        for (who, role, sees) in [
            ("lena.schmid", Role::ProjectManager, false),
            ("ingrid.solberg", Role::Sponsor, true),
            ("helen.ashworth", Role::Sponsor, false),
            ("stefan.brunner", Role::Finance, false),
            ("walter.zimmermann", Role::Auditor, true),
        ] {
            let client = world.client_as(who, &[role]).await;
            let told = change(&client, "taskUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "title": "Mine" } })).await;
            // Who writes no work at all is refused before anything is looked at.
            let due = if role == Role::ProjectManager { "NOT_FOUND input.id" } else { "FORBIDDEN input" };
            assert_eq!(faults(&told), [due], "{who}");
            let read = client.query(&format!("{{ node(id: \"{id}\") {{ id }} }}")).await.json();
            assert_eq!(!read["data"]["node"].is_null(), sees, "{who}: {read}");
        }
        assert_eq!(dump(&world.database().await).await, before, "nothing was written");
        assert_eq!(faults(&change(&lead, "taskArchive", of(&id)).await), NO_FAULT);
    }
}

fn patchless(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}
