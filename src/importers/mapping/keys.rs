//! A table of TOML, read key by key: every mistake is noted with its place, and what nobody asked for is one.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use toml::{Table, Value};

use crate::importers::report::MappingFault;

/// A table under examination.
pub(super) struct Keys<'a, 'f> {
    table: &'a Table,
    at: String,
    asked: BTreeSet<&'static str>,
    faults: &'f mut Vec<MappingFault>,
}

impl<'a, 'f> Keys<'a, 'f> {
    /// A table at a place; empty at the top.
    pub(super) fn new(table: &'a Table, at: String, faults: &'f mut Vec<MappingFault>) -> Self {
        Self { table, at, asked: BTreeSet::new(), faults }
    }

    /// Notes a mistake at a key.
    pub(super) fn fault(&mut self, key: &str, text: impl Into<String>) {
        let key = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        self.faults.push(MappingFault { key, text: text.into() });
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
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
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let take = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        self.get(key, "text", take)
    }

    /// Text that must be there.
    pub(super) fn due(&mut self, key: &'static str, what: &str) -> String {
        if !self.has(key) {
            self.fault(key, format!("missing: {what}"));
        }
        self.text(key).unwrap_or_default()
    }

    /// One of a few texts.
    pub(super) fn choice(&mut self, key: &'static str, among: &[&str]) -> Option<String> {
        let what = format!("one of {}", among.join(", "));
        self.get(key, &what, |value| value.as_str().filter(|text| among.contains(text)).map(str::to_owned))
    }

    /// A single character.
    pub(super) fn character(&mut self, key: &'static str) -> Option<char> {
        self.get(key, "a single character", |value| {
            let mut chars = value.as_str()?.chars();
            let first = chars.next()?;
            chars.next().is_none().then_some(first)
        })
    }

    /// Yes or no; no where nothing is said.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.get(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        let what = format!("a whole number from {least} to {most}");
        self.get(key, &what, |value| value.as_integer().filter(|number| (least..=most).contains(number)))
    }

    /// A date, with or without quotation marks.
    pub(super) fn date(&mut self, key: &'static str) -> Option<NaiveDate> {
        self.get(key, "a date such as 2025-06-30", |value| match value {
            Value::Datetime(date) => date.to_string().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A list of texts; one text is a list too.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
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
    pub(super) fn pairs(&mut self, key: &'static str) -> Vec<(String, String)> {
        let take = |value: &Value| {
            let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            value.as_table()?.iter().map(pair).collect()
        };
        self.get(key, "a table such as { \"Amber/Red\" = \"AMBER_RED\" }", take).unwrap_or_default()
    }

    /// A table inside this one.
    pub(super) fn table(&mut self, key: &'static str) -> Option<&'a Table> {
        self.get(key, "a table", Value::as_table)
    }

    /// A list of tables inside this one.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<&'a Table> {
        let take = |value: &'a Value| value.as_array()?.iter().map(Value::as_table).collect();
        self.get(key, "a list of tables, each begun by [[columns]]", take).unwrap_or_default()
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn end(mut self) {
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
