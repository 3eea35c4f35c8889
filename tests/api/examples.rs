//! The clients that people copy: the script runs against the real server, the query is taken by Microsoft's parser and its
//! requests are answered.

use std::{fs, process::Command};

use axum::http::StatusCode;
use entity::{api_key, idempotency, outbox_event, portfolio_item};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    World,
    dump::dump,
    node,
    process::{Process, Shell},
    runner, settings,
    summary::{self, Need},
};

const CSV: &str = "\u{feff}external_id,key,name,currency,parent_key,description,forecast_start,forecast_finish,ignored\r\n\
    7001,IMP-1,Imported one,EUR,PF-IT,First,2026-04-01,2026-09-30,x\r\n\
    7002,IMP-2,\"Imported, two\",EUR,PF-IT,,,2026-10-31,y\r\n";

tests! {
    async fn the_script_upserts_resumes_and_follows(world: &World) {
        let server = Process::serve_underived(world).await;
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        let made = shell.run(&["key", "create", "--name", "Script", "--role", "INTEGRATION", "--grant", "PF-IT"]);
        let script = Script { key: made.stdout.trim().to_owned(), url: format!("http://{}", server.address()), folder: shell.folder.clone() };
        let db = world.database().await;
        fs::write(shell.folder.join("projects.csv"), CSV).expect("written");

        let first = script.run(&["--system", "ERP", "projects.csv"]);
        assert!(first.0 == Some(0) && first.2.contains("2 created, 0 updated, 0 unchanged, 0 failed"), "{first:?}");
        let two = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.eq("IMP-2")).one(&db.orm).await.expect("read").expect("there");
        assert_eq!((two.name.as_str(), two.description, two.forecast_finish_on.map(|d| d.to_string())), ("Imported, two", None, Some("2026-10-31".into())));
        assert!(!shell.folder.join("projects.csv.run").exists(), "the run is over");

        // Again: nothing is written but the answer for whoever asks a third time.
        idempotency::Entity::delete_many().exec(&db.orm).await.expect("cleared");
        let before = dump(&db).await;
        let again = script.run(&["--system", "ERP", "projects.csv"]);
        assert!(again.0 == Some(0) && again.2.contains("0 created, 0 updated, 2 unchanged"), "{again:?}");
        idempotency::Entity::delete_many().exec(&db.orm).await.expect("cleared");
        assert_eq!(dump(&db).await, before);

        // A bad row is told by its place; the others are taken.
        fs::write(shell.folder.join("bad.csv"), "external_id,name,forecast_finish\n7001,Renamed,2026-11-30\n7002,,2026-12-01\n").expect("written");
        let bad = script.run(&["--system", "ERP", "bad.csv"]);
        assert!(bad.0 == Some(1) && bad.2.contains("1 updated") && bad.2.contains("input.items.1.patch.name: REQUIRED"), "{bad:?}");

        // The first run of the feed gives all that the key sees, the next only what has changed since.
        let all = script.changes();
        assert!(all.iter().any(|c| c["node"]["key"] == "IMP-2") && all.iter().all(|c| c["kind"] == "UPSERT"), "{all:?}");
        assert_eq!(script.changes(), Vec::<Value>::new());
        fs::write(shell.folder.join("more.csv"), "external_id,name\n7002,Renamed too\n").expect("written");
        assert_eq!(script.run(&["--system", "ERP", "more.csv"]).0, Some(0));
        server.wait_for_positions(world).await;
        let changed = script.changes();
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!((&changed[0]["node"]["name"], &changed[0]["version"]), (&json!("Renamed too"), &json!("2")));

        // A revoked key is told so, and the place is kept.
        assert_eq!(shell.run(&["key", "revoke", "script"]).code, Some(0));
        let revoked = api_key::Entity::find().filter(api_key::Column::Key.eq("script")).one(&db.orm).await.expect("read").expect("there");
        assert!(revoked.revoked_at.is_some());
        server.terminate();
    }

    async fn the_power_query_is_m_and_its_requests_are_answered(world: &World) {
        let text = fs::read_to_string(settings::workspace().join("examples/projects.pq")).expect("the file");
        let parsed: Value = serde_json::from_str(&node::run("powerquery.mjs", &text)).expect("json");
        assert_eq!(parsed, json!({ "parsed": true, "error": null }));
        let broken: Value = serde_json::from_str(&node::run("powerquery.mjs", &text.replacen("in\n            Checked", "", 1))).expect("json");
        assert_eq!(broken["parsed"], false, "the parser refuses what is no M");

        // The requests that it makes, page by page as it makes them, as a key by Basic.
        let document = text.lines().find_map(|line| line.trim().strip_prefix("Document = \"")?.strip_suffix("\",")).expect("its document");
        let key = crate::support::api_keys::text("bi-products").expect("a key");
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("any:{key}"));
        let client = world.client().await.header("authorization", &format!("Basic {basic}")).header("accept", "application/json");
        let (mut after, mut keys, mut pages) = (Value::Null, vec![], 0);
        loop {
            let pairs = [("query", document.to_owned()), ("variables", json!({ "first": 4, "after": after }).to_string())];
            let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            let reply = client.get(&format!("/graphql?{}", query.join("&"))).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
            let page = reply.data()["projects"].take();
            keys.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["key"].clone()));
            pages += 1;
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        let all = client.get("/graphql?query=%7Bprojects%7BtotalCount%7D%7D").await.data();
        assert_eq!(json!(keys.len()), all["projects"]["totalCount"]);
        assert!(pages > 2, "{pages}");
    }
}

/// The script with its surroundings.
struct Script {
    key: String,
    url: String,
    folder: std::path::PathBuf,
}

impl Script {
    /// Runs it: exit code, what it answers, what it says besides.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let script = settings::workspace().join("examples/upsert_projects.py");
        let output = Command::new("python3")
            .arg("-B")
            .arg(script)
            .args(["--url", &self.url])
            .args(arguments)
            .current_dir(&self.folder)
            .env("FOLIOGRAPH_KEY", &self.key)
            .output();
        let output = match output {
            Ok(output) => output,
            Err(e) if settings::is_ci() => panic!("python3: {e}; and with CI=true it is required"),
            Err(e) => runner::skip(Need::Python, format!("python3: {e}")),
        };
        summary::used(Need::Python, &runner::current_test());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// What has changed since it was asked last.
    fn changes(&self) -> Vec<Value> {
        let (code, out, err) = self.run(&["--changes", "place.txt"]);
        assert_eq!(code, Some(0), "{err}");
        out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}

impl Process {
    /// Waits until the server has given every event its place.
    async fn wait_for_positions(&self, world: &World) {
        let db = world.database().await.orm;
        let waiting =
            async || outbox_event::Entity::find().filter(outbox_event::Column::Position.is_null()).count(&db).await;
        while waiting().await.expect("counted") > 0 {
            tokio::task::yield_now().await;
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
