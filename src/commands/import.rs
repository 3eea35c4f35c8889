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
    importers::{self, File, Format, ImportOption, KindCount, Options, Order, Progress, Report, StaffOrder, Unit},
};
/// What is to be imported.
#[derive(clap::Args)]
pub struct Import {
    /// The format of the files: uk-gmpp, canada-it, australia-mdpr, us-it-dashboard, csv with --mapping, clarity-xog with
    /// --segment-unit, or mspdi with --project.
    #[arg(long, required_unless_present = "mapping")]
    format: Option<String>,
    /// What the columns become, as TOML; in place of the format's own.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The day of which the figures are, where no column says it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// What the amounts of segments count, for clarity-xog: its files do not say it.
    #[arg(long, value_name = "HOURS|DAYS|FTE|PERCENT", value_parser = parse_unit)]
    segment_unit: Option<Unit>,
    /// The key of the project that the plan is of, for mspdi.
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// The currency of rates that name none and of new projects, for clarity-xog and mspdi.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The key of the calendar of resources that name none, for clarity-xog and mspdi.
    #[arg(long, value_name = "KEY")]
    calendar: Option<String>,
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

fn parse_unit(name: &str) -> Result<Unit, String> {
    Unit::parse(name).ok_or_else(|| format!("allowed: {}", Unit::ALL.map(|(_, name, _)| name).join(", ")))
}

/// Imports, and answers the report.
pub async fn run(import: &Import) -> Result<String, Error> {
    let format = format(import)?;
    fits(import, format)?;
    let mapping = if format.is_of_staff() { String::new() } else { mapping(import, format)? };
    let files: Vec<File> = import.files.iter().map(file).collect::<Result<_, _>>()?;
    let database = app::connect(&import.config).await?;
    let mut told = None;
    let mut progress = |at: Progress| {
        // A line a hundredth: enough to see that it goes on.
        let part = (at.phase, at.done * 100 / at.total.max(1));
        if at.done == at.total || told.is_none_or(|told| told != part) {
            told = Some(part);
            // Progress is a courtesy: a closed stderr does not stop the import.
            let _ = writeln!(io::stderr(), "{}: {} of {} {}", at.file, at.done, at.total, at.phase);
        }
    };
    let report = if format.is_of_staff() {
        let options = Options {
            segment_unit: import.segment_unit,
            project: import.project.clone(),
            currency: import.currency.clone(),
            calendar: import.calendar.clone(),
        };
        let order = StaffOrder { format, files: &files, options: &options };
        importers::import_staff(&database, &SystemClock, &order, import.dry_run, &mut progress).await?
    } else {
        let order = Order { mapping: &mapping, files: &files, as_of: import.as_of };
        importers::import(&database, &SystemClock, &order, import.dry_run, &mut progress).await?
    };
    if let Some(path) = &import.report {
        let text = format!("{:#}\n", report.to_json(import.dry_run));
        fs::write(path, text).map_err(|cause| {
            let done = if import.dry_run { "" } else { "The import is done, but " };
            Error::new(Code::Internal, format!("{done}{} cannot be written: {cause}", path.display()))
        })?;
    }
    Ok(as_text(&report, import.dry_run))
}

fn format(import: &Import) -> Result<Format, Error> {
    let Some(name) = &import.format else { return Ok(Format::Csv) };
    Format::named(name).ok_or_else(|| {
        let allowed = Format::ALL.map(|(_, name, ..)| name).join(", ");
        Error::new(Code::BadRequest, format!("unknown format `{name}`; allowed: {allowed}"))
    })
}

/// Refuses options that have no meaning for the format.
fn fits(import: &Import, format: Format) -> Result<(), Error> {
    let of_staff = [
        (ImportOption::SegmentUnit, import.segment_unit.is_some()),
        (ImportOption::Project, import.project.is_some()),
        (ImportOption::Currency, import.currency.is_some()),
        (ImportOption::Calendar, import.calendar.is_some()),
    ];
    let of_tables = [(ImportOption::Mapping, import.mapping.is_some()), (ImportOption::AsOf, import.as_of.is_some())];
    let refused = if format.is_of_staff() { &of_tables[..] } else { &of_staff[..] };
    match refused.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            let line = format!("{} has no meaning for the format {}", option.flag(), format.as_str());
            Err(Error::new(Code::BadRequest, line))
        }
        None => Ok(()),
    }
}

fn mapping(import: &Import, format: Format) -> Result<String, Error> {
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
    for left in &report.left {
        let _ = writeln!(out, "{left}");
    }
    for KindCount { kind, read, created, updated, unchanged, skipped } in &report.kinds {
        let _ = writeln!(
            out,
            "{kind}: {read} read, {created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped"
        );
    }
    let Report { read, created, updated, unchanged, skipped, .. } = report;
    let dry = if is_dry_run { " (dry run: nothing was written)" } else { "" };
    let _ = writeln!(
        out,
        "{read} read, {created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped{dry}"
    );
    out
}
