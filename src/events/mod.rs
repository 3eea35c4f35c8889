//! From the outbox to whoever follows changes: positions, the feed that pulling and subscribing share, and what is
//! removed after its time. The outbox is the truth; every hint may be lost.

mod compare;
mod feed;
mod janitor;
mod lag;
mod page;
mod sequencer;
pub(crate) mod shared;
mod view;
mod watermark;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

pub use feed::{Cause, Change, Feed, Page, Selection};
pub use janitor::{KEPT_DAYS, REPLAYED_DAYS, Tidied};
pub use lag::Lag;
pub(crate) use sequencer::read_head;
use shared::Shared;
pub(crate) use view::expired;
use view::{View, ViewHash};
pub use watermark::Watermark;

use crate::{
    auth::Caller,
    clock::Clock,
    error::Error,
    graph::{Database, decl::Model},
    kpi::stream::{self, ValueFeed, ValuePage},
};

/// The type under which the outbox tells of values of KPIs.
pub(crate) const VALUES: &str = "KpiValue";
/// How often a process looks for events without a position, whatever it was told.
pub(crate) const POLL: Duration = Duration::from_millis(500);
/// Between two looks, at least: writes that follow each other closely are given positions together.
const APART: Duration = Duration::from_millis(10);
/// Changes that a subscriber reads at a time.
const TOLD: usize = 50;
/// How often old events are removed.
const TIDY: Duration = Duration::from_hours(1);

/// The outbox and those who follow it.
pub struct Events {
    /// What callers see of it.
    pub feed: Feed,
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// One connection of its own, for who watches how far the stream is behind.
    watch: Database,
    nudged: Notify,
    /// The same for who derives values from what was written.
    pub(crate) written: Notify,
    head: watch::Sender<i64>,
    pages: Shared<PageKey, Arc<Page>>,
    /// Values of KPIs as they change.
    pub(crate) values: ValueFeed,
}

/// A page that several subscribers read at the same moment: head, view, selection and where they are.
type PageKey = (i64, ViewHash, [u8; 8], Watermark);

/// Pages kept for others.
const PAGES: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Names what a caller sees.
pub(crate) fn view_of(caller: &Caller) -> ViewHash {
    caller.view_name(|| View::of(caller).hash)
}

/// The background work of a process; it ends when this is dropped.
pub struct Works(Vec<JoinHandle<()>>);

impl Events {
    /// The outbox of a migrated database.
    pub async fn open(database: Database, clock: Arc<dyn Clock>, model: &'static Model) -> Result<Arc<Self>, Error> {
        let feed = Feed::open(database.clone(), clock.clone(), model).await?;
        Ok(Arc::new(Self {
            feed,
            watch: database.apart(lag::ANSWER_WITHIN),
            database: database.clone(),
            clock,
            nudged: Notify::new(),
            written: Notify::new(),
            head: watch::Sender::new(0),
            pages: Shared::new(PAGES),
            values: ValueFeed::new(database.clone(), model),
        }))
    }

    /// Says that a transaction with events was committed. A hint: without it they are found a little later.
    pub fn nudge(&self) {
        self.nudged.notify_one();
        self.written.notify_one();
    }

    /// The last position known here; a change of it, or a wake without one, is a reason to look again.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// Has every follower look again, also where no event says why: rights change by the calendar too.
    pub fn wake(&self) {
        self.head.send_modify(|_| {});
    }

    /// The changes after a watermark, read once for all subscribers who are at the same place with the same view.
    pub async fn follow(&self, caller: &Caller, from: &Watermark, selection: &Selection) -> Result<Arc<Page>, Error> {
        let head = *self.head.borrow();
        let key = (head, view_of(caller), selection.hash, from.clone());
        // On the heap: whoever waits for an event holds none of this.
        self.pages
            .get(
                key,
                Box::pin(async {
                    self.feed.advance(caller, from, selection, TOLD).await.map(|page| Arc::new(page.by_event()))
                }),
            )
            .await
    }

    /// The watermark of a caller who is about to read everything herself: changes since then are changes after it.
    pub async fn watermark(&self, caller: &Caller) -> Result<String, Error> {
        self.sequence_soon().await;
        self.feed.now(caller).await
    }

    /// The same of values of KPIs.
    pub async fn follow_values(
        &self,
        caller: &Caller,
        from: &Watermark,
        selection: &stream::Selection,
    ) -> Result<Arc<ValuePage>, Error> {
        let head = *self.head.borrow();
        self.values.follow(head, caller, from, selection, TOLD).await
    }

    /// Starts the background work.
    pub fn start(self: &Arc<Self>, listens: bool) -> Works {
        let mut works = vec![tokio::spawn(follow(self.clone())), tokio::spawn(tidy(self.clone()))];
        if listens {
            works.extend(sequencer::listen(self.clone()).map(tokio::spawn));
        }
        Works(works)
    }
}

impl Works {
    /// Together with other work.
    #[must_use]
    pub fn with(mut self, more: JoinHandle<()>) -> Self {
        self.0.push(more);
        self
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn follow(events: Arc<Events>) {
    loop {
        let next = Instant::now() + APART;
        if let Err(e) = events.sequence(sequencer::Lock::Skip).await {
            tracing::warn!(error = %e, "events could not be given positions; trying again");
        }
        // Whichever comes first; a lost nudge costs one interval.
        let _ = timeout(POLL, events.nudged.notified()).await;
        sleep_until(next).await;
    }
}

async fn tidy(events: Arc<Events>) {
    let mut hours = tokio::time::interval(TIDY);
    loop {
        hours.tick().await;
        match events.tidy().await {
            Ok(done) => tracing::debug!(?done, "old events, views and keys were removed"),
            Err(e) => tracing::warn!(error = %e, "old events could not be removed; trying again in an hour"),
        }
    }
}
