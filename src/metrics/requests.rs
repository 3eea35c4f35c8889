//! GraphQL requests, counted and timed by operation. Clients choose the names of operations, so only so many become
//! labels, and only short ones: whatever is sent, memory and the page stay as small as they are.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};
use tokio::time::Instant;

use super::Ending;

/// Names of operations that are told apart; the requests of any other are `other`.
const MOST_NAMES: usize = 200;
/// Bytes of the longest name that is told.
const LONGEST_NAME: usize = 64;
/// The name of an operation without one.
const ANONYMOUS: &str = "anonymous";
/// The name of operations whose own is not told.
const OTHER: &str = "other";
/// Type and name where a request was refused before its operation was known.
const UNKNOWN: &str = "unknown";

/// Upper bounds of the times told, in seconds.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What kind of operation a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It follows changes.
    Subscription,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Query, Self::Mutation, Self::Subscription];

    fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// The counts of all requests.
pub struct Requests {
    counts: IntCounterVec,
    times: HistogramVec,
    unknown: Arc<Series>,
    known: RwLock<Known>,
}

/// What was counted before, by kind and name.
#[derive(Default)]
struct Known {
    by_name: [HashMap<Box<str>, Arc<Series>>; Kind::ALL.len()],
    names: usize,
}

/// The counts of one operation: found once a request and held until its end, so that counting is a few additions.
struct Series {
    counts: [IntCounter; Ending::ALL.len()],
    times: Histogram,
}

/// A request under way. It is counted when this is dropped, with what is known of it by then: also where its client left
/// or its time was over.
pub struct Observed<'r> {
    requests: &'r Requests,
    began: Instant,
    series: Option<Arc<Series>>,
    ending: Option<Ending>,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counts = Opts::new(
            "foliograph_graphql_requests_total",
            "GraphQL requests that have ended, over HTTP and sockets; a subscription counts when it begins to follow.",
        );
        let times = HistogramOpts::new(
            "foliograph_graphql_request_duration_seconds",
            "How long GraphQL requests took, from their head to the whole answer, which is then sent; a subscription until it follows.",
        );
        let counts = IntCounterVec::new(counts, &["type", "operation", "outcome"])?;
        let times = HistogramVec::new(times.buckets(SECONDS.to_vec()), &["type", "operation"])?;
        registry.register(Box::new(counts.clone()))?;
        registry.register(Box::new(times.clone()))?;
        let unknown = Arc::new(Series::new(&counts, &times, UNKNOWN, UNKNOWN)?);
        let mut known = Known::default();
        for kind in Kind::ALL {
            for name in [ANONYMOUS, OTHER] {
                let series = Series::new(&counts, &times, kind.as_str(), name)?;
                known.by_name[kind as usize].insert(name.into(), series.into());
            }
        }
        Ok(Self { counts, times, unknown, known: RwLock::new(known) })
    }

    /// Notes that a request begins.
    pub fn begin(&self) -> Observed<'_> {
        Observed { requests: self, began: Instant::now(), series: None, ending: None }
    }

    fn series(&self, kind: Kind, name: &str) -> Arc<Series> {
        let name = if name.is_empty() { ANONYMOUS } else { name };
        let is_full = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(series) = known.of(kind, name) {
                return series.clone();
            }
            known.names >= MOST_NAMES
        };
        let series = if is_full || !is_tellable(name) { None } else { self.admit(kind, name) };
        series.unwrap_or_else(|| {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.of(kind, OTHER).unwrap_or(&self.unknown).clone()
        })
    }

    /// The series of a name that was not seen before, if there is room for it.
    fn admit(&self, kind: Kind, name: &str) -> Option<Arc<Series>> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another request of that name may have been faster.
        if let Some(series) = known.of(kind, name) {
            return Some(series.clone());
        }
        if known.names >= MOST_NAMES {
            return None;
        }
        let series = Arc::new(Series::new(&self.counts, &self.times, kind.as_str(), name).ok()?);
        known.by_name[kind as usize].insert(name.into(), series.clone());
        known.names += 1;
        Some(series)
    }
}

impl Known {
    fn of(&self, kind: Kind, name: &str) -> Option<&Arc<Series>> {
        self.by_name[kind as usize].get(name)
    }
}

impl Series {
    /// All its counts at zero: a rate sees the first error too.
    fn new(counts: &IntCounterVec, times: &HistogramVec, kind: &str, name: &str) -> Result<Self, prometheus::Error> {
        let mut ended = vec![];
        for ending in Ending::ALL {
            ended.push(counts.get_metric_with_label_values(&[kind, name, ending.as_str()])?);
        }
        let counts = ended.try_into().map_err(|_| prometheus::Error::Msg("as many counts as endings".into()))?;
        Ok(Self { counts, times: times.get_metric_with_label_values(&[kind, name])? })
    }
}

impl Observed<'_> {
    /// Notes which operation it is.
    pub fn is(&mut self, kind: Kind, name: &str) {
        self.series = Some(self.requests.series(kind, name));
    }

    /// Notes how it ends.
    pub fn ends(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        let unsaid = || if std::thread::panicking() { Ending::Internal } else { Ending::Cancelled };
        let series = self.series.as_ref().unwrap_or(&self.requests.unknown);
        series.counts[self.ending.unwrap_or_else(unsaid) as usize].inc();
        series.times.observe(self.began.elapsed().as_secs_f64());
    }
}

/// Whether a name may become a label. GraphQL has no other names; nothing else may come through all the same.
fn is_tellable(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn requests() -> Requests {
        Requests::new(&Registry::new()).expect("counted")
    }

    fn count(requests: &Requests, labels: [&str; 3]) -> u64 {
        requests.counts.get_metric_with_label_values(&labels).expect("a count").get()
    }

    #[test]
    fn a_request_counts_once_with_what_is_known_when_it_is_dropped() {
        let requests = requests();
        drop(requests.begin());
        let mut left = requests.begin();
        left.is(Kind::Query, "Left");
        drop(left);
        let mut done = requests.begin();
        done.is(Kind::Mutation, "");
        done.ends(Ending::Invalid);
        done.ends(Ending::Ok);
        drop(done);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let mut request = requests.begin();
            request.is(Kind::Query, "Left");
            panic!("on purpose");
        }));
        assert!(panic.is_err());
        for labels in [
            ["unknown", "unknown", "cancelled"],
            ["query", "Left", "cancelled"],
            ["query", "Left", "internal"],
            ["mutation", "anonymous", "ok"],
        ] {
            assert_eq!(count(&requests, labels), 1, "{labels:?}");
        }
        assert_eq!(count(&requests, ["mutation", "anonymous", "invalid"]), 0, "the last word counts");
    }

    #[test]
    fn names_are_bounded_in_number_length_and_letters() {
        let requests = requests();
        let names = (0..1_000).map(|n| format!("Name{n}"));
        let hostile = ["x".repeat(65), "a\"} 1\n# HELP b".to_owned(), "ä".to_owned(), "a b".to_owned()];
        for name in hostile.iter().cloned().chain(names).chain(hostile.iter().cloned()) {
            let mut request = requests.begin();
            request.is(Kind::Query, &name);
            request.ends(Ending::Ok);
        }
        let known = requests.known.read().expect("known");
        assert_eq!(known.by_name[Kind::Query as usize].len(), MOST_NAMES + 2);
        assert_eq!(count(&requests, ["query", "other", "ok"]), 800 + 8);
        assert_eq!((count(&requests, ["query", "Name199", "ok"]), known.names), (1, MOST_NAMES));
    }
}
