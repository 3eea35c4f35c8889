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
