//! Databases for tests: one template a database system, migrated and filled once, and a private copy a test.
//!
//! Copies share no rows with each other; nothing may connect to a template after it is filled.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::OnceCell;

use super::{folder, postgres::Server, product, world::Kind};

/// What a new database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing at all, no table.
    Nothing,
    /// All tables and the demonstration data.
    Demo,
}

/// A test's own database.
#[derive(Debug)]
pub struct Copy {
    kind: Kind,
    name: String,
    /// Its address.
    pub url: String,
}

struct Postgres {
    server: Server,
    admin: PgPool,
}

static POSTGRES: OnceCell<Result<Postgres, String>> = OnceCell::const_new();
static POSTGRES_TEMPLATE: OnceCell<()> = OnceCell::const_new();
static SQLITE_TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
static NEXT: AtomicU64 = AtomicU64::new(1);

const TEMPLATE: &str = "foliograph_template";

impl Copy {
    /// A new database of that content.
    pub async fn make(kind: Kind, content: Content) -> Self {
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = match kind {
            Kind::Sqlite => make_sqlite(&name, content).await,
            Kind::Postgres => make_postgres(&name, content).await,
        };
        Self { kind, name, url }
    }

    /// Removes it, with whatever is still connected.
    pub async fn remove(self) {
        match self.kind {
            Kind::Sqlite => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(sqlite_folder().join(format!("{}.db{ending}", self.name)));
                }
            }
            Kind::Postgres => {
                let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
                admin(&postgres().await.admin, &statement).await;
            }
        }
    }
}

/// Closes our own connections at the end of the run.
pub async fn close() {
    if let Some(Ok(postgres)) = POSTGRES.get() {
        postgres.admin.close().await;
    }
}

async fn make_postgres(name: &str, content: Content) -> String {
    let Postgres { server, admin: pool } = postgres().await;
    let template = match content {
        Content::Nothing => "template0",
        Content::Demo => {
            POSTGRES_TEMPLATE
                .get_or_init(|| async {
                    admin(pool, &format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0")).await;
                    product::fill(&server.url(TEMPLATE)).await;
                    let template = PgPool::connect(&server.url(TEMPLATE)).await.expect("the template database");
                    admin(&template, "ANALYZE").await;
                    template.close().await;
                })
                .await;
            TEMPLATE
        }
    };
    admin(pool, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    server.url(name)
}

async fn postgres() -> &'static Postgres {
    let started = POSTGRES.get_or_init(|| async {
        let server = tokio::task::spawn_blocking(Server::start).await.map_err(|e| e.to_string())??;
        let admin = PgPoolOptions::new().max_connections(4).connect(&server.url("postgres")).await;
        Ok(Postgres { server, admin: admin.map_err(|e| format!("the server that was just started: {e}"))? })
    });
    started.await.as_ref().unwrap_or_else(|reason| panic!("PostgreSQL could not be started: {reason}"))
}

async fn admin(pool: &PgPool, statement: &str) {
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(pool).await;
    done.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

async fn make_sqlite(name: &str, content: Content) -> String {
    let path = sqlite_folder().join(format!("{name}.db"));
    if content == Content::Demo {
        let template = SQLITE_TEMPLATE.get_or_init(|| async {
            let template = sqlite_folder().join("template.db");
            product::fill(&sqlite_url(&template)).await;
            let left = sqlite_folder().join("template.db-wal");
            let left = fs::metadata(left).map_or(0, |journal| journal.len());
            assert_eq!(left, 0, "the filled template still has rows in its journal: was it closed?");
            template
        });
        fs::copy(template.await, &path).expect("a copy of the SQLite template");
    }
    sqlite_url(&path)
}

fn sqlite_folder() -> PathBuf {
    let folder = folder::folder().join("sqlite");
    fs::create_dir_all(&folder).expect("a folder for SQLite files");
    folder
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}?mode=rwc", path.display())
}
