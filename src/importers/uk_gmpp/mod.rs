//! UK Government Major Projects Portfolio: a department is a portfolio, a row a project of it.
//!
//! A project is found again by its number, else by its name in [`normalized`] form; the files of the early years have
//! no number. What a year says never overwrites what a later year said.

use chrono::NaiveDate;

use super::table::Table;
use super::{ImportError, RowNote};

mod apply;
mod dates;
mod ledger;
#[cfg(test)]
mod tests;

pub(super) use apply::apply;

const REQUIRED: [&str; 6] =
    ["project_name", "department", "report_category", "description_aims", "start_date", "end_date"];

/// Columns of one year or another. Money, ratings and commentary have no place in our tables yet.
const OPTIONAL: [&str; 16] = [
    "year",
    "project_number",
    "colour_rating",
    "colour_rating_ipa",
    "colour_rating_sro",
    "rating_comment",
    "schedule_comment",
    "yearly_budget",
    "yearly_forecast",
    "forecast_incl_NGC",
    "total_baseline",
    "wlc_baseline_incl_NCG",
    "variance_comment",
    "budget_comment",
    "total_baseline_benefits",
    "benefits_comment",
];

/// One file's projects.
#[derive(Debug)]
pub(super) struct Sheet {
    file: String,
    projects: Vec<ProjectRow>,
    blank_rows: Vec<RowNote>,
    notes: Vec<RowNote>,
}

/// What a row says.
#[derive(Debug)]
struct ProjectRow {
    row: usize,
    year: Option<i32>,
    number: Option<String>,
    name: String,
    department: String,
    category: Option<String>,
    description: Option<String>,
    start_on: Option<NaiveDate>,
    end_on: Option<NaiveDate>,
}

impl ProjectRow {
    /// What the other side calls the project.
    fn external_id(&self) -> String {
        self.number.clone().unwrap_or_else(|| by_name(&self.name))
    }
}

/// The external id of a project without number.
fn by_name(name: &str) -> String {
    format!("name:{}", normalized(name))
}

/// A name without case, punctuation and spacing: the years differ in these.
fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Reads a table's rows, or says which one cannot be read.
pub(super) fn sheet(table: &Table) -> Result<Sheet, ImportError> {
    let columns = Columns::of(table)?;
    let mut sheet = Sheet { file: table.file.clone(), projects: vec![], blank_rows: vec![], notes: vec![] };
    for (row, cells) in &table.rows {
        let row = *row;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            sheet.blank_rows.push(RowNote { file: table.file.clone(), row, text: "the row is blank".to_owned() });
            continue;
        }
        let name = line(&cells[columns.name]);
        if normalized(&name).is_empty() {
            return Err(table.refuse(Some(row), "project_name holds no name"));
        }
        let department = line(&cells[columns.department]);
        if normalized(&department).is_empty() {
            return Err(table.refuse(Some(row), "department holds no code"));
        }
        let year = match columns.year.map(|at| cells[at].trim()).filter(|year| !year.is_empty()) {
            Some(year) => Some(
                year.parse()
                    .ok()
                    .filter(|year| (1900..=2200).contains(year))
                    .ok_or_else(|| table.refuse(Some(row), format!("year holds no year: {year:?}")))?,
            ),
            None => None,
        };
        let mut date = |column: &str, cell: &str| match dates::parse(cell) {
            dates::DateCell::Empty => None,
            dates::DateCell::On(date) => Some(date),
            dates::DateCell::Prose(text) => {
                let text = format!("{column} holds no date and stays empty: {text:?}");
                sheet.notes.push(RowNote { file: table.file.clone(), row, text });
                None
            }
        };
        let (start_on, end_on) = (date("start_date", &cells[columns.start]), date("end_date", &cells[columns.end]));
        sheet.projects.push(ProjectRow {
            row,
            year,
            number: columns.number.map(|at| line(&cells[at])).filter(|number| !number.is_empty()),
            name,
            department,
            category: Some(line(&cells[columns.category])).filter(|category| !category.is_empty()),
            description: Some(cells[columns.description].trim().to_owned()).filter(|text| !text.is_empty()),
            start_on,
            end_on,
        });
    }
    Ok(sheet)
}

/// A cell as one line.
fn line(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where each column stands.
struct Columns {
    year: Option<usize>,
    number: Option<usize>,
    name: usize,
    department: usize,
    category: usize,
    description: usize,
    start: usize,
    end: usize,
}

impl Columns {
    fn of(table: &Table) -> Result<Self, ImportError> {
        let below = table.rows.first().and_then(|(_, cells)| cells.first());
        if table.header[0].eq_ignore_ascii_case("project name")
            && below.is_some_and(|cell| cell.trim().eq_ignore_ascii_case("department"))
        {
            let text = "transposed layout (one column a project, as published in 2014) is not supported; \
                        turn it so that each project is a row with the column names of a later year";
            return Err(table.refuse(Some(table.header_row), text));
        }
        let position = |name: &str| table.header.iter().position(|cell| cell == name);
        let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| position(name).is_none()).collect();
        if !missing.is_empty() {
            return Err(table.refuse(Some(table.header_row), format!("missing column: {}", missing.join(", "))));
        }
        for (index, cell) in table.header.iter().enumerate() {
            if !REQUIRED.contains(&cell.as_str()) && !OPTIONAL.contains(&cell.as_str()) {
                return Err(table.refuse(Some(table.header_row), format!("unknown column {}: {cell:?}", index + 1)));
            }
            if table.header[..index].contains(cell) {
                return Err(table.refuse(Some(table.header_row), format!("column {cell:?} occurs twice")));
            }
        }
        let required = |name: &str| {
            position(name).ok_or_else(|| table.refuse(Some(table.header_row), format!("missing column: {name}")))
        };
        Ok(Self {
            year: position("year"),
            number: position("project_number"),
            name: required("project_name")?,
            department: required("department")?,
            category: required("report_category")?,
            description: required("description_aims")?,
            start: required("start_date")?,
            end: required("end_date")?,
        })
    }
}
