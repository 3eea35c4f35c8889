//! Followers of KPIs: what each costs in memory, and how long a change takes from its writer to the last of them.
//! `cargo bench --bench subscribers` (`-- --subscribers 10000`, `--long` for more writes). Needs an installed `PostgreSQL`,
//! of which it starts a private server. README.md beside this folder has the results.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use chrono::{NaiveDate, TimeDelta};
use foliograph::{
    auth::{Role, keys::LocalKey, token},
    clock::{Clock as _, SystemClock},
    demo,
    graph::Database,
};
use migration::{Migrator, MigratorTrait as _};
use serde_json::{Value, json};
use sqlx::Connection as _;

mod clients;
mod report;
mod server;

#[path = "../../tests/api/support/folder.rs"]
mod folder;
#[path = "../reads/load.rs"]
#[expect(dead_code, reason = "the reads use all of it")]
mod load;
#[path = "../../tests/api/support/postgres.rs"]
mod postgres;
#[path = "../../tests/api/support/settings.rs"]
#[expect(dead_code, reason = "the test house uses all of it")]
mod settings;

use clients::Crowd;
use report::{Line, Report, quantile};
use server::Server;

// The clients are in this program; as in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Followers, where the command line does not say.
const SUBSCRIBERS: usize = 2_000;
/// Followers that are there before memory counts: what all share grows with the first ones.
const WARM: usize = 100;
/// Documents of those who do not all ask the same.
const DOCUMENTS: usize = 50;
/// The project whose money changes.
const PROJECT: &str = "PR-020";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|a| a == "--bench") {
        println!("Measures only when asked to: cargo bench --bench subscribers");
        return;
    }
    let named = arguments.iter().position(|a| a == "--subscribers").and_then(|at| arguments.get(at + 1)?.parse().ok());
    let (count, writes) =
        (named.unwrap_or(SUBSCRIBERS), if arguments.iter().any(|a| a == "--long") { 500 } else { 100 });
    if let Err(reason) = ready(count) {
        eprintln!("error: {reason}, then run this again.");
        std::process::exit(1);
    }
    let postgres = postgres::Server::start().expect("a private PostgreSQL server");
    let sqlite = format!("sqlite://{}?mode=rwc", folder::folder().join("subscribers.db").display());
    fill(&postgres, &sqlite);
    let mut report = Report::default();
    for (database, url) in [("PostgreSQL", postgres.url("subscribers")), ("SQLite", sqlite)] {
        for documents in [1, DOCUMENTS] {
            eprintln!("{database}, {documents} documents");
            report.lines.push(measure(database, &url, documents, count, writes));
        }
    }
    folder::remove();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let note = format!("{cores} cores, {}, {writes} writes each; clients on the same cores.", SystemClock.today());
    println!("{}\n{note}", report.table());
    for miss in report.misses() {
        println!("over the target: {miss}");
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/subscribers.svg");
    fs::write(&place, report.drawing(&note)).expect("the drawing");
}

/// Whether everything is there; what is to be done where it is not.
fn ready(count: usize) -> Result<(), String> {
    if let Err(reason) = postgres::binaries() {
        return Err(format!("{reason}. Install one (Debian and Ubuntu: apt-get install postgresql)"));
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let due = count + WARM + 500;
    if most < due { Err(format!("{most} open files are too few: ulimit -n {due}")) } else { Ok(()) }
}

/// Makes both databases and loads the demonstration into them.
fn fill(server: &postgres::Server, sqlite: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut admin = sqlx::PgConnection::connect(&server.url("postgres")).await.expect("the server just started");
        sqlx::query("CREATE DATABASE subscribers").execute(&mut admin).await.expect("a database");
        for url in [&server.url("subscribers"), sqlite] {
            let database = Database::connect(url, 1, Duration::from_mins(1)).await.expect("connected");
            Migrator::up(&database.orm, None).await.expect("migrated");
            let day = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day");
            demo::load(&database.orm, day, &SystemClock).await.expect("loaded");
            database.close().await;
        }
    });
}

/// One server with one crowd.
fn measure(database: &'static str, url: &str, documents: usize, count: usize, writes: usize) -> Line {
    let key_file = folder::folder().join("foliograph.key");
    let key = LocalKey::open(&key_file).expect("a key");
    let token = |subject: &str, role| {
        token::mint(&key, SystemClock.now(), subject, &[role], TimeDelta::hours(2)).expect("a token")
    };
    let server = Server::start(url, &key_file);
    let finance = token("writer", Role::Finance);
    let asked = json!({ "query": format!("{{ project(by: {{ key: \"{PROJECT}\" }}) {{ id }} }}") }).to_string();
    let project = load::once(server.address, &load::request(&finance, &asked))["data"]["project"]["id"].clone();
    let mut crowd = Crowd::new(server.address, &project);
    let who = |number: usize| (token(&format!("follower-{number}"), Role::PmoLead), number % documents);
    crowd.join((0..WARM).map(who));
    // Whatever a new day and the first writes bring is there before anything is measured.
    for _ in 0..5 {
        change(&server, &finance, &crowd);
    }
    let before = server.memory();
    let begun = Instant::now();
    crowd.join((WARM..WARM + count).map(who));
    eprintln!("{count} joined in {:.1} s", begun.elapsed().as_secs_f64());
    let joined = server.memory();
    change(&server, &finance, &crowd);
    let (mut answered, mut sent) = (vec![], vec![]);
    for _ in 0..writes {
        let (from_answer, from_sending) = change(&server, &finance, &crowd);
        answered.push(from_answer);
        sent.push(from_sending);
    }
    #[expect(clippy::cast_precision_loss, reason = "far below the limit")]
    let each = |now: u64| now.saturating_sub(before) as f64 / count as f64;
    Line {
        database,
        documents,
        count: WARM + count,
        memory: each(joined),
        memory_after: each(server.memory()),
        answered: [50, 99].map(|part| quantile(&mut answered, part)),
        sent: [50, 99].map(|part| quantile(&mut sent, part)),
    }
}

/// Spends money, and waits until everybody was told: how long after the answer to the finance, and after her request.
fn change(server: &Server, finance: &str, crowd: &Crowd) -> (Duration, Duration) {
    let document =
        "mutation($i: ActualCreateInput!) { actualCreate(input: $i) { actual { id } userErrors { code path } } }";
    let input = json!({
        "itemKey": PROJECT, "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
        "source": "NON_LABOR", "amount": { "amount": "1", "currency": "CHF" },
    });
    let body = json!({ "query": document, "variables": { "i": input } }).to_string();
    let begun = Instant::now();
    let answer = load::once(server.address, &load::request(finance, &body));
    let done = Instant::now();
    assert_ne!(answer["data"]["actualCreate"]["actual"], Value::Null, "{answer:#}");
    let last = crowd.told();
    (last.saturating_duration_since(done), last.saturating_duration_since(begun))
}
