//! What the page says of the server: what it keeps, who follows it, how far it is behind, and whether its database answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use foliograph::{
    app::App,
    auth::Role,
    config::{Config, Toggle},
};
use http_body_util::BodyExt as _;
use serde_json::json;
use uuid::Uuid;

use crate::{
    changes::Puller,
    export::{SOME, add_projects},
    support::{
        World,
        client::Client,
        product,
        scrape::Page,
        socket::Socket,
        world::{Kind, noon},
        writer::Writer,
        writes,
    },
};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

const FAMILIES: [&str; 24] = [
    "foliograph_build_info",
    "foliograph_cache_bytes",
    "foliograph_cache_entries",
    "foliograph_cache_evictions_total",
    "foliograph_cache_hits_total",
    "foliograph_cache_misses_total",
    "foliograph_database_connections",
    "foliograph_database_connections_max",
    "foliograph_database_up",
    "foliograph_database_wait_seconds_total",
    "foliograph_database_waits_total",
    "foliograph_events_told_total",
    "foliograph_exports_max",
    "foliograph_exports_running",
    "foliograph_exports_total",
    "foliograph_graphql_request_duration_seconds",
    "foliograph_graphql_requests_total",
    "foliograph_outbox_head_position",
    "foliograph_outbox_oldest_pending_seconds",
    "foliograph_outbox_pending_events",
    "foliograph_process_resident_memory_bytes",
    "foliograph_process_start_time_seconds",
    "foliograph_subscriptions_open",
    "foliograph_websockets_open",
];

tests! {
    async fn the_reader_of_pages_overlooks_nothing() {
        let good = "# HELP foliograph_a_total All of a.\n# TYPE foliograph_a_total counter\nfoliograph_a_total{b=\"c\\\"\\n}\"} 1\n";
        assert_eq!(Page::parse(good).count("foliograph_a_total{b=\"c\\\"\\n}\"}"), 1);
        let histogram = "# HELP foliograph_h All of h.\n# TYPE foliograph_h histogram\nfoliograph_h_bucket{le=\"1\"} 1\n\
            foliograph_h_bucket{le=\"+Inf\"} 2\nfoliograph_h_sum 3\nfoliograph_h_count 2\n";
        Page::parse(histogram);
        for (text, from, to) in [
            (good, "1\n", "1"), (good, "1\n", "x\n"), (good, "1\n", "1 1700000000\n"), (good, "1\n", "-1\n"), (good, "1\n", "1\n\n"), (good, " 1", "  1"),
            (good, "All of a.", "all of a."), (good, "# HELP foliograph_a_total All of a.\n", ""), (good, "TYPE foliograph_a_total counter", "TYPE foliograph_a_total gauge"),
            (good, "b=", "0b="), (good, "\\n", "\\x"), (good, "\\n", "\n"), (good, "} 1", " 1"), (good, "\nfoliograph_a_total{", "\nfoliograph_b_total{"),
            (histogram, "\"1\"} 1", "\"1\"} 3"), (histogram, "_count 2", "_count 3"), (histogram, "foliograph_h_sum 3\n", ""), (histogram, "\"+Inf\"", "\"2\""),
        ] {
            let bad = text.replacen(from, to, 1);
            assert_ne!(bad, text);
            assert!(std::panic::catch_unwind(|| Page::parse(&bad)).is_err(), "{bad}");
        }
    }

    async fn the_page_has_every_family_and_facts_of_the_process(world: &World) {
        let client = world.client().await;
        let page = Page::of(&client).await;
        let families: Vec<&str> = page.families.keys().map(String::as_str).collect();
        assert_eq!(families, FAMILIES);
        assert_eq!(page.count(&format!("foliograph_build_info{{version={:?}}}", env!("CARGO_PKG_VERSION"))), 1);
        let started = page.count("foliograph_process_start_time_seconds");
        assert_eq!(started, noon().timestamp());
        assert!(page.count("foliograph_process_resident_memory_bytes") > 1_000_000);
        let requests: f64 = page.of_family("foliograph_graphql_requests_total").map(|(_, count)| count).sum();
        assert!(requests < 1.0, "a scrape is no request");
        let packed = client.header("accept-encoding", "gzip").get("/metrics").await;
        assert_eq!(packed.header("content-encoding"), "gzip");
    }

    async fn servers_in_one_process_count_for_themselves(world: &World) {
        let client = world.reader().await;
        client.query("query Mine { __typename }").await.data();
        let other = product::app(world.url().await, Arc::clone(&world.clock)).await;
        let page = Page::of(&Client::new(other.router())).await;
        assert!(!page.series.keys().any(|series| series.contains("Mine")));
        assert!(Page::of(&client).await.series.keys().any(|series| series.contains("Mine")));
    }

    async fn the_second_equal_request_meets_its_document_and_plan(world: &World) {
        let lead = world.client_as("reader", &[Role::PmoLead]).await;
        let document = "query Kept { projects(first: 1) { nodes { key } } }";
        let figure = |page: &Page, what: &str, cache: &str| page.count(&format!("foliograph_cache_{what}{{cache=\"{cache}\"}}"));
        let all = |page: &Page| ["document", "plan"].map(|cache| ["hits_total", "misses_total", "evictions_total", "entries"].map(|what| figure(page, what, cache)));
        assert_eq!(all(&Page::of(&lead).await), [[0; 4]; 2]);
        lead.query(document).await.data();
        assert_eq!(all(&Page::of(&lead).await), [[0, 1, 0, 1]; 2]);
        lead.query(document).await.data();
        assert_eq!(all(&Page::of(&lead).await), [[1, 1, 0, 1]; 2]);
        // Other rights, another plan; a document that is not valid is never kept.
        world.client_as("reader", &[Role::Finance]).await.query(document).await.data();
        lead.query("query Wrong { nothing }").await;
        assert_eq!(all(&Page::of(&lead).await), [[2, 2, 0, 1], [1, 2, 0, 2]]);
        // What makes room is counted, with its plans.
        for n in 0..1_000 {
            lead.query(&format!("{{ __typename }} # {n}")).await.data();
        }
        let full = all(&Page::of(&lead).await);
        assert_eq!(full, [[2, 1_002, 1, 1_000], [1, 1_002, 2, 1_000]]);
    }

    async fn sockets_and_subscriptions_go_up_and_down(world: &World) {
        let client = world.reader().await;
        let here = Puller::loaded(client.clone()).await.since;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        assert_eq!(followed(&Page::of(&client).await), [0, 0, 0]);
        let mut first = Socket::of(server.address, &token).await;
        let second = Socket::of(server.address, &token).await;
        assert_eq!(followed(&Page::of(&client).await), [2, 0, 0]);
        for id in ["a", "b"] {
            first.subscribe(id, "subscription($a: Cursor) { changes(after: $a) { __typename } }", json!({ "a": here })).await;
        }
        until(&client, followed, [2, 2, 0]).await;
        write(world, 2).await;
        world.app().await.events.sequence_now().await.expect("positions");
        // Two events for two subscriptions.
        for _ in 0..4 {
            assert_eq!(first.next().await["type"], json!("next"));
        }
        until(&client, followed, [2, 2, 4]).await;
        first.send(json!({ "id": "a", "type": "complete" })).await;
        until(&client, followed, [2, 1, 4]).await;
        drop(first);
        until(&client, followed, [1, 0, 4]).await;
        drop(second);
        until(&client, followed, [0, 0, 4]).await;
    }

    async fn events_that_wait_for_a_position_are_seen_with_their_age(world: &World) {
        let client = world.client().await;
        let db = world.database().await.orm;
        let lag = |page: &Page| ["pending_events", "oldest_pending_seconds", "head_position"].map(|what| page.count(&format!("foliograph_outbox_{what}")));
        let head = world.app().await.events.sequence_now().await.expect("positions");
        let [_, _, before] = lag(&Page::of(&client).await);
        assert_eq!(before, head);
        // Nobody can give positions any more, as where a database refuses the sequencer's statement.
        let (stop, go): (&[&str], _) = match world.kind {
            Kind::Sqlite => (&["CREATE TRIGGER stuck BEFORE UPDATE ON outbox_event BEGIN SELECT RAISE(ABORT, 'stuck'); END"], "DROP TRIGGER stuck"),
            Kind::Postgres => (&[
                "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stuck'; END $$",
                "CREATE TRIGGER stuck BEFORE UPDATE ON outbox_event FOR EACH ROW EXECUTE FUNCTION stuck()",
            ], "DROP TRIGGER stuck ON outbox_event"),
        };
        for statement in stop {
            writes::sql(&db, statement).await;
        }
        write(world, 1).await;
        assert_eq!(lag(&Page::of(&client).await), [1, 0, before]);
        world.clock.advance_seconds(90);
        write(world, 2).await;
        assert_eq!(lag(&Page::of(&client).await), [3, 90, before]);
        writes::sql(&db, go).await;
        world.app().await.events.sequence_now().await.expect("positions");
        assert_eq!(lag(&Page::of(&client).await), [0, 0, before + 3]);
    }

    async fn exports_are_counted_by_how_they_end(world: &World) {
        add_projects(world, SOME).await;
        let client = with(world, |config| config.max_exports = 1).await;
        let page = Page::of(&client).await;
        assert_eq!((exports(&page), page.count("foliograph_exports_max")), ([0; 5], 1));
        client.get("/export/v1/people.csv").await;
        until(&client, exports, [0, 1, 0, 0, 0]).await;
        // Nobody reads on: it runs, and there is no place for another.
        let large = || Request::get("/export/v1/projects.jsonl").body(Body::empty()).expect("a request");
        let mut held = client.open(large()).await.into_body();
        held.frame().await.expect("a frame").expect("bytes");
        assert_eq!(client.get("/export/v1/people.csv").await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(exports(&Page::of(&client).await), [1, 1, 0, 0, 1]);
        drop(held);
        until(&client, exports, [0, 1, 0, 1, 1]).await;
        let late = with(world, |config| config.export_timeout_seconds = 0).await;
        late.get("/export/v1/projects.jsonl").await;
        until(&late, exports, [0, 0, 1, 0, 0]).await;
    }

    async fn without_its_database_the_page_says_so_and_nothing_of_the_outbox(world: &World) {
        let url = world.empty_url().await;
        let config = Config { migrate: Toggle::On, ..product::settings(&url) };
        let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "reader", &[Role::PmoLead]));
        if world.kind == Kind::Postgres {
            // An open file of SQLite stays whole for whoever has it open.
            assert_eq!(Page::of(&client).await.count("foliograph_database_up"), 1);
        }
        lose(world.kind, &app, &url).await;
        let began = Instant::now();
        for _ in 0..2 {
            let page = Page::of(&client).await;
            assert_eq!(page.count("foliograph_database_up"), 0);
            assert!(!page.families.keys().any(|family| family.starts_with("foliograph_outbox_")));
            assert!(page.families.contains_key("foliograph_graphql_requests_total"));
        }
        assert!(began.elapsed() < Duration::from_secs(10), "a scrape does not hang");
    }

    async fn a_database_that_is_back_is_seen_again(world: &World) {
        let client = world.client().await;
        assert_eq!(Page::of(&client).await.count("foliograph_database_up"), 1);
        if world.kind == Kind::Postgres {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            writes::sql(&world.database().await.orm, end).await;
        }
        assert_eq!(Page::of(&client).await.count("foliograph_database_up"), 1);
    }
}

/// Sockets, subscriptions and events told.
fn followed(page: &Page) -> [i64; 3] {
    ["websockets_open", "subscriptions_open", "events_told_total"].map(|what| page.count(&format!("foliograph_{what}")))
}

/// Exports that run, and those that ended whole, broken off, left by the client and refused.
fn exports(page: &Page) -> [i64; 5] {
    let [ok, broken_off, cancelled, limited] = ["ok", "broken_off", "cancelled", "limited"]
        .map(|how| page.count(&format!("foliograph_exports_total{{outcome=\"{how}\"}}")));
    [page.count("foliograph_exports_running"), ok, broken_off, cancelled, limited]
}

/// Waits until the page says this: what a client ended ends on the server a little later.
async fn until<const FIGURES: usize>(client: &Client, said: fn(&Page) -> [i64; FIGURES], due: [i64; FIGURES]) {
    let began = Instant::now();
    loop {
        let now = said(&Page::of(client).await);
        if now == due {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{now:?} instead of {due:?}");
    }
}

/// A reader of the product with changed settings.
async fn with(world: &World, change: impl FnOnce(&mut Config)) -> Client {
    let mut config = product::settings(world.url().await);
    change(&mut config);
    let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
    Client::new(app.router()).bearer(&product::token(&*world.clock, "reader", &[Role::PmoLead]))
}

/// Changes so many projects, in one transaction, and tells nobody.
async fn write(world: &World, count: usize) {
    let app = world.app().await;
    let keys = ["PR-001", "PR-002", "PR-003"];
    let mut ids: Vec<Uuid> = vec![];
    for key in &keys[..count] {
        ids.push(writes::item(&app.database.orm, key).await.id);
    }
    let mut writer = Writer::begin(&app.database, &*world.clock).await;
    for id in ids {
        writer.item(id, |row| row.name.push('!')).await;
    }
    writer.commit().await;
}

/// Takes the database away: connections end and no new one can be made, or the file is gone.
async fn lose(kind: Kind, app: &App, url: &str) {
    let (place, name) = url.rsplit_once('/').expect("an address");
    let (name, options) = name.split_once('?').map_or((name, String::new()), |(name, rest)| (name, format!("?{rest}")));
    match kind {
        Kind::Sqlite => {
            app.database.orm.clone().close().await.expect("closed");
            let folder = place.strip_prefix("sqlite://").expect("a path");
            for ending in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{folder}/{name}{ending}"));
            }
        }
        Kind::Postgres => {
            let admin = sqlx::PgPool::connect(&format!("{place}/postgres{options}")).await.expect("the server");
            for statement in [
                format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
            ] {
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&admin).await.expect("done");
            }
            admin.close().await;
        }
    }
}
