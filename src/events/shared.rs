//! Work that several do at the same moment is done once: who asks for what is being made waits for it, who asks for what
//! was made takes it. Nobody's pace depends on another's, and what is kept is bounded.
//!
//! What is made is good for one head of the stream only: rows change with events, so after the next one it is made anew.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;
use tokio::sync::OnceCell;

use crate::error::Error;

/// Results of equal work.
pub struct Shared<K: Hash + Eq, V> {
    kept: Mutex<LruCache<K, Arc<OnceCell<V>>>>,
}

impl<K: Hash + Eq, V: Clone> Shared<K, V> {
    /// Keeps so many results.
    pub fn new(most: NonZeroUsize) -> Self {
        Self { kept: Mutex::new(LruCache::new(most)) }
    }

    /// The result of that name, made if it is not there. A failure is not kept.
    pub async fn get(&self, key: K, make: impl Future<Output = Result<V, Error>>) -> Result<V, Error> {
        let cell = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get_or_insert(key, Arc::default).clone()
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    /// How many results are kept.
    pub fn len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Does not keep a result any longer: it is too large.
    pub fn forget(&self, key: &K) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop(key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::Code;

    #[tokio::test]
    async fn equal_work_at_one_time_is_done_once_and_a_failure_is_done_again() {
        let (shared, done) = (Shared::new(NonZeroUsize::MIN), &AtomicUsize::new(0));
        let work = |fails: bool| {
            shared.get(7, async move {
                tokio::task::yield_now().await;
                let count = done.fetch_add(1, Ordering::SeqCst);
                if fails { Err(Error::new(Code::Unavailable, "not now")) } else { Ok(count) }
            })
        };
        assert!(work(true).await.is_err());
        let (one, two, three) = tokio::join!(work(false), work(false), work(false));
        assert_eq!((one.expect("made"), two.expect("made"), three.expect("made")), (1, 1, 1));
        shared.get(8, async { Ok(0) }).await.expect("made");
        assert_eq!(work(false).await.expect("made anew"), 2, "only so many are kept");
    }
}
