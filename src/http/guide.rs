//! The reader's guide at `/docs`: chapters in Markdown with tables made from what the server runs with, so that none of them
//! can be out of date. It holds nothing secret, loads nothing from elsewhere and needs no script; its policy forbids both.

mod codes;
mod tables;

use std::sync::Arc;

use axum::{Router, routing::get};
use bytes::Bytes;
use pulldown_cmark::{Options, Parser, html};

use super::page::{HTML, STYLE, part};
use crate::app::App;
use tables::Tables;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Anchor, title and text of each chapter.
const CHAPTERS: [(&str, &str, &str); 16] = [
    ("start", "Start", include_str!("guide/start.md")),
    ("authentication", "Authentication", include_str!("guide/authentication.md")),
    ("paging", "Paging", include_str!("guide/paging.md")),
    ("filters", "Filters and order", include_str!("guide/filters.md")),
    ("figures", "Figures", include_str!("guide/figures.md")),
    ("writes", "Writes", include_str!("guide/writes.md")),
    ("errors", "Errors", include_str!("guide/errors.md")),
    ("masking", "Masked fields and access modes", include_str!("guide/masking.md")),
    ("limits", "Limits", include_str!("guide/limits.md")),
    ("subscriptions", "Subscriptions and resume", include_str!("guide/subscriptions.md")),
    ("pull", "Changes and exports", include_str!("guide/pull.md")),
    ("documents", "Trusted documents", include_str!("guide/documents.md")),
    ("deprecations", "Deprecations", include_str!("guide/deprecations.md")),
    ("roles", "Roles", include_str!("guide/roles.md")),
    ("scalars", "Scalars", include_str!("guide/scalars.md")),
    ("recipes", "Recipes", include_str!("guide/recipes.md")),
];

/// The page and its style.
pub fn routes(app: &App) -> Router<Arc<App>> {
    let page = Bytes::from(page(&Tables::of(app)));
    Router::new()
        .route("/docs", get(async move || part(POLICY, HTML, page)))
        .route("/docs/guide.css", get(async || part(POLICY, STYLE, include_str!("guide/guide.css"))))
}

/// The whole page.
fn page(tables: &Tables) -> String {
    let (mut contents, mut body) = (vec![], vec![]);
    for (anchor, title, text) in CHAPTERS {
        contents.push(format!("<li><a href=\"#{anchor}\">{title}</a></li>\n"));
        let text =
            rendered(text).replace("<table>", "<div class=\"wide\"><table>").replace("</table>", "</table></div>");
        let text = tables.marks().into_iter().fold(text, |text, (mark, table)| {
            text.replace(&format!("<p>{{{{{mark}}}}}</p>"), &format!("<div class=\"wide\">{table}</div>"))
        });
        body.push(format!("<section>\n<h2 id=\"{anchor}\"><a href=\"#{anchor}\">{title}</a></h2>\n{text}</section>\n"));
    }
    let [contents, body] = [contents, body].map(|parts: Vec<String>| parts.concat());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Foliograph guide</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/docs/guide.css\">\n</head>\n<body>\n\
         <h1>Foliograph guide</h1>\n<p>Version {}. How to use this server&#39;s API.</p>\n\
         <nav><ul>\n{contents}</ul></nav>\n<main>\n{body}</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Markdown as HTML.
fn rendered(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, Parser::new_ext(markdown, options));
    out
}
