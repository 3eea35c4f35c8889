//! Connections: sea-orm's pool for writes and small things, and read connections of our own. The pool pings on every
//! release, which a point read would pay for; ours go back only when a result was read to its end, else they are dropped.

use std::{
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, Statement as OrmStatement,
    TransactionOptions, TransactionTrait as _,
};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection,
    postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions},
    sqlite::SqliteConnectOptions,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::{Dispatch, instrument::WithSubscriber as _};

use super::{
    cell::Row,
    lite::Lite,
    load::Waits,
    sql::{Dialect, Planning},
    value::{DbValue, ListType},
};
use crate::error::{Code, Error};

/// How many texts a connection keeps prepared.
pub(super) const PREPARED: usize = 500;
/// Milliseconds after which PostgreSQL looks whether the client of a statement that runs is still there.
const LOOK_FOR_CLIENT: &str = "1000";
/// Milliseconds after which PostgreSQL ends a transaction that nobody goes on with.
const IDLE_IN_TRANSACTION: &str = "60000";
/// How long SQLite waits for the file, which another process may have locked.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// The database.
#[derive(Clone)]
pub struct Database {
    /// sea-orm's connection, for writes and small things.
    pub orm: DatabaseConnection,
    /// Which database it is.
    pub dialect: Dialect,
    pub(super) reads: Arc<Reads>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Options {
    Postgres(Box<PgConnectOptions>),
    /// The file.
    Sqlite(PathBuf),
}

/// Read connections, so many at most.
pub(super) struct Reads {
    options: Options,
    pub(super) idle: Mutex<Vec<Connected>>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) most: usize,
    pub(super) waits: Waits,
    /// What answers in place of connections.
    #[cfg(feature = "instructions")]
    answering: Option<super::made::Answering>,
}

/// A connection of either database.
pub(super) enum Connected {
    /// With what it was told of planning last.
    Postgres(Planning, Box<PgConnection>),
    Sqlite(Lite),
}

/// A read connection on loan.
pub struct Reader {
    /// How long a statement may take; as long as the connection lets it, where nothing is said.
    pub patience: Option<Duration>,
    /// When the next statement is planned.
    pub(super) planning: Planning,
    connection: Option<Connected>,
    /// Whether the connection was used before: the server may have closed it since.
    reused: bool,
    reads: Arc<Reads>,
    _permit: OwnedSemaphorePermit,
}

/// Begins a transaction that writes. SQLite takes its one writer's turn now: a reader that became a writer later could
/// find that another one had written meanwhile.
pub async fn begin(orm: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    orm.begin_with_options(options).await
}

impl Database {
    /// Connects: `sqlite:path?mode=rwc` or `postgres://...`, up to `connections` readers and as many writers at a time.
    pub async fn connect(url: &str, connections: u32, statement_timeout: Duration) -> Result<Self, Error> {
        let bad = |e: sqlx::Error| Error {
            source: Some(Box::new(e)),
            ..Error::new(Code::Unavailable, "The database address cannot be used.")
        };
        let mut pool = sea_orm::ConnectOptions::new(url);
        pool.max_connections(connections).sqlx_logging(false);
        let (dialect, options) = if url.starts_with("postgres") {
            let options = PgConnectOptions::from_str(url)
                .map_err(bad)?
                .statement_cache_capacity(PREPARED)
                .application_name("foliograph")
                .options([
                    ("statement_timeout", statement_timeout.as_millis().to_string().as_str()),
                    ("client_connection_check_interval", LOOK_FOR_CLIENT),
                    // What `open` says that a new connection was told.
                    ("plan_cache_mode", "force_generic_plan"),
                ])
                .disable_statement_logging();
            let lock_timeout = statement_timeout.as_millis().to_string();
            // A writer does not wait for a lock longer than its request does; one whose server is gone holds none for long.
            pool.map_sqlx_postgres_opts(move |o| {
                o.application_name("foliograph").options([
                    ("lock_timeout", lock_timeout.as_str()),
                    ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
                ])
            });
            (Dialect::Postgres, Options::Postgres(Box::new(options)))
        } else {
            let tune = |o: SqliteConnectOptions| {
                o.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    // What was acknowledged outlives a power cut too.
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(BUSY)
            };
            let file = SqliteConnectOptions::from_str(url).map_err(bad)?.get_filename().to_owned();
            pool.map_sqlx_sqlite_opts(tune);
            (Dialect::Sqlite, Options::Sqlite(file))
        };
        let orm = sea_orm::Database::connect(pool).await?;
        Ok(Self { orm, dialect, reads: Reads::new(options, connections as usize).into() })
    }

    /// The same database over a read connection of its own, for one statement that may take this long. The connection
    /// is opened when it is asked for and closed with the last use of what is returned.
    #[must_use]
    pub fn apart(&self, statement_timeout: Duration) -> Self {
        let options = match self.reads.options.clone() {
            Options::Postgres(_) => self.options_for(statement_timeout),
            Options::Sqlite(file) => Options::Sqlite(file),
        };
        Self { reads: Reads::new(options, 1).into(), ..self.clone() }
    }

    /// The same database, where a statement that reads may take this long.
    #[must_use]
    pub fn reading_for(&self, statement_timeout: Duration) -> Self {
        let reads = Reads::new(self.options_for(statement_timeout), self.reads.most);
        Self { reads: reads.into(), ..self.clone() }
    }

    fn options_for(&self, statement_timeout: Duration) -> Options {
        match self.reads.options.clone() {
            // Of two settings of one name the server takes the last.
            Options::Postgres(o) => Options::Postgres(Box::new(
                o.options([("statement_timeout", statement_timeout.as_millis().to_string())]),
            )),
            Options::Sqlite(file) => Options::Sqlite(file),
        }
    }

    /// A pool of one connection, opened when it is asked for, to listen on; none where there is nothing to listen to.
    pub fn listening(&self) -> Option<PgPool> {
        match &self.reads.options {
            Options::Postgres(o) => Some(PgPoolOptions::new().max_connections(1).connect_lazy_with((**o).clone())),
            Options::Sqlite(_) => None,
        }
    }

    /// A read connection, when one is free.
    pub async fn reader(&self) -> Result<Reader, Error> {
        let permits = &self.reads.permits;
        let permit = if let Ok(free) = permits.clone().try_acquire_owned() {
            free
        } else {
            let _waiting = self.reads.waits.begin();
            permits.clone().acquire_owned().await.map_err(Error::internal)?
        };
        let idle = self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reused = idle.is_some();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open().await?,
        };
        Ok(Reader {
            patience: None,
            planning: Planning::ForValues,
            connection: Some(connection),
            reused,
            reads: self.reads.clone(),
            _permit: permit,
        })
    }

    async fn open(&self) -> Result<Connected, Error> {
        Ok(match &self.reads.options {
            Options::Postgres(o) => Connected::Postgres(Planning::Once, Box::new(PgConnection::connect_with(o).await?)),
            Options::Sqlite(file) => Connected::Sqlite(Lite::open(file.clone()).await?),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let backend = self.orm.get_database_backend();
        self.orm.query_one_raw(OrmStatement::from_string(backend, "SELECT 1")).await?;
        Ok(())
    }

    /// Closes what is idle, for an orderly stop.
    pub async fn close(self) {
        self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = self.orm.close().await;
    }
}

impl Reads {
    fn new(options: Options, most: usize) -> Self {
        let permits = Arc::new(Semaphore::new(most));
        Self {
            options,
            idle: Mutex::default(),
            permits,
            most,
            waits: Waits::default(),
            #[cfg(feature = "instructions")]
            answering: None,
        }
    }

    #[cfg(feature = "instructions")]
    pub(super) fn answered_by(&self, answering: super::made::Answering) -> Self {
        Self { answering: Some(answering), ..Self::new(self.options.clone(), self.most) }
    }
}

impl Reader {
    /// The number of its connection, where what it reads of the database has a meaning for that one only.
    pub(super) fn number(&self) -> Option<u64> {
        match &self.connection {
            Some(Connected::Sqlite(lite)) => Some(lite.number),
            Some(Connected::Postgres(..)) | None => None,
        }
    }

    /// Runs a statement and gives each row to `each`. After an error the connection is not used again; if it had only
    /// gone stale, which a restarted database leaves behind, the statement runs once more on a new one. Who drops this
    /// drops the connection, and with it the statement; so does what takes longer than there is patience for.
    pub async fn fetch(
        &mut self,
        database: &Database,
        text: &Arc<str>,
        values: &[DbValue],
        each: &mut (impl FnMut(Row) -> Result<(), Error> + Send),
    ) -> Result<usize, Error> {
        let Some(patience) = self.patience else { return self.fetch_patiently(database, text, values, each).await };
        let fetching = self.fetch_patiently(database, text, values, each);
        tokio::time::timeout(patience, fetching).await.unwrap_or_else(|_| Err(Error::late()))
    }

    async fn fetch_patiently(
        &mut self,
        database: &Database,
        text: &Arc<str>,
        values: &[DbValue],
        each: &mut (impl FnMut(Row) -> Result<(), Error> + Send),
    ) -> Result<usize, Error> {
        let mut began = false;
        // sqlx enters the request's span again for each row; nothing in the log gains by it.
        let first = self
            .attempt(text, values, |row| {
                began = true;
                each(row)
            })
            .with_subscriber(Dispatch::none())
            .await;
        match first {
            Err(e) if e.code == Code::Unavailable && self.reused && !began => {
                self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                self.connection = Some(database.open().await?);
                self.reused = false;
                self.attempt(text, values, each).with_subscriber(Dispatch::none()).await
            }
            done => done,
        }
    }

    async fn attempt(
        &mut self,
        text: &Arc<str>,
        values: &[DbValue],
        mut each: impl FnMut(Row) -> Result<(), Error> + Send,
    ) -> Result<usize, Error> {
        #[cfg(feature = "instructions")]
        if let Some(answering) = &self.reads.answering {
            return super::made::answer(answering, text, values, each);
        }
        let mut connection =
            self.connection.take().ok_or_else(|| Error::internal("the connection was lost by an earlier error"))?;
        let mut count = 0;
        match &mut connection {
            Connected::Postgres(told, c) => {
                tell_planning(told, c, self.planning).await?;
                let arguments = postgres_arguments(values)?;
                let mut rows = sqlx::query_with(AssertSqlSafe(text.clone()), arguments).fetch(&mut **c);
                while let Some(row) = rows.try_next().await? {
                    count += 1;
                    each(Row::Postgres(row))?;
                }
            }
            Connected::Sqlite(lite) => {
                let mut rows = lite.ask(text, values)?;
                while let Some(row) = rows.next().await? {
                    count += 1;
                    each(Row::Sqlite(row))?;
                }
            }
        }
        self.connection = Some(connection);
        Ok(count)
    }

    /// Runs a statement, gives each row to `each`, and sends on what that has ready. While the channel is full no row
    /// is read. Who drops this drops the connection, and with it the statement.
    pub async fn pour<T: Send>(
        &mut self,
        text: &Arc<str>,
        values: &[DbValue],
        each: &mut (impl FnMut(Row) -> Option<T> + Send),
        to: &mpsc::Sender<T>,
    ) -> Result<usize, Error> {
        let pouring = async {
            let mut connection =
                self.connection.take().ok_or_else(|| Error::internal("the connection was lost by an earlier error"))?;
            let mut count = 0;
            match &mut connection {
                Connected::Postgres(told, c) => {
                    tell_planning(told, c, self.planning).await?;
                    let arguments = postgres_arguments(values)?;
                    let mut rows = sqlx::query_with(AssertSqlSafe(text.clone()), arguments).fetch(&mut **c);
                    while let Some(row) = rows.try_next().await? {
                        count += 1;
                        send(each(Row::Postgres(row)), to).await?;
                    }
                }
                Connected::Sqlite(lite) => {
                    let mut rows = lite.ask(text, values)?;
                    while let Some(row) = rows.next().await? {
                        count += 1;
                        send(each(Row::Sqlite(row)), to).await?;
                    }
                }
            }
            self.connection = Some(connection);
            Ok(count)
        };
        pouring.with_subscriber(Dispatch::none()).await
    }
}

async fn send<T: Send>(ready: Option<T>, to: &mpsc::Sender<T>) -> Result<(), Error> {
    let Some(ready) = ready else { return Ok(()) };
    to.send(ready).await.map_err(|_| Error::internal("nobody takes the rows any more"))
}

/// Tells a connection when to plan, if it was told otherwise before.
async fn tell_planning(told: &mut Planning, connection: &mut PgConnection, planning: Planning) -> Result<(), Error> {
    let mode = match planning {
        Planning::Any => return Ok(()),
        due if due == *told => return Ok(()),
        Planning::ForValues => "SET plan_cache_mode = auto",
        Planning::Once => "SET plan_cache_mode = force_generic_plan",
    };
    sqlx::raw_sql(mode).execute(connection).await?;
    *told = planning;
    Ok(())
}

pub(super) fn postgres_arguments(values: &[DbValue]) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    values.iter().try_for_each(|value| postgres(&mut arguments, value)).map_err(Error::internal)?;
    Ok(arguments)
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A connection whose result was not read to its end is still in `fetch`'s hands and dropped there.
        if let Some(connection) = self.connection.take() {
            self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

type BindResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn postgres(arguments: &mut PgArguments, value: &DbValue) -> BindResult {
    match value {
        DbValue::Int(n) => arguments.add(*n),
        DbValue::Bool(b) => arguments.add(*b),
        DbValue::Text(s) => arguments.add(s.as_str()),
        DbValue::Id(id) => arguments.add(*id),
        DbValue::Date(d) => arguments.add(*d),
        DbValue::Instant(t) => arguments.add(*t),
        DbValue::Ids(ids) => arguments.add(&ids[..]),
        DbValue::List(ty, values) => match ty {
            ListType::Int => arguments.add(
                values.iter().filter_map(|v| if let DbValue::Int(n) = v { Some(*n) } else { None }).collect::<Vec<_>>(),
            ),
            ListType::Text => arguments.add(
                values
                    .iter()
                    .filter_map(|v| if let DbValue::Text(s) = v { Some(s.as_str()) } else { None })
                    .collect::<Vec<_>>(),
            ),
            // Ids have a variant of their own.
            ListType::Id => Ok(()),
            ListType::Date => arguments.add(
                values
                    .iter()
                    .filter_map(|v| if let DbValue::Date(d) = v { Some(*d) } else { None })
                    .collect::<Vec<_>>(),
            ),
            ListType::Instant => arguments.add(
                values
                    .iter()
                    .filter_map(|v| if let DbValue::Instant(t) = v { Some(*t) } else { None })
                    .collect::<Vec<_>>(),
            ),
        },
    }
}

#[cfg(test)]
mod tests;
