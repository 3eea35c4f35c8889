//! Rows that no database gave, for `benches/instructions`: whoever counts what the server does with a statement gets the
//! same rows each time, without a connection. Built only with the feature `instructions`, which no build that is
//! delivered has.

use std::{hint::black_box, sync::Arc};

pub use super::cell::Cell;
use super::{
    cell::Row,
    database::{Database, postgres_arguments},
    plan::ColumnType,
    sql::Dialect,
    value::DbValue,
};
use crate::error::Error;

/// A text as long as a name.
const TEXT: &str = "A name of some thirty letters.";
/// Days that dates lie in, from 2000 on.
const DAYS: u64 = 10_000;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A row whose cells are of the types that they are read as.
#[derive(Debug, Clone, Default)]
pub struct MadeRow {
    /// Its number, from which its values come.
    pub number: u64,
    /// Where it belongs to a row above it: the ordinal of that, in front of its other cells.
    pub parent: Option<i64>,
    /// Cells that must be what they are, by position.
    pub given: Option<Arc<[(usize, Cell<'static>)]>>,
}

/// What answers statements: their text, and the values bound to them.
pub type Answering = Arc<dyn Fn(&str, &[DbValue]) -> Vec<MadeRow> + Send + Sync>;

impl MadeRow {
    pub(super) fn at(&self, at: usize, ty: ColumnType) -> Cell<'_> {
        if let (0, Some(parent)) = (at, self.parent) {
            return Cell::Int(parent);
        }
        let given = self.given.iter().flat_map(|given| given.iter()).find(|(position, _)| *position == at);
        if let Some((_, cell)) = given {
            return *cell;
        }
        let number = self.number + at as u64;
        let days = number % DAYS;
        match ty {
            ColumnType::Int => Cell::Int(number.cast_signed()),
            ColumnType::Text => Cell::Text(TEXT),
            ColumnType::Id => Cell::Id(u128::from(number).to_be_bytes()),
            ColumnType::Bool => Cell::Bool(number.is_multiple_of(2)),
            ColumnType::Date => Cell::Days(i32::try_from(days).unwrap_or_default()),
            ColumnType::Instant => Cell::Micros(days.cast_signed() * DAY),
        }
    }
}

impl Database {
    /// The same database, of which reads ask nothing: their statements are those for PostgreSQL, and `answering` gives
    /// the rows.
    #[must_use]
    pub fn answered_by(self, answering: Answering) -> Self {
        Self { dialect: Dialect::Postgres, reads: self.reads.answered_by(answering).into(), ..self }
    }
}

/// Binds values as for PostgreSQL, and gives each made row to `each`.
pub(super) fn answer(
    answering: &Answering,
    text: &str,
    values: &[DbValue],
    mut each: impl FnMut(Row) -> Result<(), Error>,
) -> Result<usize, Error> {
    black_box(postgres_arguments(values)?);
    let rows = answering(text, values);
    let count = rows.len();
    rows.into_iter().try_for_each(|row| each(Row::Made(row)))?;
    Ok(count)
}
