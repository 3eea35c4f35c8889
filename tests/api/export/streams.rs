//! How a file travels: in chunks, in little memory, compressed when asked, broken off where it cannot be finished.

use std::{
    io::{Read as _, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use entity::portfolio_item;
use foliograph::{auth::Role, config::Config};
use http_body_util::BodyExt as _;
use sea_orm::{ConnectionTrait as _, IdenStatic as _, Iterable as _};

use super::lines;
use crate::support::{World, client::Client, process::Process, product, world::Kind};

/// Enough projects that a file of them is far larger than the memory that it may take.
const MANY: usize = 50_000;
/// Enough that a file is larger than what waits on its way, over TCP too.
pub const SOME: usize = 15_000;
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

tests! {
    async fn a_large_file_takes_little_memory(world: &World) {
        add_projects(world, MANY).await;
        let server = Process::serve_underived(world).await;
        let token = Process::token("somebody", Role::PmoLead);
        let get = |path: &str| {
            let mut stream = server.connect();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n", server.address()).expect("sent");
            let (mut bytes, mut buffer, mut last) = (0, vec![0; 256 * 1024], vec![]);
            loop {
                let count = stream.read(&mut buffer).expect("bytes");
                if count == 0 {
                    break (bytes, last);
                }
                bytes += count;
                last.extend_from_slice(&buffer[..count]);
                last.drain(..last.len().saturating_sub(7));
            }
        };
        get("/export/v1/people.csv");
        let cold = server.peak_memory();
        for path in ["/export/v1/projects.jsonl", "/export/v1/projects.csv"] {
            let began = Instant::now();
            let (bytes, last) = get(path);
            let took = began.elapsed();
            assert!(bytes > MANY * 300, "{path}: {bytes} bytes");
            assert_eq!(last, b"\r\n0\r\n\r\n", "the file ends as a whole one does");
            let grown = server.peak_memory() - cold;
            println!("{path} {}: {bytes} bytes in {took:?}, peak {grown} kB above {cold} kB", world.kind.name());
            assert!(grown < 24 * 1024, "{path}: {grown} kB more than the {cold} kB before it, for {bytes} bytes");
        }
        server.stop();
    }

    async fn a_compressed_file_is_the_same_file(world: &World) {
        add_projects(world, 2_000).await;
        let client = world.reader().await;
        for path in ["/export/v1/projects.csv", "/export/v1/projects.jsonl"] {
            let (plain, packed) = (client.get(path).await, client.header("accept-encoding", "gzip").get(path).await);
            assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
            let mut unpacked = vec![];
            flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).expect("a whole gzip stream");
            assert!(unpacked == plain.bytes && packed.bytes.len() * 4 < plain.bytes.len(), "{} of {}", packed.bytes.len(), plain.bytes.len());
        }
    }

    async fn rows_come_by_id_each_once(world: &World) {
        add_projects(world, 3_000).await;
        let client = world.reader().await;
        let rows = lines(&client.get("/export/v1/projects.jsonl?columns=id").await);
        let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().expect("an id")).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "by id, none twice");
        let total = client.query("{ projects { totalCount } }").await.data()["projects"]["totalCount"].as_u64().expect("a number");
        assert_eq!(u64::try_from(ids.len()).expect("a number"), total);
    }

    async fn a_client_that_leaves_frees_its_place(world: &World) {
        add_projects(world, SOME).await;
        let client = with(world, |config| config.max_exports = 1).await;
        let mut held = client.open(get()).await.into_body();
        let first = held.frame().await.expect("a frame").expect("bytes").into_data().expect("bytes");
        assert!((64 * 1024..80 * 1024).contains(&first.len()), "{} bytes of a chunk", first.len());
        let refused = client.get("/export/v1/people.csv").await;
        assert_eq!((refused.status, refused.error_codes()), (StatusCode::TOO_MANY_REQUESTS, vec!["RATE_LIMITED".to_owned()]));
        assert_eq!((refused.header("retry-after"), refused.at("/errors/0/extensions/retryable")), ("10", true.into()));
        drop(held);
        assert!(!lines(&free(&client).await).is_empty());
        statements_end(world).await;
        // Neither a refusal nor a file read to its end keeps a place.
        for _ in 0..3 {
            assert_eq!(client.get("/export/v1/projects.csv?limit=1").await.status, StatusCode::BAD_REQUEST);
            free(&client).await;
        }
    }

    async fn exports_leave_the_connections_of_reads_alone(world: &World) {
        add_projects(world, SOME).await;
        let client = with(world, |config| (config.max_exports, config.database_connections) = (3, 1)).await;
        let mut held = vec![];
        for _ in 0..3 {
            let mut body = client.open(get()).await.into_body();
            body.frame().await.expect("a frame").expect("bytes");
            held.push(body);
        }
        let reply = tokio::time::timeout(PATIENCE, client.query("{ projects(first: 1) { nodes { id } } }")).await.expect("an answer");
        assert_eq!(reply.error_codes(), Vec::<String>::new());
    }

    async fn a_file_past_its_time_is_broken_off(world: &World) {
        add_projects(world, SOME).await;
        let client = with(world, |config| (config.max_exports, config.export_timeout_seconds) = (1, 3)).await;
        for encoding in ["identity", "gzip"] {
            let client = client.header("accept-encoding", encoding);
            let mut held = client.open(get()).await.into_body();
            held.frame().await.expect("a frame").expect("bytes");
            // The place is free again once the time is over, while nobody reads.
            free(&client).await;
            let rest = held.collect().await;
            assert!(rest.is_err(), "{encoding}: the file looks whole");
        }
    }

    async fn a_file_may_take_longer_than_a_request(world: &World) {
        add_projects(world, SOME).await;
        let client = with(world, |config| config.timeout_seconds = 1).await;
        let mut held = client.open(get()).await.into_body();
        held.frame().await.expect("a frame").expect("bytes");
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(1_200) {
            assert_eq!(client.query("{ projects(first: 1) { totalCount } }").await.status, StatusCode::OK);
        }
        let rest = held.collect().await.expect("a whole file").to_bytes();
        assert!(rest.ends_with(b"}\n") && rest.split(|byte| *byte == b'\n').count() > SOME - 1_000);
    }

    async fn a_broken_file_has_no_end_over_tcp(world: &World) {
        add_projects(world, SOME).await;
        let config = Config { max_exports: 1, export_timeout_seconds: 1, ..product::settings(world.url().await) };
        let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let server = crate::support::client::Server::start(app.router()).await;
        let token = product::token(&*world.clock, "somebody", &[Role::PmoLead]);
        let client = Client::new(app.router()).bearer(&token);
        let mut stream = server.connect().await;
        let request = format!("GET /export/v1/projects.jsonl HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
        let mut head = [0; 64];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut head).await.expect("a beginning");
        assert!(head.starts_with(b"HTTP/1.1 200"));
        free(&client).await;
        let mut rest = vec![];
        // A reset instead of an end is as clear.
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
        assert!(!rest.ends_with(b"0\r\n\r\n"), "the file looks whole after {} bytes", rest.len());
    }

    async fn a_file_that_never_begins_is_an_error_with_a_code(world: &World) {
        let client = with(world, |config| config.export_timeout_seconds = 0).await;
        let reply = client.get("/export/v1/projects.csv").await;
        assert_eq!((reply.status, reply.error_codes()), (StatusCode::GATEWAY_TIMEOUT, vec!["TIMEOUT".to_owned()]), "{}", reply.text());
        assert_eq!(reply.header("content-disposition"), "");
    }
}

fn get() -> Request<Body> {
    Request::get("/export/v1/projects.jsonl").body(Body::empty()).expect("a request")
}

/// A client of the product with changed settings, as the head of the project management office.
async fn with(world: &World, change: impl FnOnce(&mut Config)) -> Client {
    let mut config = product::settings(world.url().await);
    change(&mut config);
    let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
    Client::new(app.router()).bearer(&product::token(&*world.clock, "somebody", &[Role::PmoLead]))
}

/// The answer to a small export once there is a place for it.
async fn free(client: &Client) -> crate::support::client::Reply {
    let began = Instant::now();
    loop {
        let reply = client.get("/export/v1/people.jsonl?columns=key").await;
        if reply.status == StatusCode::OK {
            return reply;
        }
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{}", reply.text());
        assert!(began.elapsed() < PATIENCE, "the place is never free");
        tokio::task::yield_now().await;
    }
}

/// Waits until the database server works on no rows of projects any more. A SQLite statement ends with its connection.
async fn statements_end(world: &World) {
    if world.kind == Kind::Sqlite {
        return;
    }
    let orm = world.database().await.orm;
    let running = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
        AND pid <> pg_backend_pid() AND query LIKE '%FROM portfolio_item t0%'";
    let began = Instant::now();
    while !orm
        .query_all_raw(sea_orm::Statement::from_string(orm.get_database_backend(), running))
        .await
        .expect("activity")
        .is_empty()
    {
        assert!(began.elapsed() < PATIENCE, "the statement of a client that left still runs");
    }
}

/// Adds so many projects that are like one of the demonstration.
pub async fn add_projects(world: &World, count: usize) {
    let columns: Vec<&str> = portfolio_item::Column::iter().map(|column| column.as_str()).collect();
    let (id, rows) = match world.kind {
        Kind::Sqlite => (
            "randomblob(16)",
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"
            ),
        ),
        Kind::Postgres => ("gen_random_uuid()", format!("(SELECT generate_series(1, {count}) AS i)")),
    };
    let values: Vec<String> = columns
        .iter()
        .map(|column| match *column {
            "id" => id.to_owned(),
            "key" => "'BULK-' || n.i".to_owned(),
            column => format!("t.{column}"),
        })
        .collect();
    let statement = format!(
        "INSERT INTO portfolio_item ({}) SELECT {} FROM {rows} n CROSS JOIN portfolio_item t WHERE t.key = 'PR-001'",
        columns.join(", "),
        values.join(", ")
    );
    world.database().await.orm.execute_unprepared(&statement).await.expect("projects");
}
