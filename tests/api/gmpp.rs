//! The UK Government Major Projects Portfolio as published: imports give the published counts, twice is once, and a
//! file that is not whole changes nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use foliograph::{auth::Role, graph::Database};
use serde_json::{Map, Value, json};

use crate::changes::Puller;
use crate::support::{World, client::Client, dump::dump, folder, product, real_data};

const FILES: [&str; 3] = ["gmpp_2019.csv", "gmpp_2021_semicolon_cp1252.csv", "gmpp_2023_part1.csv"];

tests! {
    async fn the_file_of_2019_gives_the_published_counts(world: &World) {
        one_file_gives_the_published_counts(world, FILES[0]).await;
    }

    async fn the_file_of_2021_gives_the_published_counts(world: &World) {
        one_file_gives_the_published_counts(world, FILES[1]).await;
    }

    async fn the_file_of_2023_gives_the_published_counts(world: &World) {
        one_file_gives_the_published_counts(world, FILES[2]).await;
    }

    async fn three_years_give_each_project_once_as_the_latest_year_has_it(world: &World) {
        let expected = latest_of_each(&FILES.map(rows));
        assert_eq!(expected.len(), 302, "projects of the three files that differ in number and name");
        let count_by = |column: &str| {
            let mut counts = BTreeMap::<String, i64>::new();
            for row in &expected {
                *counts.entry(row[column].clone()).or_default() += 1;
            }
            counts
        };
        let (departments, categories) = (count_by("department"), count_by("report_category"));

        for order in [[0, 1, 2], [2, 1, 0]] {
            let house = House::new(world).await;
            let files: Vec<PathBuf> = order.iter().map(|index| file(FILES[*index])).collect();
            let report = product::import_gmpp(&house.database, &world.clock, &files, false).await.expect("imported");
            assert_eq!((report.read, report.created), (419, 302), "in the order {order:?}");
            assert_eq!(house.total().await, 302);
            assert_eq!(house.by_department().await, departments, "in the order {order:?}");
            assert_eq!(house.by_category().await, categories, "in the order {order:?}");
        }
    }

    async fn an_import_is_told_to_who_follows_and_leaves_its_trail(world: &World) {
        let database = world.database().await;
        let folder = tempfile::tempdir_in(folder::folder()).expect("a folder").keep();
        let header = "project_name,department,report_category,description_aims,start_date,end_date,year\n";
        let one = written(&folder, "one.csv", format!("{header}Harbour,DFT,ICT,,,,2019\nBridge,MOJ,ICT,,,,2019\n").as_bytes());
        let two = written(&folder, "two.csv", format!("{header}Harbour,DFT,ICT,Deeper,,,2020\nBridge,DFT,ICT,,,,2020\n").as_bytes());
        let client = world.reader().await;
        let mut puller = Puller::loaded(client.clone()).await;
        let entries = async || client.query("{ auditTrail(filter: {mutation: {eq: \"import\"}}) { totalCount } }").await.at("/data/auditTrail/totalCount");
        let mut told = async |files: &[PathBuf]| {
            product::import_gmpp(&database, &world.clock, files, false).await.expect("imported");
            world.app().await.events.sequence_now().await.expect("positions");
            let told = puller.pull(1_000).await;
            let mut told: Vec<String> = told.iter().map(|c| format!("{} {} {}", c["type"], c["node"]["name"], c["causedBy"]["mutation"]).replace('"', "")).collect();
            told.sort();
            told.retain(|line| !line.starts_with("EXTERNAL_LINK"));
            told
        };
        let reports = ["STATUS_REPORT null import"; 3];
        assert_eq!(told(std::slice::from_ref(&one)).await, [&["PORTFOLIO DFT import", "PORTFOLIO MOJ import", "PROJECT Bridge import", "PROJECT Harbour import"], &reports[..2]].concat());
        assert_eq!(entries().await, 10, "two portfolios, two projects, their links, and a report of each project");
        assert_eq!(told(&[one]).await, [""; 0]);
        // Two new reports, and the one of 2019 that went with Bridge to another department.
        assert_eq!(told(&[two]).await, [&["PROJECT Bridge import", "PROJECT Harbour import"], &reports[..]].concat());
        let document = "{ auditTrail(filter: {mutation: {eq: \"import\"}, action: {eq: UPDATED}, targetType: {eq: \"Project\"}}) { nodes { targetVersion actor { key } changes { field before after } } } }";
        let changed = client.query(document).await.data()["auditTrail"]["nodes"].to_string();
        assert!(changed.contains(r#""after":"Deeper""#), "{changed}");
    }

    async fn three_calls_give_what_one_call_gives(world: &World) {
        let (one, three) = (House::new(world).await, House::new(world).await);
        product::import_gmpp(&one.database, &world.clock, &FILES.map(file), false).await.expect("imported");
        for name in FILES {
            product::import_gmpp(&three.database, &world.clock, &[file(name)], false).await.expect("imported");
        }
        assert_eq!(one.projects().await, three.projects().await);
    }

    async fn importing_again_changes_no_row_of_any_table(world: &World) {
        let house = House::new(world).await;
        product::import_gmpp(&house.database, &world.clock, &FILES.map(file), false).await.expect("imported");
        let before = dump(&house.database).await;
        assert_eq!(before["portfolio_item"].iter().filter(|row| row.contains("PROJECT")).count(), 302);

        // A day later, so that a row written again shows by its updated_at.
        world.clock.advance_seconds(86_400);
        let report = product::import_gmpp(&house.database, &world.clock, &FILES.map(file), false).await.expect("again");
        assert_eq!((report.read, report.created, report.updated), (419, 0, 0));
        assert_eq!(dump(&house.database).await, before);
        for name in FILES {
            product::import_gmpp(&house.database, &world.clock, &[file(name)], false).await.expect("again, alone");
            assert_eq!(dump(&house.database).await, before, "after {name}");
        }
    }

    async fn a_dry_run_tells_what_it_would_do_and_writes_nothing(world: &World) {
        let house = House::new(world).await;
        let before = dump(&house.database).await;
        let told = product::import_gmpp(&house.database, &world.clock, &FILES.map(file), true).await.expect("a report");
        assert_eq!(dump(&house.database).await, before);
        assert_eq!(house.total().await, 0);
        let done = product::import_gmpp(&house.database, &world.clock, &FILES.map(file), false).await.expect("imported");
        assert_eq!(told, done);
        assert_ne!(dump(&house.database).await, before);
    }

    async fn demonstration_rows_stay_as_they_are(world: &World) {
        let database = world.database().await;
        let before = dump(&database).await;
        product::import_gmpp(&database, &world.clock, &FILES.map(file), false).await.expect("imported");
        let after = dump(&database).await;
        for (table, rows) in &before {
            assert!(rows.iter().all(|row| after[table].contains(row)), "a row of {table} changed");
        }
        assert_eq!(after["person"], before["person"]);
    }

    async fn the_transposed_file_of_2014_is_refused_by_name(world: &World) {
        let house = House::new(world).await;
        let before = dump(&house.database).await;
        let files = [file(FILES[0]), file("gmpp_2014_transposed_cp1252.csv")];
        let refusal = product::import_gmpp(&house.database, &world.clock, &files, false).await.expect_err("refused");
        assert!(refusal.message.contains("gmpp_2014_transposed_cp1252.csv"), "{refusal}");
        assert!(refusal.message.contains("transposed"), "{refusal}");
        assert_eq!(dump(&house.database).await, before, "the good file before it was written");
    }

    async fn dates_arrive_as_the_file_writes_them(world: &World) {
        let house = House::new(world).await;
        for (name, project, written, expected) in [
            (FILES[0], "Geological Disposal Facility Programme (GDF)", ["30.06.08", "31.12.40"], ["2008-06-30", "2040-12-31"]),
            (FILES[0], "Heat Networks Investment Project", ["25.11.15", "31.03.21"], ["2015-11-25", "2021-03-31"]),
            (FILES[1], "Maritime Patrol Aircraft", ["2014-07-08", "2024-04-01"], ["2014-07-08", "2024-04-01"]),
            (FILES[2], "Automotive Transformation Fund", ["31.07.2020", "31.03.2025"], ["2020-07-31", "2025-03-31"]),
            (FILES[2], "Export Support Service Programme", ["01.11.2021", "31.03.2025"], ["2021-11-01", "2025-03-31"]),
        ] {
            let row = rows(name).into_iter().find(|row| row["project_name"].trim() == project).expect(project);
            assert_eq!([row["start_date"].as_str(), row["end_date"].as_str()], written, "{project}: the file itself");
            product::import_gmpp(&house.database, &world.clock, &[file(name)], false).await.expect("imported");
            let query = format!(r#"{{ projects(filter: {{name: {{eq: "{project}"}}}}) {{ nodes {{ plannedStartOn plannedFinishOn actualFinishOn }} }} }}"#);
            let [start, finish] = expected;
            assert_eq!(
                house.client.query(&query).await.data(),
                json!({ "projects": { "nodes": [{ "plannedStartOn": start, "plannedFinishOn": finish, "actualFinishOn": null }] } }),
                "{project}"
            );
        }
    }

    async fn every_date_is_that_of_the_file_or_none(world: &World) {
        for name in FILES {
            let house = House::new(world).await;
            product::import_gmpp(&house.database, &world.clock, &[file(name)], false).await.expect("imported");
            let found = house.client.query("{ projects(first: 1000) { nodes { name plannedStartOn plannedFinishOn } } }").await.data();
            let mut found: Vec<Vec<Value>> = nodes(&found).iter().map(|node| values(node, &["name", "plannedStartOn", "plannedFinishOn"])).collect();
            let mut expected: Vec<Vec<Value>> = rows(name)
                .iter()
                .map(|row| vec![json!(one_line(&row["project_name"])), day(&row["start_date"]), day(&row["end_date"])])
                .collect();
            found.sort_by_key(|row| row[0].to_string());
            expected.sort_by_key(|row| row[0].to_string());
            assert_eq!(found, expected, "{name}");
            assert!(expected.iter().filter(|row| row[2].is_string()).count() > 80, "{name}: hardly a date was read");
        }
    }

    async fn letters_beyond_ascii_arrive_from_both_encodings(world: &World) {
        let bytes = real_data::bytes(&path(FILES[1]));
        assert!(std::str::from_utf8(&bytes).is_err(), "the file of 2021 is not Windows-1252 any more");
        assert!(bytes.windows(5).any(|part| part == b"\xA3102m"), "the file of 2021 has its pound sign as one byte");
        for name in FILES {
            let house = House::new(world).await;
            product::import_gmpp(&house.database, &world.clock, &[file(name)], false).await.expect("imported");
            for letter in ["£", "–", "’", "•"] {
                let expected = rows(name).iter().filter(|row| row["description_aims"].contains(letter)).count();
                let query = "query L($letter: String!) { projects(filter: {description: {contains: $letter}}) { totalCount } }";
                let found = house.client.query_with(query, json!({ "letter": letter })).await.at("/data/projects/totalCount");
                assert_eq!(found, json!(expected), "{letter} in {name}");
            }
            let broken = house.client.query(r#"{ projects(filter: {or: [{description: {contains: "\uFFFD"}}, {name: {contains: "\uFFFD"}}]}) { totalCount } }"#).await;
            let expected = rows(name).iter().filter(|row| row["description_aims"].contains('\u{FFFD}')).count();
            assert_eq!(broken.at("/data/projects/totalCount"), json!(expected), "{name}");
        }
        let house = House::new(world).await;
        product::import_gmpp(&house.database, &world.clock, &[file(FILES[1])], false).await.expect("imported");
        let found = house.client.query(r#"{ project(by: {external: {system: "uk-gmpp", id: "BIS_0014_1415-Q3"}}) { name description portfolio { name } } }"#).await.data();
        assert_eq!((&found["project"]["name"], &found["project"]["portfolio"]["name"]), (&json!("New Polar Research Vessel"), &json!("BEIS")));
        assert!(found["project"]["description"].as_str().is_some_and(|text| text.contains("£102m")), "{found}");
    }

    async fn a_file_that_is_not_whole_changes_no_table(world: &World) {
        let house = House::new(world).await;
        product::import_gmpp(&house.database, &world.clock, &[file(FILES[0])], false).await.expect("imported");
        let before = dump(&house.database).await;
        let good = real_data::bytes(&path(FILES[2]));
        let text = String::from_utf8(good.clone()).expect("the file of 2023 is UTF-8");
        let header = text.lines().next().expect("a header").to_owned();
        let cells = header.split(',').count();
        let cases: [(&str, Vec<u8>, &str); 9] = [
            ("ragged", format!("{text}one,cell,more\r\n").into_bytes(), &format!("3 cells where the header has {cells}")),
            ("missing", text.replacen("end_date", "finish", 1).into_bytes(), "missing column: end_date"),
            ("twice", text.replacen("end_date", "start_date", 1).into_bytes(), "missing column: end_date"),
            ("binary", (0..=255_u8).cycle().take(4_096).collect(), "not text"),
            ("workbook", real_data::bytes("gov-uk-gmpp/gmpp_2019.xlsx"), "workbook"),
            ("empty", vec![], "empty"),
            ("blank", b"\xEF\xBB\xBF\r\n\r\n".to_vec(), "empty"),
            ("half", good[..good.len() / 2].to_vec(), "row "),
            ("json", b"{\"projects\": [{\"name\": \"x\"}]}".to_vec(), "one column"),
        ];
        for (name, bytes, line) in cases {
            let bad = written(&house.folder, &format!("{name}.csv"), &bytes);
            for files in [vec![bad.clone()], vec![file(FILES[1]), bad.clone()], vec![bad.clone(), file(FILES[1])]] {
                let refusal = product::import_gmpp(&house.database, &world.clock, &files, false).await.expect_err(name);
                assert_eq!(refusal.code.as_str(), "BAD_REQUEST", "{name}");
                assert!(refusal.message.contains(&format!("{name}.csv")) && refusal.message.contains(line), "{name}: {refusal}");
                assert!(!refusal.message.contains('\n'), "{name}: {refusal}");
                assert_eq!(dump(&house.database).await, before, "{name}");
            }
        }
    }

    async fn a_file_cut_anywhere_inside_a_quoted_cell_is_refused(world: &World) {
        let house = House::new(world).await;
        let before = dump(&house.database).await;
        let text = String::from_utf8(real_data::bytes(&path(FILES[2]))).expect("the file of 2023 is UTF-8");
        // Behind a quotation mark that opens a cell, the cell and its row are not complete.
        let cuts: Vec<usize> = text.match_indices(",\"").map(|(at, _)| at + 2).step_by(37).collect();
        assert!(cuts.len() > 5, "{cuts:?}");
        for cut in cuts {
            let bad = written(&house.folder, "cut.csv", &text.as_bytes()[..cut]);
            let refusal = product::import_gmpp(&house.database, &world.clock, &[bad], false).await.expect_err("cut");
            assert!(refusal.message.contains("cut.csv, row "), "at {cut}: {refusal}");
        }
        assert_eq!(dump(&house.database).await, before);
    }
}

async fn one_file_gives_the_published_counts(world: &World, name: &str) {
    let expected = real_data::json("gov-uk-gmpp/expected.json")[name].clone();
    let house = House::new(world).await;
    let report = product::import_gmpp(&house.database, &world.clock, &[file(name)], false).await.expect("imported");
    let read = i64::try_from(report.read).expect("a count");
    assert_eq!(Some(read), expected["rows"].as_i64());
    assert_eq!((report.created, report.skipped), (report.read, 0));
    assert_eq!(house.total().await, read);
    assert_eq!(house.by_department().await, counts(&expected["byDepartment"]));
    assert_eq!(house.by_category().await, counts(&expected["byCategory"]));
}

/// An own database without any project, and a head of the project management office to look at it.
struct House {
    database: Database,
    client: Client,
    folder: PathBuf,
}

impl House {
    async fn new(world: &World) -> Self {
        let config = product::settings(&world.empty_url().await);
        let config = foliograph::config::Config { migrate: foliograph::config::Toggle::On, ..config };
        let app = product::open(config, world.clock.clone()).await.expect("the product");
        let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "pmo", &[Role::PmoLead]));
        let folder = tempfile::tempdir_in(folder::folder()).expect("a folder").keep();
        Self { database: app.database.clone(), client, folder }
    }

    async fn total(&self) -> i64 {
        self.client
            .query("{ projects { totalCount } }")
            .await
            .at("/data/projects/totalCount")
            .as_i64()
            .expect("a count")
    }

    async fn by_department(&self) -> BTreeMap<String, i64> {
        let query = "{ projects { groups(by: [{field: PORTFOLIO}]) { count key { portfolio { name key } } } } \
            portfolios(first: 150) { nodes { name key externalLinks { nodes { system externalId } } } } }";
        let data = self.client.query(query).await.data();
        let links: BTreeMap<String, Value> = data["portfolios"]["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .map(|node| (node["key"].to_string(), node["externalLinks"]["nodes"].clone()))
            .collect();
        let count = |group: &Value| {
            let portfolio = &group["key"]["portfolio"];
            let link = json!([{ "system": "uk-gmpp", "externalId": portfolio["name"] }]);
            assert_eq!(links[&portfolio["key"].to_string()], link, "the link back to the department");
            (portfolio["name"].as_str().expect("a department").to_owned(), group["count"].as_i64().expect("a count"))
        };
        data["projects"]["groups"].as_array().expect("groups").iter().map(count).collect()
    }

    async fn by_category(&self) -> BTreeMap<String, i64> {
        let query = "{ projects { groups(by: [{field: PROJECT_TYPE}]) { count key { projectType } } } }";
        let data = self.client.query(query).await.data();
        let count = |group: &Value| {
            let category = group["key"]["projectType"].as_str().expect("a category").to_owned();
            (category, group["count"].as_i64().expect("a count"))
        };
        data["projects"]["groups"].as_array().expect("groups").iter().map(count).collect()
    }

    /// All that the files say of each project, by its key.
    async fn projects(&self) -> Vec<Value> {
        let query = "{ projects(first: 1000, orderBy: [{key: {direction: ASC}}]) { nodes { key name description projectType \
            plannedStartOn plannedFinishOn portfolio { key name } externalLinks { nodes { externalId } } } } }";
        let mut projects = nodes(&self.client.query(query).await.data()).to_vec();
        for project in &mut projects {
            let links = project["externalLinks"]["nodes"].as_array_mut().expect("links");
            links.sort_by_key(ToString::to_string);
        }
        projects
    }
}

fn nodes(data: &Value) -> &[Value] {
    data["projects"]["nodes"].as_array().expect("nodes")
}

fn values(node: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| node[*name].clone()).collect()
}

fn counts(expected: &Value) -> BTreeMap<String, i64> {
    let counts: &Map<String, Value> = expected.as_object().expect("counts");
    counts.iter().map(|(name, count)| (name.clone(), count.as_i64().expect("a count"))).collect()
}

fn path(name: &str) -> String {
    format!("gov-uk-gmpp/{name}")
}

fn file(name: &str) -> PathBuf {
    real_data::path(&path(name))
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, bytes).expect("written");
    file
}

type Row = BTreeMap<String, String>;

/// The rows of a file, read without the importer.
fn rows(name: &str) -> Vec<Row> {
    let bytes = real_data::bytes(&path(name));
    let (text, delimiter) = match name {
        "gmpp_2021_semicolon_cp1252.csv" => (encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned(), b';'),
        _ => (String::from_utf8(bytes).expect("UTF-8"), b','),
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// Each project of several years once, as the last of them has it: rows of one number or one name are one project.
fn latest_of_each(years: &[Vec<Row>]) -> Vec<Row> {
    let mut projects: Vec<(Vec<String>, Row)> = vec![];
    for row in years.iter().flatten() {
        let words = row["project_name"].to_lowercase();
        let words: Vec<&str> = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut names = vec![format!("name {}", words.join(" "))];
        names.extend(row.get("project_number").map(|number| one_line(number)).filter(|number| !number.is_empty()));
        let (same, others): (Vec<_>, Vec<_>) =
            projects.into_iter().partition(|(known, _)| known.iter().any(|name| names.contains(name)));
        projects = others;
        names.extend(same.into_iter().flat_map(|(known, _)| known));
        projects.push((names, row.clone()));
    }
    projects.into_iter().map(|(_, row)| row).collect()
}

fn one_line(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A cell's date as the schema writes dates: the files have day, month and year with dots, or ISO dates, or prose.
fn day(cell: &str) -> Value {
    let cell = cell.trim();
    let parts: Vec<&str> = cell.split('.').collect();
    match parts[..] {
        [day, month, year] if year.len() == 4 => json!(format!("{year}-{month:0>2}-{day:0>2}")),
        // The oldest of these projects began in the nineties.
        [day, month, year] if year.len() == 2 && year < "50" => json!(format!("20{year}-{month:0>2}-{day:0>2}")),
        [day, month, year] if year.len() == 2 => json!(format!("19{year}-{month:0>2}-{day:0>2}")),
        _ if cell.len() == 10 && cell.split('-').count() == 3 => json!(cell),
        _ => Value::Null,
    }
}
