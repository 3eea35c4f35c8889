//! The clients that people copy: the script and the followers of KPIs run against the real server, the query is taken by
//! Microsoft's parser and its requests are answered.

use std::{env, fs, net::SocketAddr, path::PathBuf, process::Command};

use axum::http::StatusCode;
use chrono::Duration;
use entity::{api_key, idempotency, outbox_event, portfolio_item};
use foliograph::{
    auth::{Role, token},
    clock::{Clock as _, SystemClock},
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    World,
    dump::dump,
    node,
    process::{Process, Shell},
    product, python,
    relay::Relay,
    runner, settings,
    socket::Socket,
    summary::{self, Need},
    writes::{begin, document, item_id, sql},
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

    async fn the_follower_in_typescript_misses_nothing_and_repeats_nothing(world: &World) {
        Follower::typescript().is_told_each_change_once(world).await;
    }

    async fn the_follower_in_python_misses_nothing_and_repeats_nothing(world: &World) {
        Follower::python().is_told_each_change_once(world).await;
    }

    async fn the_follower_in_typescript_comes_back_with_a_new_token_and_begins_anew(world: &World) {
        Follower::typescript().outlives_its_token_and_its_place(world).await;
    }

    async fn the_follower_in_python_comes_back_with_a_new_token_and_begins_anew(world: &World) {
        Follower::python().outlives_its_token_and_its_place(world).await;
    }

    async fn the_follower_in_typescript_is_checked_by_its_compiler() {
        let text = fs::read_to_string(settings::workspace().join("examples/follow_kpis.ts")).expect("the file");
        node::compiled("follow_kpis.ts");
        let wrong = text.replacen("keep(event.cursor)", "keep(event.causedBy)", 1);
        let said = node::compile(&wrong, "wrong.ts").expect_err("an object is no text");
        assert!(said.contains("TS2345"), "{said}");
    }
}

const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor, $initial: Boolean) { \
    kpiChanged(filter: $filter, after: $after, initial: $initial) { ... on KpiChangeEvent { cursor previous kpi { value } } ... on StreamReset { reason } } }";

/// A program that follows KPIs, in its own folder.
struct Follower {
    program: &'static str,
    script: PathBuf,
    shell: Shell,
}

impl Follower {
    fn typescript() -> Self {
        Self::new("node", node::compiled("follow_kpis.ts"), &[])
    }

    fn python() -> Self {
        let packages = python::packages().to_str().expect("a path of text");
        Self::new("python3", settings::workspace().join("examples/follow_kpis.py"), &[("PYTHONPATH", packages)])
    }

    fn new(program: &'static str, script: PathBuf, more: &[(&str, &str)]) -> Self {
        let own = [("FOLIOGRAPH_TOKEN_FILE", "token.txt"), ("PYTHONDONTWRITEBYTECODE", "1")];
        let path = env::var("PATH").unwrap_or_default();
        let shell = Shell::new().with("PATH", &path);
        let shell = own.iter().chain(more).fold(shell, |shell, (name, value)| shell.with(name, value));
        Self { program, script, shell }
    }

    /// Starts it on one KPI of one item.
    fn start(&self, server: SocketAddr, item: &str) -> Process {
        let (script, url) = (self.script.to_str().expect("a path of text"), format!("http://{server}"));
        self.shell.start_program(self.program, &[script, "--url", &url, "--scope", item, "EV_AC"])
    }

    fn place(&self) -> Option<String> {
        fs::read_to_string(self.shell.folder.join("place.txt")).ok()
    }

    fn has_token(&self, token: &str) {
        fs::write(self.shell.folder.join("token.txt"), format!("{token}\n")).expect("written");
    }

    /// Waits until it has kept its place after a line.
    async fn kept(&self, line: &str) {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        while self.place().as_deref() != line["cursor"].as_str() {
            tokio::task::yield_now().await;
        }
    }

    async fn is_told_each_change_once(&self, world: &World) {
        let (db, _) = begin(world).await;
        let item = item_id(&db, "PR-020").await;
        let lead = Process::token("anna.keller", Role::PmoLead);
        self.has_token(&lead);
        let server = Process::serve(world).await;
        let relay = Relay::before(server.address());
        let mut spender = Spender::new(&server, &item).await;
        spender.spend(&server, 1).await;

        let mut first = self.start(relay.address(), &item);
        assert_eq!(cause(&first.stdout.until("EV_AC")), Value::Null, "the value of now comes first");
        let mut due = vec![spender.spend(&server, 2).await];
        let line = first.stdout.until(&due[0].0);
        self.kept(&line).await;
        first.kill();
        let mut told = changes(&first.finish().stdout);

        // Nobody listens to the next two; whoever comes back is told them in order, and then what follows.
        due.push(spender.spend(&server, 3).await);
        due.push(spender.spend(&server, 4).await);
        let mut second = self.start(relay.address(), &item);
        due.push(spender.spend(&server, 5).await);
        second.stdout.until(&due[3].0);

        // The server dies, and another takes its place: the client comes back by itself, with the cursor of its last event.
        relay.hold();
        server.kill();
        drop(server);
        let server = Process::serve(world).await;
        spender = spender.moved_to(&server).await;
        due.push(spender.spend(&server, 6).await);
        relay.turn(server.address());
        second.stdout.until(&due[4].0);
        due.push(spender.spend(&server, 7).await);
        let line = second.stdout.until(&due[5].0);
        self.kept(&line).await;
        second.kill();
        told.extend(changes(&second.finish().stdout));
        assert_eq!(told, due);
        server.stop();
    }

    async fn outlives_its_token_and_its_place(&self, world: &World) {
        let (db, _) = begin(world).await;
        let item = item_id(&db, "PR-020").await;
        let server = Process::serve(world).await;
        let mut spender = Spender::new(&server, &item).await;
        self.has_token(&Process::token("anna.keller", Role::PmoLead));
        let mut follower = self.start(server.address(), &item);
        follower.stdout.until("EV_AC");
        let event = spender.spend(&server, 2).await;
        let line = follower.stdout.until(&event.0);
        self.kept(&line).await;
        follower.kill();
        follower.finish();

        // Its token ends while it listens: it comes back with the next one, which stands in its file by then.
        let (key, begun) = (product::local_key(), SystemClock.now() - Duration::hours(1) + Duration::seconds(3));
        self.has_token(
            &token::mint(&key, begun, "anna.keller", &[Role::PmoLead], Duration::hours(1)).expect("a token"),
        );
        let mut follower = self.start(server.address(), &item);
        assert!(follower.stderr.until("token expired").contains("4403"));
        self.has_token(&Process::token("anna.keller", Role::PmoLead));
        let event = spender.spend(&server, 3).await;
        let line = follower.stdout.until(&event.0);
        self.kept(&line).await;
        follower.kill();
        assert_eq!(changes(&follower.finish().stdout), [event]);

        // Away for more than a week: what happened meanwhile is kept no more.
        let before = spender.spend(&server, 4).await;
        sql(&db, "UPDATE outbox_event SET at = '2020-01-01T00:00:00Z'").await;
        let mut follower = self.start(server.address(), &item);
        follower.stderr.until("RETENTION");
        let now = follower.stdout.until(&before.0);
        assert!(cause(&now).is_null() && self.place().is_none(), "{now}");
        let event = spender.spend(&server, 5).await;
        follower.stdout.until(&event.0);
        follower.kill();
        assert_eq!(changes(&follower.finish().stdout), [event]);

        // A credential that is none ends it.
        self.has_token("nonsense");
        let refused = self.start(server.address(), &item).finish();
        assert!(refused.code == Some(1) && refused.stderr.contains("refused: unauthorized"), "{refused:?}");
        server.stop();
    }
}

/// Who spends money on a project, and is told what its EV_AC is then.
struct Spender {
    socket: Socket,
    item: String,
    last: Value,
}

impl Spender {
    async fn new(server: &Process, item: &str) -> Self {
        Self::after(server, item, Value::Null).await
    }

    async fn after(server: &Process, item: &str, last: Value) -> Self {
        let mut socket = Socket::of(server.address(), &Process::token("reader", Role::PmoLead)).await;
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [item], "includeDescendants": false });
        socket.subscribe("a", FOLLOW, json!({ "filter": filter, "after": last, "initial": true })).await;
        if last.is_null() {
            // With the value of now it has begun.
            socket.take("a", 1).await;
        }
        Self { socket, item: item.to_owned(), last }
    }

    /// Goes on with another server on the same database.
    async fn moved_to(self, server: &Process) -> Self {
        Self::after(server, &self.item, self.last).await
    }

    /// Spends an amount; the value that is told of it as text, and the value before.
    async fn spend(&mut self, server: &Process, amount: u32) -> (String, String) {
        let spent = json!({
            "itemId": self.item, "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
            "source": "NON_LABOR", "amount": { "amount": amount.to_string(), "currency": "CHF" },
        });
        let body = json!({ "query": document("actualCreate"), "variables": { "input": spent } });
        let told = server.post(&Process::token("stefan.brunner", Role::Finance), &body.to_string()).json();
        assert_eq!(told["data"]["actualCreate"]["userErrors"], json!([]), "{told}");
        let event = self.socket.take("a", 1).await[0]["data"]["kpiChanged"].take();
        self.last = event["cursor"].clone();
        (text(&event["kpi"]["value"]), text(&event["previous"]))
    }
}

/// The changes among lines: value and the value before. What has no cause is no change.
fn changes(lines: &str) -> Vec<(String, String)> {
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    let changed = events.filter(|event| !event["causedBy"].is_null());
    changed.map(|event| (text(&event["kpi"]["value"]), text(&event["previous"]))).collect()
}

/// What a line says of its cause.
fn cause(line: &str) -> Value {
    serde_json::from_str::<Value>(line).expect("a JSON line")["causedBy"].take()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
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
