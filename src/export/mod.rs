//! Exports: all rows of a dataset as one file, written while they are read. However many rows there are, only a few
//! chunks are in memory, and a file that could not be finished never looks finished.

mod asked;
mod csv;
mod json_lines;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::{Instrument as _, Span};

pub use asked::Asked;

use crate::{
    auth::{Admitted, Caller},
    clock::Clock,
    error::{Code, Error},
    graph::{
        Database,
        flat::{Column, Flat, Values},
    },
};

/// Bytes of a chunk, about: a row is never split.
const CHUNK: usize = 64 * 1024;
/// What an export costs besides its rows.
pub const PRICE: usize = 100;
/// Rows that cost 1.
const ROWS_FOR_ONE: usize = 50;
/// Chunks that wait for a slow client.
const WAITING: usize = 2;
/// The last column, where a right varies by row: which cells of the row are masked.
pub const MASKED_COLUMNS: &str = "maskedColumns";

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// The form that a file's name ends with.
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson; charset=utf-8",
        }
    }
}

/// Runs exports, so many at a time, each for so long.
pub struct Exports {
    database: Database,
    clock: Arc<dyn Clock>,
    slots: Arc<Semaphore>,
    most: usize,
    time_limit: Duration,
    ended: Arc<Ended>,
}

/// Exports by how they ended, since the start.
#[derive(Debug, Default)]
struct Ended {
    whole: AtomicU64,
    broken_off: AtomicU64,
    left: AtomicU64,
    refused: AtomicU64,
}

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Exports that run.
    pub running: u64,
    /// As many as may run at once.
    pub most: u64,
    /// Files that were sent whole, since the start.
    pub whole: u64,
    /// Files that could not be finished.
    pub broken_off: u64,
    /// Files whose client left.
    pub left: u64,
    /// Exports that were refused since as many were running as may run at once.
    pub refused: u64,
}

/// What the reading side hands over.
enum Piece {
    Chunk(Bytes),
    /// All rows were sent. Without it the file is broken off, whatever ended it.
    End,
    Failed(Error),
}

impl Exports {
    /// Exports over a database.
    pub fn new(database: Database, clock: Arc<dyn Clock>, at_once: usize, time_limit: Duration) -> Self {
        let slots = Arc::new(Semaphore::new(at_once));
        Self { database, clock, slots, most: at_once, time_limit, ended: Arc::default() }
    }

    /// What goes on.
    pub fn traffic(&self) -> Traffic {
        let Ended { whole, broken_off, left, refused } = &*self.ended;
        let [whole, broken_off, left, refused] =
            [whole, broken_off, left, refused].map(|count| count.load(Ordering::Relaxed));
        let running = self.most.saturating_sub(self.slots.available_permits());
        Traffic { running: running as u64, most: self.most as u64, whole, broken_off, left, refused }
    }

    /// Starts an export and waits for its first chunk: what is refused before that is refused as a whole. An error after
    /// it is an error of the stream. Who drops the stream stops the statement.
    pub async fn start(
        &self,
        flat: Flat,
        format: Format,
        caller: Arc<Caller>,
        admitted: Admitted,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, Error> {
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| {
            self.ended.refused.fetch_add(1, Ordering::Relaxed);
            Error::new(Code::RateLimited, "As many exports are running as may run at once. Ask again in a while.")
        })?;
        let (to, mut pieces) = mpsc::channel(WAITING);
        let job = Job {
            database: self.database.apart(self.time_limit),
            clock: self.clock.clone(),
            time_limit: self.time_limit,
            ended: self.ended.clone(),
            admitted,
            _slot: slot,
        };
        tokio::spawn(job.run(flat, format, caller, to).instrument(Span::current()));
        let first = match pieces.recv().await {
            Some(Piece::Failed(error)) => return Err(error),
            None => return Err(Error::internal("an export ended without a piece")),
            first => first,
        };
        let rest = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await, pieces)));
        Ok(until_the_end(stream::once(async { first }).chain(rest)))
    }
}

/// The bytes of the pieces up to the end; an error where they stop before it.
fn until_the_end(pieces: impl Stream<Item = Option<Piece>> + Send) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let bytes = pieces.map(|piece| match piece {
        Some(Piece::Chunk(bytes)) => Some(Ok(bytes)),
        Some(Piece::End) => None,
        Some(Piece::Failed(_)) | None => Some(Err(io::Error::other("the export was broken off"))),
    });
    // Nothing follows the end, nor an error.
    bytes.scan(false, |is_over, item| {
        let item = if *is_over { None } else { item };
        *is_over = item.as_ref().is_none_or(Result::is_err);
        std::future::ready(item)
    })
}

/// One export that runs.
struct Job {
    database: Database,
    clock: Arc<dyn Clock>,
    time_limit: Duration,
    ended: Arc<Ended>,
    /// Counts as running, and is charged for what was written.
    admitted: Admitted,
    _slot: OwnedSemaphorePermit,
}

impl Job {
    async fn run(mut self, flat: Flat, format: Format, caller: Arc<Caller>, to: mpsc::Sender<Piece>) {
        let began = self.clock.now();
        let mut file = File::new(format, &flat.columns);
        let reading = tokio::time::timeout(self.time_limit, self.read(&flat, &caller, &mut file, &to));
        let done = tokio::select! {
            biased;
            () = to.closed() => None,
            done = reading => Some(done.unwrap_or_else(|_| {
                Err(Error::new(Code::Timeout, "The export took longer than its time limit. Ask for less at once."))
            })),
        };
        self.admitted.settle(PRICE + file.rows / ROWS_FOR_ONE);
        let (bytes, duration_ms) = (file.written, (self.clock.now() - began).num_milliseconds());
        let ended = match done {
            Some(Ok(rows)) => {
                Span::current().record("rows", rows);
                tracing::info!(rows, bytes, duration_ms, "exported");
                &self.ended.whole
            }
            // The client is gone; nobody is told.
            _ if to.is_closed() => {
                tracing::info!(bytes, duration_ms, "the client left its export");
                &self.ended.left
            }
            Some(Err(error)) => {
                let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(code = error.code.as_str(), cause, bytes, duration_ms, "export broken off");
                // Where the channel is full, its end without `End` says the same.
                let _ = to.try_send(Piece::Failed(error));
                &self.ended.broken_off
            }
            None => return,
        };
        ended.fetch_add(1, Ordering::Relaxed);
    }

    async fn read(
        &self,
        flat: &Flat,
        caller: &Caller,
        file: &mut File,
        to: &mpsc::Sender<Piece>,
    ) -> Result<usize, Error> {
        let mut each = |values: &Values| {
            file.row(&flat.columns, values);
            file.full().map(Piece::Chunk)
        };
        let rows = flat.read(&self.database, caller, &mut each, to).await?;
        let gone = |_| Error::internal("nobody takes the rows any more");
        if let Some(last) = file.rest() {
            to.send(Piece::Chunk(last)).await.map_err(gone)?;
        }
        to.send(Piece::End).await.map_err(gone)?;
        Ok(rows)
    }
}

/// A file being written.
struct File {
    format: Format,
    /// Whether rows say what of them is masked.
    shows_masks: bool,
    out: Vec<u8>,
    /// Bytes of all chunks that were taken.
    written: usize,
    rows: usize,
}

impl File {
    fn new(format: Format, columns: &[Column]) -> Self {
        let shows_masks = columns.iter().any(Column::varies);
        let mut out = Vec::with_capacity(CHUNK);
        match format {
            Format::Csv => csv::header(&mut out, columns, shows_masks),
            Format::JsonLines => {}
        }
        Self { format, shows_masks, out, written: 0, rows: 0 }
    }

    fn row(&mut self, columns: &[Column], values: &Values) {
        self.rows += 1;
        match self.format {
            Format::Csv => csv::row(&mut self.out, columns, values, self.shows_masks),
            Format::JsonLines => json_lines::row(&mut self.out, columns, values, self.shows_masks),
        }
    }

    /// A chunk, once there is enough for one.
    fn full(&mut self) -> Option<Bytes> {
        if self.out.len() < CHUNK {
            return None;
        }
        self.rest()
    }

    fn rest(&mut self) -> Option<Bytes> {
        self.written += self.out.len();
        let out = std::mem::replace(&mut self.out, Vec::with_capacity(CHUNK + CHUNK / 8));
        (!out.is_empty()).then(|| out.into())
    }
}

/// Names of the columns that are masked on a row.
fn masked<'c>(columns: &'c [Column], values: &'c Values) -> impl Iterator<Item = &'c str> {
    columns.iter().zip(values.iter()).filter(|(_, (_, masked))| *masked).map(|(column, _)| column.name.as_str())
}
