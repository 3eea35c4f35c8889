//! The mutation `importRun`: one file in the request, the same way as the command's.

use async_graphql_value::ConstValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};

use super::report::{ImportError, NoteKind, Report};
use super::{File, Format, Order, apply, read};
use crate::auth::Step;
use crate::error::Error;
use crate::write::{Done, Member, Mutation, Path, PlainType, Shape, UserCode, UserError, Verb, Work, input};

/// The largest file, in bytes, whatever the limit of bodies.
const LARGEST_FILE: usize = 32 * 1024 * 1024;
/// The largest mapping, in bytes.
const LARGEST_MAPPING: usize = 256 * 1024;
/// What a file without a name is called in reports.
const NAMELESS: &str = "file";

/// The mutation of this domain.
pub fn mutations() -> Vec<Mutation> {
    let input = vec![
        Member { name: "format", ty: "ImportFormat!", doc: "What the file is." },
        Member {
            name: "mapping",
            ty: "String",
            doc: "What the columns become, as TOML; required for CSV. With another format it stands in place of that format's own mapping.",
        },
        Member {
            name: "base64",
            ty: "String!",
            doc: "The file: text separated by comma, semicolon or tab, at most 32 MiB, in base64.",
        },
        Member { name: "fileName", ty: "String", doc: "What the report calls the file." },
        Member { name: "asOfOn", ty: "LocalDate", doc: "The day of which the figures are, where no column says it." },
        Member { name: "dryRun", ty: "Boolean", doc: "Read, check and report everything, write nothing." },
    ];
    let report = Member {
        name: "report",
        ty: "ImportReport",
        doc: "What the import did, or would do; null where there are errors, and when an earlier request with the same key did it.",
    };
    vec![Mutation {
        name: "importRun".to_owned(),
        doc: format!(
            "Imports a file, all of it or nothing: portfolios, projects, and their published history. The same file again changes nothing. Needs the step {}.",
            Step::ImportRun.as_str()
        ),
        needs: None,
        entity: "Project",
        verb: Verb::Other,
        input,
        payload: vec![report],
        inputs: vec![],
        run,
    }]
}

/// The types that only imports need.
pub fn types() -> Vec<PlainType> {
    let count = |name, doc| Member { name, ty: "Int!", doc };
    vec![
        PlainType {
            name: "ImportFormat",
            doc: "What a file is that is to be imported.",
            shape: Shape::Choice(Format::ALL.iter().map(|(_, _, name, doc)| (*name, *doc)).collect()),
        },
        PlainType {
            name: "ImportRowKind",
            doc: "What is to be known of a row of a file.",
            shape: Shape::Choice(NoteKind::ALL.iter().map(|(_, name, doc)| (*name, *doc)).collect()),
        },
        PlainType {
            name: "ImportRowNote",
            doc: "Something to know of a row of a file.",
            shape: Shape::Object(vec![
                count(
                    "row",
                    "The row as a spreadsheet counts: the header is row 1, a cell of several lines does not count more.",
                ),
                Member { name: "kind", ty: "ImportRowKind!", doc: "What kind of thing." },
                Member {
                    name: "column",
                    ty: "String",
                    doc: "The column that is meant, as the file calls it; null where the row is.",
                },
                Member { name: "message", ty: "String!", doc: "One line for a human." },
            ]),
        },
        PlainType {
            name: "ImportReport",
            doc: "What an import did, or would do. Each row read counts once: as created, updated, unchanged or skipped.",
            shape: Shape::Object(vec![
                count("readCount", "Rows below the header."),
                count("createdCount", "Rows that made a new project."),
                count("updatedCount", "Rows that changed a project, or added to its history."),
                count("unchangedCount", "Rows that found everything as they say it should be."),
                count("skippedCount", "Rows without effect."),
                Member { name: "isDryRun", ty: "Boolean!", doc: "Whether nothing was to be written." },
                Member {
                    name: "rows",
                    ty: "[ImportRowNote!]!",
                    doc: "Every row that was skipped, changed something or is doubtful, and why, in the order of rows.",
                },
            ]),
        },
    ]
}

fn run<'a>(work: &'a mut Work<'_>, given: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let mut done = Done::default();
        let step = Step::ImportRun;
        if work.lens.caller.takes(step).is_empty() {
            let line = format!("`{}` needs {}.", work.mutation.name, step.as_str());
            let error = UserError::new(UserCode::Forbidden, Path::input(), line).with("needs", step.as_str());
            work.errors.push((0, error));
            return Ok(done);
        }
        let asked = match asked(given) {
            Ok(asked) => asked,
            Err(error) => {
                work.errors.push((0, error));
                return Ok(done);
            }
        };
        let files = [asked.file];
        let order = Order { mapping: &asked.mapping, files: &files, as_of: asked.as_of };
        // Nobody waits for the progress of a request.
        let progress = &mut |_| {};
        let applied = match read(&order, progress) {
            Ok((mapping, sheets)) => apply::apply(work, &mapping, sheets, progress).await,
            Err(refused) => Err(refused),
        };
        match applied {
            Ok(report) => {
                let is_dry_run = input::member(given, "dryRun") == Some(&ConstValue::Boolean(true));
                done.beside.insert("report".to_owned(), shown(&report, is_dry_run));
            }
            Err(ImportError::Failed(error)) => return Err(error),
            // What was applied so far was not written: rows go to the database only after the last one was read.
            Err(refused) => work.errors.extend(told(refused).into_iter().map(|error| (0, error))),
        }
        Ok(done)
    }
    .boxed()
}

/// What a request asks for.
struct Asked {
    mapping: String,
    file: File,
    as_of: Option<chrono::NaiveDate>,
}

fn asked(given: &ConstValue) -> Result<Asked, UserError> {
    let at = |member: &str| Path::input().at(member);
    let format = input::text(given, "format").and_then(|name| Format::named(&name));
    let own = format.and_then(Format::mapping).map(str::to_owned);
    let Some(mapping) = input::text(given, "mapping").or(own) else {
        return Err(UserError::new(UserCode::Required, at("mapping"), "The format CSV needs a mapping."));
    };
    if mapping.len() > LARGEST_MAPPING {
        let line = format!("A mapping has at most {LARGEST_MAPPING} bytes.");
        return Err(UserError::new(UserCode::TooLong, at("mapping"), line).with("max", LARGEST_MAPPING));
    }
    let text = input::text(given, "base64").unwrap_or_default();
    if text.len() / 4 * 3 > LARGEST_FILE {
        let line = format!("A file has at most {LARGEST_FILE} bytes.");
        return Err(UserError::new(UserCode::TooLong, at("base64"), line).with("max", LARGEST_FILE));
    }
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|_| UserError::new(UserCode::Invalid, at("base64"), "This is not base64."))?;
    let name = input::text(given, "fileName").filter(|name| !name.trim().is_empty());
    let as_of = input::text(given, "asOfOn");
    let as_of =
        as_of.map(|day| day.parse().map_err(|_| UserError::new(UserCode::Invalid, at("asOfOn"), "This is no date.")));
    Ok(Asked {
        mapping,
        file: File { name: name.unwrap_or_else(|| NAMELESS.to_owned()), bytes },
        as_of: as_of.transpose()?,
    })
}

/// What is wrong, as the payload tells it.
fn told(refused: ImportError) -> Vec<UserError> {
    match refused {
        ImportError::Mapping(faults) => {
            let error = |fault: super::MappingFault| {
                UserError::new(
                    UserCode::Invalid,
                    Path::input().at("mapping"),
                    format!("The mapping is wrong at {fault}."),
                )
                .with("key", fault.key)
            };
            faults.into_iter().map(error).collect()
        }
        ImportError::Cells { faults, .. } => {
            let error = |fault: super::CellFault| {
                let line = format!("Row {}: {}.", fault.row, fault.text);
                let error =
                    UserError::new(UserCode::ImportRow, Path::input().at("base64"), line).with("row", fault.row);
                match fault.column {
                    Some(column) => error.with("column", column),
                    None => error,
                }
            };
            faults.into_iter().map(error).collect()
        }
        ImportError::File { row: Some(row), text, .. } => {
            let line = format!("Row {row}: {text}.");
            vec![UserError::new(UserCode::ImportRow, Path::input().at("base64"), line).with("row", row)]
        }
        ImportError::File { row: None, text, .. } => {
            vec![UserError::new(
                UserCode::Invalid,
                Path::input().at("base64"),
                format!("The file cannot be used: {text}."),
            )]
        }
        // Handed on by whoever asked.
        ImportError::Failed(_) => vec![],
    }
}

fn shown(report: &Report, is_dry_run: bool) -> Json {
    let rows: Vec<Json> = report
        .rows
        .iter()
        .map(|note| json!({ "row": note.row, "kind": note.kind.as_str(), "column": note.column, "message": note.text }))
        .collect();
    json!({
        "readCount": report.read,
        "createdCount": report.created,
        "updatedCount": report.updated,
        "unchangedCount": report.unchanged,
        "skippedCount": report.skipped,
        "isDryRun": is_dry_run,
        "rows": rows,
    })
}
