//! What is wrong with a file: where, and what was expected. The text of a fault is one line, however bad the input.

use std::fmt;

/// Characters of a wrong text that are shown.
const SHOWN: usize = 60;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// The element, such as `Project/Calendars/Calendar/UID`; empty where it is none.
    pub place: String,
    /// What is wrong, or what was expected.
    pub why: String,
}

impl Fault {
    /// A fault at a line of an element.
    pub fn new(line: u64, place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { line, place: place.into(), why: why.into() }
    }

    /// A fault of the file as a whole.
    pub fn of_file(why: impl Into<String>) -> Self {
        Self::new(0, "", why)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for Fault {}

/// The beginning of a text, on one line.
pub fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let mut short = on_one_line(chars.by_ref().take(SHOWN));
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// Characters with those that are not seen escaped.
pub(super) fn on_one_line(chars: impl Iterator<Item = char>) -> String {
    let mut line = String::new();
    for c in chars {
        match c {
            '\'' | '"' => line.push(c),
            _ => line.extend(c.escape_debug()),
        }
    }
    line
}
