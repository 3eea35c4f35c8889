//! The life of a week: recorded, handed in, returned, approved, posted; and who may take which step.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{House, MONDAY, TUESDAY, approved, beside, faults, of, on_project, sheet, with, worker};
use crate::support::{
    api_keys,
    writes::{change, done, param},
};

tests! {
    async fn a_week_is_made_by_its_first_entry_and_goes_through_its_life(world: &World) {
        let house = House::of(world).await;
        let (wanda, karin, lead) = (&house.wanda, &house.karin, &house.lead);
        let first = done(wanda, "timeEntryCreate", on_project(MONDAY, 480)).await;
        let second = done(wanda, "timeEntryCreate", with(beside(TUESDAY, 240), json!({ "startTime": "08:00", "endTime": "12:00", "note": "A course" }))).await;
        let week = sheet(wanda, "wanda", MONDAY).await;
        assert_eq!((&week["state"], &week["dueAt"], &week["unratedMinutes"]), (&json!("OPEN"), &json!("2026-03-02T12:00:00.000Z"), &Value::Null));
        assert_eq!(week["entries"]["nodes"].as_array().map(Vec::len), Some(2));
        done(wanda, "timeEntryUpdate", with(of(&first), json!({ "patch": { "minutes": 420, "isBillable": true } }))).await;
        // Not approved, nor posted, before it is handed in.
        assert_eq!(faults(&change(karin, "timesheetApprove", of(&week)).await), ["ILLEGAL_STATE input"]);
        assert_eq!(faults(&change(lead, "timesheetPost", of(&week)).await), ["ILLEGAL_STATE input"]);
        done(wanda, "timesheetSubmit", of(&week)).await;
        assert_eq!(faults(&change(wanda, "timesheetSubmit", of(&week)).await), ["ILLEGAL_STATE input"]);
        let late = with(of(&first), json!({ "patch": { "minutes": 60 } }));
        assert_eq!(faults(&change(wanda, "timeEntryUpdate", late.clone()).await), ["ILLEGAL_STATE input.id"]);
        assert_eq!(faults(&change(wanda, "timeEntryDelete", of(&second)).await), ["ILLEGAL_STATE input.id"]);
        assert_eq!(faults(&change(wanda, "timeEntryCreate", on_project("2026-02-26", 60)).await), ["ILLEGAL_STATE input.workOn"]);
        // Given back, with a reason, and written again.
        assert_eq!(faults(&change(karin, "timesheetReturn", with(of(&week), json!({ "note": " " }))).await), ["REQUIRED input.note"]);
        done(karin, "timesheetReturn", with(of(&week), json!({ "note": "Thursday?" }))).await;
        let seen = sheet(wanda, "wanda", MONDAY).await;
        assert_eq!((&seen["state"], &seen["returnNote"], &seen["submittedAt"]), (&json!("RETURNED"), &json!("Thursday?"), &Value::Null));
        done(wanda, "timeEntryCreate", on_project("2026-02-26", 300)).await;
        done(wanda, "timeEntryDelete", of(&second)).await;
        let seen = sheet(wanda, "wanda", MONDAY).await;
        assert!(seen["entries"]["nodes"].as_array().expect("entries").iter().all(|entry| entry["state"] == "RETURNED"), "{seen:#}");
        approved(&house, MONDAY).await;
        let seen = sheet(wanda, "wanda", MONDAY).await;
        assert_eq!((&seen["state"], &seen["returnNote"], &seen["submittedBy"], &seen["approvedBy"]), (&json!("APPROVED"), &Value::Null, &json!({ "key": "wanda" }), &json!({ "key": "karin.baumann" })));
        done(lead, "timesheetPost", of(&week)).await;
        let seen = sheet(wanda, "wanda", MONDAY).await;
        assert_eq!((&seen["state"], &seen["unratedMinutes"]), (&json!("POSTED"), &json!(0)));
        let of_entries: Vec<(&Value, &Value)> = seen["entries"]["nodes"].as_array().expect("entries").iter().map(|entry| (&entry["state"], &entry["postedOn"])).collect();
        assert_eq!(of_entries, [(&json!("POSTED"), &json!("2026-03-02")); 2]);
        // What is posted never changes.
        let refused = change(wanda, "timeEntryUpdate", late).await;
        assert_eq!((faults(&refused), param(&refused, "hint").as_deref()), (vec!["IMMUTABLE input.id".to_owned()], Some("timeEntryReverse")));
        assert_eq!(faults(&change(lead, "timeEntryDelete", of(&first)).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(wanda, "timeEntryCreate", on_project("2026-02-27", 60)).await), ["IMMUTABLE input.workOn"]);
        assert_eq!(faults(&change(karin, "timesheetReturn", with(of(&week), json!({ "note": "No" }))).await), ["ILLEGAL_STATE input"]);
    }

    async fn a_week_without_work_is_made_by_itself_and_once(world: &World) {
        let House { wanda, karin, lead, .. } = House::of(world).await;
        let week = json!({ "resourceKey": "wanda", "weekStartOn": MONDAY });
        let made = done(&wanda, "timesheetCreate", week.clone()).await;
        assert_eq!(faults(&change(&karin, "timesheetCreate", week).await), ["DUPLICATE input.weekStartOn"]);
        let wrong = |monday: &str, of: &str| json!({ "resourceKey": of, "weekStartOn": monday });
        assert_eq!(faults(&change(&karin, "timesheetCreate", wrong(TUESDAY, "wanda")).await), ["RULE WEEK_BEGINS_ON_MONDAY input.weekStartOn"]);
        assert_eq!(faults(&change(&karin, "timesheetCreate", wrong("2026-03-09", "wanda")).await), ["OUT_OF_RANGE input.weekStartOn"]);
        assert_eq!(faults(&change(&karin, "timesheetCreate", wrong(MONDAY, "gen.dev")).await), ["RULE TIME_OF_PERSON input.resourceKey"]);
        done(&wanda, "timesheetSubmit", of(&made)).await;
        done(&karin, "timesheetApprove", of(&made)).await;
        done(&lead, "timesheetPost", of(&made)).await;
        assert_eq!(sheet(&wanda, "wanda", MONDAY).await["unratedMinutes"], 0);
    }

    async fn nobody_approves_her_own_week_nor_one_that_she_handed_in(world: &World) {
        let house = House::of(world).await;
        let (karin, lead) = (&house.karin, &house.lead);
        done(karin, "timeEntryCreate", on_project(MONDAY, 480)).await;
        let week = sheet(karin, "wanda", MONDAY).await;
        done(karin, "timesheetSubmit", of(&week)).await;
        let refused = change(karin, "timesheetApprove", of(&week)).await;
        assert_eq!((faults(&refused), param(&refused, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("SUBMITTER")));
        done(lead, "timesheetApprove", of(&week)).await;
        // George manages himself.
        let george = world.client_as("george.mensah", &[Role::ProjectManager, Role::ResourceManager]).await;
        let day = json!({ "resourceKey": "george.mensah", "workOn": "2026-03-02", "categoryKey": "ADMINISTRATION", "minutes": 60 });
        done(&george, "timeEntryCreate", day).await;
        let week = sheet(&george, "george.mensah", "2026-03-02").await;
        done(lead, "timesheetSubmit", of(&week)).await;
        let refused = change(&george, "timesheetApprove", of(&week)).await;
        assert_eq!(param(&refused, "conflictOfDuty").as_deref(), Some("WORKER"), "{refused}");
        let refused = change(lead, "timesheetApprove", of(&week)).await;
        assert_eq!(param(&refused, "conflictOfDuty").as_deref(), Some("SUBMITTER"), "{refused}");
        done(&world.client_as("reader", &[Role::PmoLead]).await, "timesheetApprove", of(&week)).await;
    }

    async fn a_key_records_time_on_what_is_granted_to_it_and_nothing_else(world: &World) {
        let house = House::of(world).await;
        worker(&house.lead, "willi", json!({})).await;
        let key = world.client().await.bearer(&api_keys::text("bi-products").expect("a key")).header("x-access-mode", "MASK");
        let granted = with(on_project(MONDAY, 60), json!({ "externalSystem": "BADGE", "externalId": "1" }));
        let made = done(&key, "timeEntryCreate", granted.clone()).await;
        done(&key, "timeEntryUpdate", with(of(&made), json!({ "patch": { "minutes": 90 } }))).await;
        assert_eq!(faults(&change(&key, "timeEntryCreate", beside(MONDAY, 60)).await), ["FORBIDDEN input.resourceKey"]);
        assert_eq!(faults(&change(&key, "timeEntryCreate", with(on_project(MONDAY, 60), json!({ "projectKey": "PR-009" }))).await), ["NOT_FOUND input.projectKey"]);
        let other = with(granted, json!({ "resourceKey": "willi", "externalId": "2" }));
        assert_eq!(faults(&change(&key, "timeEntryCreate", other).await), ["FORBIDDEN input.resourceKey"]);
        let week = sheet(&house.wanda, "wanda", MONDAY).await;
        assert_eq!(week["entries"]["nodes"][0]["minutes"], 90);
        assert_eq!(faults(&change(&key, "timesheetSubmit", of(&week)).await), ["NOT_FOUND input.id"]);
        // Another's system does not take a name twice.
        let again = with(on_project(TUESDAY, 60), json!({ "externalSystem": "BADGE", "externalId": "1" }));
        assert_eq!(faults(&change(&house.wanda, "timeEntryCreate", again).await), ["DUPLICATE input.externalId"]);
    }

    async fn each_takes_the_steps_that_are_hers(world: &World) {
        let house = House::of(world).await;
        let made = done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 480)).await;
        let week = sheet(&house.wanda, "wanda", MONDAY).await;
        let sponsor = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let other = world.client_as("liam.oconnor", &[Role::ResourceManager]).await;
        let colleague = world.client_as("kai.pereira", &[]).await;
        let stranger = world.client_as("nobody.known", &[]).await;
        let patch = with(of(&made), json!({ "patch": { "minutes": 60 } }));
        // Who manages the project reads her hours there, and writes none; others do not even see them.
        for (name, input, due) in [
            ("timeEntryUpdate", patch.clone(), "FORBIDDEN input.patch.minutes"),
            ("timeEntryDelete", of(&made), "FORBIDDEN input"),
            ("timeEntryReverse", with(of(&made), json!({ "reason": "No" })), "FORBIDDEN input"),
        ] {
            assert_eq!(faults(&change(&house.george, name, input.clone()).await), [due], "{name}");
            for client in [&sponsor, &other, &colleague, &stranger, &house.finance] {
                assert_eq!(faults(&change(client, name, input.clone()).await), ["NOT_FOUND input.id"], "{name}");
            }
        }
        for name in ["timesheetSubmit", "timesheetApprove", "timesheetPost"] {
            for client in [&house.george, &sponsor, &other, &colleague, &stranger, &house.finance] {
                assert_eq!(faults(&change(client, name, of(&week)).await), ["NOT_FOUND input.id"], "{name}");
            }
        }
        // Nor does anybody record her time but herself, who manages her, and the office.
        for client in [&house.george, &sponsor] {
            assert_eq!(faults(&change(client, "timeEntryCreate", on_project(TUESDAY, 60)).await), ["FORBIDDEN input.resourceKey"]);
        }
        let beside = |of: &str| json!({ "resourceKey": of, "workOn": TUESDAY, "categoryKey": "TRAINING", "minutes": 60 });
        for client in [&other, &colleague, &house.finance] {
            assert_eq!(faults(&change(client, "timeEntryCreate", beside("wanda")).await), ["FORBIDDEN input.resourceKey"]);
        }
        assert_eq!(faults(&change(&house.wanda, "timeEntryCreate", beside("kai.pereira")).await), ["FORBIDDEN input.resourceKey"]);
        for client in [&house.karin, &house.lead] {
            done(client, "timeEntryCreate", beside("wanda")).await;
            done(client, "timeEntryUpdate", patch.clone()).await;
        }
        // She hands in and does not approve; who manages her approves and does not post.
        assert_eq!(faults(&change(&house.wanda, "timesheetApprove", of(&week)).await), ["FORBIDDEN input"]);
        approved(&house, MONDAY).await;
        for client in [&house.wanda, &house.karin] {
            assert_eq!(faults(&change(client, "timesheetPost", of(&week)).await), ["FORBIDDEN input"]);
        }
        done(&house.lead, "timesheetPost", of(&week)).await;
    }
}
