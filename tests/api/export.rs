//! Exports: the files hold what GraphQL answers to the same caller, and a file that is not whole never looks whole.

mod contents;
mod refusals;
mod streams;

use foliograph::{app, graph::decl::Entity};
use serde_json::{Map, Value};

pub use streams::{SOME, add_projects};

use crate::support::{Test, client::Reply};

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [contents::list(), refusals::list(), streams::list()].into_iter().flatten().collect()
}

/// Every entity that has a list, which is a dataset, with its name.
fn datasets() -> impl Iterator<Item = (&'static str, &'static Entity)> {
    app::model().entities.iter().filter_map(|entity| Some((entity.plural?, entity)))
}

/// The rows of a JSON Lines file.
fn lines(reply: &Reply) -> Vec<Map<String, Value>> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/x-ndjson; charset=utf-8");
    assert!(reply.bytes.is_empty() || reply.bytes.ends_with(b"\n"));
    reply.text().lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

/// The header and the records of a CSV file, by a reader that is not ours.
fn table(reply: &Reply) -> (Vec<String>, Vec<Vec<String>>) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(reply.bytes.ends_with(b"\r\n"));
    let mut reader = csv::Reader::from_reader(&reply.bytes[..]);
    let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let records = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
    (header, records.collect())
}

/// A parameter of an address.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
