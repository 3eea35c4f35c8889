//! What each principal may still spend, and how many of her requests run: a bucket that fills with time, in the memory of
//! this process. Nobody waits in here: a request is taken, or told when to come again.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use lru::LruCache;

use super::Caller;
use crate::{
    clock::Clock,
    config::{LimitColumns, Limits},
    error::{Code, Error},
};

/// Principals remembered at a time; who was seen longest ago begins with a full bucket again.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// What a request costs that is refused before it runs: it is read and checked all the same.
pub const REFUSED: usize = 10;
/// When to come again where too many requests run: they end when they end.
const SOON_MS: u32 = 1_000;

/// What all principals have left.
pub struct Allowances {
    clock: Arc<dyn Clock>,
    columns: LimitColumns,
    by_principal: Mutex<LruCache<String, Arc<Mutex<State>>>>,
}

/// What one principal has left.
struct State {
    /// In thousandths.
    left: u64,
    /// As of when.
    at: DateTime<Utc>,
    running: usize,
}

/// A bucket as its owner is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// What it holds at most.
    pub limit: usize,
    /// What is in it.
    pub remaining: usize,
    /// What is added each second.
    pub refill: usize,
    /// Seconds until it is full.
    pub reset_seconds: u64,
}

/// A request that is not taken.
pub struct Refused {
    /// Why, and when to come again.
    pub error: Error,
    /// What is left.
    pub left: Left,
}

/// A request that was taken: it counts as running until this is dropped.
pub struct Admitted {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    bucket: usize,
    refill: usize,
    /// What was taken for it so far.
    taken: usize,
}

impl Allowances {
    /// Full buckets for everybody.
    pub fn new(columns: LimitColumns, clock: Arc<dyn Clock>) -> Self {
        Self { clock, columns, by_principal: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// The limits of a caller.
    pub fn limits(&self, caller: &Caller) -> &Limits {
        self.columns.of(caller.is_key())
    }

    /// The limits of documents, which are the same for everybody but for their depth.
    pub fn of_all(&self) -> &Limits {
        &self.columns.user
    }

    /// The limits of those who may ask for most.
    pub fn widest(&self) -> &Limits {
        &self.columns.key
    }

    /// Takes a request of a caller, and for it what a refused one costs.
    pub fn admit(&self, caller: &Caller) -> Result<Admitted, Box<Refused>> {
        let limits = self.limits(caller);
        let (state, now) = (self.state(caller, limits), self.clock.now());
        let mut held = lock(&state);
        held.fill(limits.bucket, limits.refill, now);
        let refused = |error: Error, held: &State| {
            Err(Box::new(Refused { error, left: held.left(limits.bucket, limits.refill) }))
        };
        if held.running >= limits.in_flight {
            let line = format!("{} requests of yours run already: wait for one of them.", limits.in_flight);
            return refused(Error::new(Code::ConcurrencyLimited, line).after_ms(SOON_MS), &held);
        }
        if let Err(error) = held.take(REFUSED, limits.refill) {
            return refused(error, &held);
        }
        held.running += 1;
        drop(held);
        let (bucket, refill) = (limits.bucket, limits.refill);
        Ok(Admitted { clock: self.clock.clone(), state, bucket, refill, taken: REFUSED })
    }

    fn state(&self, caller: &Caller, limits: &Limits) -> Arc<Mutex<State>> {
        let name = caller.principal_name();
        let mut known = self.by_principal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.get(name) {
            return state.clone();
        }
        let full = State { left: thousandths(limits.bucket), at: self.clock.now(), running: 0 };
        let state = Arc::new(Mutex::new(full));
        known.push(name.to_owned(), state.clone());
        state
    }
}

impl Admitted {
    /// Takes the price of the request, in place of what was taken so far. Fails where so much is not there, and then takes
    /// nothing more.
    pub fn charge(&mut self, price: usize) -> Result<(), Error> {
        let mut held = lock(&self.state);
        held.fill(self.bucket, self.refill, self.clock.now());
        match price.checked_sub(self.taken) {
            Some(more) => held.take(more, self.refill)?,
            None => held.give(self.taken - price, self.bucket),
        }
        self.taken = price;
        Ok(())
    }

    /// Leaves what the request has cost in the end, and gives the rest back.
    pub fn settle(&mut self, actual: usize) {
        let mut held = lock(&self.state);
        held.fill(self.bucket, self.refill, self.clock.now());
        match actual.checked_sub(self.taken) {
            Some(more) => held.left = held.left.saturating_sub(thousandths(more)),
            None => held.give(self.taken - actual, self.bucket),
        }
        self.taken = actual;
    }

    /// What is left.
    pub fn left(&self) -> Left {
        let mut held = lock(&self.state);
        held.fill(self.bucket, self.refill, self.clock.now());
        held.left(self.bucket, self.refill)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut held = lock(&self.state);
        held.running = held.running.saturating_sub(1);
    }
}

impl State {
    /// Adds what has come since it was looked at last.
    fn fill(&mut self, bucket: usize, refill: usize, now: DateTime<Utc>) {
        // So many a second are as many thousandths a millisecond.
        let passed = u64::try_from((now - self.at).num_milliseconds()).unwrap_or(0);
        let come = passed.saturating_mul(refill as u64);
        self.left = self.left.saturating_add(come).min(thousandths(bucket));
        self.at = self.at.max(now);
    }

    fn take(&mut self, price: usize, refill: usize) -> Result<(), Error> {
        let needed = thousandths(price);
        if let Some(left) = self.left.checked_sub(needed) {
            self.left = left;
            return Ok(());
        }
        let missing = (needed - self.left).div_ceil(refill.max(1) as u64);
        let wait = u32::try_from(missing).unwrap_or(u32::MAX).max(1);
        let line = format!("Your allowance is spent: {price} are asked for and {} are left.", self.left / 1_000);
        Err(Error::new(Code::RateLimited, line).after_ms(wait))
    }

    fn give(&mut self, price: usize, bucket: usize) {
        self.left = self.left.saturating_add(thousandths(price)).min(thousandths(bucket));
    }

    fn left(&self, bucket: usize, refill: usize) -> Left {
        let missing = thousandths(bucket).saturating_sub(self.left);
        Left {
            limit: bucket,
            remaining: usize::try_from(self.left / 1_000).unwrap_or(usize::MAX),
            refill,
            reset_seconds: missing.div_ceil(thousandths(refill.max(1))),
        }
    }
}

fn thousandths(price: usize) -> u64 {
    (price as u64).saturating_mul(1_000)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Its numbers are whole at any time, so a panic elsewhere has not spoiled them.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::{
        auth::{Identity, Rows},
        clock::FixedClock,
        config::Config,
    };

    fn caller(subject: &str) -> Caller {
        let identity = Identity {
            issuer: "i".into(),
            subject: subject.into(),
            roles: vec![],
            expires_at: DateTime::UNIX_EPOCH,
            key: None,
            signer: None,
        };
        Caller::new(Arc::new(identity), None, vec![], Rows::default())
    }

    fn allowances() -> (Arc<FixedClock>, Allowances) {
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        (clock.clone(), Allowances::new(Config::default().limit_columns(), clock))
    }

    #[test]
    fn a_bucket_is_charged_refunded_and_filled() {
        let (clock, all) = allowances();
        let one = caller("one");
        let mut first = all.admit(&one).unwrap_or_else(|r| panic!("{}", r.error));
        first.charge(10_000).expect("there");
        assert_eq!(first.left().remaining, 50_000);
        first.settle(4_000);
        let due = Left { limit: 60_000, remaining: 56_000, refill: 1_000, reset_seconds: 4 };
        assert_eq!(first.left(), due);
        clock.advance_seconds(3);
        assert_eq!(first.left().remaining, 59_000);
        clock.advance_seconds(30);
        assert_eq!(first.left().remaining, 60_000, "never more than it holds");
        assert_eq!(all.admit(&caller("two")).map(|a| a.left().remaining).ok(), Some(59_990), "each has one of her own");
    }

    #[test]
    fn an_empty_bucket_says_when_to_come_again_and_then_holds_enough() {
        let (clock, all) = allowances();
        let one = caller("one");
        for _ in 0..6 {
            let mut admitted = all.admit(&one).unwrap_or_else(|r| panic!("{}", r.error));
            admitted.charge(9_999).expect("there");
        }
        let refused = all.admit(&one).err().expect("six are left");
        assert_eq!((refused.error.code, refused.left.remaining), (Code::RateLimited, 6));
        assert_eq!(refused.error.retry_after_ms.map(NonZeroU32::get), Some(4));
        clock.advance_seconds(10);
        let mut admitted = all.admit(&one).unwrap_or_else(|r| panic!("{}", r.error));
        let error = admitted.charge(10_500).expect_err("too much");
        assert_eq!(error.retry_after_ms.map(NonZeroU32::get), Some(494));
        assert_eq!(admitted.left().remaining, 9_996, "a refused one costs ten");
    }

    #[test]
    fn so_many_run_at_a_time() {
        let (_, all) = allowances();
        let one = caller("one");
        let mut running: Vec<_> = (0..20).filter_map(|_| all.admit(&one).ok()).collect();
        assert_eq!(running.len(), 20);
        assert_eq!(all.admit(&one).err().map(|r| r.error.code), Some(Code::ConcurrencyLimited));
        running.pop();
        assert!(all.admit(&one).is_ok());
    }
}
