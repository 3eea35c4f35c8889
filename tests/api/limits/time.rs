//! How long requests run, by kind of caller, and that the database stops with them: on PostgreSQL by what it says runs.

use std::time::{Duration, Instant};

use foliograph::graph::begin;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use tokio::io::AsyncWriteExt as _;

use super::Limited;
use crate::support::{World, client::Server, world::Kind};

const RISKS: &str = "{ risks(first: 3) { nodes { title } } }";
/// Longer than the server takes to see that a client is gone, with room for a busy machine.
const SOON: Duration = Duration::from_secs(10);

tests! {
    async fn a_statement_ends_with_the_client_that_left(world: &World) {
        // SQLite's readers wait for nobody; how its statements end is tested beside the connections.
        if world.kind == Kind::Sqlite {
            return;
        }
        let limited = Limited::of(world, |_| {}).await;
        warm(&limited).await;
        let lock = locked(world).await;
        let client = limited.user.clone();
        let asking = tokio::spawn(async move { client.query(RISKS).await });
        wait_for(&lock, 1).await;
        asking.abort();
        wait_for(&lock, 0).await;
        // The same over TCP: the client closes its connection.
        let server = Server::start(limited.app.router()).await;
        let mut stream = server.connect().await;
        let body = serde_json::json!({ "query": RISKS }).to_string();
        let token = crate::support::product::token(&*world.clock, "somebody", &[foliograph::auth::Role::PmoLead]);
        let head = format!("POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).await.expect("sent");
        wait_for(&lock, 1).await;
        drop(stream);
        wait_for(&lock, 0).await;
        lock.rollback().await.expect("released");
        assert_eq!(limited.user.query(RISKS).await.error_codes(), Vec::<String>::new());
    }

    async fn a_key_has_more_time_than_a_user_and_the_statement_ends_with_it(world: &World) {
        if world.kind == Kind::Sqlite {
            return;
        }
        let limited = Limited::of(world, |config| (config.timeout_seconds, config.limits.key_timeout_seconds) = (1, 3)).await;
        warm(&limited).await;
        let lock = locked(world).await;
        for (client, seconds) in [(&limited.user, 1), (&limited.key, 3)] {
            let began = Instant::now();
            let late = client.query(RISKS).await;
            let took = began.elapsed();
            assert_eq!((late.status.as_u16(), late.error_codes()), (504, vec!["TIMEOUT".to_owned()]), "{}", late.text());
            late.tells_no_secrets();
            let due = Duration::from_secs(seconds);
            assert!(took > due.mul_f64(0.8) && took < due + Duration::from_millis(1_500), "{took:?} of {due:?}");
            wait_for(&lock, 0).await;
        }
        lock.rollback().await.expect("released");
    }
}

/// Answers each caller once, so that what follows waits for the one table.
async fn warm(limited: &Limited) {
    for client in [&limited.user, &limited.key] {
        assert_eq!(client.query(RISKS).await.error_codes(), Vec::<String>::new());
    }
}

/// Somebody who holds the table that is asked for.
async fn locked(world: &World) -> DatabaseTransaction {
    let database = world.database().await;
    let holder = begin(&database.orm).await.expect("a transaction");
    holder.execute_unprepared("LOCK TABLE risk IN ACCESS EXCLUSIVE MODE").await.expect("held");
    holder
}

/// Waits until so many statements wait for the table.
async fn wait_for(holder: &DatabaseTransaction, due: i64) {
    // Statistics stand still within a transaction unless they are let go; locks do not.
    let text = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'risk'::regclass \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let began = Instant::now();
    loop {
        let row = holder.query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await.expect("looked");
        let waiting: i64 = row.expect("a row").try_get_by_index(0).expect("a number");
        if waiting == due {
            return;
        }
        assert!(began.elapsed() < SOON, "{waiting} statements wait, {due} are due");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
