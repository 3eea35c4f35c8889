//! How busy the connections to the database are, and how long requests waited for one.

use std::{
    sync::{
        PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{database::Database, sql::Dialect};

/// Connections of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Open, and free to be taken.
    pub idle: u64,
    /// Taken.
    pub in_use: u64,
    /// As many as there may be.
    pub most: u64,
}

/// Waits for a connection that have ended, with one or without.
#[derive(Debug, Clone, Copy)]
pub struct Waited {
    /// How many.
    pub times: u64,
    /// How long, all together.
    pub duration: Duration,
}

/// Counts waits.
#[derive(Default)]
pub(super) struct Waits {
    times: AtomicU64,
    micros: AtomicU64,
}

/// A wait, counted when it ends: also where whoever waited gave up.
pub(super) struct Waiting<'w>(&'w Waits, Instant);

impl Waits {
    pub(super) fn begin(&self) -> Waiting<'_> {
        Waiting(self, Instant::now())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.1.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.times.fetch_add(1, Ordering::Relaxed);
        self.0.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Database {
    /// The read connections of our own.
    pub fn reads(&self) -> Load {
        let idle = self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        let in_use = self.reads.most.saturating_sub(self.reads.permits.available_permits());
        Load { idle: idle as u64, in_use: in_use as u64, most: self.reads.most as u64 }
    }

    /// What waited for a read connection.
    pub fn waited(&self) -> Waited {
        let Waits { times, micros } = &self.reads.waits;
        let duration = Duration::from_micros(micros.load(Ordering::Relaxed));
        Waited { times: times.load(Ordering::Relaxed), duration }
    }

    /// The connections of sea-orm's pool, which does not tell who waits for one.
    pub fn writes(&self) -> Load {
        let (open, idle, most) = match self.dialect {
            Dialect::Postgres => {
                let pool = self.orm.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            Dialect::Sqlite => {
                let pool = self.orm.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
        };
        let (open, idle) = (u64::from(open), idle as u64);
        Load { idle, in_use: open.saturating_sub(idle), most: most.into() }
    }
}
