//! Outside formats: each maps files to rows of ours, all files of one call in one transaction.
//!
//! Importing the same file again changes nothing. A file that cannot be read to its end writes nothing. Whatever is
//! written goes through the write path: an audit entry and an event for each row.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use futures_util::FutureExt as _;

use crate::app;
use crate::auth::rows;
use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::graph::{Database, Lens, begin};
use crate::write::{Mutation, Verb, Work, trace};

mod table;
mod uk_gmpp;

/// A format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// UK Government Major Projects Portfolio, one row a project.
    UkGmpp,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 1] = [Self::UkGmpp];

    /// The name on the command line; also the `system` of the external links that it makes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UkGmpp => "uk-gmpp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`; allowed: {list}", list = Format::ALL.map(Format::as_str).join(", "))]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// Something to know about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNote {
    /// The file as named in the call.
    pub file: String,
    /// The row as a spreadsheet counts: the header is row 1, a cell of several lines does not count more.
    pub row: usize,
    /// One line.
    pub text: String,
}

impl fmt::Display for RowNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}: {}", self.file, self.row, self.text)
    }
}

/// What an import did, or would do. Each row read counts once: `created + updated + unchanged + skipped = read`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows below the headers, of all files.
    pub read: usize,
    /// Rows that made a new project.
    pub created: usize,
    /// Rows that changed a project.
    pub updated: usize,
    /// Rows that found their project as they say it should be.
    pub unchanged: usize,
    /// Rows without effect, and why.
    pub skipped: Vec<RowNote>,
    /// Cells or rows that were taken otherwise than they read, and how.
    pub notes: Vec<RowNote>,
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The file being worked on.
    pub file: String,
    /// Rows of this file that are done.
    pub done: usize,
    /// Rows of this file.
    pub total: usize,
}

/// Why an import wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file is not what it should be.
    #[error("{file}{at}: {text}", at = row.map(|row| format!(", row {row}")).unwrap_or_default())]
    Refused {
        /// The file as named in the call.
        file: String,
        /// The row as a spreadsheet counts; none where the file as a whole is meant.
        row: Option<usize>,
        /// One line.
        text: String,
    },
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<sea_orm::DbErr> for ImportError {
    fn from(cause: sea_orm::DbErr) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<ImportError> for Error {
    fn from(refusal: ImportError) -> Self {
        match refusal {
            ImportError::Refused { .. } => Self::new(Code::BadRequest, refusal.to_string()),
            ImportError::Failed(error) => error,
        }
    }
}

/// What the trail and the feed call an import. It is no mutation of the schema: only the command runs it.
static IMPORT: LazyLock<Mutation> = LazyLock::new(|| Mutation {
    name: "import".to_owned(),
    doc: "Imports files.".to_owned(),
    needs: None,
    entity: "Project",
    verb: Verb::Act,
    input: vec![],
    payload: vec![],
    inputs: vec![],
    run: |_, _| async { Err(Error::internal("an import is run by its command")) }.boxed(),
});

/// Imports the files in the order given, all of them or nothing. A dry run does everything and takes it back.
pub async fn import(
    database: &Database,
    clock: &dyn Clock,
    format: Format,
    files: &[PathBuf],
    dry_run: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ImportError> {
    // Every file is read to its end before the database is asked for anything: a bad one costs no lock.
    let tables = files.iter().map(|path| table::read(path)).collect::<Result<Vec<_>, _>>()?;
    let sheets = match format {
        Format::UkGmpp => tables.iter().map(uk_gmpp::sheet).collect::<Result<Vec<_>, _>>()?,
    };
    let caller = rows::system(&database.orm).await?;
    let txn = begin(&database.orm).await?;
    let request_id = clock.new_id().simple().to_string();
    let lens = Lens { database, model: app::model(), caller: &caller };
    let mut work = Work::new(&txn, lens, &IMPORT, clock, &request_id);
    let report = match format {
        Format::UkGmpp => uk_gmpp::apply(&mut work, sheets, progress).await?,
    };
    trace::leave(&mut work).await?;
    if dry_run {
        txn.rollback().await?;
    } else {
        txn.commit().await?;
    }
    Ok(report)
}
