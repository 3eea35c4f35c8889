//! Open sockets, counted by principal and as a whole: the one is limited, the other is waited for at a stop. What goes on
//! over them is counted too.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::auth::Identity;

/// Whose sockets they are.
type Principal = (String, String);

/// Open sockets.
pub struct Sockets {
    /// Sockets of one principal at a time.
    most: usize,
    by_principal: Mutex<HashMap<Principal, usize>>,
    open: watch::Sender<usize>,
    stopping: watch::Sender<bool>,
    followed: AtomicU64,
    told: AtomicU64,
}

/// What goes on over sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Open sockets.
    pub open: u64,
    /// Subscriptions that are followed.
    pub followed: u64,
    /// Events told to subscriptions since the start.
    pub told: u64,
}

/// A place for a principal's socket, given back when dropped.
pub struct Seat {
    sockets: Arc<Sockets>,
    principal: Principal,
}

/// A socket that is open, whoever it belongs to.
pub struct Open(Arc<Sockets>);

/// A subscription that is followed.
pub struct Followed(Arc<Sockets>);

impl Sockets {
    /// No socket yet, and so many at most for one principal.
    pub fn of(most: usize) -> Self {
        Self {
            most,
            by_principal: Mutex::default(),
            open: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            followed: AtomicU64::new(0),
            told: AtomicU64::new(0),
        }
    }

    /// Notes an open socket.
    pub fn enter(self: &Arc<Self>) -> Open {
        self.open.send_modify(|open| *open += 1);
        Open(self.clone())
    }

    /// A place for a socket of that principal, if she has fewer than she may have.
    pub fn seat(self: &Arc<Self>, identity: &Identity) -> Option<Seat> {
        let principal = (identity.issuer.clone(), identity.subject.clone());
        let mut taken = self.by_principal.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(principal.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat { sockets: self.clone(), principal })
    }

    /// Notes that a subscription is followed.
    pub fn follow(self: &Arc<Self>) -> Followed {
        self.followed.fetch_add(1, Ordering::Relaxed);
        Followed(self.clone())
    }

    /// Notes that a subscription was told an event.
    pub fn told(&self) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }

    /// What goes on.
    pub fn traffic(&self) -> Traffic {
        let [followed, told] = [&self.followed, &self.told].map(|count| count.load(Ordering::Relaxed));
        Traffic { open: *self.open.borrow() as u64, followed, told }
    }

    /// True once the server stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Has all sockets closed; ready when they are.
    pub async fn close(&self) {
        self.stopping.send_replace(true);
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.sockets.by_principal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.principal);
            }
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.0.followed.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}
