//! A value of a row, read from either database without a copy.

use chrono::{DateTime, NaiveDate};
use sqlx::{Row as _, postgres::PgRow};

use super::{lite::LiteRow, plan::ColumnType};

/// PostgreSQL counts days and microseconds from here.
pub const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => panic!("a date of the calendar"),
};
/// Seconds from 1970 to 2000.
const SECONDS_TO_2000: i64 = 946_684_800;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'r> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Text; dates and instants too, on SQLite.
    Text(&'r str),
    /// An id.
    Id([u8; 16]),
    /// Days since 2000-01-01.
    Days(i32),
    /// Microseconds since 1970-01-01 in UTC.
    Micros(i64),
}

/// A row of either database.
pub enum Row {
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of SQLite.
    Sqlite(LiteRow),
    /// Of no database.
    #[cfg(feature = "instructions")]
    Made(super::made::MadeRow),
}

impl Row {
    /// The cell at a position of the statement's columns. What cannot be read is a fault of the plan: null.
    pub fn at(&self, at: usize, ty: ColumnType) -> Cell<'_> {
        match self {
            Self::Postgres(row) => postgres(row, at, ty),
            Self::Sqlite(row) => row.at(at, ty),
            #[cfg(feature = "instructions")]
            Self::Made(row) => row.at(at, ty),
        }
    }

    /// The bytes of the text at a position, which may be no UTF-8 where the database lets that pass.
    pub fn text(&self, at: usize) -> Option<&[u8]> {
        match self {
            Self::Postgres(row) => row.try_get_raw(at).ok()?.as_bytes().ok(),
            Self::Sqlite(row) => row.text(at),
            #[cfg(feature = "instructions")]
            Self::Made(row) => match row.at(at, ColumnType::Text) {
                Cell::Text(text) => Some(text.as_bytes()),
                _ => None,
            },
        }
    }

    /// The whole number at a position.
    pub fn int(&self, at: usize) -> i64 {
        match self.at(at, ColumnType::Int) {
            Cell::Int(n) => n,
            _ => 0,
        }
    }

    /// A sum of whole numbers at a position, which goes on to what follows: `numeric` on PostgreSQL, on SQLite the billions
    /// and the rest. None where there was nothing to sum.
    pub fn sum(&self, next: &mut usize) -> Option<i128> {
        let at = *next;
        *next += 1;
        match self {
            Self::Postgres(row) => row.try_get_raw(at).ok().and_then(|raw| numeric(raw.as_bytes().ok()?)),
            Self::Sqlite(row) => {
                *next += 1;
                match (row.at(at, ColumnType::Int), row.at(at + 1, ColumnType::Int)) {
                    (Cell::Int(high), Cell::Int(low)) => Some(i128::from(high) * 1_000_000_000 + i128::from(low)),
                    _ => None,
                }
            }
            #[cfg(feature = "instructions")]
            Self::Made(row) => match row.at(at, ColumnType::Int) {
                Cell::Int(n) => Some(n.into()),
                _ => None,
            },
        }
    }
}

/// The whole number that a `numeric` is, as PostgreSQL sends it: how many digits to the base of 10,000, the power of the
/// first, sign, scale, digits.
fn numeric(bytes: &[u8]) -> Option<i128> {
    let mut words = bytes.chunks_exact(2).map(|word| i16::from_be_bytes([word[0], word[1]]));
    let (count, power, sign, _scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mut value = 0_i128;
    for _ in 0..count {
        value = value.checked_mul(10_000)?.checked_add(words.next()?.into())?;
    }
    // Zeros at the end are not sent.
    for _ in count..=power {
        value = value.checked_mul(10_000)?;
    }
    match sign {
        0 => Some(value),
        0x4000 => Some(-value),
        _ => None,
    }
}

fn postgres(row: &PgRow, at: usize, ty: ColumnType) -> Cell<'_> {
    let Ok(raw) = row.try_get_raw(at) else { return Cell::Null };
    let Ok(bytes) = raw.as_bytes() else { return Cell::Null };
    let cell = match ty {
        ColumnType::Int => match bytes.len() {
            8 => bytes.try_into().ok().map(|b| Cell::Int(i64::from_be_bytes(b))),
            4 => bytes.try_into().ok().map(|b| Cell::Int(i64::from(i32::from_be_bytes(b)))),
            _ => None,
        },
        ColumnType::Text => std::str::from_utf8(bytes).ok().map(Cell::Text),
        ColumnType::Id => bytes.try_into().ok().map(Cell::Id),
        ColumnType::Bool => bytes.first().map(|b| Cell::Bool(*b != 0)),
        ColumnType::Date => bytes.try_into().ok().map(|b| Cell::Days(i32::from_be_bytes(b))),
        ColumnType::Instant => {
            bytes.try_into().ok().map(|b| Cell::Micros(i64::from_be_bytes(b) + SECONDS_TO_2000 * 1_000_000))
        }
    };
    cell.unwrap_or(Cell::Null)
}

/// Microseconds since 1970 of an instant as SQLite keeps it.
pub fn micros(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %:z"))
        .ok()
        .map(|d| d.timestamp_micros())
}

/// The civil date in a cell.
pub fn date_of(cell: Cell<'_>) -> Option<NaiveDate> {
    match cell {
        Cell::Days(days) => EPOCH.checked_add_signed(chrono::TimeDelta::days(days.into())),
        Cell::Text(text) => text.get(..10)?.parse().ok(),
        Cell::Null | Cell::Int(_) | Cell::Bool(_) | Cell::Id(_) | Cell::Micros(_) => None,
    }
}

/// The instant in a cell.
pub fn instant_of(cell: Cell<'_>) -> Option<DateTime<chrono::Utc>> {
    match cell {
        Cell::Micros(at) => DateTime::from_timestamp_micros(at),
        Cell::Text(text) => DateTime::from_timestamp_micros(micros(text)?),
        Cell::Null | Cell::Int(_) | Cell::Bool(_) | Cell::Id(_) | Cell::Days(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::numeric;

    /// As PostgreSQL sends it: digits to the base of 10,000, zeros at the end left out.
    fn sent(value: i128) -> Vec<u8> {
        let mut digits = vec![];
        let mut rest = value.unsigned_abs();
        while rest > 0 {
            digits.insert(0, u16::try_from(rest % 10_000).expect("a digit"));
            rest /= 10_000;
        }
        let power = u16::try_from(digits.len()).expect("few").wrapping_sub(1);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let sign = if value < 0 { 0x4000 } else { 0 };
        let count = u16::try_from(digits.len()).expect("few");
        [count, if value == 0 { 0 } else { power }, sign, 0]
            .into_iter()
            .chain(digits)
            .flat_map(u16::to_be_bytes)
            .collect()
    }

    #[test]
    fn whole_numbers_are_read_as_they_were_sent() {
        let large = i128::from(i64::MAX) * 1_000_000_000;
        for value in [0, 1, -1, 9_999, 10_000, -10_000, 100_000_000, 123_456_789, i64::MIN.into(), large, -large] {
            assert_eq!(numeric(&sent(value)), Some(value), "{value}");
        }
        // Not a number, and what is cut off.
        assert_eq!(numeric(&[0, 0, 0, 0, 0xc0, 0, 0, 0]), None);
        assert_eq!(numeric(&[0, 1, 0, 0, 0, 0]), None);
    }
}
