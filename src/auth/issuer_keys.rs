//! The keys that an issuer publishes, as this process knows them. They are fetched every ten minutes, and at most once a
//! minute because a token names a key that is not known: whatever is presented, an issuer is not asked more often.
//!
//! A fetch is one for everybody who waits for it, and nobody waits long. Where it fails the keys of before serve on for a day.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{KeyPrint, fetch::Fetcher, keys::TokenKey};

/// How often keys are fetched, so that one that was withdrawn does not serve for longer.
const OFTEN: TimeDelta = TimeDelta::minutes(10);
/// When a fetch that failed is tried again.
const AGAIN: TimeDelta = TimeDelta::minutes(1);
/// The same while there are no keys at all.
const SOON: TimeDelta = TimeDelta::seconds(10);
/// How often a key that is not known is a reason to ask.
const ASKED: TimeDelta = TimeDelta::minutes(1);
/// How long keys serve that cannot be fetched again.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a request waits for a fetch, its own or another's.
const PATIENCE: Duration = Duration::from_secs(3);

/// The keys of one issuer.
pub struct IssuerKeys {
    fetcher: Arc<Fetcher>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The keys, and when the fetch began that brought them.
    known: Option<(DateTime<Utc>, Arc<[TokenKey]>)>,
    /// When a fetch began last, and whether it failed.
    tried: Option<(DateTime<Utc>, bool)>,
    /// When a key that was not known was a reason last.
    asked: Option<DateTime<Utc>>,
    /// Ends with the fetch that is under way.
    running: Option<watch::Receiver<()>>,
    /// Whether a key went that somebody may still be here with.
    withdrew: bool,
}

impl State {
    fn has(&self, print: KeyPrint) -> bool {
        self.known.as_ref().is_some_and(|(_, keys)| keys.iter().any(|key| key.print == print))
    }

    /// The fetch that is under way. One that ended in a panic is none.
    fn running(&self) -> Option<watch::Receiver<()>> {
        self.running.clone().filter(|running| running.has_changed().is_ok())
    }
}

impl IssuerKeys {
    /// No keys yet.
    pub fn new(fetcher: Fetcher) -> Self {
        Self { fetcher: Arc::new(fetcher), state: Arc::default() }
    }

    /// The keys, unless they are too old to be trusted.
    pub fn known(&self, now: DateTime<Utc>) -> Option<Arc<[TokenKey]>> {
        let state = lock(&self.state);
        state.known.as_ref().filter(|(at, _)| now - *at < KEPT).map(|(_, keys)| keys.clone())
    }

    /// Whether the last fetch failed: then nobody knows whether a key that is not known is the issuer's.
    pub fn has_failed(&self) -> bool {
        lock(&self.state).tried.is_none_or(|(_, failed)| failed)
    }

    /// Asks the issuer for a key that is not known here, if that was not done within the minute; waits for a fetch that is
    /// under way in any case.
    pub async fn ask(&self, now: DateTime<Utc>) {
        let running = {
            let mut state = lock(&self.state);
            match state.running() {
                Some(running) => running,
                None if state.asked.is_some_and(|at| is_within(at, now, ASKED)) => return,
                None => {
                    state.asked = Some(now);
                    self.fetch(&mut state, now)
                }
            }
        };
        wait(running).await;
    }

    /// Fetches the keys where that is due, and waits for a fetch that is under way.
    pub async fn refresh(&self, now: DateTime<Utc>) {
        let running = {
            let mut state = lock(&self.state);
            let running = state.running();
            let known = state.known.as_ref().filter(|(at, _)| now - *at < KEPT);
            let pause = match (known, state.tried) {
                (None, _) => SOON,
                (Some(_), Some((_, true))) => AGAIN,
                (Some(_), _) => OFTEN,
            };
            match running {
                Some(running) => running,
                None if state.tried.is_some_and(|(at, _)| is_within(at, now, pause)) => return,
                None => self.fetch(&mut state, now),
            }
        };
        wait(running).await;
    }

    /// Whether a key was withdrawn since this was asked last: then whoever follows is to be looked at again.
    pub fn take_withdrawal(&self) -> bool {
        std::mem::take(&mut lock(&self.state).withdrew)
    }

    /// Begins a fetch, which goes on whoever stops waiting for it.
    fn fetch(&self, state: &mut State, now: DateTime<Utc>) -> watch::Receiver<()> {
        let (end, running) = watch::channel(());
        state.running = Some(running.clone());
        let (fetcher, state) = (self.fetcher.clone(), self.state.clone());
        tokio::spawn(async move {
            let got = fetcher.keys().await;
            let mut state = lock(&state);
            state.running = None;
            state.tried = Some((now, got.is_err()));
            match got {
                Ok(keys) => {
                    tracing::debug!(issuer = fetcher.issuer(), keys = keys.len(), "an issuer's keys were fetched");
                    let before = state.known.replace((now, keys.into()));
                    let gone = before.is_some_and(|(_, keys)| keys.iter().any(|key| !state.has(key.print)));
                    state.withdrew |= gone;
                }
                Err(cause) => {
                    let kept = state.known.is_some();
                    tracing::warn!(issuer = fetcher.issuer(), cause, kept, "an issuer's keys could not be fetched");
                }
            }
            drop(state);
            drop(end);
        });
        running
    }
}

/// Whether an instant is that close before now; a clock that was moved back makes nothing wait.
fn is_within(at: DateTime<Utc>, now: DateTime<Utc>, span: TimeDelta) -> bool {
    at <= now && now - at < span
}

async fn wait(mut running: watch::Receiver<()>) {
    // Ends with an error when the fetch has ended; whoever waited long enough goes on with what is known.
    let _ = tokio::time::timeout(PATIENCE, running.changed()).await;
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // What is written is whole at any time, so a panic elsewhere has not spoiled it.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
