//! Booking resources: what fits, who confirms, what is proposed, and what many do at the same time.

use foliograph::auth::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    writes::{self, begin, change, done, request_key},
};

/// A project that George manages.
const PROJECT: &str = "PR-014";
const DAYS: &str = "{ nodes { startOn endOn minutesPerDay state } }";

/// Who plans, who manages the pool, who leads.
struct House {
    lead: Client,
    karin: Client,
    george: Client,
}

impl House {
    /// With a resource of eight hours a day in Karin's pool.
    async fn of(world: &World) -> Self {
        let (_, lead) = begin(world).await;
        let hours = "08:00-12:00 13:00-17:00";
        let week = json!({ "key": "OFFICE", "name": "Office", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
        done(&lead, "workCalendarCreate", week).await;
        resource(&lead, "ANNE", json!({})).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        let george = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        Self { lead, karin, george }
    }
}

async fn resource(lead: &Client, key: &str, more: Value) -> Value {
    let mut input = json!({ "key": key, "name": key, "kind": "GENERIC", "poolKey": "DEVELOPMENT", "calendarKey": "OFFICE", "fte": "1" });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    done(lead, "resourceCreate", input).await
}

fn booking(resource: &str, from: &str, to: &str, minutes: i32) -> Value {
    json!({ "projectKey": PROJECT, "resourceKey": resource, "startOn": from, "endOn": to, "minutes": minutes })
}

/// Codes with their paths, a broken rule by its name, in order.
fn faults(payload: &Value) -> Vec<String> {
    let errors = payload["userErrors"].as_array().into_iter().flatten();
    let line = |(error, plain): (&Value, String)| {
        let rule = error["params"].as_array().into_iter().flatten().find(|param| param["name"] == "rule");
        let path = plain.split_once(' ').map_or("", |(_, path)| path).to_owned();
        rule.map_or(plain, |rule| format!("RULE {} {path}", rule["value"].as_str().unwrap_or_default()))
    };
    errors.zip(writes::faults(payload)).map(line).collect()
}

fn of(allocation: &Value) -> Value {
    json!({ "id": allocation["id"], "ifVersion": "*" })
}

fn with(allocation: &Value, name: &str, value: Value) -> Value {
    let mut input = of(allocation);
    input[name] = value;
    input
}

async fn told(client: &Client, allocation: &Value) -> Value {
    let asked = format!(
        "query($id: ID!) {{ allocation(by: {{ id: $id }}) {{ state startOn endOn minutes proposedStartOn proposedEndOn proposedMinutes excessReason confirmedBy {{ key }} periods {DAYS} }} }}"
    );
    client.query_with(&asked, json!({ "id": allocation["id"] })).await.data()["allocation"].clone()
}

tests! {
    async fn minutes_lie_on_the_days_that_have_capacity(world: &World) {
        let House { lead, karin, george } = House::of(world).await;
        done(&karin, "timeOffCreate", json!({ "resourceKey": "ANNE", "startOn": "2026-05-06", "endOn": "2026-05-06", "minutesPerDay": 240 })).await;
        done(&karin, "timeOffCreate", json!({ "resourceKey": "ANNE", "startOn": "2026-05-07", "endOn": "2026-05-07" })).await;
        // Monday to Monday: 480, 480, 240, none, 480, two days off, 480.
        let made = done(&george, "allocationCreate", booking("ANNE", "2026-05-04", "2026-05-11", 1_080)).await;
        let days = |from: &str, to: &str, minutes: i32| json!({ "startOn": from, "endOn": to, "minutesPerDay": minutes, "state": "SOFT" });
        let seen = told(&george, &made).await;
        assert_eq!(seen["periods"]["nodes"], json!([
            days("2026-05-04", "2026-05-05", 240),
            days("2026-05-06", "2026-05-06", 120),
            days("2026-05-08", "2026-05-08", 240),
            days("2026-05-11", "2026-05-11", 240),
        ]));
        // Most at the end: the steps 1 to 5 of 480, 480, 240, 480, 480.
        let later = with(&made, "patch", json!({ "curve": "BACK_LOADED", "minutes": 1_320 }));
        done(&george, "allocationUpdate", later).await;
        let minutes: Vec<i64> = told(&george, &made).await["periods"]["nodes"].as_array().expect("days").iter().map(|d| d["minutesPerDay"].as_i64().expect("minutes")).collect();
        assert_eq!(minutes, [98, 195, 147, 391, 489]);
        // No day with capacity, and nobody whose capacity is known.
        let none = change(&george, "allocationCreate", booking("ANNE", "2026-05-09", "2026-05-10", 60)).await;
        assert_eq!(faults(&none), ["RULE NO_CAPACITY input.startOn"]);
        resource(&lead, "NOBODY", json!({ "calendarKey": null })).await;
        let none = change(&george, "allocationCreate", booking("NOBODY", "2026-05-04", "2026-05-10", 60)).await;
        assert_eq!(faults(&none), ["RULE NO_CAPACITY input.resourceKey"]);
        let none = change(&george, "allocationCreate", booking("ANNE", "2026-05-10", "2026-05-04", 0)).await;
        assert_eq!(faults(&none), ["OUT_OF_RANGE input.minutes", "RULE DATES_IN_ORDER input.endOn"]);
    }

    async fn what_is_confirmed_fits_into_each_day_or_was_accepted(world: &World) {
        let House { karin, george, lead } = House::of(world).await;
        let first = done(&george, "allocationCreate", booking("ANNE", "2026-05-04", "2026-05-05", 600)).await;
        let second = done(&george, "allocationCreate", booking("ANNE", "2026-05-05", "2026-05-06", 400)).await;
        // Nobody else confirms: neither who plans nor the office, nor who manages others.
        let liam = world.client_as("liam.oconnor", &[Role::ResourceManager]).await;
        assert_eq!(faults(&change(&george, "allocationConfirm", of(&first)).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&lead, "allocationConfirm", of(&first)).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&liam, "allocationConfirm", of(&first)).await), ["NOT_FOUND input.id"]);
        done(&karin, "allocationConfirm", of(&first)).await;
        let refused = change(&karin, "allocationConfirm", of(&second)).await;
        assert_eq!(faults(&refused), ["RULE WITHIN_CAPACITY input"]);
        let line = refused["userErrors"][0]["message"].as_str().expect("a line");
        assert!(line.starts_with("On 2026-05-05 it would exceed the capacity of 480 minutes by 20"), "{line}");
        let accepted = with(&second, "excessReason", json!("Only this week."));
        done(&karin, "allocationConfirm", accepted).await;
        let seen = told(&lead, &second).await;
        assert_eq!((&seen["state"], &seen["excessReason"], &seen["confirmedBy"]), (&json!("HARD"), &json!("Only this week."), &json!({ "key": "karin.baumann" })));
        assert_eq!(seen["periods"]["nodes"][0]["state"], "HARD");
        // Twice is not possible, and what is over does not change.
        assert_eq!(faults(&change(&karin, "allocationConfirm", of(&second)).await), ["ILLEGAL_STATE input"]);
        done(&karin, "allocationRelease", of(&second)).await;
        let late = with(&second, "patch", json!({ "note": "Late" }));
        assert_eq!(faults(&change(&george, "allocationUpdate", late).await), ["ILLEGAL_STATE input.id"]);
        assert_eq!(told(&lead, &second).await["periods"]["nodes"][0]["state"], "RELEASED");
    }

    async fn a_change_of_what_is_confirmed_is_proposed(world: &World) {
        let House { karin, george, .. } = House::of(world).await;
        let made = done(&george, "allocationCreate", booking("ANNE", "2026-05-04", "2026-05-08", 1_200)).await;
        done(&karin, "allocationConfirm", of(&made)).await;
        done(&george, "allocationUpdate", with(&made, "patch", json!({ "minutes": 2_000, "endOn": "2026-05-11", "note": "More" }))).await;
        let seen = told(&george, &made).await;
        assert_eq!((&seen["minutes"], &seen["endOn"]), (&json!(1_200), &json!("2026-05-08")));
        assert_eq!((&seen["proposedMinutes"], &seen["proposedEndOn"]), (&json!(2_000), &json!("2026-05-11")));
        assert_eq!(faults(&change(&george, "allocationProposalDecide", with(&made, "isAccepted", json!(true))).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&george, "allocationRelease", of(&made)).await), ["FORBIDDEN input"]);
        done(&karin, "allocationProposalDecide", with(&made, "isAccepted", json!(true))).await;
        let seen = told(&george, &made).await;
        assert_eq!((&seen["minutes"], &seen["proposedMinutes"]), (&json!(2_000), &Value::Null));
        let sum: i64 = seen["periods"]["nodes"].as_array().expect("days").iter().map(|d| d["minutesPerDay"].as_i64().expect("minutes") * days_of(d)).sum();
        assert_eq!(sum, 2_000);
        // Whoever confirms changes at once, within the capacity.
        let much = change(&karin, "allocationUpdate", with(&made, "patch", json!({ "minutes": 6 * 480 + 1 }))).await;
        assert_eq!(faults(&much), ["RULE WITHIN_CAPACITY input.patch.minutes"]);
        done(&karin, "allocationUpdate", with(&made, "patch", json!({ "minutes": 6 * 480 }))).await;
    }

    async fn bookings_are_within_employment_and_confirmed_ones_within_their_project(world: &World) {
        let House { lead, karin, george } = House::of(world).await;
        done(&karin, "resourceUpdate", json!({ "ref": { "key": "ANNE" }, "ifVersion": "*", "patch": { "employedFromOn": "2026-05-05", "employedToOn": "2032-12-31" } })).await;
        let early = change(&george, "allocationCreate", booking("ANNE", "2026-05-04", "2026-05-06", 60)).await;
        assert_eq!(faults(&early), Vec::<String>::new(), "no minute lies before");
        let mut front = booking("ANNE", "2026-05-04", "2026-05-06", 60);
        front["curve"] = json!("FRONT_LOADED");
        done(&george, "allocationCreate", front).await;
        let late = done(&george, "allocationCreate", booking("ANNE", "2031-05-05", "2031-05-06", 60)).await;
        assert_eq!(faults(&change(&karin, "allocationConfirm", of(&late)).await), ["RULE WITHIN_PROJECT input"]);
        let closed = json!({ "projectKey": "PR-018", "resourceKey": "ANNE", "startOn": "2026-05-05", "endOn": "2026-05-06", "minutes": 60 });
        let refused = change(&lead, "allocationCreate", closed).await;
        assert_eq!(faults(&refused), ["ILLEGAL_STATE input.projectKey"]);
    }

    async fn a_project_ends_when_nobody_is_confirmed_any_more(world: &World) {
        let House { lead, karin, .. } = House::of(world).await;
        let input = json!({ "projectKey": "PR-005", "resourceKey": "ANNE", "startOn": "2026-03-03", "endOn": "2026-03-03", "minutes": 60 });
        done(&lead, "projectUpdate", json!({ "ref": { "key": "PR-005" }, "ifVersion": "*", "patch": { "forecastFinishOn": "2026-12-31" } })).await;
        let made = done(&lead, "allocationCreate", input).await;
        done(&karin, "allocationConfirm", of(&made)).await;
        let close = json!({ "ref": { "key": "PR-005" }, "ifVersion": "*", "to": "CLOSED" });
        assert_eq!(faults(&change(&lead, "projectStateAdvance", close.clone()).await), ["RULE NO_BOOKINGS_LEFT input.to"]);
        done(&karin, "allocationRelease", of(&made)).await;
        done(&lead, "projectStateAdvance", close).await;
    }

    async fn of_many_who_confirm_at_once_only_those_that_fit_do(world: &World) {
        let House { karin, george, .. } = House::of(world).await;
        let items: Vec<Value> = (0..64).map(|_| booking("ANNE", "2026-05-04", "2026-05-04", 60)).collect();
        let made = change(&george, "allocationBulkCreate", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!(made["createdCount"], 64, "{made:#}");
        let found = george.query("{ allocations(first: 100, filter: { resource: { key: { eq: \"ANNE\" } } }) { nodes { id } } }").await.data();
        let ids: Vec<Value> = found["allocations"]["nodes"].as_array().expect("bookings").clone();
        assert_eq!(ids.len(), 64);
        let confirm = |id: Value| { let karin = karin.clone(); async move { change(&karin, "allocationConfirm", of(&id)).await } };
        let answers = join_all(ids.into_iter().map(confirm)).await;
        let fits = answers.iter().filter(|answer| faults(answer).is_empty()).count();
        assert_eq!(fits, 8, "eight hours are eight bookings of one");
        let others = answers.iter().filter(|answer| !faults(answer).is_empty());
        assert!(others.clone().all(|answer| faults(answer) == ["RULE WITHIN_CAPACITY input"]), "{:?}", others.map(faults).collect::<Vec<_>>());
    }

    async fn a_thousand_are_booked_in_one_mutation_or_none(world: &World) {
        let House { karin, george, .. } = House::of(world).await;
        let mut items: Vec<Value> = (0..1_000).map(|n| booking("ANNE", "2026-05-04", "2026-05-29", 60 + n)).collect();
        let mut dry = json!({ "items": items, "dryRun": true, "clientMutationKey": request_key(1) });
        let tried = change(&george, "allocationBulkCreate", dry.clone()).await;
        assert_eq!(tried["createdCount"], 1_000);
        items[500]["minutes"] = json!(-1);
        items[700]["resourceKey"] = json!("NOBODY-AT-ALL");
        dry["items"] = json!(items);
        dry["dryRun"] = json!(false);
        dry["clientMutationKey"] = json!(request_key(2));
        let refused = change(&george, "allocationBulkCreate", dry.clone()).await;
        assert_eq!(faults(&refused), ["NOT_FOUND input.items.700.resourceKey", "OUT_OF_RANGE input.items.500.minutes"]);
        let count = || async { george.query("{ allocations(filter: { resource: { key: { eq: \"ANNE\" } } }) { totalCount } }").await.data()["allocations"]["totalCount"].clone() };
        assert_eq!(count().await, 0);
        dry["errorPolicy"] = json!("REJECT_FAILED");
        dry["clientMutationKey"] = json!(request_key(3));
        for _ in 0..2 {
            let made = change(&george, "allocationBulkCreate", dry.clone()).await;
            assert_eq!(made["createdCount"], 998);
            assert_eq!(count().await, 998);
        }
        // Together they are far above what Anne can do.
        let found = karin.query("{ allocations(first: 2, filter: { resource: { key: { eq: \"ANNE\" } } }) { nodes { id } } }").await.data();
        let both: Vec<Value> = found["allocations"]["nodes"].as_array().expect("two").iter().map(|one| json!({ "ref": one, "ifVersion": "*" })).collect();
        let confirmed = change(&karin, "allocationBulkConfirm", json!({ "clientMutationKey": request_key(4), "items": both })).await;
        assert_eq!(confirmed["updatedCount"], 2, "{confirmed:#}");
    }

    async fn a_request_goes_as_far_as_what_answers_it(world: &World) {
        let House { karin, george, .. } = House::of(world).await;
        let asked = json!({ "projectKey": PROJECT, "key": "RQ-X", "title": "Somebody", "roleKey": "ENG", "poolKey": "DEVELOPMENT", "startOn": "2026-05-04", "endOn": "2026-05-08", "minutes": 960 });
        let request = done(&george, "resourceRequestCreate", asked).await;
        done(&george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": "OPTICS", "leastLevel": 3 })).await;
        let state = |client: Client| async move { client.query("{ resourceRequest(by: { key: \"RQ-X\" }) { state skills { nodes { leastLevel } } allocations { totalCount } } }").await.data()["resourceRequest"].clone() };
        assert_eq!(state(karin.clone()).await, json!({ "state": "OPEN", "skills": { "nodes": [{ "leastLevel": 3 }] }, "allocations": { "totalCount": 0 } }));
        let mut answer = booking("ANNE", "2026-05-04", "2026-05-08", 960);
        answer["requestId"] = request["id"].clone();
        let made = done(&karin, "allocationCreate", answer).await;
        assert_eq!(state(karin.clone()).await["state"], "SOFT");
        done(&karin, "allocationConfirm", of(&made)).await;
        assert_eq!(state(george.clone()).await["state"], "HARD");
        let late = json!({ "ref": { "key": "RQ-X" }, "ifVersion": "*", "patch": { "minutes": 1_000 } });
        assert_eq!(faults(&change(&george, "resourceRequestUpdate", late).await), ["IMMUTABLE input.ref.key"]);
        done(&karin, "allocationRelease", of(&made)).await;
        assert_eq!(state(george.clone()).await["state"], "OPEN");
        done(&karin, "resourceRequestDecline", json!({ "ref": { "key": "RQ-X" }, "ifVersion": "*", "note": "Nobody." })).await;
        assert_eq!(state(george.clone()).await["state"], "DECLINED");
    }

    async fn what_a_request_asks_for_is_split_over_what_is_free(world: &World) {
        let House { lead, karin, george } = House::of(world).await;
        let mut ids = vec![];
        for (key, fte) in [("W24", "0.6"), ("W40", "1"), ("W30", "0.75"), ("W20", "0.5")] {
            ids.push(resource(&lead, key, json!({ "fte": fte })).await["id"].clone());
        }
        let ask = async |key: &str, (from, to): (&str, &str), minutes: i32| {
            let asked = json!({ "projectKey": PROJECT, "key": key, "title": key, "roleKey": "ENG", "poolKey": "DEVELOPMENT", "startOn": from, "endOn": to, "minutes": minutes });
            done(&george, "resourceRequestCreate", asked).await;
        };
        let split = |key: &str, of: &[&Value], manner: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "resourceIds": of, "manner": manner });
        let told = async |key: &str| {
            let asked = format!("{{ resourceRequest(by: {{ key: \"{key}\" }}) {{ state allocations(orderBy: [{{ minutes: {{ direction: ASC }} }}]) {{ nodes {{ state minutes curve resource {{ key }} periods {{ nodes {{ startOn endOn minutesPerDay }} }} }} }} }} }}");
            george.query(&asked).await.data()["resourceRequest"].clone()
        };
        let parts = |told: &Value| -> Vec<String> {
            let nodes = told["allocations"]["nodes"].as_array().expect("bookings").iter();
            nodes.map(|one| format!("{} {}", one["resource"]["key"].as_str().unwrap_or_default(), one["minutes"])).collect()
        };
        // 40 hours over 24 and 40 that are free: 15 and 25. (ServiceNow, soft allocation in proportion.)
        ask("RQ-1", ("2026-05-04", "2026-05-08"), 2_400).await;
        done(&george, "resourceRequestSplit", split("RQ-1", &[&ids[0], &ids[1]], "PROPORTIONAL")).await;
        let seen = told("RQ-1").await;
        assert_eq!((parts(&seen), &seen["state"]), (vec!["W24 900".to_owned(), "W40 1500".to_owned()], &json!("SOFT")));
        assert_eq!(seen["allocations"]["nodes"][0]["periods"]["nodes"], json!([{ "startOn": "2026-05-04", "endOn": "2026-05-08", "minutesPerDay": 180 }]));
        assert_eq!(faults(&change(&george, "resourceRequestSplit", split("RQ-1", &[&ids[0]], "PROPORTIONAL")).await), ["RULE NOTHING_PLACED input"]);
        // 40 hours to who has most first, of 24, 30 and 20: 10, 30 and none.
        ask("RQ-2", ("2026-05-11", "2026-05-15"), 2_400).await;
        done(&karin, "resourceRequestSplit", split("RQ-2", &[&ids[0], &ids[2], &ids[3]], "MOST_AVAILABLE_FIRST")).await;
        assert_eq!(parts(&told("RQ-2").await), ["W24 600", "W30 1800"]);
        // What is booked is no longer free, and what nobody has time for stays asked for.
        ask("RQ-3", ("2026-05-11", "2026-05-15"), 4_800).await;
        done(&george, "resourceRequestSplit", split("RQ-3", &[&ids[0], &ids[2]], "PROPORTIONAL")).await;
        assert_eq!(parts(&told("RQ-3").await), ["W24 840"]);
        // Day by day: two hours of each of the days, as long as there is time on them.
        ask("RQ-4", ("2026-05-18", "2026-05-22"), 600).await;
        done(&karin, "timeOffCreate", json!({ "resourceKey": "W20", "startOn": "2026-05-19", "endOn": "2026-05-19" })).await;
        let mut by_day = split("RQ-4", &[&ids[3]], "PROPORTIONAL");
        by_day["isByDay"] = json!(true);
        done(&george, "resourceRequestSplit", by_day).await;
        let seen = told("RQ-4").await;
        let days = |from: &str, to: &str| json!({ "startOn": from, "endOn": to, "minutesPerDay": 120 });
        assert_eq!(seen["allocations"]["nodes"][0]["periods"]["nodes"], json!([days("2026-05-18", "2026-05-18"), days("2026-05-20", "2026-05-22")]));
        // Bad input and those who plan nothing of it write nothing.
        ask("RQ-5", ("2026-05-25", "2026-05-29"), 600).await;
        for (of, due) in [
            (vec![], "OUT_OF_RANGE input.resourceIds"),
            (vec![json!("res_x")], "NOT_FOUND input.resourceIds.0"),
            (vec![ids[0].clone(), ids[0].clone()], "DUPLICATE input.resourceIds.1"),
        ] {
            let of: Vec<&Value> = of.iter().collect();
            assert_eq!(faults(&change(&george, "resourceRequestSplit", split("RQ-5", &of, "PROPORTIONAL")).await), [due]);
        }
        let tomas = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        let refused = faults(&change(&tomas, "resourceRequestSplit", split("RQ-5", &[&ids[0]], "PROPORTIONAL")).await);
        assert_eq!(refused, ["NOT_FOUND input.ref.key"]);
        assert_eq!(parts(&told("RQ-5").await), [""; 0]);
    }

    async fn a_confidential_booking_counts_and_tells_nothing(world: &World) {
        let House { lead, karin, george } = House::of(world).await;
        // Of a project that Karin is not named on.
        let hidden = json!({ "projectKey": "PR-034", "resourceKey": "ANNE", "startOn": "2026-05-04", "endOn": "2026-05-04", "minutes": 100 });
        let manager = world.client_as("george.mensah", &[Role::ProjectManager, Role::ResourceManager]).await;
        done(&lead, "resourceUpdate", json!({ "ref": { "key": "ANNE" }, "ifVersion": "*", "patch": { "managerKey": "george.mensah" } })).await;
        let made = done(&manager, "allocationCreate", hidden).await;
        done(&manager, "allocationConfirm", of(&made)).await;
        done(&lead, "resourceUpdate", json!({ "ref": { "key": "ANNE" }, "ifVersion": "*", "patch": { "managerKey": null } })).await;
        let open = done(&george, "allocationCreate", booking("ANNE", "2026-05-04", "2026-05-04", 400)).await;
        let seen = karin.query("{ allocations(filter: { resource: { key: { eq: \"ANNE\" } } }) { totalCount nodes { id } } resource(by: { key: \"ANNE\" }) { allocations { totalCount } } }").await.data();
        assert_eq!((&seen["allocations"]["totalCount"], &seen["resource"]["allocations"]["totalCount"]), (&json!(1), &json!(1)));
        let refused = change(&karin, "allocationConfirm", of(&open)).await;
        assert_eq!(faults(&refused), ["RULE WITHIN_CAPACITY input"]);
        let line = refused["userErrors"][0]["message"].as_str().expect("a line");
        assert!(!line.chars().any(|c| c.is_ascii_digit()), "{line}");
        assert!(!refused.to_string().contains("480"), "{refused}");
    }
}

/// How many days a run of days is.
fn days_of(run: &Value) -> i64 {
    let day = |name: &str| run[name].as_str().expect("a day").parse::<chrono::NaiveDate>().expect("a day");
    (day("endOn") - day("startOn")).num_days() + 1
}
