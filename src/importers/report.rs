//! What an import did or would do, row by row, how far it has come, and why it wrote nothing.

use std::fmt;

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
    /// The row as a spreadsheet counts: the header is row 1, a cell of several lines does not count more.
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
        write!(f, "{}, row {}: {}: {}", self.file, self.row, self.kind.as_str().to_lowercase(), self.text)
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

/// A key of a mapping that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFault {
    /// The key, such as `columns[3].to`; empty where the text is no TOML at all.
    pub key: String,
    /// What was expected.
    pub text: String,
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.key, self.text) }
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
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

fn list(faults: &[MappingFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
