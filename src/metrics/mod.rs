//! Figures for those who watch over the server: requests are counted here, everything else is kept where it happens and
//! read at a scrape. Labels come from the program alone, but for names of operations, which are bounded.

mod ending;
mod figures;
mod requests;
mod sheet;

use chrono::{DateTime, Utc};
use prometheus::{Registry, TextEncoder};

pub use ending::Ending;
pub use requests::{Kind, Observed, Requests};

use crate::{app::App, error::Error};

/// The media type of a page.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted for a whole server; each has its own.
pub struct Metrics {
    /// GraphQL requests.
    pub requests: Requests,
    counted: Registry,
    started_at: DateTime<Utc>,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new(started_at: DateTime<Utc>) -> Result<Self, Error> {
        let counted = Registry::new();
        let requests = Requests::new(&counted).map_err(Error::internal)?;
        Ok(Self { requests, counted, started_at })
    }
}

/// All figures of this moment in the text format of Prometheus.
pub async fn page(app: &App) -> Result<String, Error> {
    let lag = app.events.lag().await;
    if let Err(e) = &lag {
        tracing::warn!(error = %e, "the outbox could not be read for a scrape");
    }
    let sheet = figures::of(app, lag.ok()).map_err(Error::internal)?;
    let families = [app.metrics.counted.gather(), sheet.families()].concat();
    TextEncoder::new().encode_to_string(&families).map_err(Error::internal)
}
