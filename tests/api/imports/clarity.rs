//! `--format clarity-xog`: allocations with their segments, in a unit that is said and never guessed.

use foliograph::{
    auth::Role,
    importers::{File, Format, Options, Unit},
};
use serde_json::{Value, json};

use super::{again, counts, file, import, left, notes, refusal, run};
use crate::{
    keys::Made,
    support::{
        World,
        client::Client,
        dump::dump,
        product, real_data,
        writes::{begin, done, faults, sql, stranger},
    },
};

const FILES: [&str; 2] = ["xog_project_allocations_PS.xml", "xog_project_allocations_QA.xml"];

/// A week of eight hours from Monday to Friday.
async fn office(world: &World) -> Client {
    let (_, lead) = begin(world).await;
    let hours = "08:00-12:00 13:00-17:00";
    let week = json!({ "key": "OFFICE", "name": "Office", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
    done(&lead, "workCalendarCreate", week).await;
    lead
}

fn options(unit: Unit) -> Options {
    Options {
        segment_unit: Some(unit),
        project: None,
        currency: Some("EUR".to_owned()),
        calendar: Some("OFFICE".to_owned()),
    }
}

fn published() -> Vec<File> {
    FILES.map(|name| file(name, real_data::bytes(&format!("clarity-xog/{name}")))).to_vec()
}

/// A file with one resource on one project and these curves.
fn xog(curves: &str) -> Vec<File> {
    vec![file("one.xml", whole("resourceID=\"r-1\"", curves))]
}

fn whole(attributes: &str, curves: &str) -> String {
    format!(
        "<NikuDataBus><Header action=\"write\" objectType=\"project\" version=\"7.5.0\"/><Projects>\n<Project name=\"Harbor\" projectID=\"P-1\">\n\
         <Resources><Resource {attributes}>\n{curves}\n</Resource></Resources></Project></Projects></NikuDataBus>"
    )
}

fn segment(start: &str, finish: &str, sum: &str) -> String {
    format!("<Segment start=\"{start}T08:00:00\" finish=\"{finish}T17:59:59\" sum=\"{sum}\"/>")
}

fn planned(segments: &str) -> String {
    format!("<AllocCurve>{segments}</AllocCurve>")
}

const BOOKINGS: &str = "{ allocations(filter: { externalSystem: { eq: \"CLARITY\" } }, orderBy: [{ externalId: { direction: ASC } }], first: 50) { nodes { \
    externalId state startOn endOn minutes curve version project { key name } resource { name } \
    periods { nodes { startOn endOn minutesPerDay } } \
    segments(orderBy: [{ position: { direction: ASC } }]) { nodes { position booking toldStart toldFinish toldSum unit startOn endOn } } } } }";

/// The bookings that came from outside, but for those of the demonstration.
async fn bookings(client: &Client) -> Vec<Value> {
    let told = client.query(BOOKINGS).await.data();
    let all = told["allocations"]["nodes"].as_array().expect("bookings").clone();
    all.into_iter()
        .filter(|one| one["segments"]["nodes"][0]["toldStart"].as_str().is_none_or(|at| at < "2026-06"))
        .collect()
}

/// Working days between two days.
fn days_of(periods: &Value) -> i64 {
    let day = |value: &Value| value.as_str().expect("a day").parse::<chrono::NaiveDate>().expect("a date");
    let minutes = |p: &Value| {
        let days = (day(&p["endOn"]) - day(&p["startOn"])).num_days() + 1;
        days * p["minutesPerDay"].as_i64().expect("minutes")
    };
    periods["nodes"].as_array().expect("periods").iter().map(minutes).sum()
}

tests! {
    async fn published_files_arrive_with_every_segment_as_told(world: &World) {
        let lead = office(world).await;
        let files = published();
        let report = import(world, Format::ClarityXog, &files, &options(Unit::Hours)).await.expect("imported");
        assert_eq!(counts(&report), [
            "Project: 4 3 0 1 0",
            "Resource: 8 8 0 0 0",
            "Allocation: 8 8 0 0 0",
            "AllocationSegment: 24 24 0 0 0",
        ]);
        let expected = real_data::json("clarity-xog/expected.json");
        let told = lead.query("{ allocations(filter: { externalSystem: { eq: \"CLARITY\" }, externalId: { startsWith: \"PRJ-\" } }, first: 50) { nodes { externalId state minutes project { key name } resource { name } periods { nodes { startOn endOn minutesPerDay } } segments(orderBy: [{ position: { direction: ASC } }]) { nodes { booking toldStart toldFinish toldSum unit } } } } }").await.data();
        let all = told["allocations"]["nodes"].as_array().expect("bookings").clone();
        assert_eq!(all.len(), 8);
        for (name, file) in expected.as_object().expect("files") {
            for project in file["perProject"].as_array().expect("projects") {
                let id = project["projectID"].as_str().expect("an id");
                for resource in project["resources"].as_array().expect("resources") {
                    let (who, due) = (resource["resourceID"].as_str().expect("an id"), resource["segments"].as_array().expect("segments"));
                    let one = all.iter().find(|one| one["externalId"] == format!("{id}/{who}")).unwrap_or_else(|| panic!("{name}: no {who}"));
                    assert_eq!((one["resource"]["name"].as_str(), one["project"]["name"].as_str()), (Some(who), project["name"].as_str()));
                    let told: Vec<Value> = one["segments"]["nodes"].as_array().expect("segments").iter().map(|s| json!([s["toldStart"], s["toldFinish"], s["toldSum"].as_str().and_then(|sum| sum.parse::<f64>().ok())])).collect();
                    assert_eq!(&told, due, "{who}");
                    // 15 + 15 + 20 hours, or three times 18 minutes.
                    let sum: f64 = due.iter().map(|segment| segment[2].as_f64().expect("a sum")).sum();
                    let minutes = one["minutes"].as_i64().expect("minutes");
                    assert_eq!(minutes, if sum > 1.0 { 3_000 } else { 54 }, "{who}");
                    assert_eq!(days_of(&one["periods"]), minutes, "{who}");
                    assert_eq!(one["state"], "SOFT");
                    assert!(one["segments"]["nodes"].as_array().expect("segments").iter().all(|s| s["unit"] == "HOURS" && s["booking"] == "SOFT"));
                }
            }
        }
        assert_eq!((left(&report, "ColumnValue"), left(&report, "@defaultAllocation")), (8, 8));
        let found = again(world, Format::ClarityXog, &files, &options(Unit::Hours)).await;
        assert_eq!(counts(&found), ["Project: 4 0 0 4 0", "Resource: 8 0 0 8 0", "Allocation: 8 0 0 8 0", "AllocationSegment: 24 0 0 24 0"]);
    }

    async fn amounts_count_what_is_said(world: &World) {
        let lead = office(world).await;
        // Twenty working days of eight hours in the February of 2026.
        let files = xog(&planned(&segment("2026-02-01", "2026-02-28", "0.3")));
        for (unit, minutes) in [(Unit::Hours, 18), (Unit::Days, 144), (Unit::Fte, 2_880)] {
            import(world, Format::ClarityXog, &files, &options(unit)).await.expect("imported");
            let one = bookings(&lead).await.into_iter().find(|one| one["externalId"] == "P-1/r-1").expect("a booking");
            assert_eq!((one["minutes"].as_i64(), days_of(&one["periods"])), (Some(minutes), minutes), "{unit:?}");
            assert_eq!((&one["startOn"], &one["endOn"], &one["curve"]), (&json!("2026-02-01"), &json!("2026-02-28"), &json!("BY_DAY")));
            assert_eq!(one["segments"]["nodes"], json!([{ "position": 1, "booking": "SOFT", "toldStart": "2026-02-01T08:00:00", "toldFinish": "2026-02-28T17:59:59", "toldSum": "0.3", "unit": unit.as_str(), "startOn": "2026-02-01", "endOn": "2026-02-28" }]));
        }
        let unsaid = Options { segment_unit: None, ..options(Unit::Hours) };
        let told = refusal(world, Format::ClarityXog, &files, &unsaid).await;
        assert!(told.contains("--segment-unit") && told.contains("HOURS, DAYS, FTE or PERCENT"), "{told}");
    }

    async fn a_changed_file_changes_what_differs_alone(world: &World) {
        let lead = office(world).await;
        let two = |first: &str, second: &str| {
            let resource = |id: &str, sum: &str| format!("<Resource resourceID=\"{id}\">{}</Resource>", planned(&segment("2026-02-02", "2026-02-06", sum)));
            let text = format!("<NikuDataBus><Projects><Project name=\"Harbor\" projectID=\"P-1\"><Resources>{}{}</Resources></Project></Projects></NikuDataBus>", resource("r-1", first), resource("r-2", second));
            vec![file("two.xml", text)]
        };
        import(world, Format::ClarityXog, &two("5", "10"), &options(Unit::Hours)).await.expect("imported");
        let report = import(world, Format::ClarityXog, &two("5", "20"), &options(Unit::Hours)).await.expect("imported");
        assert_eq!(counts(&report), ["Project: 1 0 0 1 0", "Resource: 2 0 0 2 0", "Allocation: 2 0 1 1 0", "AllocationSegment: 2 0 1 1 0"]);
        let versions: Vec<(Value, Value)> = bookings(&lead).await.into_iter().filter(|one| one["project"]["name"] == "Harbor").map(|one| (one["version"].clone(), one["minutes"].clone())).collect();
        assert_eq!(versions, [(json!("1"), json!(300)), (json!("2"), json!(1_200))]);
        let trail = lead.query("{ auditTrail(filter: { targetType: { eq: \"Allocation\" }, mutation: { eq: \"import\" }, action: { eq: UPDATED } }) { nodes { changes { field } } } }").await.data();
        assert_eq!(trail["auditTrail"]["nodes"], json!([{ "changes": [{ "field": "segments" }, { "field": "minutes" }] }]));
    }

    async fn hard_amounts_are_confirmed_where_they_fit_and_else_stay_soft(world: &World) {
        let lead = office(world).await;
        let week = |sum: &str| segment("2026-02-02", "2026-02-06", sum);
        let curves = format!("{}<HardAllocCurve>{}</HardAllocCurve>", planned(&week("0.8")), week("0.5"));
        let files = vec![file("hard.xml", whole("resourceID=\"r-1\" bookingStatus=\"MIXED\"", &curves))];
        // Nobody knows what the resource can do.
        let report = import(world, Format::ClarityXog, &files, &options(Unit::Fte)).await.expect("imported");
        assert!(notes(&report).iter().any(|note| note.contains("DOUBTFUL") && note.contains("SOFT here: the capacity of the resource is not known")), "{:?}", notes(&report));
        let found = lead.query("{ resources(filter: { externalSystem: { eq: \"CLARITY\" }, externalId: { eq: \"r-1\" } }) { nodes { id kind fte calendar { key } } } }").await.data();
        let resource = &found["resources"]["nodes"][0];
        assert_eq!((&resource["kind"], &resource["fte"], &resource["calendar"]["key"]), (&json!("GENERIC"), &Value::Null, &json!("OFFICE")));
        done(&lead, "resourceUpdate", json!({ "id": resource["id"], "ifVersion": "*", "patch": { "fte": "0.5" } })).await;
        let report = import(world, Format::ClarityXog, &files, &options(Unit::Fte)).await.expect("imported");
        assert_eq!(notes(&report).iter().filter(|note| note.contains("SOFT here")).count(), 0, "{:?}", notes(&report));
        let told = |all: Vec<Value>| -> Vec<(Value, Value, Value)> { all.into_iter().filter(|one| one["project"]["name"] == "Harbor").map(|one| (one["externalId"].clone(), one["state"].clone(), one["minutes"].clone())).collect() };
        // What is agreed is a part of what is planned: the rest of it stays planned.
        assert_eq!(told(bookings(&lead).await), [(json!("P-1/r-1"), json!("SOFT"), json!(720)), (json!("P-1/r-1/HARD"), json!("HARD"), json!(1_200))]);
        again(world, Format::ClarityXog, &files, &options(Unit::Fte)).await;
        // More than there is, of another project.
        let other = whole("resourceID=\"r-1\" bookingStatus=\"HARD\"", &planned(&week("0.1"))).replace("P-1", "P-2");
        let report = import(world, Format::ClarityXog, &[file("other.xml", other)], &options(Unit::Fte)).await.expect("imported");
        assert!(notes(&report).iter().any(|note| note.contains("SOFT here: On 2026-02-02 it would exceed the capacity of 240 minutes by 48")), "{:?}", notes(&report));
        assert_eq!(left(&report, "bookings that stay SOFT"), 1);
    }

    async fn what_cannot_be_kept_is_told_with_its_line_and_writes_nothing(world: &World) {
        let lead = office(world).await;
        let week = segment("2026-02-02", "2026-02-06", "10");
        let hours = options(Unit::Hours);
        let text = whole("resourceID=\"r-1\"", &planned(&week));
        for (what, file, options, parts) in [
            ("truncated", file("cut.xml", &text[..text.len() - 40]), hours.clone(), vec!["cut.xml"]),
            ("no XOG", file("no.xml", "<Project/>"), hours.clone(), vec!["NikuDataBus"]),
            ("negative", xog(&planned(&segment("2026-02-02", "2026-02-06", "-1"))).remove(0), hours.clone(), vec!["line 4", "sum"]),
            ("more than a day has", xog(&planned(&segment("2026-02-02", "2026-02-02", "25"))).remove(0), hours.clone(), vec!["line 4", "1500 minutes", "1440 at most"]),
            ("backwards", xog(&planned(&segment("2026-02-06", "2026-02-02", "1"))).remove(0), hours.clone(), vec!["line 4", "before"]),
            ("a weekend", xog(&planned(&segment("2026-02-07", "2026-02-08", "1"))).remove(0), hours.clone(), vec!["line 4", "no working time"]),
            ("no such calendar", xog(&planned(&week)).remove(0), Options { calendar: Some("NONE".to_owned()), ..hours.clone() }, vec!["--calendar", "NONE"]),
            ("no calendar at all", xog(&planned(&week)).remove(0), Options { calendar: None, ..hours.clone() }, vec!["line 4", "--calendar"]),
            ("no currency", xog(&planned(&week)).remove(0), Options { currency: None, ..hours.clone() }, vec!["--currency", "P-1"]),
            ("a currency in words", xog(&planned(&week)).remove(0), Options { currency: Some("euro".to_owned()), ..hours.clone() }, vec!["--currency"]),
            ("a project beside its own", xog(&planned(&week)).remove(0), Options { project: Some("PR-014".to_owned()), ..hours.clone() }, vec!["--project"]),
        ] {
            let told = refusal(world, Format::ClarityXog, &[file], &options).await;
            assert!(parts.iter().all(|part| told.contains(part)), "{what}: {told}");
        }
        import(world, Format::ClarityXog, &xog(&planned(&week)), &hours).await.expect("imported");
        let found = lead.query("{ resources(filter: { externalId: { eq: \"r-1\" } }) { nodes { id } } }").await.data();
        done(&lead, "resourceUpdate", json!({ "id": found["resources"]["nodes"][0]["id"], "ifVersion": "*", "patch": { "employedToOn": "2026-02-06" } })).await;
        let told = refusal(world, Format::ClarityXog, &xog(&planned(&segment("2026-02-02", "2026-02-09", "10"))), &hours).await;
        assert!(told.contains("line 4") && told.contains("employment"), "{told}");
    }

    async fn whoever_may_import_does_so_over_http_and_nobody_else(world: &World) {
        let lead = office(world).await;
        let database = world.database().await;
        let text = whole("resourceID=\"r-1\" bookingStatus=\"HARD\"", &planned(&segment("2026-02-02", "2026-02-06", "10")));
        let said = json!({ "segmentUnit": "HOURS", "currency": "EUR", "calendarKey": "OFFICE" });
        for (who, client) in [
            ("a project manager", stranger(world, Role::ProjectManager).await),
            ("who manages resources", stranger(world, Role::ResourceManager).await),
            ("a script", Made::new(world, &[Role::Integration], &["PF-IT"]).await.bearer(world).await),
        ] {
            let before = dump(&database).await;
            let told = run(&client, "CLARITY_XOG", text.as_bytes(), said.clone()).await;
            assert_eq!(faults(&told), ["FORBIDDEN input"], "{who}: {told}");
            assert!(dump(&database).await == before, "{who} wrote");
        }
        let before = dump(&database).await;
        let told = run(&lead, "CLARITY_XOG", text.as_bytes(), json!({ "currency": "EUR", "calendarKey": "OFFICE" })).await;
        assert_eq!(faults(&told), ["REQUIRED input.segmentUnit"], "{told}");
        let told = run(&lead, "UK_GMPP", b"a,b\n", json!({ "segmentUnit": "HOURS" })).await;
        assert_eq!(faults(&told), ["INVALID input.segmentUnit"], "{told}");
        let told = run(&lead, "CLARITY_XOG", text.as_bytes(), json!({ "segmentUnit": "HOURS", "asOfOn": "2026-01-01" })).await;
        assert_eq!(faults(&told), ["INVALID input.asOfOn"], "{told}");
        let told = run(&lead, "CLARITY_XOG", text.replace("sum=\"10\"", "sum=\"250\"").as_bytes(), said.clone()).await;
        assert_eq!(faults(&told), ["IMPORT_ROW input.base64"], "{told}");
        let mut dry = said.clone();
        dry["dryRun"] = json!(true);
        let told = run(&lead, "CLARITY_XOG", text.as_bytes(), dry).await;
        assert_eq!((faults(&told), &told["report"]["createdCount"], &told["report"]["isDryRun"]), (vec![], &json!(4), &json!(true)), "{told}");
        assert!(dump(&database).await == before, "something was written");
        let told = run(&lead, "CLARITY_XOG", text.as_bytes(), said).await;
        assert_eq!(faults(&told), [""; 0], "{told}");
        // She plans; whoever answers for people confirms.
        let doubt = told["report"]["rows"].as_array().expect("rows").iter().find(|row| row["kind"] == "DOUBTFUL").expect("a doubt");
        assert!(doubt["message"].as_str().is_some_and(|line| line.ends_with("SOFT here: confirming it needs ALLOCATION_CONFIRM")), "{doubt}");
        let events = lead.query("{ auditTrail(filter: { mutation: { eq: \"importRun\" } }) { nodes { targetType action actor { key } } } }").await.data();
        let mut trail: Vec<String> = events["auditTrail"]["nodes"].as_array().expect("entries").iter().map(|e| format!("{} {} {}", e["targetType"].as_str().unwrap_or("-"), e["action"].as_str().unwrap_or("-"), e["actor"]["key"].as_str().unwrap_or("-"))).collect();
        trail.sort();
        assert_eq!(trail, ["Allocation CREATED anna.keller", "ExternalLink CREATED anna.keller", "Project CREATED anna.keller", "Resource CREATED anna.keller"]);
    }

    async fn a_dry_run_tells_all_and_writes_nothing(world: &World) {
        office(world).await;
        let database = world.database().await;
        let before = dump(&database).await;
        let report = product::import_staff(&database, &world.clock, Format::ClarityXog, &published(), &options(Unit::Hours), true).await.expect("checked");
        assert_eq!(report.created, 3 + 8 + 8 + 24);
        assert!(dump(&database).await == before, "a dry run wrote");
    }

    async fn what_is_over_here_stays_so(world: &World) {
        office(world).await;
        let files = xog(&planned(&segment("2026-02-02", "2026-02-06", "10")));
        import(world, Format::ClarityXog, &files, &options(Unit::Hours)).await.expect("imported");
        sql(&world.database().await.orm, "UPDATE allocation SET state = 'RELEASED' WHERE external_id = 'P-1/r-1'").await;
        let report = again(world, Format::ClarityXog, &files, &options(Unit::Hours)).await;
        assert!(notes(&report).iter().any(|note| note.contains("RELEASED here and stays so")), "{:?}", notes(&report));
    }
}
