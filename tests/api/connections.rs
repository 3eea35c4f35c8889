//! What a database that comes and goes does to requests: nothing where it is back, a clear error where it is not.

use foliograph::auth::Role;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::support::world::Kind;

tests! {
    async fn a_database_that_was_restarted_in_between_costs_no_request(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let document = "{ projects(first: 2) { nodes { key } totalCount } }";
        let before = client.query(document).await;
        assert_eq!(before.error_codes(), Vec::<String>::new(), "{}", before.text());
        if world.kind == Kind::Postgres {
            // What a restart does to connections that idle, without taking the other tests' server away.
            let database = world.database().await.orm;
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let ended = database.query_all_raw(Statement::from_string(database.get_database_backend(), end)).await.expect("ended");
            assert!(!ended.is_empty(), "no connection was idle");
        }
        let after = client.query(document).await;
        assert_eq!(after.text(), before.text());
    }
}
