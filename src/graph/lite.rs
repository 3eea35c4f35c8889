//! Read connections to SQLite. Each has a thread, which hands rows over by the page: handed over one by one, they cost
//! four times what it takes to find them (`benches/README.md`).

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc as threads,
    },
};

use rusqlite::{
    Connection, OpenFlags, params_from_iter,
    types::{Value, ValueRef},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    cell::Cell,
    database::{BUSY, PREPARED},
    plan::ColumnType,
    value::DbValue,
};
use crate::error::Error;

/// Steps of SQLite after which a statement looks whether it is still wanted: some ten thousand times a second.
const STEPS: i32 = 4_000;
/// Rows of a page.
const ROWS: usize = 256;
/// Bytes of texts after which a page ends, whatever it has of rows.
const BYTES: usize = 64 << 10;
/// Pages that a thread may be ahead of who reads them.
const AHEAD: usize = 2;

/// Connections so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// A read connection. Once it is dropped, what it does ends, and its thread.
pub(super) struct Lite {
    /// No other connection has it.
    pub(super) number: u64,
    dropped: Arc<AtomicBool>,
    asks: threads::Sender<Ask>,
}

/// A statement for the thread.
struct Ask {
    text: Arc<str>,
    values: Vec<Value>,
    pages: mpsc::Sender<Result<Page, rusqlite::Error>>,
}

/// Rows as they came, one after the other.
struct Page {
    columns: usize,
    cells: Vec<Held>,
    bytes: Vec<u8>,
    /// Whether the statement has no more.
    is_last: bool,
}

/// A cell of a page.
#[derive(Clone, Copy)]
enum Held {
    Null,
    Int(i64),
    /// Where its bytes begin and end.
    Bytes(usize, usize),
}

/// A row of a page.
pub struct LiteRow {
    page: Arc<Page>,
    /// Where its cells begin.
    first: usize,
}

/// What a statement gives.
pub(super) struct Rows {
    pages: mpsc::Receiver<Result<Page, rusqlite::Error>>,
    page: Arc<Page>,
    next: usize,
}

impl Drop for Lite {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Relaxed);
    }
}

impl Lite {
    /// Opens the file, which must be there.
    pub(super) async fn open(file: PathBuf) -> Result<Self, Error> {
        let dropped = Arc::new(AtomicBool::new(false));
        let (asks, asked) = threads::channel();
        let (opened, is_open) = oneshot::channel();
        let seen = dropped.clone();
        std::thread::Builder::new()
            .name("sqlite-reader".into())
            .spawn(move || match connect(file, seen) {
                Ok(connection) => {
                    let _ = opened.send(Ok(()));
                    serve(&connection, &asked);
                }
                Err(e) => {
                    let _ = opened.send(Err(e));
                }
            })
            .map_err(Error::internal)?;
        is_open.await.map_err(Error::internal)??;
        Ok(Self { number: OPENED.fetch_add(1, Ordering::Relaxed), dropped, asks })
    }

    /// Runs a statement.
    pub(super) fn ask(&mut self, text: &Arc<str>, values: &[DbValue]) -> Result<Rows, Error> {
        let (sender, pages) = mpsc::channel(AHEAD);
        let values = values.iter().map(value).collect();
        let ask = Ask { text: text.clone(), values, pages: sender };
        self.asks.send(ask).map_err(|_| Error::internal("SQLite's thread has ended"))?;
        Ok(Rows { pages, page: Page::new(0).into(), next: 0 })
    }
}

impl Rows {
    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<LiteRow>, Error> {
        while self.next == self.page.cells.len() {
            if self.page.is_last {
                return Ok(None);
            }
            // A thread that ended without a last page did not read all.
            let page = self.pages.recv().await.ok_or_else(|| Error::internal("SQLite's thread has ended"))?;
            (self.page, self.next) = (page?.into(), 0);
        }
        let row = LiteRow { page: self.page.clone(), first: self.next };
        self.next += self.page.columns;
        Ok(Some(row))
    }
}

impl Page {
    fn new(columns: usize) -> Self {
        Self { columns, cells: vec![], bytes: vec![], is_last: false }
    }

    fn is_full(&self) -> bool {
        self.cells.len() >= ROWS * self.columns || self.bytes.len() >= BYTES
    }

    fn push(&mut self, row: &rusqlite::Row<'_>) -> Result<(), rusqlite::Error> {
        for at in 0..self.columns {
            let cell = match row.get_ref(at)? {
                ValueRef::Null => Held::Null,
                ValueRef::Integer(n) => Held::Int(n),
                // No column and no function of ours gives one.
                ValueRef::Real(_) => {
                    return Err(rusqlite::Error::InvalidColumnType(at, "a cell".into(), rusqlite::types::Type::Real));
                }
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    let from = self.bytes.len();
                    self.bytes.extend_from_slice(bytes);
                    Held::Bytes(from, self.bytes.len())
                }
            };
            self.cells.push(cell);
        }
        Ok(())
    }
}

impl LiteRow {
    fn held(&self, at: usize) -> Option<&Held> {
        if at < self.page.columns { self.page.cells.get(self.first + at) } else { None }
    }

    /// The bytes of the text or blob at a position.
    pub(super) fn text(&self, at: usize) -> Option<&[u8]> {
        match self.held(at) {
            Some(Held::Bytes(from, to)) => Some(&self.page.bytes[*from..*to]),
            Some(Held::Null | Held::Int(_)) | None => None,
        }
    }

    /// The cell at a position of the statement's columns. What cannot be read is a fault of the plan: null.
    pub(super) fn at(&self, at: usize, ty: ColumnType) -> Cell<'_> {
        if matches!(ty, ColumnType::Int | ColumnType::Bool) {
            return match self.held(at) {
                Some(Held::Int(n)) => Cell::Int(*n),
                _ => Cell::Null,
            };
        }
        let Some(bytes) = self.text(at) else { return Cell::Null };
        match ty {
            ColumnType::Int | ColumnType::Bool => Cell::Null,
            ColumnType::Id => bytes.try_into().map_or(Cell::Null, Cell::Id),
            ColumnType::Text | ColumnType::Date | ColumnType::Instant => {
                std::str::from_utf8(bytes).map_or(Cell::Null, Cell::Text)
            }
        }
    }
}

fn connect(file: PathBuf, dropped: Arc<AtomicBool>) -> Result<Connection, rusqlite::Error> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "query_only", true)?;
    connection.progress_handler(STEPS, Some(move || dropped.load(Ordering::Relaxed)))?;
    Ok(connection)
}

/// Answers until nobody can ask any more.
fn serve(connection: &Connection, asked: &threads::Receiver<Ask>) {
    while let Ok(ask) = asked.recv() {
        let last = pages(connection, &ask);
        // Nobody takes it where the request has ended.
        let _ = ask.pages.blocking_send(last);
    }
}

/// Sends all pages of a statement but the last, which is returned.
fn pages(connection: &Connection, ask: &Ask) -> Result<Page, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&ask.text)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(&ask.values))?;
    let mut page = Page::new(columns);
    while let Some(row) = rows.next()? {
        if page.is_full() {
            let full = std::mem::replace(&mut page, Page::new(columns));
            if ask.pages.blocking_send(Ok(full)).is_err() {
                break;
            }
        }
        page.push(row)?;
    }
    page.is_last = true;
    Ok(page)
}

/// A value as sea-orm writes it.
fn value(value: &DbValue) -> Value {
    match value {
        DbValue::Int(n) => Value::Integer(*n),
        DbValue::Bool(b) => Value::Integer((*b).into()),
        DbValue::Text(s) => Value::Text(s.clone()),
        DbValue::Id(id) => Value::Blob(id.as_bytes().to_vec()),
        DbValue::Date(d) => Value::Text(d.to_string()),
        DbValue::Instant(t) => Value::Text(instant(t)),
        DbValue::Ids(ids) => Value::Text(json_ids(ids)),
        DbValue::List(_, values) => Value::Text(json_list(values)),
    }
}

fn instant(t: &chrono::DateTime<chrono::Utc>) -> String {
    t.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
}

/// A list as the JSON that `json_each` reads, elements in the form that SQLite keeps them in.
fn json_list(values: &[DbValue]) -> String {
    let mut out = Vec::with_capacity(values.len() * 36 + 2);
    out.push(b'[');
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        match value {
            DbValue::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
            DbValue::Bool(b) => out.extend_from_slice(if *b { b"1" } else { b"0" }),
            DbValue::Text(s) => super::json::string(&mut out, s),
            DbValue::Id(id) => {
                super::json::string(&mut out, id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()));
            }
            DbValue::Date(d) => super::json::string(&mut out, &d.to_string()),
            DbValue::Instant(t) => {
                super::json::string(&mut out, &instant(t));
            }
            DbValue::Ids(_) | DbValue::List(..) => out.extend_from_slice(b"null"),
        }
    }
    out.push(b']');
    String::from_utf8(out).unwrap_or_default()
}

/// Ids as the JSON that `json_each` reads: hexadecimal, since JSON has no bytes.
fn json_ids(ids: &[uuid::Uuid]) -> String {
    let mut out = String::with_capacity(ids.len() * 35 + 2);
    out.push('[');
    for (i, id) in ids.iter().enumerate() {
        out.push_str(if i > 0 { ",\"" } else { "\"" });
        out.push_str(id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()));
        out.push('"');
    }
    out.push(']');
    out
}
