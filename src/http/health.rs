//! For whoever keeps the process running: is it alive, can it work. Says nothing else, since anyone may ask.

use std::{sync::Arc, time::Duration};

use axum::extract::State;

use super::envelope::Refusal;
use crate::{
    app::App,
    error::{Code, Error},
};

/// How long the database may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn process() -> &'static str {
    "ok\n"
}

/// The database answers too.
pub async fn database(State(app): State<Arc<App>>) -> Result<&'static str, Refusal> {
    let answered = tokio::time::timeout(ANSWER_WITHIN, app.database.orm.ping()).await;
    match answered.map_err(|e| e.to_string()).and_then(|ping| ping.map_err(|e| e.to_string())) {
        Ok(()) => Ok("ok\n"),
        Err(cause) => {
            let error = Error::new(Code::Unavailable, "The database does not answer.");
            Err(Error { source: Some(cause.into()), ..error }.into())
        }
    }
}
