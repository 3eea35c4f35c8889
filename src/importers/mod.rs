//! Files of other tools onto rows of ours: a mapping says what their columns become, and all files of one call are one
//! transaction. Files that say who works when and for what are XML and need no mapping.
//!
//! Importing the same file again changes nothing. A file that cannot be read to its end writes nothing. Whatever is
//! written goes through the write path: an audit entry and an event for each row.

use std::sync::LazyLock;

use chrono::NaiveDate;
use futures_util::FutureExt as _;

use crate::app;
use crate::auth::rows;
use crate::clock::Clock;
use crate::error::Error;
use crate::graph::{Database, Lens, begin};
use crate::write::{Mutation, Verb, Work, trace};

mod apply;
mod carry;
mod cells;
mod clarity;
#[cfg(test)]
mod given;
mod history;
mod ledger;
mod mapping;
mod mspdi;
#[cfg(test)]
mod mutated;
mod report;
mod run;
mod sheet;
mod slots;
mod staff;
mod table;
#[cfg(test)]
mod tests;
mod told;
mod value;
mod xml;

pub use mapping::Format;
pub use report::{
    CellFault, ElementFault, ImportError, ImportOption, KindCount, LeftOut, MappingFault, NoteKind, Phase, Progress,
    Report, RowNote,
};
pub use run::{mutations, types};
pub use staff::{Options, Unit};

use mapping::Mapping;

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct File {
    /// What reports call it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What is to be imported, and how.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The mapping's text.
    pub mapping: &'a str,
    /// The files, in the order in which they are taken.
    pub files: &'a [File],
    /// The day of which the figures are where no column says it.
    pub as_of: Option<NaiveDate>,
}

/// What is to be imported of who works when and for what.
#[derive(Debug, Clone)]
pub struct StaffOrder<'a> {
    /// What the files are; one of those that [`Format::is_of_staff`] says.
    pub format: Format,
    /// The files, in the order in which they are taken.
    pub files: &'a [File],
    /// What is said beside them.
    pub options: &'a Options,
}

/// What the trail and the feed call an import by the command.
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

/// Imports files as the command does, all of them or nothing. A dry run does everything and takes it back.
pub async fn import(
    database: &Database,
    clock: &dyn Clock,
    order: &Order<'_>,
    dry_run: bool,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    // Every file is read to its end before the database is asked for anything: a bad one costs no lock.
    let (mapping, sheets) = read(order, progress)?;
    carry_out(database, clock, dry_run, async |work| apply::apply(work, &mapping, sheets, progress).await).await
}

/// Imports files of who works when and for what as the command does: all of them or nothing, and what is agreed in them is
/// confirmed where it fits.
pub async fn import_staff(
    database: &Database,
    clock: &dyn Clock,
    order: &StaffOrder<'_>,
    dry_run: bool,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let files = staff::read(order.format, order.files, order.options, progress)?;
    carry_out(database, clock, dry_run, async |work| staff::apply(work, &files, order.options, true, progress).await)
        .await
}

/// One transaction, by the caller who may do everything.
async fn carry_out(
    database: &Database,
    clock: &dyn Clock,
    dry_run: bool,
    run: impl AsyncFnOnce(&mut Work<'_>) -> Result<Report, ImportError>,
) -> Result<Report, ImportError> {
    let caller = rows::system(&database.orm).await?;
    let txn = begin(&database.orm).await?;
    let request_id = clock.new_id().simple().to_string();
    let lens = Lens { database, model: app::model(), caller: &caller };
    let mut work = Work::new(&txn, lens, &IMPORT, clock, &request_id);
    let report = run(&mut work).await?;
    trace::leave(&mut work).await?;
    if dry_run {
        txn.rollback().await?;
    } else {
        txn.commit().await?;
    }
    Ok(report)
}

/// The mapping, and every file's rows as it reads them.
fn read(
    order: &Order<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Mapping, Vec<sheet::Sheet>), ImportError> {
    let mapping = Mapping::read(order.mapping)?;
    let mut sheets = vec![];
    for file in order.files {
        let sheet = sheet::read(&table::parse(&file.name, &file.bytes, &mapping)?, &mapping, order.as_of)?;
        let total = sheet.rows.len();
        progress(Progress { phase: Phase::Read, file: file.name.clone(), done: total, total });
        sheets.push(sheet);
    }
    Ok((mapping, sheets))
}

/// For fuzzing: reads any bytes as a file of rows.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_any_table(bytes: &[u8]) {
    let text = "system = \"x\"\n[money]\ncurrency = \"EUR\"\n[[columns]]\nnames = [\"Name\"]\nto = \"project.name\"\n";
    let mapping = mapping::Mapping::read(text).expect("a mapping");
    let _ = table::parse("f.csv", bytes, &mapping);
}
