//! A row of the feed of values: what was stored of a KPI of an item, and what was before.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::catalogue::Bounds;
use crate::{
    events::Cause,
    graph::{Cell, ColumnType, Row, date_of, instant_of},
};

/// A value that was stored.
pub(super) struct Stored {
    pub(super) position: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) cause: Cause,
    pub(super) item: Uuid,
    pub(super) kind: String,
    pub(super) kpi: Uuid,
    pub(super) now: Version,
    pub(super) before: Option<Version>,
    /// The same for who reads other rows: what is stored for the first time may be no news to her, since before it her
    /// rows gave what they gave.
    pub(super) earlier: Version,
    pub(super) is_changed: bool,
}

/// What was stored of it.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) period_end: NaiveDate,
    pub(super) as_of: DateTime<Utc>,
    pub(super) value: Option<i64>,
    pub(super) numerator: Option<String>,
    pub(super) denominator: Option<String>,
    pub(super) unit: String,
    pub(super) status: Option<String>,
    pub(super) target: Option<i64>,
    pub(super) null_reason: Option<String>,
    pub(super) included: i64,
    pub(super) excluded_null: i64,
    pub(super) turn: i64,
    pub(super) formula: i64,
    pub(super) bounds: Bounds,
}

/// A figure over the caller's own rows: item, KPI, turn and day.
pub(super) type OwnKey = (Uuid, Uuid, i64, NaiveDate);

impl Stored {
    /// What a figure over own rows is found by.
    pub(super) fn key(&self, version: &Version) -> OwnKey {
        (self.item, self.kpi, version.turn, version.period_end)
    }
}

/// The columns of a version.
pub(super) const VERSION: [&str; 17] = [
    "period_end_on",
    "as_of",
    "value",
    "numerator",
    "denominator",
    "unit",
    "status",
    "null_reason",
    "included_count",
    "excluded_null_count",
    "turn",
    "target",
    "formula_version",
    "green_from",
    "green_to",
    "amber_from",
    "amber_to",
];

/// A row of the feed; none where it is not whole.
pub(super) fn stored(row: &Row) -> Option<Stored> {
    let cause = Cause {
        request_id: string(row, 2).unwrap_or_default(),
        mutation: string(row, 3).unwrap_or_default(),
        actor: match row.at(4, ColumnType::Id) {
            Cell::Id(id) => Some(Uuid::from_bytes(id)),
            _ => None,
        },
    };
    let (now, before) = (version(row, 9)?, version(row, 9 + VERSION.len()));
    // In the tree of just before.
    let as_of = now.as_of - TimeDelta::milliseconds(1);
    let first = || Version { turn: now.turn - 1, as_of, ..now.clone() };
    Some(Stored {
        position: row.int(0),
        at: instant_of(row.at(1, ColumnType::Instant))?,
        cause,
        item: id(row, 5),
        kind: string(row, 6)?,
        kpi: id(row, 7),
        is_changed: matches!(row.at(8, ColumnType::Bool), Cell::Bool(true) | Cell::Int(1)),
        earlier: before.clone().unwrap_or_else(first),
        now,
        before,
    })
}

fn version(row: &Row, from: usize) -> Option<Version> {
    let number = |at: usize| match row.at(from + at, ColumnType::Int) {
        Cell::Int(number) => Some(number),
        _ => None,
    };
    Some(Version {
        period_end: date_of(row.at(from, ColumnType::Date))?,
        as_of: instant_of(row.at(from + 1, ColumnType::Instant))?,
        value: number(2),
        numerator: string(row, from + 3),
        denominator: string(row, from + 4),
        unit: string(row, from + 5).unwrap_or_default(),
        status: string(row, from + 6),
        null_reason: string(row, from + 7),
        included: row.int(from + 8),
        excluded_null: row.int(from + 9),
        turn: row.int(from + 10),
        target: number(11),
        formula: row.int(from + 12),
        bounds: Bounds { green_from: number(13), green_to: number(14), amber_from: number(15), amber_to: number(16) },
    })
}

fn string(row: &Row, at: usize) -> Option<String> {
    match row.at(at, ColumnType::Text) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

/// An id; the empty one where there is none.
pub(super) fn id(row: &Row, at: usize) -> Uuid {
    match row.at(at, ColumnType::Id) {
        Cell::Id(id) => Uuid::from_bytes(id),
        _ => Uuid::nil(),
    }
}
