//! Resources: what they are described by, and when there is work.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    writes::{begin, change, done, faults},
};

/// `day minutes times` of a calendar.
async fn days(client: &Client, key: &str, from: &str, to: &str) -> Vec<String> {
    let asked = format!(
        "{{ workCalendar(by: {{ key: \"{key}\" }}) {{ workingDays(from: \"{from}\", to: \"{to}\") {{ on minutes times }} }} }}"
    );
    let told = client.query(&asked).await.data();
    let text = |day: &Value| {
        format!("{} {} {}", day["on"].as_str().unwrap_or("-"), day["minutes"], day["times"].as_str().unwrap_or("-"))
    };
    told["workCalendar"]["workingDays"].as_array().expect("days").iter().map(text).collect()
}

/// A calendar of eight hours from Monday to Friday.
fn office(key: &str) -> Value {
    let hours = "08:00-12:00 13:00-17:00";
    json!({ "key": key, "name": key, "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours })
}

fn by_key(key: &str, patch: &Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

tests! {
    async fn a_calendar_says_what_it_has_and_else_what_its_base_has(world: &World) {
        let (_, lead) = begin(world).await;
        done(&lead, "workCalendarCreate", office("OFFICE")).await;
        // Spelled as always: in order, what touches as one, without spaces around.
        let shop = done(&lead, "workCalendarCreate", json!({ "key": "SHOP", "name": "Shop", "baseKey": "OFFICE", "saturday": " 13:00-16:00  09:00-12:00 12:00-13:00", "monday": "" })).await;
        let told = lead.query("{ workCalendar(by: { key: \"SHOP\" }) { saturday monday tuesday base { key } } }").await.data();
        assert_eq!(told["workCalendar"], json!({ "saturday": "09:00-16:00", "monday": "", "tuesday": null, "base": { "key": "OFFICE" } }));
        done(&lead, "calendarExceptionCreate", json!({ "calendarKey": "OFFICE", "name": "Founders' Day", "recurrence": "YEARLY_ON_POSITION", "month": 3, "position": "FIRST", "positionOf": "TUESDAY", "startOn": "2020-01-01" })).await;
        done(&lead, "calendarExceptionCreate", json!({ "calendarKey": "SHOP", "name": "Sale", "startOn": "2026-03-05", "endOn": "2026-03-06", "workingTimes": "08:00-24:00" })).await;
        assert_eq!(days(&lead, "SHOP", "2026-03-01", "2026-03-08").await, [
            "2026-03-01 0 ",
            "2026-03-02 0 ",
            "2026-03-03 0 ",
            "2026-03-04 480 08:00-12:00 13:00-17:00",
            "2026-03-05 960 08:00-24:00",
            "2026-03-06 960 08:00-24:00",
            "2026-03-07 420 09:00-16:00",
            "2026-03-08 0 ",
        ]);
        // What the base says now holds above it at once; an archived exception no longer.
        done(&lead, "workCalendarUpdate", by_key("OFFICE", &json!({ "wednesday": "08:00-12:00" }))).await;
        let found = lead.query("{ calendarExceptions(filter: { calendar: { key: { eq: \"SHOP\" } } }) { nodes { id } } }").await.data();
        done(&lead, "calendarExceptionArchive", json!({ "id": found["calendarExceptions"]["nodes"][0]["id"], "ifVersion": "*" })).await;
        assert_eq!(days(&lead, "SHOP", "2026-03-04", "2026-03-05").await, ["2026-03-04 240 08:00-12:00", "2026-03-05 480 08:00-12:00 13:00-17:00"]);
        assert_ne!(shop["id"], Value::Null);
    }

    async fn holidays_of_the_demonstration_fall_where_they_are_kept(world: &World) {
        let (_, lead) = begin(world).await;
        for (calendar, on) in [("CH", "2026-08-01"), ("CH", "2026-12-25"), ("US", "2026-11-26"), ("US", "2026-05-25"), ("UK", "2026-05-04"), ("UK", "2027-08-30"), ("DE", "2026-10-03"), ("SUPPORT-LATE", "2026-12-26")] {
            assert_eq!(days(&lead, calendar, on, on).await, [format!("{on} 0 ")], "{calendar}");
        }
        assert_eq!(days(&lead, "US", "2026-08-03", "2026-08-03").await, ["2026-08-03 480 08:00-12:00 13:00-17:00"]);
        // Clocks are put forward on this Sunday, and it is a leap day there: a day has its civil hours.
        assert_eq!(days(&lead, "SUPPORT-LATE", "2028-02-29", "2028-02-29").await, ["2028-02-29 480 14:00-18:00 18:30-22:30"]);
    }

    async fn what_is_no_time_is_refused_with_its_place(world: &World) {
        let (_, lead) = begin(world).await;
        for (times, part) in [("8-12", "8"), ("08:00-25:00", "25:00"), ("12:00-08:00", "12:00"), ("08:00-12:00 11:00-13:00", "11:00"), ("lunch", "lunch")] {
            let told = change(&lead, "workCalendarCreate", json!({ "key": "BAD", "name": "Bad", "tuesday": times })).await;
            assert_eq!(faults(&told), ["INVALID input.tuesday"], "{times}: {told}");
            assert!(told["userErrors"][0]["message"].as_str().is_some_and(|line| line.contains(part)), "{times}: {told}");
        }
        done(&lead, "workCalendarCreate", office("OFFICE")).await;
        let exception = |more: Value| {
            let mut input = json!({ "calendarKey": "OFFICE", "name": "Odd", "startOn": "2026-03-01" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        for (more, due) in [
            (json!({ "endOn": "2026-02-28" }), vec!["INVARIANT input.endOn"]),
            (json!({ "recurrence": "WEEKLY" }), vec!["REQUIRED input.weekdays"]),
            (json!({ "recurrence": "WEEKLY", "weekdays": ["MONDAY"], "every": 0 }), vec!["OUT_OF_RANGE input.every"]),
            (json!({ "recurrence": "DAILY", "weekdays": ["MONDAY"] }), vec!["INVALID input.weekdays"]),
            (json!({ "recurrence": "MONTHLY_ON_DAY", "monthDay": 32 }), vec!["OUT_OF_RANGE input.monthDay"]),
            (json!({ "recurrence": "YEARLY_ON_DAY", "monthDay": 1 }), vec!["REQUIRED input.month"]),
            (json!({ "recurrence": "YEARLY_ON_DAY", "month": 13, "monthDay": 1 }), vec!["OUT_OF_RANGE input.month"]),
            (json!({ "recurrence": "YEARLY_ON_POSITION", "month": 2 }), vec!["REQUIRED input.position", "REQUIRED input.positionOf"]),
            (json!({ "recurrence": "DAILY", "occurrences": 0 }), vec!["OUT_OF_RANGE input.occurrences"]),
            (json!({ "occurrences": 3 }), vec!["INVALID input.occurrences"]),
            (json!({ "every": 2 }), vec!["INVALID input.every"]),
            (json!({ "workingTimes": "all day" }), vec!["INVALID input.workingTimes"]),
        ] {
            let told = change(&lead, "calendarExceptionCreate", exception(more.clone())).await;
            assert_eq!(faults(&told), due, "{more}: {told}");
        }
        let count = lead.query("{ calendarExceptions(filter: { calendar: { key: { eq: \"OFFICE\" } } }) { totalCount } }").await.data();
        assert_eq!(count["calendarExceptions"]["totalCount"], 0);
        let told = change(&lead, "certificationCreate", json!({ "key": "X", "name": "X", "validMonths": 0 })).await;
        assert_eq!(faults(&told), ["OUT_OF_RANGE input.validMonths"]);
        let asked = "{ workCalendar(by: { key: \"OFFICE\" }) { workingDays(from: \"2026-01-01\", to: \"2027-02-05\") { on } } }";
        assert_eq!(lead.query(asked).await.error_codes(), ["PAGE_SIZE_TOO_LARGE"]);
        let asked = "{ workCalendar(by: { key: \"OFFICE\" }) { workingDays(from: \"2026-01-02\", to: \"2026-01-01\") { on } } }";
        assert_eq!(lead.query(asked).await.error_codes(), ["BAD_VARIABLES"]);
    }

    async fn no_calendar_stands_on_itself_also_when_two_are_written_at_once(world: &World) {
        let (_, lead) = begin(world).await;
        for key in ["A", "B", "C"] {
            done(&lead, "workCalendarCreate", office(key)).await;
        }
        let onto = |key: &str, base: &str| by_key(key, &json!({ "baseKey": base }));
        assert_eq!(faults(&change(&lead, "workCalendarUpdate", onto("A", "A")).await), ["INVARIANT input.patch.baseKey"]);
        done(&lead, "workCalendarUpdate", onto("A", "B")).await;
        done(&lead, "workCalendarUpdate", onto("B", "C")).await;
        assert_eq!(faults(&change(&lead, "workCalendarUpdate", onto("C", "A")).await), ["INVARIANT input.patch.baseKey"]);
        done(&lead, "workCalendarUpdate", by_key("A", &json!({ "baseKey": null }))).await;
        done(&lead, "workCalendarUpdate", by_key("B", &json!({ "baseKey": null }))).await;
        let (one, other) = tokio::join!(
            change(&lead, "workCalendarUpdate", onto("A", "B")),
            change(&lead, "workCalendarUpdate", onto("B", "A"))
        );
        let mut all = [faults(&one), faults(&other)].concat();
        all.sort();
        assert_eq!(all, ["INVARIANT input.patch.baseKey"], "one of the two: {one} {other}");
        assert_eq!(days(&lead, "A", "2026-03-02", "2026-03-02").await.len(), 1);
        // Not higher than sixteen.
        for at in 0..18 {
            let mut calendar = office(&format!("H{at}"));
            if at > 0 {
                calendar["baseKey"] = json!(format!("H{}", at - 1));
            }
            let told = change(&lead, "workCalendarCreate", calendar).await;
            let due = if at == 17 { vec!["INVARIANT input.baseKey"] } else { vec![] };
            assert_eq!(faults(&told), due, "{at}: {told}");
        }
    }

    async fn who_manages_resources_keeps_what_they_are_described_by(world: &World) {
        let (_, lead) = begin(world).await;
        let manager = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        done(&manager, "resourceRoleCreate", json!({ "key": "UX", "name": "Designer" })).await;
        done(&manager, "skillCreate", json!({ "key": "FIGMA", "name": "Figma", "category": "Design" })).await;
        done(&manager, "certificationCreate", json!({ "key": "CPRE", "name": "Requirements engineer", "issuer": "IREB" })).await;
        done(&manager, "workCalendarCreate", office("OURS")).await;
        done(&manager, "calendarExceptionCreate", json!({ "calendarKey": "OURS", "name": "Closed", "startOn": "2026-12-24" })).await;
        for (subject, role) in [("tomas.varga", Role::ProjectManager), ("helen.ashworth", Role::Sponsor), ("stefan.brunner", Role::Finance), ("jonas.weber", Role::Analyst)] {
            let client = world.client_as(subject, &[role]).await;
            let told = change(&client, "skillCreate", json!({ "key": "MINE", "name": "Mine" })).await;
            assert!(faults(&told).iter().all(|fault| fault.starts_with("FORBIDDEN")) && !faults(&told).is_empty(), "{role:?}: {told}");
            let seen = client.query("{ skill(by: { key: \"FIGMA\" }) { name category } workCalendar(by: { key: \"OURS\" }) { friday } }").await.data();
            assert_eq!(seen["skill"], json!({ "name": "Figma", "category": "Design" }), "{role:?}");
            assert_ne!(seen["workCalendar"]["friday"], Value::Null, "{role:?}");
        }
        let told = change(&lead, "skillCreate", json!({ "key": "FIGMA", "name": "Again" })).await;
        assert_eq!(faults(&told), ["DUPLICATE input.key"]);
    }
}
