//! The suite's only doors to the product: migrate and fill a database, open the server. All else goes over HTTP or SQL.
//!
//! Stand-ins until the rooms are merged; each door names what replaces it.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use chrono::Duration;
use foliograph::{
    auth::Role,
    clock::{Clock, FixedClock},
    graph::Database,
};
use sea_orm_migration::MigratorTrait as _;

use super::world::{as_of, noon};

/// To be replaced by `pub use migration::Migrator;`.
pub use super::stand_in::Migrator;

/// Makes all tables and loads the demonstration data, then closes every connection.
pub async fn fill(url: &str) {
    let database = Database::connect(url, 1).await.expect("the template database");
    Migrator::up(&database.orm, None).await.expect("migrated");
    // An hour before the worlds' clocks: ids counted from one at the same instant would meet the demonstration's own.
    let clock = FixedClock::at(noon() - Duration::hours(1));
    // To be replaced by `foliograph::demo::load(&database.orm, as_of(), &clock).await.expect("the demonstration data");`.
    let _ = (as_of(), clock);
    database.orm.close().await.expect("closed");
}

/// The product's routes. To be replaced by `App::open(config of url, clock)` and `App::router()`.
pub async fn router(url: &str, clock: Arc<FixedClock>) -> Router {
    let database = Database::connect(url, 4).await.expect("this test's database");
    let answer = move || {
        let _held = (&database, &clock);
        async { ([("content-type", "application/json")], r#"{"data":{"__typename":"Query"}}"#) }
    };
    Router::new().route("/graphql", post(answer)).route("/healthz", get(async || "{}"))
}

/// A token that holds for an hour from now. To be replaced by `auth::token::mint` with the local key of the run folder.
pub fn token(clock: &dyn Clock, subject: &str, roles: &[Role]) -> String {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    format!("{subject}.{}.{}", roles.join("+"), (clock.now() + Duration::hours(1)).timestamp())
}
