//! Statements end with those who wait for them: SQLite's thread is seen to let go of the file.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{Database, DbValue};
use crate::error::Code;

/// Counts for hours, and gives no row before.
const HOURS: &str =
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000000) SELECT count(*) FROM c, t";

async fn database(folder: &tempfile::TempDir) -> Database {
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("f.db").display());
    let database = Database::connect(&url, 1, Duration::from_secs(9)).await.expect("a database");
    database.orm.execute_unprepared("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)").await.expect("a table");
    database
}

/// Whether a statement still reads: then the journal cannot be begun anew behind it.
async fn is_read(database: &Database) -> bool {
    database.orm.execute_unprepared("INSERT INTO t VALUES (2)").await.expect("written");
    let checkpoint = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    let row = database.orm.query_one_raw(checkpoint).await.expect("looked").expect("a row");
    row.try_get_by_index::<i32>(0).expect("a number") != 0
}

async fn ends_soon(database: &Database) {
    for _ in 0..100 {
        if !is_read(database).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the statement still runs after two seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_stops_when_nobody_waits_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(&folder).await;
    // The checkpoint itself must not wait for what it looks at.
    database.orm.execute_unprepared("PRAGMA busy_timeout = 0").await.expect("set");
    let mut reader = database.reader().await.expect("a reader");
    let (text, other) = (Arc::from(HOURS), database.clone());
    let waiting = tokio::spawn(async move {
        let values: [DbValue; 0] = [];
        reader.fetch(&other, &text, &values, &mut |_| Ok(())).await
    });
    while !is_read(&database).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waiting.abort();
    ends_soon(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_stops_when_patience_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(&folder).await;
    database.orm.execute_unprepared("PRAGMA busy_timeout = 0").await.expect("set");
    let mut reader = database.reader().await.expect("a reader");
    reader.patience = Some(Duration::from_millis(100));
    let late = reader.fetch(&database, &Arc::from(HOURS), &[], &mut |_| Ok(())).await.expect_err("late");
    assert_eq!(late.code, Code::Timeout);
    ends_soon(&database).await;
    drop(reader);
    // The next reader has a connection of its own, and reads.
    let mut next = database.reader().await.expect("a reader");
    let read = next.fetch(&database, &Arc::from("SELECT id FROM t"), &[], &mut |_| Ok(())).await.expect("read");
    assert!(read > 1);
}
