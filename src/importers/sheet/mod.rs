//! One file's rows as a mapping reads them: typed, exact, with everything that is doubtful noted. All cells that cannot
//! be used are told at once, and then nothing of the file is.

use chrono::NaiveDate;

use super::cells::{line, normalized};
use super::mapping::{Column, Mapping, ProjectField, Target, folded};
use super::report::{ImportError, NoteKind, RowNote};
use super::table::Table;
use row::Reading;

mod gathered;
mod row;

/// Most cells that are told of one file.
const MOST_FAULTS: usize = 100;

/// One file's rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub file: String,
    pub rows: Vec<Record>,
    /// Rows without effect are among them, one note each.
    pub notes: Vec<RowNote>,
}

/// What a row says.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub row: usize,
    /// What the source calls the project; none where it has no ids.
    pub id: Option<String>,
    pub name: String,
    /// What the source calls the project besides.
    pub alias: Option<String>,
    /// From the outermost to the one that holds the project.
    pub portfolios: Vec<PortfolioName>,
    /// The program between the last of them and the project.
    pub program: Option<PortfolioName>,
    pub fields: Vec<(ProjectField, Field)>,
    pub period: Option<Period>,
    /// Narrative, achievements, next steps.
    pub texts: [Option<String>; 3],
    pub ratings: Vec<Rating>,
    /// Ratings of an earlier day.
    pub look_backs: Vec<(NaiveDate, Rating)>,
    pub budget: Told<Figures>,
    pub forecast: Told<Figures>,
    pub benefit: Told<BenefitCell>,
}

/// What a file says of something.
#[derive(Debug, Default)]
pub(super) enum Told<T> {
    /// It has no such column.
    #[default]
    Nothing,
    /// It has, and the cells are blank.
    Blank,
    /// This.
    Given(T),
}

/// How the source calls a portfolio or a program.
#[derive(Debug)]
pub(super) struct PortfolioName {
    pub id: String,
    pub name: String,
}

/// A value of a project's field.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Text(Option<String>),
    Date(Option<NaiveDate>),
}

/// The days of which a row tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    /// None where only the last day is known.
    pub start_on: Option<NaiveDate>,
    pub end_on: NaiveDate,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rating {
    pub dimension: String,
    pub assessor: String,
    pub declared: String,
    pub reason: Option<String>,
}

/// Money of a budget or a forecast.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub amount: Option<i64>,
    pub note: Option<String>,
    pub contingency: Option<i64>,
    pub reserve: Option<i64>,
    pub funding: Option<String>,
    pub lines: Vec<Line>,
}

/// A line of a budget or a forecast, in the fiscal year of the row's period.
#[derive(Debug)]
pub(super) struct Line {
    /// Key and name.
    pub category: Option<(String, String)>,
    pub amount: Option<i64>,
    pub note: Option<String>,
}

/// A benefit.
#[derive(Debug, Default)]
pub(super) struct BenefitCell {
    pub title: Option<String>,
    pub amount: Option<i64>,
    pub note: Option<String>,
}

/// A column of the mapping where the file has it.
struct Placed<'m> {
    at: usize,
    /// As the file calls it.
    name: String,
    column: &'m Column,
}

/// Reads a table's rows, or says which cells cannot be used. `as_of` is the day of which the figures are where no column
/// says it.
pub(super) fn read(table: &Table, mapping: &Mapping, as_of: Option<NaiveDate>) -> Result<Sheet, ImportError> {
    let mut notes = vec![];
    let placed = place(table, mapping, &mut notes)?;
    let of_file = placed.iter().find_map(|p| p.column.period_of_file);
    let fallback = as_of.or(of_file).or(mapping.as_of);
    let mut sheet = Sheet { file: table.file.clone(), rows: vec![], notes };
    let mut faults = vec![];
    for (row, cells) in &table.rows {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        let mut reading = Reading { mapping, row: *row, faults: &mut faults, doubts: vec![] };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            sheet.notes.push(note(&table.file, *row, NoteKind::Skipped, None, "the row is blank"));
            continue;
        }
        if table.cleaned.contains(row) {
            reading.doubts.push((None, "a control character is taken as a space".to_owned()));
        }
        let record = reading.record(&placed, cells, fallback);
        let doubts = reading.doubts.into_iter();
        let doubts = doubts.map(|(column, text)| note(&table.file, *row, NoteKind::Doubtful, column, text));
        sheet.notes.extend(doubts);
        sheet.rows.push(record);
    }
    if faults.is_empty() { Ok(sheet) } else { Err(ImportError::Cells { file: table.file.clone(), faults }) }
}

/// A note on a row.
pub(super) fn note(file: &str, row: usize, kind: NoteKind, column: Option<String>, text: impl Into<String>) -> RowNote {
    RowNote { file: file.to_owned(), row, kind, column, text: text.into() }
}

/// Where each column of the mapping stands.
fn place<'m>(table: &Table, mapping: &'m Mapping, notes: &mut Vec<RowNote>) -> Result<Vec<Placed<'m>>, ImportError> {
    let refuse = |text: String| Err(table.refuse(Some(table.header_row), text));
    let is_called = |column: &Column, header: &str| column.names.iter().any(|name| folded(name) == folded(header));
    let has = |column: &Column| table.header.iter().any(|header| is_called(column, header));
    let missing: Vec<String> = mapping
        .columns
        .iter()
        .filter(|column| !column.is_optional && !has(column))
        .map(|column| column.names.join(" or "))
        .collect();
    if !missing.is_empty() {
        if is_transposed(table, mapping) {
            let text = "transposed layout (one column a project): turn it so that each project is a row";
            return refuse(text.to_owned());
        }
        return refuse(format!("missing column: {}", missing.join(", ")));
    }
    let mut placed: Vec<Placed<'m>> = vec![];
    for (at, header) in table.header.iter().enumerate() {
        let name = line(header);
        match mapping.columns.iter().find(|column| is_called(column, header)) {
            None if mapping.refuses_unknown => return refuse(format!("unknown column {}: {name:?}", at + 1)),
            None => {
                let text = format!("column {name:?} is not in the mapping and is left out");
                notes.push(note(&table.file, table.header_row, NoteKind::Doubtful, Some(name), text));
            }
            Some(column) => {
                let is_same = |p: &&Placed<'_>| {
                    let is_one = std::ptr::eq(p.column, column) && column.to != Target::Ignored;
                    is_one || (p.column.to == column.to && !column.to.repeats())
                };
                if let Some(other) = placed.iter().find(is_same) {
                    return refuse(if folded(&other.name) == folded(&name) {
                        format!("column {name:?} occurs twice")
                    } else {
                        format!("columns {:?} and {name:?} mean the same", other.name)
                    });
                }
                placed.push(Placed { at, name, column });
            }
        }
    }
    Ok(placed)
}

/// Whether the first column holds what should be the header.
fn is_transposed(table: &Table, mapping: &Mapping) -> bool {
    let first = table.header.first().into_iter().chain(table.rows.iter().filter_map(|(_, cells)| cells.first()));
    let names: Vec<String> = mapping.columns.iter().flat_map(|c| &c.names).map(|name| normalized(name)).collect();
    first.filter(|cell| names.contains(&normalized(cell))).count() > 1
}
