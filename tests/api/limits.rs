//! The published limits: what documents may be, what requests may cost and how many, how long they run, and that what is
//! told of it in headers and `serverInfo` is what is kept.

use std::sync::Arc;

use foliograph::{auth::Role, config::Config};

use crate::support::{Test, World, api_keys, client::Client, product};

mod allowance;
mod cost;
mod documents;
mod extract;
mod time;

/// Tests of all files of this folder.
pub fn list() -> Vec<Test> {
    let all = [documents::list(), cost::list(), allowance::list(), time::list(), extract::list()];
    all.into_iter().flatten().collect()
}

/// A product with the published limits, changed by a test, and clients of it.
struct Limited {
    app: Arc<foliograph::app::App>,
    user: Client,
    key: Client,
}

impl Limited {
    async fn of(world: &World, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { limits: Config::default().limits, ..product::settings(world.url().await) };
        change(&mut config);
        let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let client = Client::new(app.router()).header("accept", "application/graphql-response+json");
        let user = client.bearer(&product::token(&*world.clock, "somebody", &[Role::PmoLead]));
        let key = client.bearer(&api_keys::text("bi-products").expect("a key"));
        Self { app, user, key }
    }
}
