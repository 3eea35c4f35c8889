//! Time and identity, injected: nothing else in the house asks the operating system for either.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use uuid::Uuid;

/// Where instants and new ids come from.
pub trait Clock: Send + Sync {
    /// The current instant, in whole milliseconds.
    fn now(&self) -> DateTime<Utc>;
    /// A new, time-ordered id.
    fn new_id(&self) -> Uuid;
    /// The current civil date in UTC.
    fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        Utc.timestamp_millis_opt(now.timestamp_millis()).single().unwrap_or(now)
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that stands still until told to move, with ids counted from one: the same run gives the same ids.
#[derive(Debug)]
pub struct FixedClock {
    millis: AtomicI64,
    next: AtomicU64,
}

impl FixedClock {
    /// A clock standing at `at`.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self { millis: AtomicI64::new(at.timestamp_millis()), next: AtomicU64::new(1) }
    }

    /// Moves the clock forward by whole seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.millis.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.millis.load(Ordering::SeqCst)).single().unwrap_or_default()
    }

    fn new_id(&self) -> Uuid {
        let count = self.next.fetch_add(1, Ordering::SeqCst);
        let millis = u64::try_from(self.millis.load(Ordering::SeqCst)).unwrap_or(0);
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[8..].copy_from_slice(&count.to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).with_version(uuid::Version::SortRand).into_uuid()
    }
}
