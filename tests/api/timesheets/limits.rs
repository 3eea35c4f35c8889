//! What is refused: days and weeks that hold no more, times that overlap, days and projects that are closed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{House, MONDAY, TUESDAY, approved, beside, faults, of, on_project, sheet, with, worker};
use crate::support::writes::{change, done, param, request_key};

tests! {
    async fn what_makes_no_sense_is_told_with_its_place(world: &World) {
        let House { wanda, lead, karin, .. } = House::of(world).await;
        for (input, due) in [
            (on_project(MONDAY, 0), vec!["OUT_OF_RANGE input.minutes"]),
            (on_project(MONDAY, -60), vec!["OUT_OF_RANGE input.minutes"]),
            (on_project(MONDAY, 1_441), vec!["OUT_OF_RANGE input.minutes"]),
            (with(on_project(MONDAY, 60), json!({ "categoryKey": "TRAINING" })), vec!["RULE TIME_OF_ONE input"]),
            (json!({ "resourceKey": "wanda", "workOn": MONDAY, "minutes": 60 }), vec!["RULE TIME_OF_ONE input"]),
            (with(beside(MONDAY, 60), json!({ "isCapex": true })), vec!["RULE CAPEX_OF_PROJECT input.isCapex"]),
            (with(beside(MONDAY, 60), json!({ "startTime": "8:00", "endTime": "09:00" })), vec!["INVALID input.startTime"]),
            (with(beside(MONDAY, 60), json!({ "startTime": "08:00" })), vec!["REQUIRED input.startTime"]),
            (with(beside(MONDAY, 60), json!({ "startTime": "09:00", "endTime": "08:00" })), vec!["RULE TIMES_IN_ORDER input.endTime"]),
            (with(beside(MONDAY, 61), json!({ "startTime": "08:00", "endTime": "09:00" })), vec!["RULE WITHIN_TIMES input.minutes"]),
            (beside("2026-03-09", 60), vec!["OUT_OF_RANGE input.workOn"]),
            (with(beside(MONDAY, 60), json!({ "categoryKey": "DICTATION" })), vec!["ILLEGAL_STATE input.categoryKey"]),
            (with(beside(MONDAY, 60), json!({ "categoryKey": "NONE" })), vec!["NOT_FOUND input.categoryKey"]),
            (json!({ "workOn": MONDAY, "minutes": 60, "categoryKey": "TRAINING" }), vec!["REQUIRED input.resourceId"]),
        ] {
            assert_eq!(faults(&change(&wanda, "timeEntryCreate", input.clone()).await), due, "{input}");
        }
        let of = |key: &str, day: &str| json!({ "resourceKey": key, "workOn": day, "categoryKey": "TRAINING", "minutes": 60 });
        assert_eq!(faults(&change(&lead, "timeEntryCreate", of("gen.dev", MONDAY)).await), ["RULE TIME_OF_PERSON input.resourceKey"]);
        worker(&lead, "new.here", json!({ "employedFromOn": "2026-03-01" })).await;
        assert_eq!(faults(&change(&karin, "timeEntryCreate", of("new.here", MONDAY)).await), ["RULE WITHIN_EMPLOYMENT input.workOn"]);
        assert!(sheet(&lead, "wanda", MONDAY).await.is_null() && sheet(&lead, "new.here", MONDAY).await.is_null(), "a week that nothing stands in is not made");
        // What it is about is settled when it is made.
        let made = done(&wanda, "timeEntryCreate", beside(MONDAY, 60)).await;
        let moved = json!({ "id": made["id"], "ifVersion": "*", "patch": { "workOn": TUESDAY, "categoryKey": "SUPPORT" } });
        assert_eq!(faults(&change(&wanda, "timeEntryUpdate", moved).await), ["IMMUTABLE input.patch.workOn", "IMMUTABLE input.patch.categoryKey"]);
    }

    async fn a_day_has_24_hours_and_a_week_what_its_pool_lets_it(world: &World) {
        let House { wanda, lead, .. } = House::of(world).await;
        let items = [on_project(MONDAY, 1_000), beside(MONDAY, 441), beside(MONDAY, 440)];
        let list = json!({ "items": items, "clientMutationKey": request_key(1) });
        let refused = change(&wanda, "timeEntryBulkCreate", list.clone()).await;
        assert_eq!(faults(&refused), ["RULE DAY_HAS_24_HOURS input.items.1.minutes"], "the last that fits stands");
        assert!(sheet(&wanda, "wanda", MONDAY).await.is_null(), "nothing is written of a list that is refused");
        let kept = change(&wanda, "timeEntryBulkCreate", with(list, json!({ "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(2) }))).await;
        assert_eq!((&kept["createdCount"], &kept["failedCount"]), (&json!(2), &json!(1)));
        assert_eq!(faults(&change(&wanda, "timeEntryCreate", on_project(MONDAY, 1)).await), ["RULE DAY_HAS_24_HOURS input.minutes"]);
        // The pool of the demonstration: sixty hours.
        done(&wanda, "timeEntryCreate", on_project(TUESDAY, 1_440)).await;
        done(&wanda, "timeEntryCreate", beside("2026-02-25", 720)).await;
        let refused = change(&wanda, "timeEntryCreate", beside("2026-03-01", 1)).await;
        assert_eq!((faults(&refused), param(&refused, "max").as_deref()), (vec!["RULE WEEK_MAXIMUM input.minutes".to_owned()], Some("3600")));
        done(&lead, "resourcePoolUpdate", json!({ "ref": { "key": "DEVELOPMENT" }, "ifVersion": "*", "patch": { "mostWeekMinutes": 3_601 } })).await;
        done(&wanda, "timeEntryCreate", beside("2026-03-01", 1)).await;
        let wrong = json!({ "ref": { "key": "DEVELOPMENT" }, "ifVersion": "*", "patch": { "mostWeekMinutes": 10_081 } });
        assert_eq!(faults(&change(&lead, "resourcePoolUpdate", wrong).await), ["OUT_OF_RANGE input.patch.mostWeekMinutes"]);
    }

    async fn entries_with_times_do_not_overlap(world: &World) {
        let House { wanda, .. } = House::of(world).await;
        let at = |start: &str, end: &str| with(beside(MONDAY, 30), json!({ "startTime": start, "endTime": end }));
        let first = done(&wanda, "timeEntryCreate", at("08:00", "09:00")).await;
        for (start, end) in [("08:30", "09:30"), ("07:30", "08:01"), ("08:15", "08:45"), ("07:00", "24:00")] {
            assert_eq!(faults(&change(&wanda, "timeEntryCreate", at(start, end)).await), ["RULE TIMES_APART input.startTime"], "{start}");
        }
        done(&wanda, "timeEntryCreate", at("09:00", "10:00")).await;
        done(&wanda, "timeEntryCreate", beside(MONDAY, 30)).await;
        // Moved away, it is in nobody's way.
        done(&wanda, "timeEntryUpdate", with(of(&first), json!({ "patch": { "startTime": "23:00", "endTime": "24:00" } }))).await;
        done(&wanda, "timeEntryCreate", at("08:30", "09:00")).await;
    }

    async fn of_many_who_record_one_day_at_once_only_24_hours_do(world: &World) {
        let House { wanda, karin, .. } = House::of(world).await;
        let record = |n: usize| {
            let client = if n.is_multiple_of(2) { wanda.clone() } else { karin.clone() };
            async move { change(&client, "timeEntryCreate", beside(MONDAY, 60)).await }
        };
        let answers = join_all((0..36).map(record)).await;
        let fits = answers.iter().filter(|answer| faults(answer).is_empty()).count();
        assert_eq!(fits, 24, "{:?}", answers.iter().map(faults).collect::<Vec<_>>());
        let others = answers.iter().filter(|answer| !faults(answer).is_empty());
        assert!(others.clone().all(|answer| faults(answer) == ["RULE DAY_HAS_24_HOURS input.minutes"]), "{:?}", others.map(faults).collect::<Vec<_>>());
        assert_eq!(sheet(&wanda, "wanda", MONDAY).await["entries"]["nodes"].as_array().map(Vec::len), Some(24));
    }

    async fn nothing_is_recorded_of_closed_periods_nor_on_closed_projects(world: &World) {
        let house = House::of(world).await;
        let (wanda, lead) = (&house.wanda, &house.lead);
        let refused = change(wanda, "timeEntryCreate", beside("2026-01-30", 60)).await;
        assert_eq!((faults(&refused), param(&refused, "period").as_deref()), (vec!["PERIOD_CLOSED input.workOn".to_owned()], Some("FY2026-01")));
        let made = done(wanda, "timeEntryCreate", on_project("2026-02-27", 60)).await;
        let closed = json!({ "resourceKey": "wanda", "workOn": MONDAY, "projectKey": "PR-018", "minutes": 60 });
        assert_eq!(faults(&change(lead, "timeEntryCreate", closed).await), ["ILLEGAL_STATE input.projectKey"]);
        done(&house.finance, "fiscalPeriodClose", json!({ "ref": { "key": "FY2026-02" }, "ifVersion": "*" })).await;
        let late = with(of(&made), json!({ "patch": { "minutes": 90 } }));
        assert_eq!(faults(&change(wanda, "timeEntryUpdate", late).await), ["PERIOD_CLOSED input.id"]);
        done(wanda, "timeEntryDelete", of(&made)).await;
        done(wanda, "timeEntryCreate", on_project("2026-03-01", 60)).await;
    }

    async fn a_project_ends_when_all_time_on_it_is_posted(world: &World) {
        let house = House::of(world).await;
        let day = json!({ "resourceKey": "wanda", "workOn": MONDAY, "projectKey": "PR-005", "minutes": 60 });
        done(&house.lead, "timeEntryCreate", day.clone()).await;
        let close = json!({ "ref": { "key": "PR-005" }, "ifVersion": "*", "to": "CLOSED" });
        let due = ["RULE NO_TIMESHEETS_LEFT input.to"];
        assert_eq!(faults(&change(&house.lead, "projectStateAdvance", close.clone()).await), due);
        let week = approved(&house, MONDAY).await;
        assert_eq!(faults(&change(&house.lead, "projectStateAdvance", close.clone()).await), due);
        done(&house.lead, "timesheetPost", of(&week)).await;
        done(&house.lead, "projectStateAdvance", close).await;
        let entry = sheet(&house.lead, "wanda", MONDAY).await["entries"]["nodes"][0].clone();
        let refused = change(&house.lead, "timeEntryReverse", with(of(&entry), json!({ "reason": "Late" }))).await;
        assert_eq!(faults(&refused), ["ILLEGAL_STATE input.id"]);
        let answer: Value = change(&house.lead, "timeEntryCreate", with(day, json!({ "workOn": "2026-03-02" }))).await;
        assert_eq!(faults(&answer), ["ILLEGAL_STATE input.projectKey"]);
    }
}
