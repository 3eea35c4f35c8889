//! How far the stream is behind what was committed, as whoever watches over the server sees it.

use std::time::Duration;

use chrono::TimeDelta;

use super::Events;
use crate::{
    error::{Code, Error},
    graph::{Cell, ColumnType, Row, micros},
};

/// How long the database may take to answer.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Two looks at events without a position, by an index, however long the outbox is. More than so many are not counted: that
/// there are that many says enough.
const LAG: &str = "SELECT position, \
    (SELECT count(*) FROM (SELECT 1 FROM outbox_event WHERE position IS NULL LIMIT 100000) AS pending), \
    (SELECT at FROM outbox_event WHERE position IS NULL ORDER BY seq LIMIT 1) FROM outbox_head";

/// How far the stream is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The last position given.
    pub head: i64,
    /// Events without a position; 100,000 stands for that many or more.
    pub pending: i64,
    /// How long ago the oldest of them was written; nothing where there is none.
    pub age: TimeDelta,
}

impl Events {
    /// How far the stream is behind, by a connection that no request waits for: it is told also where all others are
    /// taken. A database that does not answer at once is one that does not answer.
    pub async fn lag(&self) -> Result<Lag, Error> {
        let late = || Error::new(Code::Unavailable, "The database does not answer.");
        tokio::time::timeout(ANSWER_WITHIN, self.read_lag()).await.unwrap_or_else(|_| Err(late()))
    }

    async fn read_lag(&self) -> Result<Lag, Error> {
        let mut found = None;
        let mut reader = self.watch.reader().await?;
        let each = &mut |row: Row| {
            let oldest = match row.at(2, ColumnType::Instant) {
                Cell::Micros(at) => Some(at),
                Cell::Text(text) => micros(text),
                _ => None,
            };
            found = Some((row.int(0), row.int(1), oldest));
            Ok(())
        };
        reader.fetch(&self.watch, &LAG.into(), &[], each).await?;
        let (head, pending, oldest) = found.ok_or_else(|| Error::internal("the outbox has no head"))?;
        let age = oldest.map_or(0, |at| self.clock.now().timestamp_micros().saturating_sub(at));
        Ok(Lag { head, pending, age: TimeDelta::microseconds(age.max(0)) })
    }
}
