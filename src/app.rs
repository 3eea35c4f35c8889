//! The server put together: settings, clock, database, engine and keys, and its life from start to a graceful stop.
//! Everything that a request needs hangs on one [`App`]; there are no globals.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::Router;
use migration::{Migrator, MigratorTrait};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    auth::{
        Allowances, Caller, Callers, Identity,
        api_keys::{self, KeyVerifier},
        keys::LocalKey,
        token::{Issuer, Verifier},
    },
    benefits,
    clock::Clock,
    config::{Config, Toggle},
    error::{Code, Error},
    events::{Events, Works},
    export::Exports,
    finance,
    graph::{Database, Engine, decl::Model, deprecation::Deprecation},
    http::{self, Sockets, Throttle},
    importers,
    kpi::{self, derive::Deriver, measure::Measures},
    metrics::Metrics,
    people, platform, portfolios, raid, reporting, resources, schedule, strategy,
    write::PlainType,
};

/// How long a start waits for the database.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether issuers' keys are to be fetched.
const LOOK_FOR_KEYS: Duration = Duration::from_secs(5);
/// What a stop grants beyond the deadline of requests still running.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// All that requests share.
pub struct App {
    /// The settings.
    pub config: Config,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
    /// The database.
    pub database: Database,
    /// Answers GraphQL requests.
    pub engine: Engine,
    /// Runs exports.
    pub exports: Exports,
    /// Changes, for those who follow them.
    pub events: Arc<Events>,
    /// Derives values of KPIs.
    pub deriver: Arc<Deriver>,
    /// What runs besides requests, as long as this does.
    pub works: Works,
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// Checks API keys.
    pub keys: KeyVerifier,
    /// Signs tokens of the demo and of `foliograph token`; none in production.
    pub local_key: Option<LocalKey>,
    /// Callers of the last seconds.
    pub callers: Arc<Callers>,
    /// What each principal may still spend.
    pub allowances: Arc<Allowances>,
    /// Open sockets.
    pub sockets: Arc<Sockets>,
    /// Counts bad credentials.
    pub failed_auth: Throttle,
    /// Counts requests.
    pub metrics: Metrics,
}

impl App {
    /// Connects, migrates when asked to, and opens the keys.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, Error> {
        config.check()?;
        let database = connect(&config).await?;
        match config.migrate {
            Toggle::On => Migrator::up(&database.orm, None).await?,
            Toggle::Off => refuse_pending_steps(&database).await?,
        }
        Self::over(config, clock, database).await
    }

    /// An app over a database that is connected and migrated.
    pub async fn over(config: Config, clock: Arc<dyn Clock>, database: Database) -> Result<Arc<Self>, Error> {
        Self::with_model(config, clock, database, model()).await
    }

    /// The same with other declarations.
    pub async fn with_model(
        config: Config,
        clock: Arc<dyn Clock>,
        database: Database,
        model: &'static Model,
    ) -> Result<Arc<Self>, Error> {
        let local_key = open_local_key(&config)?;
        let verifier = Arc::new(Verifier::new(local_key.as_ref(), open_issuers(&config)?));
        kpi::upkeep::keep(&database.orm, model, clock.now()).await?;
        let opened = config.resource_managers_read.iter().map(|opened| opened.class()).collect();
        let callers = Arc::new(Callers::new(opened));
        let events = Events::open(database.clone(), clock.clone(), model).await?;
        let shared = (clock.clone(), callers.clone(), events.clone());
        let allowances = Arc::new(Allowances::new(config.limit_columns(), clock.clone()));
        let engine = Engine::new(database.clone(), model, allowances.clone(), shared).await?;
        let engine = engine.accepting(config.documents);
        let exports = Exports::new(database.clone(), clock.clone(), config.max_exports, config.export_timeout());
        let deriver = Arc::new(Deriver::new(database.clone(), model, clock.clone()));
        let mut works = events.start(config.notify == Toggle::On);
        if config.derive == Toggle::On {
            works = works.with(deriver.start(events.clone()));
        }
        if verifier.fetches_keys() {
            works = works.with(keep_keys(verifier.clone(), clock.clone(), events.clone()));
        }
        let failed_auth = Throttle::new(config.max_failed_auth);
        let metrics = Metrics::new(clock.now())?;
        let sockets = Arc::new(Sockets::of(config.limits.sockets));
        Ok(Arc::new(Self {
            config,
            clock,
            database,
            engine,
            exports,
            events,
            deriver,
            works,
            verifier,
            keys: KeyVerifier::default(),
            local_key,
            callers,
            sockets,
            allowances,
            failed_auth,
            metrics,
        }))
    }

    /// The routes, ready to be served or called in process.
    pub fn router(self: &Arc<Self>) -> Router {
        http::router(self)
    }

    /// Who asks, with all that rights need. Whoever goes on for long asks again: it fails with TOKEN_EXPIRED at once when
    /// the credential's time is over, within five seconds when a key was revoked or rotated or is no longer taken from where
    /// it was presented, and for a token as soon as its issuer is known to have withdrawn the key that signed it.
    pub async fn caller_of(&self, identity: Arc<Identity>) -> Result<Arc<Caller>, Error> {
        let now = self.clock.now();
        identity.check_time(now)?;
        self.verifier.check_signer(&identity, now)?;
        let key = identity.key.map(|key| key.id);
        let caller = self.callers.of(&self.database.orm, self.clock.as_ref(), identity).await?;
        if let Some(key) = key.filter(|key| self.keys.is_use_new(*key, now)) {
            let database = self.database.clone();
            // Beside the request: an instant that is not written is noted with the next use.
            tokio::spawn(async move {
                if let Err(e) = api_keys::note_use(&database.orm, key, now).await {
                    tracing::debug!(error = %e, "the use of an API key was not noted");
                }
            });
        }
        Ok(caller)
    }
}

/// Every declaration: the one list of domains.
pub fn model() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(declared);
    &MODEL
}

/// The declarations themselves, for who changes them before they are used.
pub fn declared() -> Model {
    let entities = [
        people::declarations(),
        portfolios::declarations(),
        strategy::declarations(),
        finance::declarations(),
        reporting::declarations(),
        benefits::declarations(),
        schedule::declarations(),
        raid::declarations(),
        resources::declarations(),
        kpi::declarations(),
        platform::declarations(),
    ];
    let mutations = [
        people::mutations(),
        portfolios::mutations(),
        strategy::mutations(),
        finance::mutations(),
        reporting::mutations(),
        benefits::mutations(),
        schedule::mutations(),
        raid::mutations(),
        resources::mutations(),
        kpi::mutations(),
        platform::mutations(),
        importers::mutations(),
    ];
    Model::new(entities.into_iter().flatten().collect(), mutations.into_iter().flatten().collect())
        .with_types(types())
        .with_measures(measures())
        .with_answers([kpi::answers::roots(), resources::answers()].concat())
        .with_streams([kpi::answers::streams(), benefits::streams(), resources::streams()].concat())
        .with_deprecations(deprecations())
}

/// Members of the schema that are to go, each for 12 months at least: coordinate, what takes its place, since and until when.
fn deprecations() -> Vec<Deprecation> {
    vec![]
}

/// Every type that is no entity's.
fn types() -> Vec<PlainType> {
    [
        importers::types(),
        finance::summary::types(),
        benefits::types(),
        schedule::types(),
        resources::types(),
        kpi::answers::types(),
    ]
    .concat()
}

/// Every measure and where it comes from.
fn measures() -> Measures {
    let parts = [
        finance::measures(),
        reporting::measures(),
        strategy::measures(),
        benefits::measures(),
        portfolios::measures(),
        schedule::measures(),
        raid::measures(),
        resources::measures(),
        kpi::measures(),
    ];
    let mut all = Measures::default();
    for part in parts {
        all.measures.extend(part.measures);
        all.derivations.extend(part.derivations);
        for source in part.sources {
            // What two slices say of one owner's rows is looked at together.
            match all.sources.iter_mut().find(|known| known.name == source.name) {
                Some(known) => {
                    known.facts.extend(source.facts);
                    known.selects.extend(source.selects);
                }
                None => all.sources.push(source),
            }
        }
    }
    all
}

/// Connects to the configured database.
pub async fn connect(config: &Config) -> Result<Database, Error> {
    // A statement ends before the request that waits for it does. Who writes waits for a lock as long as a user's request
    // takes; who reads may be a key, which has more time, and whose session knows how much.
    let limits = config.limit_columns();
    let connecting = Database::connect(&config.database_url, config.database_connections, limits.user.statement_time());
    let late = || Error::new(Code::Unavailable, "it does not answer");
    let connected = tokio::time::timeout(CONNECT_WITHIN, connecting).await.unwrap_or_else(|_| Err(late()));
    let connected = connected.map(|database| database.reading_for(limits.longest().mul_f64(0.9)));
    connected.map_err(|e| {
        let cause = e.source.as_ref().map_or_else(|| e.message.clone(), ToString::to_string);
        let place = without_password(&config.database_url);
        Error {
            source: None,
            ..Error::new(Code::Unavailable, format!("The database {place} cannot be opened: {cause}."))
        }
    })
}

/// The local development key; none where the settings refuse it.
pub fn open_local_key(config: &Config) -> Result<Option<LocalKey>, Error> {
    if !config.accepts_local_key() {
        return Ok(None);
    }
    LocalKey::open(&config.key_path()).map(Some)
}

/// The issuers whose tokens are accepted.
fn open_issuers(config: &Config) -> Result<Vec<Issuer>, Error> {
    config.issuers.terms(config.environment)?.into_iter().map(Issuer::open).collect()
}

/// Keeps the keys that issuers publish fresh, by the clock.
fn keep_keys(verifier: Arc<Verifier>, clock: Arc<dyn Clock>, events: Arc<Events>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK_FOR_KEYS);
        loop {
            looks.tick().await;
            if verifier.refresh(clock.now()).await {
                // Who follows with a token of that key is looked at again.
                events.wake();
            }
        }
    })
}

/// Fails where the database lacks migration steps.
pub async fn refuse_pending_steps(database: &Database) -> Result<(), Error> {
    let pending = Migrator::get_pending_migrations_read_only(&database.orm).await?.len();
    if pending == 0 {
        return Ok(());
    }
    let line =
        format!("The database lacks {pending} migration steps. Run 'foliograph migrate up', or start with --migrate.");
    Err(Error::new(Code::Unavailable, line))
}

fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{}", place.split('?').next().unwrap_or_default()),
        _ => url.split('?').next().unwrap_or_default().to_string(),
    }
}

/// Serves until `stop` is ready, then lets running requests end.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let patience = app.config.limit_columns().longest() + STOP_GRACE;
    let (sockets, closed) = (app.sockets.clone(), app.sockets.clone());
    let limits = app.config.connections;
    let served = http::serve(listener, app.router(), &limits, async move {
        stop.await;
        tokio::spawn(async move { sockets.close().await });
        tracing::info!("stopping: no new requests");
        // The receiver is gone only when serving has already ended.
        let _ = stopping.send(());
    });
    // A client that never finishes its request must not keep the process alive.
    let too_long = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        () = async {
            served.await;
            // What became a socket is no connection any more.
            closed.close().await;
        } => Ok(()),
        () = too_long => {
            tracing::warn!("stopped with requests unfinished");
            Ok(())
        }
    }
}

/// Ready when the process is asked to stop: SIGTERM or ctrl-c. Heard from this call on, not from the first poll, so that
/// whoever was told that the server is up can also stop it.
pub fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn next(stream: std::io::Result<Signal>) {
        match stream {
            Ok(mut stream) => drop(stream.recv().await),
            Err(_) => std::future::pending().await,
        }
    }
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = next(terminate) => {}
            () = next(interrupt) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_database_is_named_without_its_password() {
        for (url, shown) in [
            ("postgres://pat:p@ss:w@db.example.com:5432/f?sslmode=require", "postgres://db.example.com:5432/f"),
            ("postgres://localhost/f?password=x", "postgres://localhost/f"),
            ("sqlite:foliograph.db?mode=rwc", "sqlite:foliograph.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
