//! Reads compared with a floor: `cargo bench --bench reads` (`-- --long` for more rounds). Needs an installed
//! `PostgreSQL`, of which it starts a private server, and nothing else. README.md beside this folder has the results.

use std::{fs, path::Path, sync::Arc, time::Duration};

use chrono::TimeDelta;
use foliograph::{
    auth::{Role, keys::LocalKey, token},
    clock::{Clock as _, SystemClock},
    graph::Database,
};
use migration::{Migrator, MigratorTrait as _};
use sqlx::Connection as _;

mod cpu;
mod data;
mod floor;
mod load;
mod queries;
mod report;
mod server;

#[path = "../../tests/api/support/folder.rs"]
mod folder;
#[path = "../../tests/api/support/postgres.rs"]
mod postgres;
#[path = "../../tests/api/support/settings.rs"]
#[expect(dead_code, reason = "the test house uses all of it")]
mod settings;

use queries::Query;
use report::{Cell, Report, Sample, Target};
use server::{Kind, Server};

// As in the product, for the floor too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clients at a time.
const CLIENTS: [usize; 2] = [1, 16];
/// Who asks: the lead sees all but what is confidential, the sponsor what she sponsors and what is active.
const CALLERS: [(&str, Role); 2] = [(data::LEAD, Role::PmoLead), (data::SPONSOR, Role::Sponsor)];

fn main() {
    server::serve_if_asked();
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|a| a == "--bench") {
        println!("Measures only when asked to: cargo bench --bench reads");
        return;
    }
    let is_long = arguments.iter().any(|a| a == "--long");
    if let Err(reason) = postgres::binaries() {
        eprintln!("error: {reason}. Install one (Debian and Ubuntu: apt-get install postgresql), then run this again.");
        std::process::exit(1);
    }
    let database = postgres::Server::start().expect("a private PostgreSQL server");
    let postmaster = fs::read_to_string(folder::folder().join("postgres/data/postmaster.pid")).expect("its pid file");
    let postmaster = postmaster.lines().next().and_then(|pid| pid.parse().ok()).expect("its pid");
    let sqlite = format!("sqlite://{}?mode=rwc", folder::folder().join("reads.db").display());
    fill(&database, &sqlite, arguments.iter().any(|a| a == "--generic-plans"));
    let measured = measure(&database.url("reads"), &sqlite, postmaster, is_long);
    folder::remove();
    let (report, memory) = measured;
    let note = format!(
        "{} cores, {}, medians of {} rounds; peak memory of our server {memory} MiB.",
        std::thread::available_parallelism().map_or(0, usize::from),
        SystemClock.today(),
        rounds(is_long).0,
    );
    println!("{}\n{note}", report.table());
    for miss in report.misses() {
        println!("over the target: {miss}");
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reads.svg");
    fs::write(&place, report.drawing(&note)).expect("the drawing");
}

/// How many rounds, and how long each measurement takes.
fn rounds(is_long: bool) -> (usize, Duration) {
    if is_long { (9, Duration::from_secs(1)) } else { (3, Duration::from_millis(500)) }
}

/// Makes and fills both databases. With `generic`, `PostgreSQL` plans a prepared statement once and not for its values:
/// shows how much of the difference is planning.
fn fill(server: &postgres::Server, sqlite: &str, generic: bool) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut admin = sqlx::PgConnection::connect(&server.url("postgres")).await.expect("the server just started");
        sqlx::query("CREATE DATABASE reads").execute(&mut admin).await.expect("a database");
        if generic {
            let set = "ALTER DATABASE reads SET plan_cache_mode = force_generic_plan";
            sqlx::query(set).execute(&mut admin).await.expect("set");
        }
        for url in [&server.url("reads"), sqlite] {
            let database = Database::connect(url, 1, Duration::from_secs(60)).await.expect("connected");
            Migrator::up(&database.orm, None).await.expect("migrated");
            data::load(&database).await.expect("loaded");
            database.close().await;
        }
    });
}

/// Checks that answers are equal, then measures.
fn measure(postgres: &str, sqlite: &str, postmaster: u32, is_long: bool) -> (Report, u64) {
    let key_file = folder::folder().join("foliograph.key");
    let key = LocalKey::open(&key_file).expect("a key");
    let servers = [
        (Target::Ours, Server::start(Kind::Ours, postgres, &key_file)),
        (Target::Floor, Server::start(Kind::Floor, postgres, &key_file)),
        (Target::Sqlite, Server::start(Kind::Ours, sqlite, &key_file)),
    ];
    let mut cells = vec![];
    for query in Query::ALL {
        for (caller, role) in CALLERS {
            let token = token::mint(&key, SystemClock.now(), caller, &[role], TimeDelta::hours(2)).expect("a token");
            let requests: Arc<[Vec<u8>]> = query.bodies().iter().map(|body| load::request(&token, body)).collect();
            for request in requests.iter().take(20) {
                verify(query, &servers.each_ref().map(|(_, server)| load::once(server.address, request)));
            }
            cells.extend(CLIENTS.map(|clients| (Cell { query, caller, clients }, requests.clone())));
        }
    }
    let (rounds, time) = rounds(is_long);
    let mut report = Report::default();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (cell, requests) in &cells {
            let mut turn: Vec<_> = servers.iter().collect();
            if round % 2 == 1 {
                turn.reverse();
            }
            for (target, server) in turn {
                let used = || (cpu::of_tree(server.pid), cpu::of_tree(postmaster));
                let mut before = used();
                let done = load::run(server.address, requests, cell.clients, time, || before = used());
                let after = used();
                #[expect(clippy::cast_precision_loss, reason = "far below the limit")]
                let count = done.count as f64;
                let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
                let own = each(after.0.saturating_sub(before.0));
                let database = if *target == Target::Sqlite { 0.0 } else { each(after.1.saturating_sub(before.1)) };
                let rate = count / done.took.as_secs_f64();
                report.samples.push(Sample { cell: *cell, target: *target, cpu: own + database, server: own, rate });
            }
        }
    }
    (report, cpu::peak_memory(servers[0].1.pid))
}

/// All three answers hold the same data, some of it, and nothing else.
fn verify(query: Query, answers: &[serde_json::Value; 3]) {
    let rows = |answer: &serde_json::Value| match query {
        Query::Point => usize::from(answer["data"]["project"].is_object()),
        Query::List | Query::Bulk => answer["data"]["projects"]["nodes"].as_array().map_or(0, Vec::len),
    };
    let due = match query {
        Query::Point => 1,
        Query::List => 100,
        Query::Bulk => 1_000,
    };
    for answer in answers {
        assert_eq!(rows(answer), due, "{query:?}: {}", answer.to_string().chars().take(600).collect::<String>());
        assert!(*answer == answers[0], "{query:?}: the answers are not equal");
    }
}
