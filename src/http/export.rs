//! `/export/v1/{dataset}.csv` and `.jsonl`: checks an address, starts the export and streams it. Everything that is asked
//! wrongly or not allowed is refused before the first byte, with a status that no tool takes for a file.

use std::{io, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Query, Request, State, rejection::PathRejection},
    http::{HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use tracing::Span;

use super::{WATERMARK, credential, envelope::Refusal};
use crate::{
    app::App,
    auth::allowance::REFUSED,
    error::{Code, Error},
    export::{self, Asked, Format},
};

/// When a client that found all exports taken may ask again.
const RETRY_SECONDS: u32 = 10;

/// Answers one export.
pub async fn answer(
    State(app): State<Arc<App>>,
    file: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // A name that is no text is the name of nothing.
    let file = file.map(|Path(file)| file).unwrap_or_default();
    match export(&app, &file, request.into_parts().0).await {
        Ok(response) => response,
        Err(refusal) => refusal.plain().into_response(),
    }
}

async fn export(app: &App, file: &str, request: Parts) -> Result<Response, Refusal> {
    let caller = credential::reader(app, &request.method, &request.headers, &request.extensions).await?;
    let named = file.rsplit_once('.').and_then(|(dataset, ending)| Some((dataset, Format::of_ending(ending)?)));
    let (dataset, format) = named.ok_or_else(|| {
        let line = "An export is the name of a list with .csv or .jsonl, such as /export/v1/projects.csv.";
        Error::new(Code::NotFound, line)
    })?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&request.uri)
        .map_err(|_| Error::new(Code::BadRequest, "The address's query part is not form-encoded."))?;
    let asked = Asked::read(pairs)?;
    let mut admitted = app.allowances.admit(&caller)?;
    admitted.charge(export::PRICE)?;
    let flat = app.engine.flat(&asked.of(dataset), &caller)?;
    Span::current().record("dataset", dataset);

    // Read before the first row: what changes from here on is told by `changes`, some of it perhaps twice, none never.
    let watermark = HeaderValue::try_from(app.events.watermark(&caller).await?).map_err(Error::internal)?;
    let body = if request.method == Method::HEAD {
        admitted.settle(REFUSED);
        // As for GET, nothing is said about the length.
        Body::from_stream(stream::empty::<io::Result<Bytes>>())
    } else {
        let started = app.exports.start(flat, format, caller, admitted).await;
        Body::from_stream(started.map_err(|error| match error.code {
            Code::RateLimited => Refusal::for_seconds(error, RETRY_SECONDS),
            _ => error.into(),
        })?)
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    // The name is that of a list of the schema: letters only.
    let name = HeaderValue::try_from(format!("attachment; filename=\"{file}\"")).map_err(Error::internal)?;
    headers.insert(header::CONTENT_DISPOSITION, name);
    headers.insert(WATERMARK.clone(), watermark);
    Ok(response)
}
