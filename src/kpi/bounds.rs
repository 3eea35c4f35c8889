//! Which bounds hold for a KPI of an item on a day: those of the nearest item above that sets any, else the definition's.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{catalogue::Bounds, definition::Definition, facts::Scope, versions::known};
use crate::{
    error::Error,
    graph::{Cell, ColumnType, ListType, Param, Row, Session, date_of},
};

/// Bounds with their margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The bounds.
    pub bounds: Bounds,
    /// How far beyond a bound the status changes, in 1e-9.
    pub margin: i64,
}

/// Bounds by item and KPI, each with the day from which they hold.
#[derive(Debug, Default)]
pub struct Thresholds(HashMap<(Uuid, Uuid), Vec<(NaiveDate, Held)>>);

impl Thresholds {
    /// Reads the bounds of these scopes and of all above them, as they were known at an instant or are now.
    pub async fn read(
        session: &mut Session<'_>,
        scopes: &[Scope],
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Self, Error> {
        let items: Arc<[Uuid]> = scopes.iter().flat_map(|scope| scope.above.iter().copied()).collect();
        let mut found = Self::default();
        if items.is_empty() {
            return Ok(found);
        }
        let mut sql = session.sql();
        sql.push("SELECT item_id, kpi_id, valid_from_on, green_from, green_to, amber_from, amber_to, hysteresis ");
        sql.push("FROM ");
        known(&mut sql, "kpi_threshold", known_at).push(" h WHERE archived_at IS NULL AND item_id");
        sql.is_any(ListType::Id, Param::Keys);
        sql.push(" ORDER BY valid_from_on");
        for row in session.all(&sql.finish(), &items).await? {
            let (Cell::Id(item), Cell::Id(kpi)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Id)) else {
                continue;
            };
            let Some(from) = date_of(row.at(2, ColumnType::Date)) else { continue };
            let of = found.0.entry((Uuid::from_bytes(item), Uuid::from_bytes(kpi))).or_default();
            of.push((from, Held { bounds: bounds(&row, 3), margin: row.int(7) }));
        }
        Ok(found)
    }

    /// The bounds that hold.
    pub fn held(&self, definition: &Definition, scope: &Scope, at: NaiveDate) -> Held {
        let mut by_item = scope.above.iter().filter_map(|item| self.0.get(&(*item, definition.id)));
        let nearest = by_item.find_map(|of| of.iter().rev().find(|(from, _)| *from <= at));
        nearest.map_or(Held { bounds: definition.bounds, margin: definition.hysteresis }, |(_, held)| *held)
    }
}

/// Four bounds from a column on.
fn bounds(row: &Row, from: usize) -> Bounds {
    let number = |at: usize| match row.at(from + at, ColumnType::Int) {
        Cell::Int(n) => Some(n),
        _ => None,
    };
    Bounds { green_from: number(0), green_to: number(1), amber_from: number(2), amber_to: number(3) }
}
