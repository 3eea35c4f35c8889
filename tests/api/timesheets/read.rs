//! Who reads hours, and what heatmaps and figures read of them.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{House, MONDAY, TUESDAY, beside, of, on_project, sheet, with};
use crate::support::{
    client::Client,
    writes::{done, follow},
};

/// How many weeks and entries of Wanda somebody sees, on each path.
async fn seen(client: &Client) -> Vec<Value> {
    let of = "filter: { resource: { key: { eq: \"wanda\" } } }";
    let asked = format!(
        "{{ timesheets({of}) {{ totalCount }} timeEntries({of}) {{ totalCount }}
           resource(by: {{ key: \"wanda\" }}) {{ timesheets {{ totalCount }} timeEntries {{ totalCount }} }}
           project(by: {{ key: \"PR-014\" }}) {{ timeEntries({of}) {{ totalCount }} }} }}"
    );
    let told = client.query(&asked).await.json()["data"].clone();
    [
        "/timesheets/totalCount",
        "/timeEntries/totalCount",
        "/resource/timesheets/totalCount",
        "/resource/timeEntries/totalCount",
        "/project/timeEntries/totalCount",
    ]
    .iter()
    .map(|path| told.pointer(path).cloned().unwrap_or_default())
    .collect()
}

tests! {
    async fn hours_are_hers_of_who_manages_her_and_on_a_project_of_who_manages_that(world: &World) {
        let house = House::of(world).await;
        done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 240)).await;
        done(&house.wanda, "timeEntryCreate", with(beside(MONDAY, 120), json!({ "note": "At the doctor's" }))).await;
        let all = [1, 2, 1, 2, 1].map(Value::from);
        for client in [&house.wanda, &house.karin, &house.lead] {
            assert_eq!(seen(client).await, all);
        }
        // What she did on his project, and nothing of what she did elsewhere, nor her week.
        assert_eq!(seen(&house.george).await, [0, 1, 0, 1, 1].map(Value::from));
        let told = house.george.query("{ timeEntries(filter: { resource: { key: { eq: \"wanda\" } } }) { nodes { minutes state timesheet { id } resource { key } } } }").await.data();
        assert_eq!(told["timeEntries"]["nodes"], json!([{ "minutes": 240, "state": "OPEN", "timesheet": null, "resource": { "key": "wanda" } }]));
        // Others of the same kind see none, and who reads no single person's hours is told so.
        for (subject, role) in [("lena.schmid", Role::ProjectManager), ("liam.oconnor", Role::ResourceManager)] {
            let client = world.client_as(subject, &[role]).await;
            assert_eq!(seen(&client).await[..4], [0, 0, 0, 0].map(Value::from), "{subject}");
        }
        assert_eq!(seen(&world.client_as("kai.pereira", &[]).await).await[..4], [0, 0, 0, 0].map(Value::from));
        for (subject, role) in [("ingrid.solberg", Role::Sponsor), ("stefan.brunner", Role::Finance), ("walter.zimmermann", Role::Auditor), ("jonas.weber", Role::Analyst)] {
            let client = world.client_as(subject, &[role]).await;
            assert!(seen(&client).await.iter().all(Value::is_null), "{subject}");
            let refused = client.query("{ resources(filter: { timeEntries: { some: { minutes: { gt: 0 } } } }) { totalCount } }").await;
            assert_eq!(refused.error_codes(), ["FILTER_FORBIDDEN"], "{subject}");
        }
    }

    async fn each_is_told_of_what_she_reads_and_of_no_other(world: &World) {
        let house = House::of(world).await;
        let told = async |client: &Client, since: &str| {
            let (changes, watermark) = follow(client, since).await;
            let text = |change: &Value| format!("{} {}", change["kind"].as_str().unwrap_or_default(), change["id"].as_str().unwrap_or_default());
            let mut told: Vec<String> = changes.iter().map(text).filter(|line| line.contains(" ten_") || line.contains(" tsh_")).collect();
            told.sort();
            (told, watermark)
        };
        let (karin, george) = (told(&house.karin, "").await.1, told(&house.george, "").await.1);
        let on = done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 240)).await;
        let beside = done(&house.wanda, "timeEntryCreate", beside(TUESDAY, 240)).await;
        let week = sheet(&house.wanda, "wanda", MONDAY).await;
        let line = |kind: &str, row: &Value| format!("{kind} {}", row["id"].as_str().expect("an id"));
        let all = |kind: &str| {
            let mut all = [line(kind, &on), line(kind, &beside), line(kind, &week)];
            all.sort();
            all
        };
        let (seen, karin) = told(&house.karin, &karin).await;
        assert_eq!(seen, all("UPSERT"));
        let (seen, george) = told(&house.george, &george).await;
        assert_eq!(seen, [line("UPSERT", &on)]);
        // What is removed goes for who saw it, and a week that is handed in is told with its entries.
        done(&house.wanda, "timeEntryDelete", of(&beside)).await;
        done(&house.wanda, "timesheetSubmit", of(&week)).await;
        let mut due = [line("TOMBSTONE", &beside), line("UPSERT", &on), line("UPSERT", &week)];
        due.sort();
        assert_eq!(told(&house.karin, &karin).await.0, due);
        assert_eq!(told(&house.george, &george).await.0, [line("UPSERT", &on)]);
    }

    async fn what_is_approved_or_posted_counts_as_worked(world: &World) {
        let house = House::of(world).await;
        let asked = format!(
            "{{ capacityHeatmap(from: \"{MONDAY}\", to: \"{TUESDAY}\", grain: DAY, filter: {{ resources: [\"wanda\"] }}) {{ nodes {{ actual actualNullReason }} }} \
             utilization(from: \"{MONDAY}\", to: \"{TUESDAY}\", grain: DAY, filter: {{ resources: [\"wanda\"] }}) {{ nodes {{ worked utilization total {{ worked }} }} }} }}"
        );
        let asked = {
            let found = house.karin.query("{ resource(by: { key: \"wanda\" }) { id } }").await.data();
            asked.replace("\"wanda\"", &found["resource"]["id"].to_string())
        };
        let told = async |client: &Client| {
            let seen = client.query(&asked).await.data();
            let worked = &seen["utilization"]["nodes"][0];
            assert_eq!(seen["capacityHeatmap"]["nodes"][0]["actual"], worked["worked"], "figures agree");
            (worked["worked"].clone(), worked["total"]["worked"].clone())
        };
        for entry in [on_project(MONDAY, 240), beside(MONDAY, 60), on_project(TUESDAY, 300)] {
            done(&house.wanda, "timeEntryCreate", entry).await;
            assert_eq!(told(&house.karin).await, (json!([0, 0]), json!(0)), "it is being written");
        }
        let week = sheet(&house.wanda, "wanda", MONDAY).await;
        done(&house.wanda, "timesheetSubmit", of(&week)).await;
        assert_eq!(told(&house.karin).await.1, 0);
        done(&house.karin, "timesheetApprove", of(&week)).await;
        assert_eq!(told(&house.karin).await, (json!([240, 300]), json!(540)), "on projects");
        done(&house.lead, "timesheetPost", of(&week)).await;
        assert_eq!(told(&house.karin).await.1, 540);
        let entry = sheet(&house.lead, "wanda", MONDAY).await["entries"]["nodes"].as_array().expect("entries").iter().find(|entry| entry["workOn"] == TUESDAY).cloned().expect("Tuesday");
        done(&house.lead, "timeEntryReverse", with(of(&entry), json!({ "reason": "Half", "minutes": 150 }))).await;
        assert_eq!(told(&house.karin).await, (json!([240, 150]), json!(390)));
    }
}
