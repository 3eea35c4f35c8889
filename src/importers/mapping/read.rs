//! A mapping's text, checked whole: each mistake names its key and what was expected there.

use chrono::NaiveDate;
use toml::Table;

use super::target::{self, ASSESSORS, DIMENSIONS, RAGS, STATES, Target, Value};
use super::{Column, Encoding, Fiscal, Mapping};
use crate::{
    config::{
        Fault as MappingFault,
        table::{self, Keys},
    },
    importers::cells::{DateForm, MoneyForm, normalized},
};

/// Names of what may stand before a number, by currency.
const SYMBOLS: [(&str, &str); 11] = [
    ("GBP", "£"),
    ("EUR", "€"),
    ("USD", "$"),
    ("CAD", "$"),
    ("AUD", "$"),
    ("NZD", "$"),
    ("HKD", "$"),
    ("SGD", "$"),
    ("JPY", "¥"),
    ("CNY", "¥"),
    ("INR", "₹"),
];
const SCALES: [(&str, u32); 4] = [("units", 0), ("thousands", 3), ("millions", 6), ("billions", 9)];
/// A year of two digits from here on is of the 20th century where a mapping does not say otherwise.
const CENTURY: i64 = 70;

/// Reads a mapping; all its mistakes where it has any.
pub(super) fn mapping(text: &str) -> Result<Mapping, Vec<MappingFault>> {
    let table = table::parse(text).map_err(|fault| vec![fault])?;
    let mut faults = vec![];
    let mapping = whole(&table, &mut faults);
    if faults.is_empty() { Ok(mapping) } else { Err(faults) }
}

fn whole(table: &Table, faults: &mut Vec<MappingFault>) -> Mapping {
    let nothing = Table::new();
    let mut keys = Keys::new(table, String::new(), faults);
    let system = keys.due("system", "the name of the other system, such as \"our-spreadsheet\"");
    if system.len() > 60 || system.contains(':') {
        keys.fault("system", "at most 60 characters, without a colon");
    }
    let key_prefix = keys.text("key_prefix").unwrap_or_else(|| normalized(&system).to_uppercase().replace(' ', "-"));
    // Only for whoever reads the mapping.
    keys.text("title");
    let matches_names = keys.flag("match_names");
    let state = keys.choice("state", STATES).unwrap_or_else(|| "ACTIVE".to_owned());
    let as_of = keys.date("as_of");
    let [file, money, dates, fiscal] = ["file", "money", "dates", "fiscal"].map(|key| keys.table(key));
    let columns = keys.tables("columns");
    if columns.is_empty() {
        keys.fault("columns", "missing: at least one [[columns]] with `names` and `to`");
    }
    keys.end();

    let mut keys = Keys::new(file.unwrap_or(&nothing), "file".to_owned(), faults);
    let encoding = match keys.choice("encoding", &["auto", "utf-8", "windows-1252"]).as_deref() {
        Some("utf-8") => Encoding::Utf8,
        Some("windows-1252") => Encoding::Windows1252,
        _ => Encoding::Auto,
    };
    let delimiter = if file.and_then(|file| file.get("delimiter")).and_then(toml::Value::as_str) == Some("auto") {
        keys.choice("delimiter", &["auto"]);
        None
    } else {
        keys.character("delimiter")
    };
    let delimiter = delimiter.and_then(|c| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() && byte != b'"' => Some(byte),
        _ => {
            keys.fault("delimiter", "a plain character other than the quotation mark, or \"auto\"");
            None
        }
    });
    let refuses_unknown = keys.choice("unknown_columns", &["note", "refuse"]).as_deref() == Some("refuse");
    keys.end();

    let mut keys = Keys::new(money.unwrap_or(&nothing), "money".to_owned(), faults);
    let currency = keys.due("currency", "the ISO 4217 code of all money, such as \"EUR\"");
    if keys.has("currency") && !(currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase())) {
        keys.fault("currency", "three capital letters, as ISO 4217 has them");
    }
    let zeros = zeros(&mut keys).unwrap_or_default();
    let decimal = keys.character("decimal").unwrap_or('.');
    let group = match money.and_then(|money| money.get("group")).and_then(toml::Value::as_str) {
        Some("") => keys.choice("group", &[""]).and(None),
        Some(_) => keys.character("group"),
        None => Some(if decimal == ',' { '.' } else { ',' }),
    };
    if group == Some(decimal) {
        keys.fault("group", "another mark than `decimal`, or \"\" for none");
    }
    keys.end();
    let code: Option<&(&str, &str)> = SYMBOLS.iter().find(|(code, _)| *code == currency);
    let symbols = code.map(|(code, symbol)| vec![*symbol, *code]).unwrap_or_default();

    let mut keys = Keys::new(dates.unwrap_or(&nothing), "dates".to_owned(), faults);
    let texts = keys.texts("forms");
    let mut forms = vec![];
    for text in if keys.has("forms") { texts } else { vec!["YYYY-MM-DD".to_owned()] } {
        match DateForm::parse(&text) {
            Some(form) => forms.push(form),
            None => keys.fault(
                "forms",
                format!("{text:?} is no form; one is made of D, M or MMMM, YY or YYYY, and marks between them"),
            ),
        }
    }
    let century = keys.number("century", 0, 99).unwrap_or(CENTURY);
    keys.end();

    let fiscal = fiscal.map(|table| {
        let mut keys = Keys::new(table, "fiscal".to_owned(), faults);
        let calendar = keys.due("calendar", "the key of the fiscal calendar");
        let name = keys.text("name").unwrap_or_else(|| calendar.clone());
        let first_month = keys.number("first_month", 1, 12).and_then(|month| u32::try_from(month).ok()).unwrap_or(1);
        keys.end();
        Fiscal { calendar, name, first_month }
    });
    let columns: Vec<Column> = columns
        .into_iter()
        .enumerate()
        .map(|(at, table)| column(Keys::new(table, format!("columns[{}]", at + 1), faults)))
        .collect();
    together(&columns, fiscal.is_some(), as_of, faults);
    Mapping {
        system,
        key_prefix,
        matches_names,
        state,
        encoding,
        delimiter,
        refuses_unknown,
        currency,
        money: MoneyForm { decimal, group, symbols, zeros },
        dates: forms,
        century: i32::try_from(century).unwrap_or_default(),
        fiscal,
        as_of,
        columns,
    }
}

fn zeros(keys: &mut Keys<'_, '_>) -> Option<u32> {
    let scale = keys.choice("scale", &SCALES.map(|(name, _)| name))?;
    SCALES.iter().find(|(name, _)| *name == scale).map(|(_, zeros)| *zeros)
}

fn column(mut keys: Keys<'_, '_>) -> Column {
    let names = keys.texts("names");
    if names.is_empty() {
        keys.fault("names", "missing: what the files call the column, such as [\"Budget\", \"Total budget\"]");
    }
    let name = keys.due("to", "what the column becomes");
    let known = target::named(&name);
    if known.is_none() && !name.is_empty() {
        keys.fault(
            "to",
            format!("{name:?} is nothing that a column can become; known: {}", target::names().join(", ")),
        );
    }
    let mut to = known.clone().unwrap_or(Target::Ignored);
    let value = to.value();
    let is_optional = keys.flag("optional");
    let blanks = keys.texts("blank").iter().map(|text| folded(text)).collect();
    let period_of_file = keys.date("period_of_file");
    let mut column = Column {
        names,
        to: Target::Ignored,
        is_optional,
        keeps_text: false,
        blanks,
        values: vec![],
        other: None,
        heading: None,
        note: None,
        zeros: None,
        period_of_file,
    };
    if to.may_keep_text() {
        column.keeps_text = keys.flag("text_kept");
    }
    if matches!(value, Value::Text | Value::Choice(_)) {
        column.values = keys.pairs("values").into_iter().map(|(from, to)| (folded(&from), to)).collect();
    }
    if let Value::Choice(among) = value {
        column.other = keys.choice("other", among);
        for (from, to) in column.values.clone() {
            if !among.contains(&to.as_str()) {
                keys.fault("values", format!("{from:?} becomes {to:?}; one of {} is expected", among.join(", ")));
            }
        }
    }
    let is_headed = matches!(to, Target::Report(_) | Target::RatingReason | Target::BenefitAmount);
    if is_headed || (value == Value::Date && column.keeps_text) {
        column.heading = keys.text("heading");
    }
    if value == Value::Money {
        column.zeros = zeros(&mut keys);
    }
    if matches!(to, Target::BudgetLine { .. } | Target::ForecastLine { .. }) {
        let category =
            keys.text("category").map(|key| (keys.text("category_name").unwrap_or_else(|| key.clone()), key));
        let category = category.map(|(name, key)| (key, name));
        column.note = keys.text("note");
        to = match to {
            Target::BudgetLine { .. } => Target::BudgetLine { category },
            _ => Target::ForecastLine { category },
        };
    }
    if matches!(to, Target::Rating { .. }) {
        let dimension = keys.choice("dimension", DIMENSIONS).unwrap_or_else(|| "OVERALL".to_owned());
        let assessor = keys.choice("assessor", ASSESSORS).unwrap_or_else(|| "PROJECT_MANAGER".to_owned());
        to = Target::Rating { dimension, assessor, as_of: keys.date("as_of") };
        let names = |text: &str| RAGS.contains(&text);
        if column.values.is_empty() && column.other.is_none() && !column.names.iter().any(|name| names(name)) {
            keys.fault("values", "missing: what each rating of the files means, such as { \"Amber\" = \"AMBER\" }");
        }
    }
    column.to = to;
    if known.is_some() {
        keys.end();
    }
    column
}

/// A text of a cell as `values` and `blank` are compared with it.
pub(in crate::importers) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What columns must be to each other.
fn together(columns: &[Column], has_fiscal: bool, as_of: Option<NaiveDate>, faults: &mut Vec<MappingFault>) {
    let mut fault = |key: String, text: &str| faults.push(MappingFault { key, text: text.to_owned() });
    let has = |target: &Target| columns.iter().any(|column| column.to == *target);
    if !columns.is_empty() && !has(&Target::ProjectName) {
        fault("columns".to_owned(), "one column must become project.name");
    }
    let has_period = has(&Target::PeriodYear) || has(&Target::PeriodDate);
    let counts_years =
        |to: &Target| matches!(to, Target::PeriodYear | Target::BudgetLine { .. } | Target::ForecastLine { .. });
    for (at, column) in columns.iter().enumerate() {
        let key = |key: &str| format!("columns[{}].{key}", at + 1);
        if !has_fiscal && counts_years(&column.to) {
            fault(key("to"), "years need the table [fiscal], with `calendar` and `first_month`");
        }
        if column.period_of_file.is_some() && (has_period || as_of.is_some()) {
            fault(key("period_of_file"), "the period is said by another column or by `as_of` already");
        }
        for (earlier, other) in columns[..at].iter().enumerate() {
            let shared = column.names.iter().find(|name| other.names.iter().any(|n| folded(n) == folded(name)));
            if let Some(name) = shared {
                fault(key("names"), &format!("{name:?} stands in columns[{}] already", earlier + 1));
            }
            // Columns that tell files apart stand in one file each.
            let apart = column.period_of_file.is_some() && other.period_of_file.is_some();
            if column.to == other.to && !column.to.repeats() && !apart {
                fault(key("to"), &format!("columns[{}] becomes the same", earlier + 1));
            }
        }
        if column.to == Target::ProgramId && !has(&Target::Program) {
            fault(key("to"), "program.id needs a column that becomes program");
        }
        if column.to == Target::PortfolioId && columns.iter().filter(|c| c.to == Target::Portfolio).count() != 1 {
            fault(key("to"), "portfolio.id needs exactly one column that becomes portfolio");
        }
    }
    if has(&Target::PeriodYear) && has(&Target::PeriodDate) {
        fault("columns".to_owned(), "the period is a year or a date, not both");
    }
}
