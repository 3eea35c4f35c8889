//! A table of TOML, read key by key: every mistake is noted with its place, and what nobody asked for is one.

use std::{collections::BTreeSet, fmt};

use chrono::NaiveDate;
use toml::{Table, Value};

/// A key that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, such as `columns[3].to`; empty where the text is no TOML at all.
    pub key: String,
    /// What was expected.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.key, self.text) }
    }
}

/// Reads a text as a table; a fault names the line where it is none.
pub(crate) fn parse(text: &str) -> Result<Table, Fault> {
    text.parse().map_err(|cause: toml::de::Error| {
        let line = cause.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let at = line.map(|line| format!(" in line {line}")).unwrap_or_default();
        Fault { key: String::new(), text: format!("no TOML{at}: {}", cause.message()) }
    })
}

/// A table under examination.
pub(crate) struct Keys<'a, 'f> {
    table: &'a Table,
    at: String,
    asked: BTreeSet<&'static str>,
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Keys<'a, 'f> {
    /// A table at a place; empty at the top.
    pub(crate) fn new(table: &'a Table, at: String, faults: &'f mut Vec<Fault>) -> Self {
        Self { table, at, asked: BTreeSet::new(), faults }
    }

    /// Notes a mistake at a key.
    pub(crate) fn fault(&mut self, key: &str, text: impl Into<String>) {
        let key = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        self.faults.push(Fault { key, text: text.into() });
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn get<T>(&mut self, key: &'static str, what: &str, take: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        self.asked.insert(key);
        let value = self.table.get(key)?;
        let taken = take(value);
        if taken.is_none() {
            self.fault(key, format!("{what} is expected, not {}", shown(value)));
        }
        taken
    }

    /// Text that is not blank.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        let take = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        self.get(key, "text", take)
    }

    /// Text that must be there.
    pub(crate) fn due(&mut self, key: &'static str, what: &str) -> String {
        if !self.has(key) {
            self.fault(key, format!("missing: {what}"));
        }
        self.text(key).unwrap_or_default()
    }

    /// One of a few texts.
    pub(crate) fn choice(&mut self, key: &'static str, among: &[&str]) -> Option<String> {
        let what = format!("one of {}", among.join(", "));
        self.get(key, &what, |value| value.as_str().filter(|text| among.contains(text)).map(str::to_owned))
    }

    /// A single character.
    pub(crate) fn character(&mut self, key: &'static str) -> Option<char> {
        self.get(key, "a single character", |value| {
            let mut chars = value.as_str()?.chars();
            let first = chars.next()?;
            chars.next().is_none().then_some(first)
        })
    }

    /// Yes or no; no where nothing is said.
    pub(crate) fn flag(&mut self, key: &'static str) -> bool {
        self.get(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A whole number within bounds.
    pub(crate) fn number(&mut self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        let what = format!("a whole number from {least} to {most}");
        self.get(key, &what, |value| value.as_integer().filter(|number| (least..=most).contains(number)))
    }

    /// A date, with or without quotation marks.
    pub(crate) fn date(&mut self, key: &'static str) -> Option<NaiveDate> {
        self.get(key, "a date such as 2025-06-30", |value| match value {
            Value::Datetime(date) => date.to_string().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A list of texts; one text is a list too.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let take = |value: &Value| match value {
            Value::String(text) => Some(vec![text.trim().to_owned()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(|text| text.trim().to_owned())).collect(),
            _ => None,
        };
        let texts: Vec<String> = self.get(key, "a list of texts", take).unwrap_or_default();
        if self.has(key) && texts.iter().any(String::is_empty) {
            self.fault(key, "holds a blank text");
        }
        texts
    }

    /// A table of texts.
    pub(crate) fn pairs(&mut self, key: &'static str) -> Vec<(String, String)> {
        let take = |value: &Value| {
            let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            value.as_table()?.iter().map(pair).collect()
        };
        self.get(key, "a table such as { \"Amber/Red\" = \"AMBER_RED\" }", take).unwrap_or_default()
    }

    /// A table of lists of texts; one text is a list too.
    pub(crate) fn lists(&mut self, key: &'static str) -> Vec<(String, Vec<String>)> {
        let texts = |value: &Value| match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let take = |value: &Value| {
            let list = |(name, value): (&String, &Value)| Some((name.clone(), texts(value)?));
            value.as_table()?.iter().map(list).collect()
        };
        self.get(key, "a table such as { \"pmo-leads\" = \"PMO_LEAD\" }", take).unwrap_or_default()
    }

    /// A table inside this one.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<&'a Table> {
        self.get(key, "a table", Value::as_table)
    }

    /// A list of tables inside this one.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<&'a Table> {
        let take = |value: &'a Value| value.as_array()?.iter().map(Value::as_table).collect();
        self.get(key, &format!("a list of tables, each begun by [[{key}]]"), take).unwrap_or_default()
    }

    /// Notes the keys that nobody asked for.
    pub(crate) fn end(mut self) {
        let unknown: Vec<String> =
            self.table.keys().filter(|key| !self.asked.contains(key.as_str())).cloned().collect();
        let known = self.asked.iter().copied().collect::<Vec<_>>().join(", ");
        for key in unknown {
            self.fault(&key, format!("there is no such key here; known: {known}"));
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(date) => date.to_string(),
    }
}
