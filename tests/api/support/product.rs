//! The suite's only doors to the product: migrate and fill a database, open the server. All else goes over HTTP or SQL.

use std::{path::PathBuf, sync::Arc};

use chrono::Duration;
use foliograph::{
    app::{App, model},
    auth::{Role, keys::LocalKey, token},
    clock::{Clock, FixedClock},
    config::{Config, LimitSettings, Toggle},
    demo,
    error::Error,
    graph::Database,
    importers::{self, File, Format, Options, Order, Report, StaffOrder},
    kpi::{derive::Deriver, kpi_definition, ledger},
};

use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};

use super::{
    api_keys, changes, folder, thin,
    world::{as_of, noon},
};

pub use migration::{Migrator, MigratorTrait};

/// A limit that no test meets: clocks stand still here, so that nothing is given back, and tests ask everything of
/// everything at once. Those of limits set their own.
pub const BOTTOMLESS: usize = 1_000_000_000;

/// Makes all tables, loads the demonstration data and a few API keys, lets people change some of it, then closes every
/// connection.
pub async fn fill(url: &str) {
    let database = Database::connect(url, 1, std::time::Duration::from_secs(9)).await.expect("the template database");
    Migrator::up(&database.orm, None).await.expect("migrated");
    // An hour before the worlds' clocks: ids counted from one at the same instant would meet the demonstration's own.
    let clock = FixedClock::at(noon() - Duration::hours(1));
    demo::load(&database.orm, as_of(), &clock).await.expect("the demonstration data");
    api_keys::load(&database.orm).await;
    changes::make(url, &database).await;
    thin::make(&database).await;
    settle(&database, clock).await;
    // SQLite: connections for reads end in the background, and only the last of all writes the journal back by itself.
    if database.orm.get_database_backend() == DbBackend::Sqlite {
        database.orm.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("the journal written back");
    }
    database.close().await;
}

/// Makes measures and values of KPIs what they are by the tables now, and no events of it.
pub async fn settle(database: &Database, clock: FixedClock) {
    let clock: Arc<dyn Clock> = Arc::new(clock);
    kpi_definition::keep_catalogue(&database.orm, clock.now()).await.expect("the catalogue");
    let txn = database.orm.begin().await.expect("a transaction");
    let cause = ledger::Cause { at: clock.now(), request_id: "template", mutation: "template", actor: None };
    ledger::keep_all(&txn, model(), &cause).await.expect("measures");
    txn.commit().await.expect("committed");
    Deriver::new(database.clone(), model(), clock).derive().await.expect("values");
    // Nobody follows the making of the template.
    let text = "DELETE FROM outbox_event WHERE target_type IN ('KpiValue', 'Alert', 'Overbooking')";
    database.orm.execute_unprepared(text).await.expect("no events of values");
}

/// The product over a database, with an engine and keys of its own.
pub async fn app(url: &str, clock: Arc<FixedClock>) -> Arc<App> {
    open(settings(url), clock).await.expect("the product")
}

/// The settings of [`app`], to be changed by tests of settings. Nothing is derived behind a test's back: those of KPIs do
/// it themselves.
pub fn settings(url: &str) -> Config {
    Config {
        derive: Toggle::Off,
        database_url: url.to_owned(),
        database_connections: 4,
        key_file: Some(key_file()),
        limits: LimitSettings {
            cost: BOTTOMLESS,
            key_cost: BOTTOMLESS,
            bucket: BOTTOMLESS,
            key_bucket: BOTTOMLESS,
            in_flight: BOTTOMLESS,
            ..Config::default().limits
        },
        ..Config::default()
    }
}

/// The product with these settings.
pub async fn open(config: Config, clock: Arc<FixedClock>) -> Result<Arc<App>, Error> {
    App::open(config, clock).await
}

/// Imports files of the UK Government Major Projects Portfolio, as the command does.
pub async fn import_gmpp(
    database: &Database,
    clock: &FixedClock,
    files: &[PathBuf],
    dry_run: bool,
) -> Result<Report, Error> {
    import(database, clock, Format::UkGmpp, files, dry_run).await
}

/// Imports files of a format that the product knows, as the command does.
pub async fn import(
    database: &Database,
    clock: &FixedClock,
    format: Format,
    files: &[PathBuf],
    dry_run: bool,
) -> Result<Report, Error> {
    let read = |path: &PathBuf| File { name: path.display().to_string(), bytes: std::fs::read(path).expect("a file") };
    let files: Vec<File> = files.iter().map(read).collect();
    let order = Order { mapping: format.mapping().expect("its mapping"), files: &files, as_of: None };
    Ok(importers::import(database, clock, &order, dry_run, &mut |_| {}).await?)
}

/// Imports files of who works when and for what, as the command does.
pub async fn import_staff(
    database: &Database,
    clock: &FixedClock,
    format: Format,
    files: &[File],
    options: &Options,
    dry_run: bool,
) -> Result<Report, Error> {
    let order = StaffOrder { format, files, options };
    Ok(importers::import_staff(database, clock, &order, dry_run, &mut |_| {}).await?)
}

/// A token that holds for an hour from now, signed by the local key of the run folder.
pub fn token(clock: &dyn Clock, subject: &str, roles: &[Role]) -> String {
    token::mint(&local_key(), clock.now(), subject, roles, Duration::hours(1)).expect("a token")
}

/// The local key of the run folder, for tokens that are wrong in some other way.
pub fn local_key() -> LocalKey {
    LocalKey::open(&key_file()).expect("the local key")
}

/// Where the local key of the run folder is.
pub fn key_file() -> PathBuf {
    folder::folder().join("foliograph.key")
}
