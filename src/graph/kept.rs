//! Documents with their plans, kept from one request to the next within bounds, and how often that was of use.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lru::LruCache;

use super::document::Document;

/// Documents kept.
const DOCUMENTS: usize = 1_000;
/// Bytes that documents and plans may take, by what each is taken for: see [`Document::bytes`].
const BYTES: usize = 48 << 20;

/// Documents that were seen.
pub struct Documents {
    seen: Mutex<Seen>,
    uses: Tally,
    pub(super) plans: Tally,
}

/// Documents by their texts.
type Seen = LruCache<String, Arc<Document>>;

impl Default for Documents {
    fn default() -> Self {
        let seen = LruCache::new(NonZeroUsize::new(DOCUMENTS).unwrap_or(NonZeroUsize::MIN));
        Self { seen: Mutex::new(seen), uses: Tally::default(), plans: Tally::default() }
    }
}

impl Documents {
    /// A document that was kept.
    pub fn get(&self, text: &str) -> Option<Arc<Document>> {
        self.lock().get(text).cloned()
    }

    /// Keeps a validated document, and lets go of those longest unused where there are too many.
    pub fn keep(&self, text: String, document: Arc<Document>) {
        let mut seen = self.lock();
        let is_new = !seen.contains(&text);
        if let Some((_, old)) = seen.push(text, document)
            && is_new
        {
            self.let_go(&old);
        }
        self.fit(&mut seen);
    }

    /// Lets go of documents longest unused where a plan was made and all together are too large now.
    pub fn grown(&self) {
        self.fit(&mut self.lock());
    }

    /// What is asked for at this moment was used last, and stays.
    fn fit(&self, seen: &mut Seen) {
        let mut bytes = bytes_of(seen);
        while bytes > BYTES && seen.len() > 1 {
            let Some((_, old)) = seen.pop_lru() else { break };
            bytes = bytes.saturating_sub(old.bytes());
            self.let_go(&old);
        }
    }

    fn let_go(&self, old: &Document) {
        self.uses.evicted(1);
        self.plans.evicted(old.plan_count());
    }

    /// Whether a document is kept. Asked once a request, and counted.
    pub fn know(&self, text: &str) -> bool {
        let is_kept = self.get(text).is_some();
        if is_kept {
            self.uses.hit();
        } else {
            self.uses.missed();
        }
        is_kept
    }

    /// How much there is, and how often it was of use.
    pub fn kept(&self) -> Kept {
        let seen = self.lock();
        let plans = seen.iter().map(|(_, document)| document.plan_count()).sum();
        Kept {
            documents: self.uses.of(seen.len()),
            plans: self.plans.of(plans),
            bytes: bytes_of(&seen) as u64,
            answers: Use::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes_of(seen: &Seen) -> usize {
    seen.iter().map(|(_, document)| document.bytes()).sum()
}

/// Counts uses of what is kept.
#[derive(Default)]
pub(super) struct Tally {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// It was there.
    pub hits: u64,
    /// It was not, and had to be made.
    pub misses: u64,
    /// It had to make room.
    pub evictions: u64,
    /// How many there are now.
    pub entries: u64,
}

/// What is kept to answer requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Validated documents.
    pub documents: Use,
    /// Plans of kept documents; one that goes takes its plans with it.
    pub plans: Use,
    /// Bytes that both are taken to need.
    pub bytes: u64,
    /// What functions answered; kept in a place of its own, which is small.
    pub answers: Use,
}

impl Tally {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn evicted(&self, count: usize) {
        self.evictions.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn of(&self, entries: usize) -> Use {
        let [hits, misses, evictions] =
            [&self.hits, &self.misses, &self.evictions].map(|count| count.load(Ordering::Relaxed));
        Use { hits, misses, evictions, entries: entries as u64 }
    }
}
