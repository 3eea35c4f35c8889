//! Who reads hours, and what heatmaps and figures read of them.

use entity::resource;
use foliograph::{
    auth::Role,
    clock::Clock as _,
    resources::{
        load::{Run, Span},
        rules::Timeliness,
        worked::{sheets_in_time, worked},
    },
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{House, MONDAY, TUESDAY, approved, beside, of, on_project, sheet, with};
use crate::support::{
    client::Client,
    writes::{done, follow, rows},
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

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
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
        let db = rows(world).await;
        let wanda = resource::Entity::find().filter(resource::Column::Key.eq("wanda")).one(&db).await.expect("resources").expect("wanda");
        let span = Span::new(day(MONDAY), day("2026-03-08")).expect("a span");
        let told = async || worked(&db, &[wanda.id], span).await.expect("sums").remove(&wanda.id);
        for (entry, minutes) in [(on_project(MONDAY, 240), 0), (beside(MONDAY, 60), 0), (on_project(TUESDAY, 300), 0)] {
            done(&house.wanda, "timeEntryCreate", entry).await;
            assert!(told().await.is_none(), "{minutes} of what is being written");
        }
        let week = sheet(&house.wanda, "wanda", MONDAY).await;
        done(&house.wanda, "timesheetSubmit", of(&week)).await;
        assert!(told().await.is_none());
        done(&house.karin, "timesheetApprove", of(&week)).await;
        let run = |on: &str, minutes: u32| Run { from: day(on), to: day(on), minutes };
        let all = told().await.expect("time");
        assert_eq!(all.on_projects, [run(MONDAY, 240), run(TUESDAY, 300)]);
        assert_eq!(all.all, [Run { from: day(MONDAY), to: day(TUESDAY), minutes: 300 }]);
        done(&house.lead, "timesheetPost", of(&week)).await;
        assert_eq!(told().await.as_ref(), Some(&all));
        let entry = sheet(&house.lead, "wanda", MONDAY).await["entries"]["nodes"].as_array().expect("entries").iter().find(|entry| entry["workOn"] == TUESDAY).cloned().expect("Tuesday");
        done(&house.lead, "timeEntryReverse", with(of(&entry), json!({ "reason": "Half", "minutes": 150 }))).await;
        assert_eq!(told().await.expect("time").all, [run(MONDAY, 300), run(TUESDAY, 150)]);
    }

    async fn sheets_are_expected_of_weeks_with_time_to_work(world: &World) {
        let house = House::of(world).await;
        let db = rows(world).await;
        let find = async |key: &str| resource::Entity::find().filter(resource::Column::Key.eq(key)).one(&db).await.expect("resources").expect("a resource");
        let (wanda, generic) = (find("wanda").await, find("gen.dev").await);
        let span = (day("2026-02-09"), day("2026-03-08"));
        let told = async || sheets_in_time(&db, &[&wanda, &generic], span, world.clock.now()).await.expect("sheets");
        // Three weeks are due by noon of the Monday; the fourth is under way.
        assert_eq!(told().await.into_iter().collect::<Vec<_>>(), [(wanda.id, Timeliness { expected: 3, in_time: 0 })]);
        done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 60)).await;
        approved(&house, MONDAY).await;
        done(&house.wanda, "timeEntryCreate", on_project("2026-02-17", 60)).await;
        approved(&house, "2026-02-16").await;
        assert_eq!(told().await[&wanda.id], Timeliness { expected: 3, in_time: 1 }, "that of the week before is late");
        // Nobody is expected to hand in a week in which she was away.
        done(&house.karin, "timeOffCreate", json!({ "resourceKey": "wanda", "startOn": "2026-02-09", "endOn": "2026-02-15" })).await;
        assert_eq!(told().await[&wanda.id], Timeliness { expected: 2, in_time: 1 });
    }
}
