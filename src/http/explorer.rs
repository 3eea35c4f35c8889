//! The explorer page at `/`: `GraphiQL`, whole inside the binary. Nothing is loaded from elsewhere, and the page's policy forbids it.

use std::sync::Arc;

use axum::{Router, routing::get};

use super::page::{HTML, STYLE, part};
use crate::app::App;

/// The query that the explorer starts with and the demo prints.
pub const FIRST_QUERY: &str = include_str!("explorer/first.graphql");

/// `unsafe-inline` is for styles alone: the editor positions its parts by style attributes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
    img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Address, media type and content of each asset.
const ASSETS: [(&str, &str, &str); 7] = [
    ("/explorer/explorer.js", SCRIPT, include_str!("explorer/explorer.js")),
    ("/explorer/explorer.css", STYLE, include_str!("explorer/explorer.css")),
    ("/explorer/graphiql.min.js", SCRIPT, include_str!("explorer/graphiql.min.js")),
    ("/explorer/graphiql.min.css", STYLE, include_str!("explorer/graphiql.min.css")),
    ("/explorer/react.production.min.js", SCRIPT, include_str!("explorer/react.production.min.js")),
    ("/explorer/react-dom.production.min.js", SCRIPT, include_str!("explorer/react-dom.production.min.js")),
    ("/explorer/first.graphql", "text/plain; charset=utf-8", FIRST_QUERY),
];

/// The page and its assets.
pub fn routes() -> Router<Arc<App>> {
    let page = get(async || part(POLICY, HTML, include_str!("explorer/index.html")));
    ASSETS.into_iter().fold(Router::new().route("/", page), |routes, (address, media, content)| {
        routes.route(address, get(async move || part(POLICY, media, content)))
    })
}
