//! What was acknowledged is there, what was not is there whole or not at all: whenever the process dies, whoever hangs up.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use entity::portfolio_item;
use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, EntityTrait, Statement, TransactionTrait as _};
use serde_json::{Value, json};

use crate::support::{
    process::Process,
    product, settings,
    world::Kind,
    writes::{Chance, ask, audit, begin, change, document, events, faults, item, request_key, sql},
};

tests! {
    async fn a_killed_server_leaves_nothing_half_written(world: &World) {
        let (db, _) = begin(world).await;
        let mut chance = Chance::new(11);
        let acknowledged: Arc<Mutex<Vec<(String, i64)>>> = Arc::default();
        let sent = Arc::new(AtomicU64::new(0));
        let rounds = if settings::is_long() { 20 } else { 4 };
        for round in 0..rounds {
            let server = Process::serve(world).await;
            let token = Process::token("anna.keller", Role::PmoLead);
            let stop = Arc::new(AtomicBool::new(false));
            let wanted = acknowledged.lock().expect("unpoisoned").len() + 3 + chance.below(25);
            thread::scope(|scope| {
                for writer in 0..4 {
                    let (server, token, stop, sent, acknowledged) = (server.address(), &token, &stop, &sent, &acknowledged);
                    scope.spawn(move || {
                        let mut number = 0;
                        while !stop.load(Ordering::SeqCst) {
                            number += 1;
                            sent.fetch_add(1, Ordering::SeqCst);
                            let key = format!("K-{round}-{writer}-{number}");
                            let Some(version) = create_or_change(server, token, writer, number, &key) else { return };
                            acknowledged.lock().expect("unpoisoned").push((key, version));
                        }
                    });
                }
                // Killed as soon as some more are acknowledged: the others are somewhere between begin and answer.
                while acknowledged.lock().expect("unpoisoned").len() < wanted {
                    thread::yield_now();
                }
                server.kill();
                stop.store(true, Ordering::SeqCst);
            });
            drop(server);
            quiet(&db).await;
            is_whole(&db).await;
        }
        let kept: BTreeMap<String, i64> = audit(&db).await.iter().map(|e| (name_in(&e.changes), e.target_version)).collect();
        for (name, version) in acknowledged.lock().expect("unpoisoned").iter() {
            // The payload is read after the commit, so that the next writer may have been there already.
            assert!(kept.get(name).is_some_and(|kept| kept <= version), "{name} was acknowledged, and is {:?}", kept.get(name));
        }
        assert!(sent.load(Ordering::SeqCst) > acknowledged.lock().expect("unpoisoned").len() as u64, "no request was under way at a kill");
        // And a server that comes up again writes on.
        let server = Process::serve(world).await;
        let token = Process::token("anna.keller", Role::PmoLead);
        assert!(create_or_change(server.address(), &token, 0, 1, "K-LAST").is_some());
        is_whole(&db).await;
    }

    async fn a_server_killed_before_its_commit_has_done_nothing(world: &World) {
        let (db, _) = begin(world).await;
        let server = Process::serve(world).await;
        let token = Process::token("anna.keller", Role::PmoLead);
        // Whoever holds the last table that a change writes keeps it between its statements and its commit.
        let holder = db.begin().await.expect("a transaction");
        let hold = if world.kind == Kind::Postgres { "LOCK TABLE outbox_event IN EXCLUSIVE MODE" } else { "UPDATE outbox_head SET purged = 0" };
        holder.execute_unprepared(hold).await.expect("held");
        let mut stream = server.connect();
        let body = rename("PR-001", "Unseen", &request_key(1));
        let request = format!("POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).expect("sent");
        if world.kind == Kind::Postgres {
            until(&db, "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()", 1).await;
        }
        server.kill();
        drop(server);
        holder.rollback().await.expect("released");
        quiet(&db).await;
        assert_eq!((item(&db, "PR-001").await.version, audit(&db).await.len(), events(&db).await.len()), (1, 0, 0));
        // The key was not used up.
        let server = Process::serve(world).await;
        let answer = server.post(&token, &rename("PR-001", "Unseen", &request_key(1))).json();
        assert_eq!(answer["data"]["projectUpdate"]["replayed"], false, "{answer}");
        is_whole(&db).await;
    }

    async fn whoever_hangs_up_leaves_it_whole(world: &World) {
        let (db, lead) = begin(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let mut chance = Chance::new(5);
        for round in 0..30 {
            let body = rename("PR-001", &format!("Round {round}"), &request_key(round));
            let request = format!("POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let mut stream = server.connect().await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
            for _ in 0..chance.below(200) {
                tokio::task::yield_now().await;
            }
            drop(stream);
        }
        // A change after all of them waits for whatever still runs.
        let last = change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": "Last" } })).await;
        assert_eq!(faults(&last), Vec::<String>::new());
        is_whole(&db).await;
    }

    async fn a_change_that_waits_too_long_is_told_and_undone(world: &World) {
        let (db, _) = begin(world).await;
        let config = foliograph::config::Config { timeout_seconds: 1, ..product::settings(world.url().await) };
        let app = product::open(config, world.clock.clone()).await.expect("the product");
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let lead = crate::support::client::Client::new(app.router()).bearer(&token);
        lead.query("{ viewer { subject } }").await.data();
        let holder = db.begin().await.expect("a transaction");
        holder.execute_unprepared("UPDATE portfolio_item SET priority = 1 WHERE key = 'PR-001'").await.expect("held");
        let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": "Late" }, "clientMutationKey": request_key(1) });
        let late = ask(&lead, "projectUpdate", input.clone()).await;
        assert_eq!((late.status.as_u16(), late.error_codes()), (504, vec!["TIMEOUT".to_owned()]));
        late.tells_no_secrets();
        holder.rollback().await.expect("released");
        quiet(&db).await;
        assert_eq!((audit(&db).await.len(), item(&db, "PR-001").await.version), (0, 1));
        let again = change(&lead, "projectUpdate", input).await;
        assert_eq!((faults(&again), &again["replayed"]), (vec![], &json!(false)));
        is_whole(&db).await;
    }

    async fn a_fault_of_the_database_says_nothing_of_it_and_harms_no_neighbor(world: &World) {
        let (db, lead) = begin(world).await;
        sql(&db, if world.kind == Kind::Postgres { "ALTER TABLE outbox_event ADD CONSTRAINT the_secret_rule CHECK (mutation <> 'projectUpdate')" } else {
            "CREATE TRIGGER the_secret_rule BEFORE INSERT ON outbox_event WHEN NEW.mutation = 'projectUpdate' BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: the_secret_rule'); END"
        }).await;
        let reply = lead.query("mutation { a: projectArchive(input: {ref: {key: \"PR-007\"}, ifVersion: \"*\"}) { userErrors { code } } b: projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: \"Other\"}}) { userErrors { code } } c: projectArchive(input: {ref: {key: \"PR-019\"}, ifVersion: \"*\"}) { userErrors { code } } }").await;
        assert_eq!((reply.status.as_u16(), reply.error_codes()), (200, vec!["INTERNAL".to_owned()]));
        reply.tells_no_secrets();
        for word in ["secret", "rule", "outbox", "constraint", "CHECK", "trigger"] {
            assert!(!reply.text().contains(word), "{}", reply.text());
        }
        assert_eq!((reply.at("/data/a/userErrors"), reply.at("/data/b"), reply.at("/data/c/userErrors")), (json!([]), Value::Null, json!([])));
        assert_eq!(reply.at("/errors/0/path"), json!(["b"]));
        assert_eq!((item(&db, "PR-001").await.version, audit(&db).await.len()), (1, 2));
        is_whole(&db).await;
    }

    async fn many_writers_lose_no_change(world: &World) {
        let (db, lead) = begin(world).await;
        let mut chance = Chance::new(3);
        let keys = ["PR-001", "PR-002", "PR-003", "PR-005", "PR-052"];
        let parents = ["PG-ERP", "PG-SECURITY", "PF-IT", "PF-PRODUCTS"];
        let mut done = 0;
        for round in 0..6_u64 {
            let wishes: Vec<Value> = (0..8).map(|_| {
                let patch = match chance.below(3) {
                    0 => json!({ "name": format!("Name {}", chance.below(1_000)) }),
                    1 => json!({ "parentKey": chance.one_of(&parents) }),
                    _ => json!({ "priority": chance.below(5) + 1 }),
                };
                json!({ "ref": { "key": chance.one_of(&keys) }, "ifVersion": "*", "patch": patch })
            }).collect();
            let single = join_all(wishes.into_iter().map(|input| change(&lead, "projectUpdate", input)));
            let items: Vec<Value> = keys.iter().rev().map(|key| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "phase": format!("Phase {round}") } })).collect();
            let lists = join_all((0..2).map(|n| change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(10 * round + n), "items": items }))));
            let (single, lists) = futures_util::join!(single, lists);
            assert!(single.iter().chain(&lists).all(|d| faults(d).is_empty()), "{single:?} {lists:?}");
            done += single.len();
        }
        assert_eq!(done, 48);
        is_whole(&db).await;
    }
}

fn rename(key: &str, name: &str, request: &str) -> String {
    let input =
        json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "name": name }, "clientMutationKey": request });
    json!({ "query": document("projectUpdate"), "variables": { "input": input } }).to_string()
}

/// Asks the server for a new project or another name for one; its version, or none where the server did not answer.
fn create_or_change(server: SocketAddr, token: &str, writer: usize, number: u64, key: &str) -> Option<i64> {
    let (mutation, input) = if number.is_multiple_of(3) {
        ("projectCreate", json!({ "key": key, "name": key, "baseCurrency": "EUR", "parentKey": "PG-ERP" }))
    } else {
        let row = ["PR-001", "PR-002", "PR-001", "PR-052"][writer];
        ("projectUpdate", json!({ "ref": { "key": row }, "ifVersion": "*", "patch": { "name": key } }))
    };
    let body = json!({ "query": document(mutation), "variables": { "input": input } }).to_string();
    let answer: Value = serde_json::from_str(&Process::try_post(server, token, &body)?).ok()?;
    let version = answer["data"][mutation]["project"]["version"].as_str();
    Some(version.unwrap_or_else(|| panic!("refused: {answer}")).parse().expect("a number"))
}

/// The name that an audit entry says was given.
fn name_in(changes: &str) -> String {
    let changes: Vec<Value> = serde_json::from_str(changes).expect("JSON");
    let name = changes.iter().find(|c| c["field"] == "name").and_then(|c| c["after"].as_str());
    name.unwrap_or_default().to_owned()
}

/// Waits until no transaction of a server that is gone is open any more.
async fn quiet(db: &DatabaseConnection) {
    if db.get_database_backend() == sea_orm::DbBackend::Postgres {
        until(db, "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()", 0).await;
    } else {
        sql(db, "UPDATE outbox_head SET purged = 0").await;
    }
}

/// Asks until the count is this one.
async fn until(db: &DatabaseConnection, query: &str, wanted: i64) {
    loop {
        let statement = Statement::from_string(db.get_database_backend(), query);
        let row = db.query_one_raw(statement).await.expect("an answer").expect("a row");
        if row.try_get::<i64>("", "n").expect("a number") == wanted {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Every version of an object that is not the demonstration's has its entry and its event, and every entry and event its
/// version; nothing is there twice.
async fn is_whole(db: &DatabaseConnection) {
    let (entries, told) = (audit(db).await, events(db).await);
    let mut versions_told: Vec<(String, i64)> = told.iter().map(|e| (e.target_id.to_string(), e.version)).collect();
    let mut versions_kept: Vec<(String, i64)> =
        entries.iter().map(|e| (e.target_id.to_string(), e.target_version)).collect();
    // What belongs to an item that moved is told again without a version of its own.
    let moved: Vec<_> = told
        .iter()
        .filter(|e| !matches!(e.target_type.as_str(), "Portfolio" | "Program" | "Project") && e.was_there)
        .map(|e| (e.target_id.to_string(), e.version))
        .collect();
    versions_told.retain(|v| !moved.contains(v));
    versions_told.sort();
    versions_kept.sort();
    assert_eq!(versions_told, versions_kept);
    let mut twice = versions_kept.clone();
    twice.dedup();
    assert_eq!(twice.len(), versions_kept.len(), "one version was written twice");
    for row in portfolio_item::Entity::find().all(db).await.expect("items") {
        let count =
            i64::try_from(versions_kept.iter().filter(|(id, _)| *id == row.id.to_string()).count()).expect("few");
        let is_new = entries.iter().any(|e| e.target_id == row.id && e.action == "CREATED");
        assert_eq!(row.version, count + i64::from(!is_new), "versions of {}", row.key);
    }
}
