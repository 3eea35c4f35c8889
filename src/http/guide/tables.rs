//! The tables of the guide, made from the codes, the settings, the policy and the schema of the server that serves it.

use crate::{
    app::App,
    auth::{
        Class, Role,
        policy::{Scopes, decide},
    },
    config::Config,
    error::Code,
    graph::{Outcome, deprecation::Deprecation, refuses_all},
};

use super::{
    super::negotiation::{Media, status},
    codes, rendered,
};

/// The tables, as HTML.
pub struct Tables {
    codes: String,
    limits: String,
    http_limits: String,
    roles: String,
    scalars: String,
    scalar_map: String,
    deprecations: String,
}

impl Tables {
    /// Those of a server.
    pub fn of(app: &App) -> Self {
        let scalars = app.engine.scalars();
        let deprecations = app.engine.deprecations();
        Self {
            codes: error_codes(),
            limits: limits(&app.engine.limits_told(&app.config.limit_columns())),
            http_limits: http_limits(&app.config),
            roles: roles(),
            scalars: scalars_told(&scalars),
            scalar_map: scalar_map(&scalars),
            deprecations: deprecated(deprecations),
        }
    }

    /// What stands in the text as `{{mark}}`, and its table.
    pub fn marks(&self) -> [(&'static str, &str); 7] {
        [
            ("codes", &self.codes),
            ("limits", &self.limits),
            ("http_limits", &self.http_limits),
            ("roles", &self.roles),
            ("scalars", &self.scalars),
            ("scalar_map", &self.scalar_map),
            ("deprecations", &self.deprecations),
        ]
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A sentence with code in backticks, without the paragraph around it.
fn inline(text: &str) -> String {
    rendered(text).trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

fn table(heads: &[&str], rows: impl Iterator<Item = String>) -> String {
    let heads = tagged("th", heads);
    let rows: String = rows.collect();
    format!("<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>")
}

fn row(id: Option<&str>, cells: &[String]) -> String {
    let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    let cells = tagged("td", cells);
    format!("<tr{id}>{cells}</tr>\n")
}

/// Each text in an element of its own.
fn tagged(tag: &str, texts: &[impl AsRef<str>]) -> String {
    texts.iter().map(|text| ["<", tag, ">", text.as_ref(), "</", tag, ">"].concat()).collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

fn error_codes() -> String {
    let rows = codes::ALL.into_iter().map(|of| {
        let refused = status(Outcome::Refused(of), Media::Response).as_u16();
        let status = match of {
            // Where some fields have data the status tells nothing.
            Code::Timeout | Code::Unavailable | Code::Internal => format!("{refused}, or 200 beside data"),
            Code::NotFound => format!("200 beside data, {refused} for an address"),
            _ if refuses_all(of) => refused.to_string(),
            _ => "200 beside data".to_owned(),
        };
        let again = if of.is_retryable() { "yes" } else { "no" };
        row(Some(of.as_str()), &[code(of.as_str()), status, again.to_owned(), inline(codes::meaning(of))])
    });
    table(&["code", "status", "retryable", "what it means and what to do"], rows)
}

fn limits(told: &[(String, String, [String; 2])]) -> String {
    let rows = told.iter().map(|(name, doc, [people, keys])| {
        row(Some(&format!("limit-{name}")), &[code(name), inline(doc), escaped(people), escaped(keys)])
    });
    table(&["limit", "what it counts", "people", "API keys"], rows)
}

fn http_limits(config: &Config) -> String {
    let rows = [
        ("bytes of a body, for callers who may write nothing", config.max_body.to_string()),
        ("seconds of an export", config.export_timeout_seconds.to_string()),
        ("exports at a time", config.max_exports.to_string()),
    ];
    table(&["limit", "here"], rows.into_iter().map(|(name, value)| row(None, &[name.to_owned(), value])))
}

fn roles() -> String {
    let mut heads = vec!["class"];
    heads.extend(Role::ALL.map(Role::as_str));
    let rows = Class::ALL.into_iter().map(|class| {
        let mut cells = vec![code(class.as_str())];
        cells.extend(Role::ALL.map(|role| named(decide(role, class).read)));
        row(None, &cells)
    });
    table(&heads, rows)
}

fn named(scopes: Scopes) -> String {
    let names: Vec<&str> =
        Scopes::NAMES.iter().filter(|(scope, _)| scopes.has(*scope)).map(|(_, name)| *name).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

fn scalars_told(scalars: &[(String, String, String)]) -> String {
    let rows = scalars.iter().map(|(name, doc, url)| {
        let leads = format!("<a href=\"{0}\" rel=\"external\">{0}</a>", escaped(url));
        row(Some(&format!("scalar-{name}")), &[code(name), inline(doc), leads])
    });
    table(&["scalar", "what it holds", "specified by"], rows)
}

/// What each scalar is in TypeScript: text, but for what has any form.
fn scalar_map(scalars: &[(String, String, String)]) -> String {
    let of = |name: &str| match name {
        "JSON" => "\"unknown\"",
        // Taken as a string or a number, answered as a string.
        "Decimal" | "Percent" => "{ input: \"string | number\", output: \"string\" }",
        _ => "\"string\"",
    };
    let lines: Vec<String> = scalars.iter().map(|(name, _, _)| format!("  {name}: {},", of(name))).collect();
    format!("<pre><code class=\"language-ts\">const scalars = {{\n{}\n}};\n</code></pre>", escaped(&lines.join("\n")))
}

fn deprecated(list: &[Deprecation]) -> String {
    if list.is_empty() {
        return "<p>Nothing is deprecated today.</p>".to_owned();
    }
    let rows = list.iter().map(|d| row(None, &[code(d.coordinate), d.since.to_string(), inline(&d.reason)]));
    table(&["member", "since", "what to do"], rows)
}
