//! Commands that are more than a call of the library, one a file. What a command answers goes to stdout, all else to stderr.

pub mod documents;
pub mod import;
pub mod key;

use foliograph::{app, config::Config, error::Error, graph::Database};

/// The configured database; fails where it lacks migration steps.
pub async fn connect(config: &Config) -> Result<Database, Error> {
    let database = app::connect(config).await?;
    app::refuse_pending_steps(&database).await?;
    Ok(database)
}
