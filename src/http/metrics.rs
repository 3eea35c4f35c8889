//! `/metrics`, for whoever the settings let read it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::{credential, envelope::Refusal};
use crate::{app::App, config::MetricsReaders, metrics};

/// All figures of this moment.
pub async fn page(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    if let MetricsReaders::Holder(token) = app.config.metrics_readers() {
        credential::check_token(request.headers(), token)?;
    }
    let page = metrics::page(&app).await?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], page).into_response())
}
