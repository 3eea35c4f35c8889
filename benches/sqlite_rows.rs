//! How rows come from SQLite: one by one through sqlx, all of them as one JSON text, or by the page from a thread that reads
//! (what `src/graph/lite.rs` does). `cargo bench --bench sqlite_rows`; README.md beside this has the results.

use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::mpsc as threads,
    time::{Duration, Instant},
};

use futures_util::TryStreamExt as _;
use rusqlite::{Connection, types::ValueRef};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Decode, Row as _, Sqlite};
use tokio::sync::oneshot;

// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Columns of the table, every tenth of which is a number.
const COLUMNS: usize = 20;
/// Rows of the table.
const ROWS: usize = 1_000;
/// How long each cell of the table is measured.
const LONG: Duration = Duration::from_secs(2);

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("Measures only when asked to: cargo bench --bench sqlite_rows");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.db");
    fill(&file);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("us of CPU a statement\n\n| rows | one by one | one JSON text | by the page |\n|---:|---:|---:|---:|");
    for rows in [1, 20, 100, ROWS] {
        let one_by_one = runtime.block_on(one_by_one(&file, &columns(rows)));
        let json = runtime.block_on(as_json(&file, rows));
        let pages = runtime.block_on(by_the_page(&file, &columns(rows)));
        println!("| {rows} | {one_by_one:.0} | {json:.0} | {pages:.0} |");
    }
}

fn names() -> String {
    (0..COLUMNS).map(|at| format!("c{at}")).collect::<Vec<_>>().join(", ")
}

fn columns(rows: usize) -> String {
    format!("SELECT {} FROM t ORDER BY id LIMIT {rows}", names())
}

fn fill(file: &Path) {
    let connection = Connection::open(file).expect("a database");
    connection.execute_batch(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {})", names())).expect("a table");
    let cell = |row: usize, at: usize| {
        if at.is_multiple_of(10) { (row * 1_000).to_string() } else { format!("'text {at} of row {row}'") }
    };
    for row in 0..ROWS {
        let cells: Vec<String> = (0..COLUMNS).map(|at| cell(row, at)).collect();
        connection.execute(&format!("INSERT INTO t VALUES ({row}, {})", cells.join(", ")), []).expect("a row");
    }
}

/// Microseconds of this process's CPU that a statement takes.
async fn measured(mut run: impl AsyncFnMut() -> usize) -> f64 {
    black_box(run().await);
    let (begun, before, mut count) = (Instant::now(), cpu(), 0_u32);
    while begun.elapsed() < LONG {
        black_box(run().await);
        count += 1;
    }
    (cpu() - before) / f64::from(count)
}

/// Microseconds of CPU so far, in steps of ten thousand.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("the process's figures");
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = |at| after_name.split(' ').nth(at).and_then(|n| n.parse::<f64>().ok()).expect("a figure");
    (ticks(11) + ticks(12)) * 10_000.0
}

async fn connected(file: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).row_buffer_size(1_024);
    sqlx::SqliteConnection::connect_with(&options.disable_statement_logging()).await.expect("connected")
}

async fn one_by_one(file: &Path, text: &str) -> f64 {
    let mut connection = connected(file).await;
    measured(async || {
        let mut rows = sqlx::query(AssertSqlSafe(text.to_owned())).fetch(&mut connection);
        let mut read = 0;
        while let Some(row) = rows.try_next().await.expect("a row") {
            for at in 0..COLUMNS {
                let raw = row.try_get_raw(at).expect("a cell");
                read += if at.is_multiple_of(10) {
                    usize::try_from(<i64 as Decode<Sqlite>>::decode(raw).expect("a number")).unwrap_or_default()
                } else {
                    <&str as Decode<Sqlite>>::decode(raw).expect("a text").len()
                };
            }
        }
        read
    })
    .await
}

async fn as_json(file: &Path, rows: usize) -> f64 {
    let mut connection = connected(file).await;
    let text =
        format!("SELECT json_group_array(json_array({})) FROM (SELECT * FROM t ORDER BY id LIMIT {rows})", names());
    measured(async || {
        let row = sqlx::query(AssertSqlSafe(text.clone())).fetch_one(&mut connection).await.expect("a row");
        let cells: Vec<Vec<&RawValue>> = serde_json::from_str(row.get(0)).expect("rows");
        cells.iter().flatten().map(|cell| cell.get().len()).sum()
    })
    .await
}

/// A statement for the thread that reads, and where the bytes of its cells and their ends go.
type Ask = (String, oneshot::Sender<(Vec<u8>, Vec<usize>)>);

async fn by_the_page(file: &Path, text: &str) -> f64 {
    let (asks, asked) = threads::channel::<Ask>();
    let connection = Connection::open(file).expect("connected");
    std::thread::spawn(move || {
        while let Ok((text, to)) = asked.recv() {
            let _ = to.send(page(&connection, &text));
        }
    });
    measured(async || {
        let (to, from) = oneshot::channel();
        asks.send((text.to_owned(), to)).expect("the thread is there");
        let (bytes, ends) = from.await.expect("a page");
        let mut start = 0;
        let text =
            |end: &usize| std::str::from_utf8(&bytes[std::mem::replace(&mut start, *end)..*end]).map_or(0, str::len);
        ends.iter().map(text).sum()
    })
    .await
}

fn page(connection: &Connection, text: &str) -> (Vec<u8>, Vec<usize>) {
    let mut statement = connection.prepare_cached(text).expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    let (mut bytes, mut ends) = (vec![], vec![]);
    while let Some(row) = rows.next().expect("a row") {
        for at in 0..COLUMNS {
            match row.get_ref(at).expect("a cell") {
                ValueRef::Integer(n) => bytes.extend_from_slice(&n.to_ne_bytes()),
                ValueRef::Text(cell) | ValueRef::Blob(cell) => bytes.extend_from_slice(cell),
                ValueRef::Null | ValueRef::Real(_) => {}
            }
            ends.push(bytes.len());
        }
    }
    (bytes, ends)
}
