//! The mutation `importRun`: one file in the request, the same way as the command's.

use async_graphql_value::ConstValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};

use super::report::{ImportError, ImportOption, NoteKind, Report};
use super::staff::{self, Options, Unit};
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
            doc: "What the columns become, as TOML; required for CSV, refused for XML. With another format it stands in place of that format's own mapping.",
        },
        Member {
            name: "base64",
            ty: "String!",
            doc: "The file: text separated by comma, semicolon or tab, or XML, at most 32 MiB, in base64.",
        },
        Member { name: "fileName", ty: "String", doc: "What the report calls the file." },
        Member {
            name: "segmentUnit",
            ty: "SegmentUnit",
            doc: "What the amounts of segments count; required for CLARITY_XOG, whose files do not say it, and refused elsewhere.",
        },
        Member {
            name: "projectKey",
            ty: "String",
            doc: "The project of the plan; required for MSPDI, whose ids are counted below it, and refused elsewhere.",
        },
        Member {
            name: "currency",
            ty: "CurrencyCode",
            doc: "The currency of rates that name none and of new projects, for MSPDI and CLARITY_XOG.",
        },
        Member {
            name: "calendarKey",
            ty: "String",
            doc: "The calendar of resources that name none, for MSPDI and CLARITY_XOG.",
        },
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
            "Imports a file, all of it or nothing: portfolios, projects, and their published history; or calendars, resources, rates and bookings. The same file again changes nothing. Needs the step {}, and for resources the rights to what is written.",
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
                    "The row as a spreadsheet counts: the header is row 1, a cell of several lines does not count more. Of XML, the line; 0 where none is meant.",
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
                count("readCount", "Rows below the header; of XML, things that were read."),
                count("createdCount", "Rows that made a new project; of XML, things that made a new row."),
                count(
                    "updatedCount",
                    "Rows that changed a project, or added to its history; of XML, things that changed a row.",
                ),
                count("unchangedCount", "Rows that found everything as they say it should be."),
                count("skippedCount", "Rows without effect."),
                Member { name: "isDryRun", ty: "Boolean!", doc: "Whether nothing was to be written." },
                Member {
                    name: "rows",
                    ty: "[ImportRowNote!]!",
                    doc: "Every row that was skipped, changed something or is doubtful, and why, in the order of rows.",
                },
                Member {
                    name: "kinds",
                    ty: "[ImportKindCount!]!",
                    doc: "The same counts by what was read; none where all rows are projects.",
                },
                Member {
                    name: "notCarried",
                    ty: "[ImportLeftOut!]!",
                    doc: "What is in the file and was left there; none where every column is carried.",
                },
            ]),
        },
        PlainType {
            name: "ImportKindCount",
            doc: "What became of all things of one kind in a file.",
            shape: Shape::Object(vec![
                Member {
                    name: "kind",
                    ty: "String!",
                    doc: "The type of the rows that they become, such as `Resource`.",
                },
                count("readCount", "How many were read."),
                count("createdCount", "How many made a new row."),
                count("updatedCount", "How many changed a row."),
                count("unchangedCount", "How many found everything as they say it should be."),
                count("skippedCount", "How many had no effect."),
            ]),
        },
        PlainType {
            name: "ImportLeftOut",
            doc: "Things of one kind that are in a file and were left there.",
            shape: Shape::Object(vec![
                Member { name: "what", ty: "String!", doc: "What they are called there, and where they stand." },
                count("count", "How many there are, 2,147,483,647 at most."),
                Member { name: "reason", ty: "String!", doc: "Why, in one line for a human." },
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
        match carried_out(work, &asked).await {
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

/// Reads the file, then writes what it says. Nobody waits for the progress of a request.
async fn carried_out(work: &mut Work<'_>, asked: &Asked) -> Result<Report, ImportError> {
    let (files, progress) = (std::slice::from_ref(&asked.file), &mut |_| {});
    match asked.format {
        Some(format) if format.is_of_staff() => {
            let files = staff::read(format, files, &asked.options, progress)?;
            staff::apply(work, &files, &asked.options, false, progress).await
        }
        _ => {
            let order = Order { mapping: &asked.mapping, files, as_of: asked.as_of };
            let (mapping, sheets) = read(&order, progress)?;
            apply::apply(work, &mapping, sheets, progress).await
        }
    }
}

/// What a request asks for.
struct Asked {
    format: Option<Format>,
    mapping: String,
    options: Options,
    file: File,
    as_of: Option<chrono::NaiveDate>,
}

fn asked(given: &ConstValue) -> Result<Asked, UserError> {
    let at = |member: &str| Path::input().at(member);
    let format = input::text(given, "format").and_then(|name| Format::named(&name));
    let is_of_staff = format.is_some_and(Format::is_of_staff);
    let options = options(given, is_of_staff)?;
    let own = format.and_then(Format::mapping).map(str::to_owned);
    let own = own.or_else(|| is_of_staff.then(String::new));
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
        format,
        mapping,
        options,
        file: File { name: name.unwrap_or_else(|| NAMELESS.to_owned()), bytes },
        as_of: as_of.transpose()?,
    })
}

/// What is said beside the file. What has no meaning for its format is refused.
fn options(given: &ConstValue, is_of_staff: bool) -> Result<Options, UserError> {
    let named = |option: ImportOption| input::text(given, option.member());
    let of_staff = [ImportOption::SegmentUnit, ImportOption::Project, ImportOption::Currency, ImportOption::Calendar];
    let of_tables = [ImportOption::Mapping, ImportOption::AsOf];
    let refused = if is_of_staff { &of_tables[..] } else { &of_staff[..] };
    if let Some(option) = refused.iter().find(|option| named(**option).is_some()) {
        let path = Path::input().at(option.member());
        return Err(UserError::new(UserCode::Invalid, path, "It has no meaning for this format."));
    }
    Ok(Options {
        segment_unit: named(ImportOption::SegmentUnit).and_then(|unit| Unit::parse(&unit)),
        project: named(ImportOption::Project),
        currency: named(ImportOption::Currency),
        calendar: named(ImportOption::Calendar),
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
        ImportError::Elements { faults, .. } => {
            let error = |fault: super::ElementFault| {
                let line = match fault.line {
                    0 => format!("{}.", fault.text),
                    line => format!("Line {line}: {}.", fault.text),
                };
                let error = UserError::new(UserCode::ImportRow, Path::input().at("base64"), line);
                if fault.line == 0 { error } else { error.with("line", fault.line) }
            };
            faults.into_iter().map(error).collect()
        }
        ImportError::Option { option, is_missing, text } => {
            let code = if is_missing { UserCode::Required } else { UserCode::Invalid };
            let mut line = text;
            line.get_mut(..1).map(str::make_ascii_uppercase).unwrap_or_default();
            vec![UserError::new(code, Path::input().at(option.member()), format!("{line}."))]
        }
        ImportError::Forbidden { needs } => {
            let line = format!("The import of this file needs {needs}.");
            vec![UserError::new(UserCode::Forbidden, Path::input(), line).with("needs", needs)]
        }
        // Handed on by whoever asked.
        ImportError::Failed(_) => vec![],
    }
}

fn shown(report: &Report, is_dry_run: bool) -> Json {
    let count = |count: u64| json!(i32::try_from(count).unwrap_or(i32::MAX));
    let mut shown = report.to_json(is_dry_run);
    for row in shown["rows"].as_array_mut().into_iter().flatten() {
        row.as_object_mut().map(|row| row.remove("file"));
    }
    let left =
        report.left.iter().map(|left| json!({ "what": left.what, "count": count(left.count), "reason": left.reason }));
    shown["notCarried"] = left.collect::<Vec<_>>().into();
    shown
}
