//! What an import did or would do, row by row, how far it has come, and why it wrote nothing.

use std::fmt;

use serde_json::{Value as Json, json};

pub use crate::config::Fault as MappingFault;
use crate::error::{Code, Error};

/// What is to be known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// It made a project although others of the source were there: neither its id nor its name was known.
    Created,
    /// It changed what was there.
    Changed,
    /// It had no effect.
    Skipped,
    /// It was taken otherwise than it reads, or something beside it should be looked at.
    Doubtful,
}

impl NoteKind {
    /// Every kind with its name and what it says.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (
            Self::Created,
            "CREATED",
            "It made a project although others of the source were there: neither its id nor its name was known.",
        ),
        (Self::Changed, "CHANGED", "It changed what was there."),
        (Self::Skipped, "SKIPPED", "It had no effect."),
        (
            Self::Doubtful,
            "DOUBTFUL",
            "It was taken otherwise than it reads, or something beside it should be looked at.",
        ),
    ];

    /// The published name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("DOUBTFUL", |(_, name, _)| name)
    }
}

/// Something to know about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNote {
    /// The file as named in the call.
    pub file: String,
    /// The row as a spreadsheet counts: the header is row 1, a cell of several lines does not count more. Of XML, the line;
    /// 0 where no line is meant.
    pub row: usize,
    /// What kind of thing.
    pub kind: NoteKind,
    /// The column that is meant; none where the row is.
    pub column: Option<String>,
    /// One line.
    pub text: String,
}

impl fmt::Display for RowNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_str().to_lowercase();
        match self.row {
            0 => write!(f, "{}: {kind}: {}", self.file, self.text),
            row => write!(f, "{}, row {row}: {kind}: {}", self.file, self.text),
        }
    }
}

/// What an import did, or would do. Each row read counts once: `created + updated + unchanged + skipped = read`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows below the headers, of all files.
    pub read: usize,
    /// Rows that made a new project.
    pub created: usize,
    /// Rows that changed a project, or added to its history.
    pub updated: usize,
    /// Rows that found everything as they say it should be.
    pub unchanged: usize,
    /// Rows without effect.
    pub skipped: usize,
    /// Every row that was skipped, changed something or is doubtful, and why; in the order of files and rows.
    pub rows: Vec<RowNote>,
    /// The same counts by what was read, in the order in which it is written; none where all rows are projects.
    pub kinds: Vec<KindCount>,
    /// What is in the files and was left there.
    pub left: Vec<LeftOut>,
}

impl Report {
    /// As the command writes it.
    pub fn to_json(&self, is_dry_run: bool) -> Json {
        let rows = self.rows.iter().map(|note| {
            let kind = note.kind.as_str();
            json!({ "file": note.file, "row": note.row, "kind": kind, "column": note.column, "message": note.text })
        });
        let kinds = self.kinds.iter().map(|count| {
            json!({
                "kind": count.kind,
                "readCount": count.read,
                "createdCount": count.created,
                "updatedCount": count.updated,
                "unchangedCount": count.unchanged,
                "skippedCount": count.skipped,
            })
        });
        let left = self
            .left
            .iter()
            .map(|left| json!({ "file": left.file, "what": left.what, "count": left.count, "reason": left.reason }));
        json!({
            "readCount": self.read,
            "createdCount": self.created,
            "updatedCount": self.updated,
            "unchangedCount": self.unchanged,
            "skippedCount": self.skipped,
            "isDryRun": is_dry_run,
            "rows": rows.collect::<Vec<_>>(),
            "kinds": kinds.collect::<Vec<_>>(),
            "notCarried": left.collect::<Vec<_>>(),
        })
    }
}

/// What became of all things of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KindCount {
    /// The type of the rows that they become.
    pub kind: &'static str,
    /// How many were read.
    pub read: usize,
    /// How many made a new row.
    pub created: usize,
    /// How many changed a row.
    pub updated: usize,
    /// How many found everything as they say it should be.
    pub unchanged: usize,
    /// How many had no effect.
    pub skipped: usize,
}

/// Things of one kind that are in a file and were left there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file as named in the call.
    pub file: String,
    /// What they are called there.
    pub what: String,
    /// How many there are.
    pub count: u64,
    /// Why.
    pub reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: NOT_CARRIED: {} {}: {}", self.file, self.count, self.what, self.reason)
    }
}

/// What an import is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Cells are read.
    Read,
    /// Rows find what is there.
    Match,
    /// Changes are written.
    Write,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Match => "matched",
            Self::Write => "written",
        })
    }
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// The file being worked on; all of them while writing.
    pub file: String,
    /// Rows that are done.
    pub done: usize,
    /// Rows that there are.
    pub total: usize,
}

/// A cell that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The row as a spreadsheet counts.
    pub row: usize,
    /// The column as the file calls it; none where the row is meant.
    pub column: Option<String>,
    /// One line.
    pub text: String,
}

/// An element that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementFault {
    /// Its line, from 1; 0 where it is not known.
    pub line: usize,
    /// What it is and why not, in one line.
    pub text: String,
}

/// What is to be said beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOption {
    /// What an amount of a segment counts.
    SegmentUnit,
    /// The project that is booked for.
    Project,
    /// The currency of amounts that name none.
    Currency,
    /// The calendar of resources that name none.
    Calendar,
    /// A mapping of columns.
    Mapping,
    /// The day of figures.
    AsOf,
}

impl ImportOption {
    /// On the command line.
    pub fn flag(self) -> &'static str {
        match self {
            Self::SegmentUnit => "--segment-unit",
            Self::Project => "--project",
            Self::Currency => "--currency",
            Self::Calendar => "--calendar",
            Self::Mapping => "--mapping",
            Self::AsOf => "--as-of",
        }
    }

    /// In the schema.
    pub fn member(self) -> &'static str {
        match self {
            Self::SegmentUnit => "segmentUnit",
            Self::Project => "projectKey",
            Self::Currency => "currency",
            Self::Calendar => "calendarKey",
            Self::Mapping => "mapping",
            Self::AsOf => "asOfOn",
        }
    }
}

/// Why an import wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping is wrong: every mistake in it.
    #[error("mapping: {}", list(.0))]
    Mapping(Vec<MappingFault>),
    /// A file as a whole is not what it should be.
    #[error("{file}{at}: {text}", at = row.map(|row| format!(", row {row}")).unwrap_or_default())]
    File {
        /// The file as named in the call.
        file: String,
        /// The row as a spreadsheet counts; none where no row is meant.
        row: Option<usize>,
        /// One line.
        text: String,
    },
    /// Cells of a file cannot be used: the first of them.
    #[error("{file}, {}", told(faults))]
    Cells {
        /// The file as named in the call.
        file: String,
        /// The cells; at least one.
        faults: Vec<CellFault>,
    },
    /// Elements of a file cannot be used: the first of them.
    #[error("{file}, {}", first_of(faults))]
    Elements {
        /// The file as named in the call.
        file: String,
        /// The elements; at least one.
        faults: Vec<ElementFault>,
    },
    /// An option is missing, or cannot be what it is.
    #[error("{}: {text}", option.flag())]
    Option {
        /// Which one.
        option: ImportOption,
        /// Whether it is missing.
        is_missing: bool,
        /// One line.
        text: String,
    },
    /// Whoever imports may not write what is in the files.
    #[error("the import needs {needs}")]
    Forbidden {
        /// What is missing.
        needs: String,
    },
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

fn list(faults: &[MappingFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn first_of(faults: &[ElementFault]) -> String {
    let Some(first) = faults.first() else { return String::new() };
    let at = if first.line == 0 { String::new() } else { format!("line {}: ", first.line) };
    let more = match faults.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more like it)", count - 1),
    };
    format!("{at}{}{more}", first.text)
}

fn told(faults: &[CellFault]) -> String {
    let Some(first) = faults.first() else { return String::new() };
    let more = match faults.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more like it)", count - 1),
    };
    format!("row {}: {}{more}", first.row, first.text)
}

impl From<sea_orm::DbErr> for ImportError {
    fn from(cause: sea_orm::DbErr) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<ImportError> for Error {
    fn from(refusal: ImportError) -> Self {
        match refusal {
            ImportError::Failed(error) => error,
            refused => Self::new(Code::BadRequest, refused.to_string()),
        }
    }
}
