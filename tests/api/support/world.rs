//! What a test stands in: a database of its own, a clock that it moves, and clients of the product over both.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use foliograph::{app::App, auth::Role, clock::FixedClock, graph::Database};
use tokio::sync::{Mutex, OnceCell};

use super::{
    client::{Client, Server},
    database::{Content, Copy},
    product,
};

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SQLite`, a file.
    Sqlite,
    /// `PostgreSQL`, the run's own server.
    Postgres,
}

impl Kind {
    /// Both, in the order of the report.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// First part of a test's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The surroundings of one test on one database. Everything is made when first asked for.
pub struct World {
    /// Which database system.
    pub kind: Kind,
    /// Stands at [`noon`] until moved.
    pub clock: Arc<FixedClock>,
    demo: OnceCell<Arc<str>>,
    app: OnceCell<Arc<App>>,
    copies: Mutex<Vec<Copy>>,
}

impl World {
    /// A world in which nothing is made yet.
    pub fn new(kind: Kind) -> Self {
        let clock = Arc::new(FixedClock::at(noon()));
        Self { kind, clock, demo: OnceCell::new(), app: OnceCell::new(), copies: Mutex::default() }
    }

    /// Address of this test's copy of the demonstration database.
    pub async fn url(&self) -> &str {
        self.demo.get_or_init(|| self.make(Content::Demo)).await
    }

    /// Address of a new database without any table.
    pub async fn empty_url(&self) -> Arc<str> {
        self.make(Content::Nothing).await
    }

    /// A connection to the demonstration database.
    pub async fn database(&self) -> Database {
        Database::connect(self.url().await, 4, std::time::Duration::from_secs(9)).await.expect("this test's database")
    }

    /// The product over the demonstration database; the same server state at every call.
    pub async fn app(&self) -> &Arc<App> {
        let open = || async {
            product::open(product::settings(self.url().await), Arc::clone(&self.clock)).await.expect("the product")
        };
        self.app.get_or_init(open).await
    }

    /// The product's routes.
    pub async fn router(&self) -> Router {
        self.app().await.router()
    }

    /// Who reads everything that is not confidential and is named on nothing.
    pub async fn reader(&self) -> Client {
        self.client_as("reader", &[Role::PmoLead]).await
    }

    /// A client without credential; [`World::client_as`] gives it one.
    pub async fn client(&self) -> Client {
        Client::new(self.router().await)
    }

    /// A client with a token of that subject and those roles, good for an hour of this world's clock.
    pub async fn client_as(&self, subject: &str, roles: &[Role]) -> Client {
        self.client().await.bearer(&product::token(&*self.clock, subject, roles))
    }

    /// The product on a loopback port, for tests that need TCP.
    pub async fn serve(&self) -> Server {
        Server::start(self.router().await).await
    }

    /// Removes the databases that were made.
    pub async fn close(self) {
        drop(self.app);
        for copy in self.copies.into_inner() {
            copy.remove().await;
        }
    }

    async fn make(&self, content: Content) -> Arc<str> {
        let copy = Copy::make(self.kind, content).await;
        let url = Arc::from(copy.url.as_str());
        self.copies.lock().await.push(copy);
        url
    }
}

/// The instant at which a world's clock stands at first.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).single().expect("an instant")
}

/// The civil date of the demonstration data.
pub fn as_of() -> NaiveDate {
    noon().date_naive()
}
