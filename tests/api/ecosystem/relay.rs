//! Relay's compiler takes the schema, and what it makes of a paginated and a refetchable document is answered with real rows.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::OnceLock};

use serde_json::{Value, json};

use crate::support::{
    client::Client,
    node,
    writes::{begin, item_id},
};

tests! {
    async fn the_compiler_takes_the_schema_and_its_types_hold() {
        let folder = compiled();
        let checked = |what: &str| node::tool(&folder, node::COMPILER, &["-p", "."], &[]).map_err(|said| format!("{what}: {said}"));
        checked("as it is").unwrap_or_else(|e| panic!("{e}"));
        // A field that may be masked may be null, and the types say so.
        let file = folder.join("src/shown.ts");
        let text = fs::read_to_string(&file).expect("the file");
        fs::write(&file, text.replacen("budget?.amount", "budget.amount", 1)).expect("written");
        let said = checked("without the question");
        fs::write(&file, text).expect("written");
        assert!(said.as_ref().is_err_and(|said| said.contains("TS18049")), "{said:?}");
    }

    async fn a_document_that_does_not_fit_is_refused_by_the_compiler() {
        let folder = compiled();
        let own = tempfile::tempdir_in(node::with_schema()).expect("a folder");
        fs::create_dir_all(own.path().join("src")).expect("made");
        fs::create_dir_all(own.path().join("__generated__")).expect("made");
        fs::copy(folder.join("relay.config.json"), own.path().join("relay.config.json")).expect("copied");
        let text = fs::read_to_string(folder.join("src/ProjectReports.ts")).expect("the file");
        fs::write(own.path().join("src/ProjectReports.ts"), text.replacen("type: \"Cursor\"", "type: \"String\"", 1)).expect("written");
        let said = node::tool(own.path(), RELAY, &["relay.config.json"], &[]).expect_err("a cursor is no string");
        assert!(said.contains("Cursor"), "{said}");
    }

    async fn pages_of_the_root_follow_each_other(world: &World) {
        let (operations, client) = (operations(), world.reader().await);
        let filter = json!({ "state": { "in": ["ACTIVE", "CLOSED"] } });
        let all = client.query_with("query($f: ProjectFilter) { projects(filter: $f, first: 200, orderBy: [{key: {direction: ASC}}]) { nodes { key } } }", json!({ "f": filter })).await.data();
        let due: Vec<Value> = all["projects"]["nodes"].as_array().expect("rows").iter().map(|node| node["key"].clone()).collect();
        assert!(due.len() > 6, "{}", due.len());

        let first = ask(&client, &operations["ProjectListQuery"], json!({ "count": 4, "filter": filter })).await;
        let mut page = first["projects"].clone();
        assert_eq!(page["totalCount"], json!(due.len()));
        let mut keys = keys(&page);
        assert_eq!(keys, due[..4]);
        while page["pageInfo"]["hasNextPage"] == true {
            let variables = json!({ "count": 4, "cursor": page["pageInfo"]["endCursor"], "filter": filter });
            page = ask(&client, &operations["ProjectListPaginationQuery"], variables).await["projects"].take();
            keys.extend(self::keys(&page));
        }
        assert_eq!(keys, due);
    }

    async fn pages_of_a_row_follow_each_other(world: &World) {
        let (operations, client) = (operations(), world.reader().await);
        let first = ask(&client, &operations["ProjectReportsQuery"], json!({ "key": "PR-020", "count": 3 })).await;
        let project = &first["project"];
        let page = &project["statusReports"];
        assert_eq!((page["edges"].as_array().map(Vec::len), &page["pageInfo"]["hasNextPage"]), (Some(3), &json!(true)));
        let variables = json!({ "id": project["id"], "count": 3, "cursor": page["pageInfo"]["endCursor"] });
        let second = ask(&client, &operations["ProjectReportsPaginationQuery"], variables).await;
        assert_eq!((&second["node"]["__typename"], &second["node"]["id"]), (&json!("Project"), &project["id"]));
        let days = |page: &Value| -> Vec<String> {
            page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["periodEndOn"].as_str().expect("a day").to_owned()).collect()
        };
        let all = [days(page), days(&second["node"]["statusReports"])].concat();
        assert!(all.len() == 6 && all.is_sorted_by(|a, b| a > b), "{all:?}");
    }

    async fn a_row_is_fetched_again_by_its_id(world: &World) {
        let (db, client) = begin(world).await;
        let (operations, id) = (operations(), item_id(&db, "PR-020").await);
        let card = ask(&client, &operations["ProjectCardRefetchQuery"], json!({ "id": id })).await["node"].take();
        assert_eq!((&card["__typename"], &card["key"], &card["__isPortfolioItem"]), (&json!("Project"), &json!("PR-020"), &json!("Project")));
        assert!(card["budget"]["amount"].is_string() && card["viewerAccess"]["canWrite"] == true, "{card:#}");
        let item = ask(&client, &operations["ProjectCardItemRefetchQuery"], json!({ "id": id })).await["node"].take();
        assert_eq!((&item["rag"], &item["kpis"]), (&card["rag"], &card["kpis"]));

        // After a write the store has the row as it is, and it can be fetched again.
        let input = json!({ "id": id, "ifVersion": card["version"], "patch": { "name": "Renamed by Relay" } });
        let done = ask(&client, &operations["ProjectRenameMutation"], json!({ "input": input })).await["projectUpdate"].take();
        assert_eq!(done["userErrors"], json!([]));
        assert_eq!(done["project"]["name"], "Renamed by Relay");
        let again = ask(&client, &operations["ProjectCardRefetchQuery"], json!({ "id": id })).await["node"].take();
        assert_eq!(again, done["project"].as_object().map(|project| {
            let mut project = project.clone();
            project.insert("__typename".to_owned(), "Project".into());
            Value::from(project)
        }).expect("a project"));
        assert_ne!(again["version"], card["version"]);

        // What is not there for the caller is null, as Relay expects of a node.
        let nobody = crate::support::writes::stranger(world, foliograph::auth::Role::ResourceManager).await;
        let hidden = ask(&nobody, &operations["ProjectCardRefetchQuery"], json!({ "id": id })).await;
        assert_eq!(hidden, json!({ "node": null }));
    }
}

const RELAY: &str = "relay-compiler/cli.js";

async fn ask(client: &Client, document: &str, variables: Value) -> Value {
    client.query_with(document, variables).await.data()
}

fn keys(page: &Value) -> Vec<Value> {
    page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["key"].clone()).collect()
}

/// The project of documents, compiled; once a run.
fn compiled() -> PathBuf {
    static COMPILED: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = node::with_schema().join("relay");
    let compile = || {
        let made = folder.join("__generated__");
        // What an earlier run made of other documents must not be taken for this one's.
        let _ = fs::remove_dir_all(&made);
        fs::create_dir_all(&made).map_err(|e| e.to_string())?;
        node::tool(&folder, RELAY, &["relay.config.json"], &[]).map(drop)
    };
    COMPILED.get_or_init(compile).clone().unwrap_or_else(|said| panic!("{said}"));
    folder
}

/// The texts that the compiler made, by name.
fn operations() -> BTreeMap<String, String> {
    let said = node::tool(&compiled(), "../relay/operations.mjs", &[], &[]).unwrap_or_else(|said| panic!("{said}"));
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
}
