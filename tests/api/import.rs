//! `importRun`: any spreadsheet with a mapping of its own, over HTTP. Who may, what arrives, what is told, and that what
//! cannot be read writes nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    dump::dump,
    writes::{faults, param, rows, sql},
};

/// What a stranger writes for her spreadsheet.
const MAPPING: &str = r#"
system = "office-sheet"
key_prefix = "SHEET"
match_names = true

[money]
currency = "EUR"
scale = "thousands"
decimal = ","
group = "."

[dates]
forms = ["D.M.YYYY"]

[fiscal]
calendar = "OFFICE"
first_month = 1

[[columns]]
names = ["Stand"]
to = "period.date"

[[columns]]
names = ["Nummer"]
to = "project.id"
optional = true

[[columns]]
names = ["Projekt"]
to = "project.name"

[[columns]]
names = ["Bereich"]
to = "portfolio"

[[columns]]
names = ["Ende"]
to = "project.plannedFinishOn"
optional = true

[[columns]]
names = ["Ampel"]
to = "rating"
optional = true
values = { "grün" = "GREEN", "gelb" = "AMBER", "rot" = "RED" }

[[columns]]
names = ["Bericht"]
to = "report.narrative"
optional = true

[[columns]]
names = ["Budget"]
to = "budget.amount"
optional = true

[[columns]]
names = ["Prognose"]
to = "forecast.amount"
text_kept = true
optional = true

[[columns]]
names = ["Budget im Jahr"]
to = "budget.line"
optional = true
"#;

const SHEET: &str = "\
Stand;Nummer;Projekt;Bereich;Ende;Ampel;Bericht;Budget;Prognose;Budget im Jahr
31.12.2024;P1;Hafen;Verkehr;30.6.2026;grün;Läuft;1.234,5;~1.300;100
31.12.2024;P2;Brücke;Verkehr;;rot;;€ 20;25;
31.12.2024;P3;Archiv;Kultur;1.2.2025;gelb;Wartet;;;
";

tests! {
    async fn a_spreadsheet_arrives_by_a_mapping_of_its_own(world: &World) {
        let client = office(world).await;
        let told = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET), "fileName": "stand.csv" })).await;
        assert_eq!(faults(&told), [""; 0]);
        assert_eq!(counts(&told), [3, 3, 0, 0, 0]);
        assert_eq!(notes(&told), [r#"2 DOUBTFUL Prognose Prognose holds no number and is kept as text: "~1.300""#]);
        let query = "{ project(by: {external: {system: \"office-sheet\", id: \"P1\"}}) { key name state plannedFinishOn rag ragOn budget { amount currency } portfolio { key name } \
            statusReports { nodes { state periodStartOn periodEndOn narrative source publishedBy { key } reportedPortfolio { name } ratings { nodes { dimension assessor declared reason } } } } \
            budgets { nodes { state revision asOfOn amount { amount } allocated { amount } source decidedBy { key } lines { nodes { amount { amount } period { key startOn endOn } } } } } \
            forecasts { nodes { state asOfOn amount { amount } note } } } }";
        assert_eq!(client.query(query).await.data()["project"], json!({
            "key": "SHEET-P1", "name": "Hafen", "state": "ACTIVE", "plannedFinishOn": "2026-06-30", "rag": "GREEN", "ragOn": "2024-12-31",
            "budget": { "amount": "1234500", "currency": "EUR" }, "portfolio": { "key": "SHEET-VERKEHR", "name": "Verkehr" },
            "statusReports": { "nodes": [{
                "state": "PUBLISHED", "periodStartOn": null, "periodEndOn": "2024-12-31", "narrative": "Läuft", "source": "office-sheet",
                "publishedBy": null, "reportedPortfolio": { "name": "Verkehr" },
                "ratings": { "nodes": [{ "dimension": "OVERALL", "assessor": "PROJECT_MANAGER", "declared": "GREEN", "reason": null }] },
            }] },
            "budgets": { "nodes": [{
                "state": "APPROVED", "revision": 1, "asOfOn": "2024-12-31", "amount": { "amount": "1234500" }, "allocated": { "amount": "100000" },
                "source": "office-sheet", "decidedBy": null,
                "lines": { "nodes": [{ "amount": { "amount": "100000" }, "period": { "key": "OFFICE-2024", "startOn": "2024-01-01", "endOn": "2024-12-31" } }] },
            }] },
            "forecasts": { "nodes": [{ "state": "PUBLISHED", "asOfOn": "2024-12-31", "amount": null, "note": "~1.300" }] },
        }));
        let query = "{ budgets(filter: {source: {eq: \"office-sheet\"}}) { aggregate { count sum { amount { amount currency } } } } }";
        assert_eq!(client.query(query).await.at("/data/budgets/aggregate"), json!({ "count": 2, "sum": { "amount": [{ "amount": "1254500", "currency": "EUR" }] } }));
        let query = "{ auditTrail(filter: {mutation: {eq: \"importRun\"}, targetType: {eq: \"Budget\"}}) { totalCount nodes { actor { key } requestId } } }";
        let trail = client.query(query).await.data()["auditTrail"].take();
        assert_eq!((&trail["totalCount"], &trail["nodes"][0]["actor"]["key"]), (&json!(2), &json!("anna.keller")));
        assert!(trail["nodes"][0]["requestId"].is_string(), "{trail}");

        let database = world.database().await;
        let before = dump(&database).await;
        let again = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0]);
        assert!(dump(&database).await == before, "a second import changed a table");
    }

    async fn only_who_leads_the_office_imports(world: &World) {
        let database = world.database().await;
        let before = dump(&database).await;
        for role in Role::ALL.into_iter().filter(|role| *role != Role::PmoLead) {
            for dry_run in [false, true] {
                let client = world.client_as("somebody", &[role]).await;
                let told = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET), "dryRun": dry_run })).await;
                assert_eq!((faults(&told), param(&told, "needs")), (vec!["FORBIDDEN input".to_owned()], Some("IMPORT_RUN".to_owned())), "{role:?}");
                assert_eq!(told["report"], Value::Null);
            }
        }
        assert!(dump(&database).await == before, "a refused import changed a table");
    }

    async fn a_key_of_who_leads_the_office_imports(world: &World) {
        let office = office(world).await;
        let document = "mutation { apiKeyCreate(input: {name: \"Nightly import\", roles: [PMO_LEAD]}) { secret userErrors { code message path } } }";
        let made = office.query(document).await.data()["apiKeyCreate"].take();
        let key = made["secret"].as_str().unwrap_or_else(|| panic!("no key in {made}"));
        let told = run(&world.client().await.bearer(key), json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        assert_eq!((faults(&told), counts(&told)), (vec![], [3, 3, 0, 0, 0]));
    }

    async fn a_dry_run_tells_everything_and_writes_nothing(world: &World) {
        let (client, database) = (office(world).await, world.database().await);
        let before = dump(&database).await;
        let dry = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET), "dryRun": true })).await;
        assert_eq!((counts(&dry), &dry["report"]["isDryRun"]), ([3, 3, 0, 0, 0], &json!(true)));
        assert!(dump(&database).await == before, "a dry run changed a table");
        let mut done = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        assert_eq!(done["report"]["isDryRun"].take(), json!(false));
        assert_eq!(done["report"]["rows"], dry["report"]["rows"]);
    }

    async fn what_cannot_be_read_is_told_and_writes_nothing(world: &World) {
        let (client, database) = (office(world).await, world.database().await);
        let before = dump(&database).await;
        let wrong_mapping = MAPPING.replace("period.date", "period.dat").replace("\"EUR\"", "\"euro\"");
        let sheet = |from: &str, to: &str| coded(&SHEET.replace(from, to));
        let good = coded(SHEET);
        for (mapping, base64, expected, params) in [
            (Some(MAPPING), "no base64!".to_owned(), vec!["INVALID input.base64"], vec![]),
            (None, good.clone(), vec!["REQUIRED input.mapping"], vec![]),
            (Some("system ="), good.clone(), vec!["INVALID input.mapping"], vec![("key", "")]),
            (Some(wrong_mapping.as_str()), good.clone(), vec!["INVALID input.mapping"; 2], vec![("key", "money.currency")]),
            (Some(MAPPING), STANDARD.encode(b"PK\x03\x04rest of a workbook"), vec!["INVALID input.base64"], vec![]),
            (Some(MAPPING), STANDARD.encode(b"a;b\n\x00;2\n"), vec!["IMPORT_ROW input.base64"], vec![("row", "2")]),
            (Some(MAPPING), coded(""), vec!["INVALID input.base64"], vec![]),
            (Some(MAPPING), sheet("Projekt;", "Vorhaben;"), vec!["IMPORT_ROW input.base64"], vec![("row", "1")]),
            (Some(MAPPING), sheet("€ 20", "20 Mio"), vec!["IMPORT_ROW input.base64"], vec![("row", "3"), ("column", "Budget")]),
            (Some(MAPPING), sheet("1.234,5", "1,234.5"), vec!["IMPORT_ROW input.base64"], vec![("row", "2"), ("column", "Budget")]),
            (Some(MAPPING), sheet("€ 20", "12-15"), vec!["IMPORT_ROW input.base64"], vec![("row", "3"), ("column", "Budget")]),
            (Some(MAPPING), sheet("€ 20", "1,23456789"), vec!["IMPORT_ROW input.base64"], vec![("row", "3"), ("column", "Budget")]),
            (Some(MAPPING), sheet("rot", "violett"), vec!["IMPORT_ROW input.base64"], vec![("row", "3"), ("column", "Ampel")]),
            (Some(MAPPING), sheet("30.6.2026", "30.6.26"), vec!["IMPORT_ROW input.base64"], vec![("row", "2"), ("column", "Ende")]),
            (Some(MAPPING), sheet(";Kultur;", ";;"), vec!["IMPORT_ROW input.base64"], vec![("row", "4"), ("column", "Bereich")]),
            (Some(MAPPING), sheet("Stand;Nummer", "Datum;Nummer"), vec!["IMPORT_ROW input.base64"], vec![("row", "1")]),
            (Some(MAPPING), sheet("31.12.2024;P3", ";P3"), vec!["IMPORT_ROW input.base64"], vec![("row", "4")]),
            (Some(MAPPING), sheet("€ 20;25", "x;25"), vec!["IMPORT_ROW input.base64"], vec![("row", "3")]),
        ] {
            let mut input = json!({ "base64": base64 });
            if let Some(mapping) = mapping {
                input["mapping"] = json!(mapping);
            }
            let told = run(&client, input).await;
            assert_eq!(faults(&told), expected, "{told}");
            for (name, value) in params {
                assert_eq!(param(&told, name).as_deref(), Some(value), "{told}");
            }
            assert_eq!(told["report"], Value::Null);
        }
        assert!(dump(&database).await == before, "a refused import changed a table");
    }

    async fn a_file_that_fails_at_its_last_row_leaves_nothing(world: &World) {
        let (client, database) = (office(world).await, world.database().await);
        run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        let before = dump(&database).await;
        // Every row but the last one is new; that one's project is kept in another currency.
        let mapping = MAPPING.replace("\"EUR\"", "\"CHF\"").replace("first_month = 1", "first_month = 7");
        let new: Vec<String> = (0..500).map(|n| format!("31.12.2025;N{n};Neu {n};Neues;;grün;;5;;1\n")).collect();
        let new = new.concat();
        let header = SHEET.lines().next().expect("a header");
        let last = "31.12.2025;P1;Hafen;Neues;;rot;;7;;";
        let told = run(&client, json!({ "mapping": mapping, "base64": coded(&format!("{header}\n{new}{last}\n")) })).await;
        assert_eq!((faults(&told), param(&told, "row")), (vec!["IMPORT_ROW input.base64".to_owned()], Some("502".to_owned())));
        assert!(told.to_string().contains("SHEET-P1 is kept in EUR, the file in CHF"), "{told}");
        assert!(dump(&database).await == before, "half a file was written");
    }

    async fn a_corrected_file_supersedes_what_it_corrects(world: &World) {
        let client = office(world).await;
        run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        let corrected = SHEET.replace("1.234,5", "2.000").replace("grün", "gelb").replace("30.6.2026", "30.9.2026");
        let told = run(&client, json!({ "mapping": MAPPING, "base64": coded(&corrected) })).await;
        assert_eq!(counts(&told), [3, 0, 1, 2, 0]);
        assert_eq!(notes(&told)[1], "2 CHANGED - plannedFinishOn; report of 2024-12-31 superseded: other ratings; budget of 2024-12-31 superseded: 1234500 becomes 2000000");
        let query = "{ project(by: {key: \"SHEET-P1\"}) { rag budget { amount } \
            statusReports(orderBy: [{createdAt: {direction: ASC}}]) { nodes { state } } \
            budgets(orderBy: [{revision: {direction: ASC}}]) { nodes { revision state archivedAt amount { amount } } } } \
            current: budgets(filter: {source: {eq: \"office-sheet\"}, asOfOn: {eq: \"2024-12-31\"}, archivedAt: {isNull: true}}) { aggregate { sum { amount { amount } } } } \
            rated: ragAssessments(filter: {periodEndOn: {eq: \"2024-12-31\"}, report: {state: {eq: PUBLISHED}, source: {eq: \"office-sheet\"}}}) { groups(by: [{field: DECLARED}]) { count key { declared } } } }";
        let data = client.query(query).await.data();
        assert_eq!((&data["project"]["rag"], &data["project"]["budget"]["amount"]), (&json!("AMBER"), &json!("2000000")));
        let states: Vec<&Value> = data["project"]["statusReports"]["nodes"].as_array().expect("reports").iter().map(|r| &r["state"]).collect();
        assert!(states.contains(&&json!("PUBLISHED")) && states.contains(&&json!("SUPERSEDED")), "{states:?}");
        let budgets = &data["project"]["budgets"]["nodes"];
        assert_eq!((&budgets[0]["state"], budgets[0]["archivedAt"].is_string()), (&json!("SUPERSEDED"), true));
        assert_eq!((&budgets[1]["state"], &budgets[1]["archivedAt"], &budgets[1]["revision"]), (&json!("APPROVED"), &Value::Null, &json!(2)));
        assert_eq!(data["current"]["aggregate"]["sum"]["amount"][0]["amount"], json!("2020000"));
        assert_eq!(data["rated"]["groups"], json!([{ "count": 2, "key": { "declared": "AMBER" } }, { "count": 1, "key": { "declared": "RED" } }]));
        let again = run(&client, json!({ "mapping": MAPPING, "base64": coded(&corrected) })).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0]);
    }

    async fn a_year_that_comes_late_is_history_and_a_new_one_moves_things_on(world: &World) {
        let client = office(world).await;
        let at = |day: &str, name: &str, amount: &str| {
            coded(&format!("Stand;Nummer;Projekt;Bereich;Ampel;Budget;Farbe\n{day};P1;{name};Verkehr;gelb;{amount};blau\n{day};P1;{name};Verkehr;rot;1;blau\n"))
        };
        let new = async |base64: String| run(&client, json!({ "mapping": MAPPING, "base64": base64 })).await;
        assert_eq!(counts(&new(at("31.12.2024", "Hafen", "5")).await), [2, 1, 0, 0, 1]);
        let late = new(at("31.12.2022", "Alter Hafen", "3")).await;
        assert_eq!(notes(&late), [
            "1 DOUBTFUL Farbe column \"Farbe\" is not in the mapping and is left out",
            "2 CHANGED - report of 2022-12-31 added; budget of 2022-12-31 added",
            "3 SKIPPED - the same project as row 2",
        ]);
        let query = "{ project(by: {key: \"SHEET-P1\"}) { name ragOn budget { amount } budgets(orderBy: [{asOfOn: {direction: ASC}}]) { nodes { asOfOn state } } } }";
        let budget = |day: &str, state: &str| json!({ "asOfOn": day, "state": state });
        assert_eq!(client.query(query).await.data()["project"], json!({
            "name": "Hafen", "ragOn": "2024-12-31", "budget": { "amount": "5000" },
            "budgets": { "nodes": [budget("2022-12-31", "SUPERSEDED"), budget("2024-12-31", "APPROVED")] },
        }));
        new(at("31.12.2025", "Neuer Hafen", "8")).await;
        assert_eq!(client.query(query).await.data()["project"], json!({
            "name": "Neuer Hafen", "ragOn": "2025-12-31", "budget": { "amount": "8000" },
            "budgets": { "nodes": [budget("2022-12-31", "SUPERSEDED"), budget("2024-12-31", "SUPERSEDED"), budget("2025-12-31", "APPROVED")] },
        }));
    }

    async fn what_people_made_here_is_not_overwritten_silently(world: &World) {
        let (client, db) = (office(world).await, rows(world).await);
        run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        sql(&db, "UPDATE budget SET source = NULL WHERE source = 'office-sheet'").await;
        sql(&db, "UPDATE status_report SET source = NULL WHERE source = 'office-sheet'").await;
        sql(&db, "UPDATE portfolio_item SET state = 'CLOSED' WHERE key = 'SHEET-P2'").await;
        sql(&db, "UPDATE portfolio_item SET archived_at = created_at WHERE key = 'SHEET-P3'").await;
        let mapping = MAPPING.to_owned() + "[[columns]]\nnames = [\"Status\"]\nto = \"project.state\"\n";
        let with_status = |line: &str| format!("{line};{}", if line.starts_with("Stand") { "Status" } else { "ACTIVE" });
        let sheet: String = SHEET.replace("€ 20", "€ 30").lines().map(|line| with_status(line) + "\n").collect();
        let told = run(&client, json!({ "mapping": mapping, "base64": coded(&sheet) })).await;
        assert_eq!(counts(&told), [3, 0, 2, 0, 1]);
        let notes = notes(&told).join("\n");
        for line in [
            "2 DOUBTFUL - a report of 2024-12-31 from elsewhere stands beside this one",
            "3 DOUBTFUL - the current budget is not of this source; budget of 2024-12-31 is kept as history beside it",
            "3 DOUBTFUL - the project is CLOSED here and stays so, although the file says ACTIVE",
            "4 SKIPPED - SHEET-P3 is archived",
        ] {
            assert!(notes.contains(line), "{line} is not in\n{notes}");
        }
        let query = "{ project(by: {key: \"SHEET-P2\"}) { state budget { amount } budgets(orderBy: [{revision: {direction: ASC}}]) { nodes { state amount { amount } } } } }";
        let budget = |state: &str, amount: &str| json!({ "state": state, "amount": { "amount": amount } });
        assert_eq!(client.query(query).await.data()["project"], json!({
            "state": "CLOSED", "budget": { "amount": "20000" },
            "budgets": { "nodes": [budget("APPROVED", "20000"), budget("SUPERSEDED", "30000")] },
        }));
    }

    async fn a_closed_year_takes_no_new_lines(world: &World) {
        let (client, db, database) = (office(world).await, rows(world).await, world.database().await);
        run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        sql(&db, "UPDATE fiscal_period SET state = 'CLOSED' WHERE key = 'OFFICE-2024'").await;
        let before = dump(&database).await;
        let again = run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0]);
        let told = run(&client, json!({ "mapping": MAPPING, "base64": coded(&SHEET.replace(";100\n", ";200\n")) })).await;
        assert_eq!(faults(&told), ["IMPORT_ROW input.base64"]);
        assert!(told.to_string().contains("OFFICE-2024, which is closed"), "{told}");
        assert!(dump(&database).await == before, "a closed year was changed");
    }

    async fn what_the_caller_may_not_know_of_is_neither_changed_nor_shown(world: &World) {
        let (client, db, database) = (office(world).await, rows(world).await, world.database().await);
        run(&client, json!({ "mapping": MAPPING, "base64": coded(SHEET) })).await;
        sql(&db, "UPDATE portfolio_item SET is_restricted = TRUE, confidentiality = 'CONFIDENTIAL' WHERE key = 'SHEET-P1'").await;
        let before = dump(&database).await;
        let told = run(&client, json!({ "mapping": MAPPING, "base64": coded(&SHEET.replace("Läuft", "Steht")) })).await;
        assert_eq!(counts(&told), [3, 0, 0, 2, 1]);
        assert_eq!(notes(&told)[1], "2 SKIPPED - the source gives this id to something else already");
        assert!(dump(&database).await == before, "a hidden project was changed");
    }

    async fn sent_again_with_its_key_it_does_nothing(world: &World) {
        let client = office(world).await;
        let input = json!({ "mapping": MAPPING, "base64": coded(SHEET), "clientMutationKey": "8d0c1f6e-0000-4000-8000-00000000abcd" });
        let (first, second) = (run(&client, input.clone()).await, run(&client, input).await);
        assert_eq!((&first["replayed"], counts(&first)), (&json!(false), [3, 3, 0, 0, 0]));
        assert_eq!((&second["replayed"], &second["report"], faults(&second)), (&json!(true), &Value::Null, vec![]));
    }

    async fn formats_that_are_known_need_no_mapping(world: &World) {
        let client = office(world).await;
        let file = "project_name,department,report_category,description_aims,start_date,end_date,year\nHarbour,DFT,ICT,,,,2019\n";
        let told = run(&client, json!({ "format": "UK_GMPP", "base64": coded(file) })).await;
        assert_eq!(counts(&told), [1, 1, 0, 0, 0]);
        let undated = "Projekt;Bereich;Budget\nKai;Verkehr;5\n";
        let mapping = MAPPING.replace("to = \"period.date\"", "to = \"period.date\"\noptional = true");
        let told = run(&client, json!({ "mapping": mapping, "base64": coded(undated) })).await;
        assert_eq!((faults(&told), param(&told, "row").as_deref()), (vec!["IMPORT_ROW input.base64".to_owned()], Some("2")));
        let told = run(&client, json!({ "mapping": mapping, "base64": coded(undated), "asOfOn": "2024-06-30" })).await;
        assert_eq!(counts(&told), [1, 1, 0, 0, 0]);
        let query = "{ budgets(filter: {source: {eq: \"office-sheet\"}}) { nodes { asOfOn } } }";
        assert_eq!(client.query(query).await.at("/data/budgets/nodes"), json!([{ "asOfOn": "2024-06-30" }]));
    }
}

async fn office(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await
}

/// Imports a file, a CSV file unless another format is named, and gives the payload.
async fn run(client: &Client, mut input: Value) -> Value {
    if input.get("format").is_none() {
        input["format"] = json!("CSV");
    }
    let document = "mutation($input: ImportRunInput!) { importRun(input: $input) { \
        report { readCount createdCount updatedCount unchangedCount skippedCount isDryRun rows { row kind column message } } \
        userErrors { code message path params { name value } retryable } replayed } }";
    let reply = client.query_with(document, json!({ "input": input })).await;
    reply.tells_no_secrets();
    reply.data()["importRun"].take()
}

fn coded(text: &str) -> String {
    STANDARD.encode(text)
}

/// Read, created, updated, unchanged, skipped.
fn counts(told: &Value) -> [i64; 5] {
    ["readCount", "createdCount", "updatedCount", "unchangedCount", "skippedCount"]
        .map(|name| told["report"][name].as_i64().unwrap_or_else(|| panic!("no {name} in {told}")))
}

/// `row KIND column message` of each note.
fn notes(told: &Value) -> Vec<String> {
    let note = |n: &Value| {
        let text = |name: &str| n[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", n["row"], text("kind"), text("column"), text("message"))
    };
    told["report"]["rows"].as_array().into_iter().flatten().map(note).collect()
}
