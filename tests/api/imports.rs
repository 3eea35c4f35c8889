//! Files that say who works when and for what: what arrives of them, what is told, and that what cannot be kept writes
//! nothing.

mod clarity;
mod mspdi;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use foliograph::importers::{File, Format, KindCount, Options, Report};
use serde_json::{Value, json};

use crate::support::{Test, World, client::Client, dump::dump, product, writes::faults};

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [clarity::list(), mspdi::list()].into_iter().flatten().collect()
}

/// A file of this text.
fn file(name: &str, text: impl Into<Vec<u8>>) -> File {
    File { name: name.to_owned(), bytes: text.into() }
}

/// Imports files as the command does.
async fn import(world: &World, format: Format, files: &[File], options: &Options) -> Result<Report, String> {
    let database = world.database().await;
    product::import_staff(&database, &world.clock, format, files, options, false).await.map_err(|e| e.to_string())
}

/// Imports files that are refused, whatever they hold, and write nothing.
async fn refusal(world: &World, format: Format, files: &[File], options: &Options) -> String {
    let database = world.database().await;
    let before = dump(&database).await;
    let told = import(world, format, files, options).await.expect_err("refused");
    assert!(dump(&database).await == before, "something was written: {told}");
    told
}

/// Imports the same again, which changes nothing at all: no row, no version, no entry, no event.
async fn again(world: &World, format: Format, files: &[File], options: &Options) -> Report {
    let database = world.database().await;
    let before = dump(&database).await;
    let report = import(world, format, files, options).await.expect("imported again");
    assert_eq!((report.created, report.updated), (0, 0), "{report:#?}");
    let after = dump(&database).await;
    for (table, rows) in &before {
        assert_eq!(after.get(table), Some(rows), "{table} was changed");
    }
    report
}

/// Imports a file by the mutation, and gives the payload.
async fn run(client: &Client, format: &str, text: &[u8], more: Value) -> Value {
    let mut input = json!({ "format": format, "base64": STANDARD.encode(text), "fileName": "a file" });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    let document = "mutation($input: ImportRunInput!) { importRun(input: $input) { \
        report { readCount createdCount updatedCount unchangedCount skippedCount isDryRun rows { row kind message } \
            kinds { kind readCount createdCount updatedCount unchangedCount skippedCount } notCarried { what count reason } } \
        userErrors { code message path params { name value } retryable } } }";
    let reply = client.query_with(document, json!({ "input": input })).await;
    reply.tells_no_secrets();
    reply.data()["importRun"].take()
}

/// `kind: read created updated unchanged skipped` of each kind.
fn counts(report: &Report) -> Vec<String> {
    let line = |count: &KindCount| {
        let KindCount { kind, read, created, updated, unchanged, skipped } = count;
        format!("{kind}: {read} {created} {updated} {unchanged} {skipped}")
    };
    report.kinds.iter().map(line).collect()
}

/// What is left in the file of one kind.
fn left(report: &Report, what: &str) -> u64 {
    report.left.iter().filter(|left| left.what.contains(what)).map(|left| left.count).sum()
}

/// What rows say, of a kind.
fn notes(report: &Report) -> Vec<String> {
    report.rows.iter().map(|note| format!("{} {} {}", note.row, note.kind.as_str(), note.text)).collect()
}

/// A project without dates.
async fn project(client: &Client, key: &str) {
    let input = json!({ "key": key, "name": key, "baseCurrency": "EUR" });
    let told = crate::support::writes::change(client, "projectCreate", input).await;
    assert_eq!(faults(&told), [""; 0], "{told}");
}
