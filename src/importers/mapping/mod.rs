//! What a CSV file's columns become, as a TOML text says it. Whoever has a spreadsheet of projects writes one; the
//! formats that the program knows are such texts too. A mapping is checked whole before any row is read.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::cells::{DateForm, MoneyForm};
use super::report::ImportError;

mod read;
mod target;

pub(super) use read::folded;

pub(super) use target::{Part, ProjectField, Target, Value};

/// How a file's bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8 where it is that, else Windows-1252.
    Auto,
    /// UTF-8.
    Utf8,
    /// Windows-1252.
    Windows1252,
}

/// A checked mapping.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The name of the other system: in external links, and as the source of what is imported.
    pub system: String,
    /// What the keys of new portfolios, projects and benefits begin with.
    pub key_prefix: String,
    /// Whether a project without a known id is the one with the same name.
    pub matches_names: bool,
    /// The state of new items.
    pub state: String,
    pub encoding: Encoding,
    /// None where it is to be found out.
    pub delimiter: Option<u8>,
    /// Whether a column that the mapping does not name is refused instead of noted.
    pub refuses_unknown: bool,
    pub currency: String,
    pub money: MoneyForm,
    pub dates: Vec<DateForm>,
    /// A year of two digits from here on is of the 20th century.
    pub century: i32,
    pub fiscal: Option<Fiscal>,
    /// The day of which the figures are where no column says it.
    pub as_of: Option<NaiveDate>,
    pub columns: Vec<Column>,
}

/// How a source counts its years.
#[derive(Debug, Clone)]
pub(super) struct Fiscal {
    /// The key of the calendar.
    pub calendar: String,
    /// Its name, if it is to be made.
    pub name: String,
    /// The month in which a year begins.
    pub first_month: u32,
}

impl Fiscal {
    /// The first and the last day of the year that is called by the calendar year in which it ends.
    pub(super) fn year(&self, year: i32) -> Option<(NaiveDate, NaiveDate)> {
        let begins = NaiveDate::from_ymd_opt(if self.first_month == 1 { year } else { year - 1 }, self.first_month, 1)?;
        let ends = begins.checked_add_months(Months::new(12))?.checked_sub_days(Days::new(1))?;
        Some((begins, ends))
    }

    /// The year that holds a day.
    pub(super) fn year_of(&self, day: NaiveDate) -> i32 {
        if self.first_month > 1 && day.month() >= self.first_month { day.year() + 1 } else { day.year() }
    }
}

/// What one column becomes.
#[derive(Debug)]
pub(super) struct Column {
    /// What the files call it.
    pub names: Vec<String>,
    pub to: Target,
    pub is_optional: bool,
    /// Whether a cell that is no value stays as text, with null in place of the value.
    pub keeps_text: bool,
    /// Texts that mean as much as a blank cell, normalized.
    pub blanks: Vec<String>,
    /// What texts mean, by their normalized form.
    pub values: Vec<(String, String)>,
    /// What any other text means.
    pub other: Option<String>,
    /// What stands before the text in a report.
    pub heading: Option<String>,
    /// Explains a line of money.
    pub note: Option<String>,
    /// Zeros of the unit of this column's figures, where they are others than the mapping's.
    pub zeros: Option<u32>,
    /// A file that has this column is of the period that ends on this day.
    pub period_of_file: Option<NaiveDate>,
}

/// A format that the program knows, or any CSV file with a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// UK Government Major Projects Portfolio.
    UkGmpp,
    /// Large Government of Canada IT projects.
    CanadaIt,
    /// Australian digital projects: the Major Digital Projects Report and the data before it.
    AustraliaMdpr,
    /// US Federal IT Dashboard: agencies, investments, projects.
    UsItDashboard,
    /// Any CSV file, with a mapping of its own.
    Csv,
    /// Allocations of Clarity, as XOG writes them.
    ClarityXog,
    /// Calendars, resources, rates and assignments of Microsoft Project, as XML.
    Mspdi,
}

impl Format {
    /// Every format with its names on the command line and in the schema, and what it is.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 7] = [
        (Self::UkGmpp, "uk-gmpp", "UK_GMPP", "UK Government Major Projects Portfolio, one row a project."),
        (Self::CanadaIt, "canada-it", "CANADA_IT", "Large Government of Canada IT projects."),
        (Self::AustraliaMdpr, "australia-mdpr", "AUSTRALIA_MDPR", "Digital projects of the Australian Government."),
        (
            Self::UsItDashboard,
            "us-it-dashboard",
            "US_IT_DASHBOARD",
            "Projects of the US Federal IT Dashboard: agencies are portfolios, investments are programs.",
        ),
        (Self::Csv, "csv", "CSV", "Any CSV file, with a mapping of its own."),
        (
            Self::ClarityXog,
            "clarity-xog",
            "CLARITY_XOG",
            "Allocations of Clarity as XOG writes them: projects, resources, bookings. `segmentUnit` says what they count.",
        ),
        (
            Self::Mspdi,
            "mspdi",
            "MSPDI",
            "The resources part of a plan of Microsoft Project, as XML: calendars, resources, rates, bookings for `projectKey`.",
        ),
    ];

    /// Whether it is about who works when and for what, as XML, and no mapping says what becomes of it.
    pub fn is_of_staff(self) -> bool {
        matches!(self, Self::ClarityXog | Self::Mspdi)
    }

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or("csv", |(_, name, ..)| name)
    }

    /// The format of that name, on the command line or in the schema.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, cli, schema, _)| *cli == name || *schema == name).map(|(format, ..)| *format)
    }

    /// The mapping that the program brings along; none for any CSV file.
    pub fn mapping(self) -> Option<&'static str> {
        match self {
            Self::UkGmpp => Some(include_str!("../mappings/uk-gmpp.toml")),
            Self::CanadaIt => Some(include_str!("../mappings/canada-it.toml")),
            Self::AustraliaMdpr => Some(include_str!("../mappings/australia-mdpr.toml")),
            Self::UsItDashboard => Some(include_str!("../mappings/us-it-dashboard.toml")),
            Self::Csv | Self::ClarityXog | Self::Mspdi => None,
        }
    }
}

impl Mapping {
    /// Reads and checks a mapping: all its mistakes at once.
    pub(super) fn read(text: &str) -> Result<Self, ImportError> {
        read::mapping(text).map_err(ImportError::Mapping)
    }

    /// The figures of a column.
    pub(super) fn money_of(&self, column: &Column) -> MoneyForm {
        MoneyForm { zeros: column.zeros.unwrap_or(self.money.zeros), ..self.money.clone() }
    }
}

#[cfg(test)]
mod tests;
