//! `foliograph documents`: registers, lists and removes documents that clients may name by their hash. All documents of one
//! command are kept or none is, and only such as this server would answer.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Subcommand;
use foliograph::{
    app,
    auth::Allowances,
    clock::{Clock as _, SystemClock},
    config::Config,
    error::{Code, Error},
    events::Events,
    graph::{
        Database, Engine,
        trusted::{self, Registered},
    },
};
use serde_json::Value as Json;

use super::connect;
use crate::{say, with_runtime};

/// What Apollo's generator calls its manifests.
const APOLLO: &str = "apollo-persisted-query-manifest";
/// Bytes of the largest file.
const LARGEST: u64 = 64 << 20;

/// What is done with documents.
#[derive(Subcommand)]
pub enum DocumentsCommand {
    /// Register documents and print their ids; all of them or none.
    Add(Box<Add>),
    /// List the registered documents: id and operations.
    List(Box<Config>),
    /// Remove a document: servers answer it no more.
    Remove(Box<Remove>),
}

/// `documents add`.
#[derive(clap::Args)]
pub struct Add {
    /// Files with one document each (.graphql), or manifests of GraphQL Code Generator or Apollo (.json).
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: Config,
}

/// `documents remove`.
#[derive(clap::Args)]
pub struct Remove {
    /// Its id; see `documents list`.
    id: String,
    #[command(flatten)]
    config: Config,
}

/// Runs the command.
pub fn run(command: &DocumentsCommand) -> Result<(), Error> {
    match command {
        DocumentsCommand::Add(asked) => with_runtime(&asked.config, add(asked)),
        DocumentsCommand::List(config) => with_runtime(config, list(config)),
        DocumentsCommand::Remove(asked) => with_runtime(&asked.config, remove(asked)),
    }
}

async fn add(asked: &Add) -> Result<(), Error> {
    // By text: a document that stands in two files is one.
    let mut found: BTreeMap<String, &Path> = BTreeMap::new();
    for file in &asked.files {
        for text in documents_of(file)? {
            found.entry(text).or_insert(file);
        }
    }
    let database = connect(&asked.config).await?;
    let engine = engine(&asked.config, database.clone()).await?;
    let (mut documents, mut lines) = (vec![], vec![]);
    for (text, file) in found {
        let names = engine.examine(&text).await.map_err(|errors| refused(file, &text, &errors))?;
        let operations = listed(&names);
        lines.push((operations.clone(), trusted::id_of(&text)));
        documents.push(Registered { text, operations });
    }
    trusted::add(&database.orm, &documents, SystemClock.now()).await?;
    lines.sort();
    say(&lines.iter().map(|(operations, id)| line(id, operations)).collect::<String>())
}

async fn list(config: &Config) -> Result<(), Error> {
    let documents = trusted::all(&connect(config).await?.orm).await?;
    say(&documents.iter().map(|document| line(&document.id, &document.operations)).collect::<String>())
}

async fn remove(Remove { id, config }: &Remove) -> Result<(), Error> {
    if trusted::remove(&connect(config).await?.orm, id).await? {
        return say(&format!("{id} is removed; servers refuse it within five seconds.\n"));
    }
    Err(refuse(format!("No document is registered as {id}. 'foliograph documents list' lists them.")))
}

/// An engine with the server's schema and limits.
async fn engine(config: &Config, database: Database) -> Result<Engine, Error> {
    let clock = Arc::new(SystemClock);
    let events = Events::open(database.clone(), clock.clone(), app::model()).await?;
    let allowances = Arc::new(Allowances::new(config.limit_columns(), clock.clone()));
    Engine::new(database, app::model(), allowances, (clock, Arc::default(), events)).await
}

fn line(id: &str, operations: &str) -> String {
    format!("{id}  {operations}\n")
}

/// Names of operations as they are listed; `-` stands for one without a name.
fn listed(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(|name| if name.is_empty() { "-" } else { name.as_str() }).collect();
    names.join(",")
}

/// Every document of a file.
fn documents_of(file: &Path) -> Result<Vec<String>, Error> {
    let unreadable = |cause: std::io::Error| about(file, &format!("cannot be read: {cause}"));
    if fs::metadata(file).map_err(unreadable)?.len() > LARGEST {
        return Err(about(file, "is larger than 64 MiB"));
    }
    let bytes = fs::read(file).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| about(file, "is not UTF-8"))?;
    if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return Ok(vec![text]);
    }
    let manifest: Json = serde_json::from_str(&text)
        .map_err(|e| about(file, &format!("is not valid JSON (line {}, column {})", e.line(), e.column())))?;
    in_manifest(&manifest).map_err(|wrong| about(file, &wrong))
}

/// The documents of a manifest: `{hash: text}`, or Apollo's `{format, operations: [{id, body}]}`.
fn in_manifest(manifest: &Json) -> Result<Vec<String>, String> {
    let neither = || "is no manifest: an object of hash and text, or Apollo's with format and operations".to_owned();
    let members = manifest.as_object().ok_or_else(neither)?;
    let pairs: Vec<(Option<&str>, Option<&str>)> = match (&manifest["format"], &manifest["operations"]) {
        (Json::String(format), Json::Array(operations)) => {
            if format != APOLLO || manifest["version"].as_u64().is_some_and(|version| version != 1) {
                return Err(format!("has another format than version 1 of {APOLLO}"));
            }
            operations.iter().map(|one| (one["id"].as_str(), one["body"].as_str())).collect()
        }
        _ => members.iter().map(|(hash, text)| (Some(hash.as_str()), text.as_str())).collect(),
    };
    if pairs.is_empty() {
        return Err("has no document".to_owned());
    }
    pairs.into_iter().map(|(hash, text)| checked(hash, text.ok_or_else(neither)?)).collect()
}

/// A document that is what its hash says. Hashes of another kind say nothing here.
fn checked(hash: Option<&str>, text: &str) -> Result<String, String> {
    let id = trusted::id_of(text);
    let (_, digits) = id.split_once(':').unwrap_or_default();
    let given =
        hash.map(|hash| hash.strip_prefix("sha256:").unwrap_or(hash)).filter(|given| given.len() == digits.len());
    match given {
        Some(given) if !given.eq_ignore_ascii_case(digits) => {
            Err(format!("has a document under {given} whose hash is {digits}"))
        }
        _ => Ok(text.to_owned()),
    }
}

fn refused(file: &Path, text: &str, errors: &[Error]) -> Error {
    let (first, more) = (errors.first(), errors.len().saturating_sub(1));
    let Some(first) = first else { return about(file, "is refused") };
    if first.source.is_some() && first.code == Code::Internal {
        return Error::internal(first.to_string());
    }
    let place =
        first.locations.first().map_or_else(String::new, |(line, column)| format!("line {line}, column {column}: "));
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    about(file, &format!("{} is refused: {place}{first}{more}", trusted::id_of(text)))
}

fn about(file: &Path, what: &str) -> Error {
    let mut line = format!("{}: {what}", file.display());
    if !line.ends_with('.') {
        // Writing to a string cannot fail.
        let _ = write!(line, ".");
    }
    refuse(line)
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn manifests_of_both_kinds_are_read() {
        let text = "{ __typename }";
        let id = trusted::id_of(text);
        let digits = id.trim_start_matches("sha256:");
        let apollo = |operations: Json| json!({ "format": APOLLO, "version": 1, "operations": operations });
        for good in [
            json!({ digits: text }),
            json!({ id.as_str(): text }),
            json!({ "0d3ac5b4c8e1c0a6ff0d8ab8d9a7e6ad1b1c2d3e": text }),
            apollo(json!([{ "id": digits, "name": "A", "type": "query", "body": text }])),
            apollo(json!([{ "body": text }])),
        ] {
            assert_eq!(in_manifest(&good), Ok(vec![text.to_owned()]), "{good}");
        }
        for (bad, why) in [
            (json!([]), "no manifest"),
            (json!({}), "no document"),
            (json!({ "a": 1 }), "no manifest"),
            (apollo(json!([])), "no document"),
            (apollo(json!([{ "id": digits }])), "no manifest"),
            (json!({ "format": "another", "operations": [] }), "another format"),
            (json!({ "0".repeat(64): text }), "whose hash is"),
        ] {
            assert!(in_manifest(&bad).is_err_and(|line| line.contains(why)), "{bad}");
        }
    }

    #[test]
    fn operations_without_a_name_are_listed_too() {
        assert_eq!(listed(&[String::new()]), "-");
        assert_eq!(listed(&["A".into(), "B".into()]), "A,B");
    }
}
