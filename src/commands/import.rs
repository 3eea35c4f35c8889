//! `foliograph import`: files of other tools, all of them or nothing. The report goes to stdout, progress to stderr.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use foliograph::{
    app,
    clock::SystemClock,
    config::Config,
    error::{Code, Error},
    importers::{self, File, Format, Order, Progress, Report},
};
use serde_json::json;

/// What is to be imported.
#[derive(clap::Args)]
pub struct Import {
    /// The format of the files: uk-gmpp, canada-it, australia-mdpr, us-it-dashboard, or csv with --mapping.
    #[arg(long, required_unless_present = "mapping")]
    format: Option<String>,
    /// What the columns become, as TOML; in place of the format's own.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The day of which the figures are, where no column says it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Read, check and report everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where to write the report as JSON as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    pub config: Config,
}

/// Imports, and answers the report.
pub async fn run(import: &Import) -> Result<String, Error> {
    let mapping = mapping(import)?;
    let files: Vec<File> = import.files.iter().map(file).collect::<Result<_, _>>()?;
    let order = Order { mapping: &mapping, files: &files, as_of: import.as_of };
    let database = app::connect(&import.config).await?;
    let mut told = None;
    let report = importers::import(&database, &SystemClock, &order, import.dry_run, &mut |at: Progress| {
        // A line a hundredth: enough to see that it goes on.
        let part = (at.phase, at.done * 100 / at.total.max(1));
        if at.done == at.total || told.is_none_or(|told| told != part) {
            told = Some(part);
            // Progress is a courtesy: a closed stderr does not stop the import.
            let _ = writeln!(io::stderr(), "{}: {} of {} {}", at.file, at.done, at.total, at.phase);
        }
    })
    .await?;
    if let Some(path) = &import.report {
        let text = format!("{:#}\n", as_json(&report, import.dry_run));
        fs::write(path, text).map_err(|cause| {
            let done = if import.dry_run { "" } else { "The import is done, but " };
            Error::new(Code::Internal, format!("{done}{} cannot be written: {cause}", path.display()))
        })?;
    }
    Ok(as_text(&report, import.dry_run))
}

fn mapping(import: &Import) -> Result<String, Error> {
    let format = match &import.format {
        None => Format::Csv,
        Some(name) => Format::named(name).ok_or_else(|| {
            let allowed = Format::ALL.map(|(_, name, ..)| name).join(", ");
            Error::new(Code::BadRequest, format!("unknown format `{name}`; allowed: {allowed}"))
        })?,
    };
    match (&import.mapping, format.mapping()) {
        (Some(path), _) => fs::read_to_string(path).map_err(|cause| unreadable(path, &cause)),
        (None, Some(own)) => Ok(own.to_owned()),
        (None, None) => Err(Error::new(Code::BadRequest, "the format csv needs --mapping FILE")),
    }
}

fn file(path: &PathBuf) -> Result<File, Error> {
    let bytes = fs::read(path).map_err(|cause| unreadable(path, &cause))?;
    Ok(File { name: path.display().to_string(), bytes })
}

fn unreadable(path: &Path, cause: &io::Error) -> Error {
    Error::new(Code::BadRequest, format!("{}: cannot be read: {cause}", path.display()))
}

fn as_text(report: &Report, is_dry_run: bool) -> String {
    // Writing to a string cannot fail.
    let mut out = String::new();
    for note in &report.rows {
        let _ = writeln!(out, "{note}");
    }
    let Report { read, created, updated, unchanged, skipped, .. } = report;
    let dry = if is_dry_run { " (dry run: nothing was written)" } else { "" };
    let _ = writeln!(
        out,
        "{read} read, {created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped{dry}"
    );
    out
}

fn as_json(report: &Report, is_dry_run: bool) -> serde_json::Value {
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|note| {
            let kind = note.kind.as_str();
            json!({ "file": note.file, "row": note.row, "kind": kind, "column": note.column, "message": note.text })
        })
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
