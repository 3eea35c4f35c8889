//! Rows to JSON bytes: the steps of a plan over the cells of a row. No value passes through a tree on the way.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use super::{
    cell::{Cell, EPOCH, Row},
    plan::{ColumnType, Form, MoneyFigure, Op},
    value::{mean, write_decimal},
};

/// Cells from here on are figures of a row of totals: the count, then the others.
pub const FIGURES: usize = 100;
/// Cells from here on are of rows joined to a group.
pub const GROUP_SOURCE: usize = 1000;
const DIFFERENCE: usize = 1 << 24;
/// What a mean of whole numbers is rounded to: so many parts of 1, and their digits.
const MEAN: i128 = 10_000;
const MEAN_SCALE: u32 = 4;

/// The cell that holds one figure less another.
pub fn difference(of: usize, less: usize) -> usize {
    DIFFERENCE | (of << 12) | less
}

/// The money of one currency, summed.
#[derive(Debug, Clone)]
pub struct MoneySum {
    /// The currency.
    pub currency: String,
    /// The sum, in 1/10,000.
    pub sum: i128,
    /// How many amounts.
    pub count: i64,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

/// Where cells come from.
#[derive(Clone, Copy)]
pub enum Cells<'r> {
    /// A row; the plan's first column stands at this position.
    Row(&'r Row, usize),
    /// A row of totals: the count stands at this position. None for a parent without rows.
    Totals(Option<&'r Row>, usize),
    /// A row of groups: keys from this position, the count at that, the joined columns at the third.
    Group(&'r Row, usize, usize, usize),
    /// One sum of money.
    Money(i128, &'r str),
}

/// Types of the cells that steps name; figures are whole numbers unless said.
pub struct Types<'p> {
    /// Of plain columns, or of joined ones.
    pub columns: &'p [ColumnType],
    /// Of group keys.
    pub keys: &'p [ColumnType],
    /// Of figures, after the count.
    pub figures: &'p [ColumnType],
}

/// What steps need besides cells.
pub struct Scene<'w> {
    /// Finished connections of this row, by child.
    pub children: &'w [&'w [u8]],
    /// The row's cursor, if shown.
    pub cursor: &'w str,
    /// Sums of money, by number.
    pub money: &'w [&'w [MoneySum]],
    /// How often each entry was masked.
    pub masked: &'w mut [u32],
}

impl Cells<'_> {
    fn get(&self, types: &Types<'_>, at: usize) -> Cell<'_> {
        if at & DIFFERENCE != 0 {
            let number = |at| match self.get(types, at) {
                Cell::Int(n) => n,
                _ => 0,
            };
            return Cell::Int(number((at >> 12) & 0xfff) - number(at & 0xfff));
        }
        let figure = |at: usize| {
            if at == FIGURES {
                ColumnType::Int
            } else {
                types.figures.get(at - FIGURES - 1).copied().unwrap_or(ColumnType::Int)
            }
        };
        match self {
            Self::Row(row, base) => row.at(base + at, types.columns[at]),
            Self::Totals(None, _) => Cell::Null,
            Self::Totals(Some(row), count) => row.at(count + at - FIGURES, figure(at)),
            Self::Group(row, keys, _, _) if at < FIGURES => row.at(keys + at, types.keys[at]),
            Self::Group(row, _, count, _) if at < GROUP_SOURCE => row.at(count + at - FIGURES, figure(at)),
            Self::Group(row, _, _, source) => row.at(source + at - GROUP_SOURCE, types.columns[at - GROUP_SOURCE]),
            // Money is written as a decimal and a text: the decimal fits what a cell can hold only below 64 bits.
            Self::Money(_, currency) => Cell::Text(currency),
        }
    }

    /// The bytes of a row's text, if that is what stands there.
    fn text(&self, types: &Types<'_>, at: usize) -> Option<&[u8]> {
        match self {
            Self::Row(row, base) if types.columns[at] == ColumnType::Text => row.text(base + at),
            _ => None,
        }
    }
}

/// Writes the steps for one row.
pub fn write(out: &mut Vec<u8>, ops: &[Op], cells: Cells<'_>, types: &Types<'_>, scene: &mut Scene<'_>) {
    for op in ops {
        match op {
            Op::Lit(bytes) => out.extend_from_slice(bytes),
            Op::Cell(_, Form::Decimal(scale)) if matches!(cells, Cells::Money(..)) => {
                if let Cells::Money(amount, _) = cells {
                    out.push(b'"');
                    write_decimal(out, amount, *scale);
                    out.push(b'"');
                }
            }
            Op::Cell(at, Form::Text) => match cells.text(types, *at) {
                Some(bytes) => text(out, bytes),
                None => cell(out, cells.get(types, *at), Form::Text),
            },
            Op::Cell(at, form) => cell(out, cells.get(types, *at), *form),
            Op::Present(at, ops) => {
                if cells.get(types, *at) == Cell::Null {
                    out.extend_from_slice(b"null");
                } else {
                    write(out, ops, cells, types, scene);
                }
            }
            Op::First(arms) => match arms.iter().find(|(at, _)| cells.get(types, *at) != Cell::Null) {
                Some((_, ops)) => write(out, ops, cells, types, scene),
                None => out.extend_from_slice(b"null"),
            },
            Op::Switch(at, arms) => {
                let Cell::Text(kind) = cells.get(types, *at) else {
                    out.extend_from_slice(b"null");
                    continue;
                };
                match arms.iter().find(|(value, _)| *value == kind) {
                    Some((_, ops)) => write(out, ops, cells, types, scene),
                    None => out.extend_from_slice(b"null"),
                }
            }
            Op::If(at, yes, no) => {
                let holds = matches!(cells.get(types, *at), Cell::Bool(true) | Cell::Int(1));
                write(out, if holds { yes } else { no }, cells, types, scene);
            }
            Op::IfNull(at, yes, no) => {
                let is_null = matches!(cells.get(types, *at), Cell::Null);
                write(out, if is_null { yes } else { no }, cells, types, scene);
            }
            Op::Child(i) => out.extend_from_slice(scene.children[*i]),
            Op::Denied(entry) => {
                scene.masked[*entry] += 1;
                out.extend_from_slice(b"null");
            }
            Op::Cursor => {
                out.push(b'"');
                out.extend_from_slice(scene.cursor.as_bytes());
                out.push(b'"');
            }
            Op::Trail(trail) => {
                let link = |at: usize| {
                    let link = trail.links[at].as_ref()?;
                    let (Cell::Id(id), Cell::Text(kind)) = (cells.get(types, link.id), cells.get(types, link.kind))
                    else {
                        return None;
                    };
                    link.prefixes.iter().find(|(k, _)| *k == kind).map(|(_, prefix)| (*prefix, id))
                };
                let holds = |at| matches!(cells.get(types, at), Cell::Bool(true) | Cell::Int(1));
                match cells.get(types, trail.changes) {
                    Cell::Text(text) => trail.write(out, text, holds, [link(0), link(1)], scene.masked),
                    _ => out.extend_from_slice(b"[]"),
                }
            }
            Op::Mean(sum, count) => match (cells.get(types, *sum), cells.get(types, *count)) {
                (Cell::Int(sum), Cell::Int(count)) if count > 0 => {
                    out.push(b'"');
                    write_decimal(out, mean(i128::from(sum) * MEAN, count), MEAN_SCALE);
                    out.push(b'"');
                }
                _ => out.extend_from_slice(b"null"),
            },
            Op::Money(i, figure, ops) => money(out, scene.money[*i], *figure, ops, types, scene.masked),
        }
    }
}

fn money(out: &mut Vec<u8>, sums: &[MoneySum], figure: MoneyFigure, ops: &[Op], types: &Types<'_>, masked: &mut [u32]) {
    out.push(b'[');
    for (i, sum) in sums.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let amount = match figure {
            MoneyFigure::Sum => sum.sum,
            MoneyFigure::Avg => mean(sum.sum, sum.count),
            MoneyFigure::Min => i128::from(sum.min),
            MoneyFigure::Max => i128::from(sum.max),
        };
        let mut scene = Scene { children: &[], cursor: "", money: &[], masked };
        write(out, ops, Cells::Money(amount, &sum.currency), types, &mut scene);
    }
    out.push(b']');
}

fn cell(out: &mut Vec<u8>, cell: Cell<'_>, form: Form) {
    match (cell, form) {
        (Cell::Null, Form::Count) => out.push(b'0'),
        (Cell::Id(id), Form::Id(prefix)) => {
            out.push(b'"');
            super::id::write(out, prefix, &id);
            out.push(b'"');
        }
        // An id has one form, which stands above.
        (Cell::Null | Cell::Id(_), _) => out.extend_from_slice(b"null"),
        (Cell::Text(s), Form::Instant) => instant(out, super::cell::micros(s).unwrap_or(0)),
        (Cell::Text(s), Form::Date) => quoted(out, s),
        (Cell::Text(s), Form::Texts) => strings(out, s),
        (Cell::Text(s), _) => string(out, s),
        (Cell::Int(n), Form::Bool) => out.extend_from_slice(if n == 0 { b"false" } else { b"true" }),
        (Cell::Int(n), Form::Version) => {
            out.push(b'"');
            out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
            out.push(b'"');
        }
        (Cell::Int(n), Form::Decimal(scale)) => {
            out.push(b'"');
            write_decimal(out, i128::from(n), scale);
            out.push(b'"');
        }
        (Cell::Int(n), _) => out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
        (Cell::Bool(b), _) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        (Cell::Days(days), _) => date(out, days),
        (Cell::Micros(micros), _) => instant(out, micros),
    }
}

fn quoted(out: &mut Vec<u8>, s: &str) {
    out.push(b'"');
    out.extend_from_slice(s.as_bytes());
    out.push(b'"');
}

fn strings(out: &mut Vec<u8>, list: &str) {
    out.push(b'[');
    for (i, s) in list.split(',').filter(|s| !s.is_empty()).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        string(out, s);
    }
    out.push(b']');
}

fn digits(out: &mut Vec<u8>, value: u32, width: usize) {
    let mut text = [b'0'; 6];
    let mut rest = value;
    for at in (0..width).rev() {
        text[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&text[..width]);
}

fn civil(out: &mut Vec<u8>, date: NaiveDate) {
    digits(out, u32::try_from(date.year()).unwrap_or(0), 4);
    out.push(b'-');
    digits(out, date.month(), 2);
    out.push(b'-');
    digits(out, date.day(), 2);
}

fn date(out: &mut Vec<u8>, days: i32) {
    let date = NaiveDate::from_num_days_from_ce_opt(days.saturating_add(EPOCH.num_days_from_ce()));
    out.push(b'"');
    civil(out, date.unwrap_or(EPOCH));
    out.push(b'"');
}

fn instant(out: &mut Vec<u8>, micros: i64) {
    let at = DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc();
    out.push(b'"');
    civil(out, at.date());
    out.push(b'T');
    digits(out, at.hour(), 2);
    out.push(b':');
    digits(out, at.minute(), 2);
    out.push(b':');
    digits(out, at.second(), 2);
    out.push(b'.');
    digits(out, at.nanosecond() / 1_000_000, 3);
    out.extend_from_slice(b"Z\"");
}

/// Appends a JSON string of bytes that a database holds as text; null where they are none.
fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_plain(bytes) {
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        match std::str::from_utf8(bytes) {
            Ok(s) => string(out, s),
            Err(_) => out.extend_from_slice(b"null"),
        }
    }
}

/// Whether bytes are ASCII without anything that JSON escapes: most are, and need no other look. Eight are looked at together.
fn is_plain(bytes: &[u8]) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    // The high bit of a byte that is below a space, a quote, a backslash or beyond ASCII, and of none before it.
    let special = |word: u64| {
        let is_less = word.wrapping_sub(EACH * 0x20);
        let is_quote = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
        let is_slash = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
        (word | is_less | is_quote | is_slash) & HIGH
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().fold(EACH * u64::from(b' '), |word, b| word << 8 | u64::from(*b));
    words.iter().fold(special(last), |any, word| any | special(u64::from_le_bytes(*word))) == 0
}

/// Appends a JSON string.
pub fn string(out: &mut Vec<u8>, s: &str) {
    out.push(b'"');
    let bytes = s.as_bytes();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        // Most text needs no escape: sixteen bytes are looked at together, without a branch between them.
        let special = |b: &u8| u8::from(*b < 0x20) | u8::from(*b == b'"') | u8::from(*b == b'\\');
        let chunk = bytes[at..].first_chunk::<16>();
        if chunk.is_some_and(|c| c.iter().map(special).fold(0, |any, b| any | b) == 0) {
            at += 16;
            continue;
        }
        let b = bytes[at];
        at += 1;
        let escape: &[u8] = match b {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at - 1]);
        from = at;
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{b:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{string, text};

    proptest! {
        #[test]
        fn a_text_is_read_back_as_it_was(plain in "[ -~]{0,40}", odd in any::<String>(), at in 0_usize..40) {
            let at = plain.char_indices().map(|(at, _)| at).nth(at).unwrap_or(plain.len());
            let mixed = format!("{}{odd}{}", &plain[..at], &plain[at..]);
            for s in [&plain, &odd, &mixed] {
                let (mut out, mut of_bytes) = (vec![], vec![]);
                string(&mut out, s);
                text(&mut of_bytes, s.as_bytes());
                prop_assert_eq!(&serde_json::from_slice::<String>(&out).expect("JSON"), s);
                prop_assert_eq!(out, of_bytes);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_null() {
        let mut out = vec![];
        text(&mut out, b"a\xffb");
        assert_eq!(out, b"null");
    }

    #[test]
    fn each_special_byte_is_seen_wherever_it_stands() {
        for special in (0..0x20).chain([b'"', b'\\']) {
            for (before, after) in [(0, 0), (3, 0), (0, 7), (7, 1), (8, 0), (11, 5)] {
                let s = format!("{}{}{}", "a".repeat(before), char::from(special), "z".repeat(after));
                let mut out = vec![];
                text(&mut out, s.as_bytes());
                assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), s);
            }
        }
    }
}
