//! An engine that asks no database, and requests to it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use foliograph::{
    app,
    auth::{Allowances, Caller, Callers, Identity, Role, Rows},
    clock::{Clock, FixedClock},
    config::{Config, LimitSettings},
    events::Events,
    graph::{Answer, Database, Engine, Request},
    metrics::Metrics,
};
use migration::{Migrator, MigratorTrait as _};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    marks::{mark_request_begins, mark_request_ends},
    queries::Query,
    rows::{self, Asked},
};

/// A limit that nothing meets.
const BOTTOMLESS: usize = 1_000_000_000;
/// Requests before those that count: what is made once is there then.
pub const WARM_UP: usize = 2;

/// Documents that are kept to see what one takes.
const KEPT: usize = 900;

/// Puts the tables of the product into an empty database: the engine keeps a secret there.
pub fn migrate(url: &str) {
    runtime().block_on(async {
        let database = Database::connect(url, 1, Duration::from_mins(1)).await.expect("connected");
        Migrator::up(&database.orm, None).await.expect("migrated");
        database.close().await;
    });
}

/// One thread: nothing else runs while a request does.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The engine and who asks it.
pub struct House {
    runtime: Runtime,
    engine: Engine,
    allowances: Arc<Allowances>,
    metrics: Metrics,
    callers: [Caller; 2],
    asked: Asked,
}

impl House {
    /// One over a migrated database.
    pub fn open(url: &str) -> Self {
        let runtime = runtime();
        let now = DateTime::<Utc>::UNIX_EPOCH + Duration::from_hours(24 * 365 * 56);
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(now));
        let settings = Config::default();
        let limits = LimitSettings { bucket: BOTTOMLESS, cost: BOTTOMLESS, ..settings.limits };
        let columns = Config { limits, ..settings }.limit_columns();
        let allowances = Arc::new(Allowances::new(columns, clock.clone()));
        let asked: Asked = Arc::new(Mutex::new(None));
        let answering = rows::answering(asked.clone());
        let engine = runtime.block_on(async {
            let database = Database::connect(url, 1, Duration::from_mins(1)).await.expect("connected");
            let model = app::model();
            let events = Events::open(database.clone(), clock.clone(), model).await.expect("events");
            let shared = (clock.clone(), Arc::new(Callers::new(vec![])), events);
            Engine::new(database.answered_by(answering), model, allowances.clone(), shared).await.expect("an engine")
        });
        let callers = [Role::PmoLead, Role::Auditor].map(|role| {
            let identity = Identity {
                issuer: "counted".into(),
                subject: "reader".into(),
                roles: vec![role],
                expires_at: DateTime::<Utc>::MAX_UTC,
                key: None,
                signer: None,
            };
            Caller::new(identity.into(), None, vec![role], Rows::default())
        });
        Self { runtime, engine, allowances, metrics: Metrics::new(now).expect("metrics"), callers, asked }
    }

    /// Asks a query until all that is made once is there, and gives the cursor of its next page, where it has one.
    pub fn warm_up(&self, query: &'static Query) -> Option<String> {
        *self.asked.lock().expect("unharmed") = Some(query);
        let mut cursor = None;
        for _ in 0..WARM_UP {
            let answer = self.ask(query, query.document, cursor.as_deref());
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert!(
                body.get("errors").is_none() && answer.masked == 0 && answer.rows > 0,
                "{}: {}",
                query.name,
                String::from_utf8_lossy(&answer.body).chars().take(1_000).collect::<String>()
            );
            let end = body["data"].as_object().and_then(|data| data.values().next());
            cursor = end.and_then(|list| Some(list.get("pageInfo")?["endCursor"].as_str()?.to_owned()));
        }
        cursor
    }

    /// Asks a query in a document's words.
    pub fn ask(&self, query: &Query, document: &str, cursor: Option<&str>) -> Answer {
        self.ask_as(&self.callers[0], query, document, cursor)
    }

    /// Bytes that a new document takes with a plan, and another plan of it.
    pub fn memory(&self, query: &'static Query) -> [usize; 2] {
        *self.asked.lock().expect("unharmed") = Some(query);
        let documents: Vec<String> = (0..KEPT).map(|n| format!("{} # kept {n}", query.document)).collect();
        self.callers.each_ref().map(|caller| {
            let before = resident();
            for document in &documents {
                self.ask_as(caller, query, document, None);
            }
            resident().saturating_sub(before) / KEPT
        })
    }

    fn ask_as(&self, caller: &Caller, query: &Query, document: &str, cursor: Option<&str>) -> Answer {
        let variables = query.variables(cursor);
        let request = Request { document: document.to_owned(), variables, ..Request::default() };
        let admitted = self.allowances.admit(caller).unwrap_or_else(|refused| panic!("{}", refused.error));
        let mut observed = self.metrics.requests.begin();
        let mut answered = Box::pin(self.engine.execute(request, caller, admitted, &mut observed));
        mark_request_begins();
        let answer = self.runtime.block_on(answered.as_mut());
        mark_request_ends();
        answer
    }
}

/// Bytes of memory that this process holds; nothing where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().map_or(0, |kibibytes: usize| kibibytes * 1024)
}
