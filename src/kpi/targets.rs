//! What KPIs are to be: the latest target of an item itself, on a day.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{facts::Scope, versions::known};
use crate::{
    error::Error,
    graph::{Cell, ColumnType, ListType, Param, Session, date_of},
};

/// Targets by item and KPI, each with the day from which it holds.
#[derive(Debug, Default)]
pub struct Targets(HashMap<(Uuid, Uuid), Vec<(NaiveDate, i64)>>);

impl Targets {
    /// Reads the targets of these scopes, as they were known at an instant or are now.
    pub async fn read(
        session: &mut Session<'_>,
        scopes: &[Scope],
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Self, Error> {
        let items: Arc<[Uuid]> = scopes.iter().map(|scope| scope.id).collect();
        let mut found = Self::default();
        if items.is_empty() {
            return Ok(found);
        }
        let mut sql = session.sql();
        sql.push("SELECT item_id, kpi_id, target_on, value FROM ");
        known(&mut sql, "kpi_target", known_at).push(" t WHERE archived_at IS NULL AND item_id");
        sql.is_any(ListType::Id, Param::Keys).push(" ORDER BY target_on");
        for row in session.all(&sql.finish(), &items).await? {
            let (Cell::Id(item), Cell::Id(kpi)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Id)) else {
                continue;
            };
            let Some(on) = date_of(row.at(2, ColumnType::Date)) else { continue };
            found.0.entry((Uuid::from_bytes(item), Uuid::from_bytes(kpi))).or_default().push((on, row.int(3)));
        }
        Ok(found)
    }

    /// The target of a KPI of an item on a day.
    pub fn of(&self, item: Uuid, kpi: Uuid, at: NaiveDate) -> Option<i64> {
        self.0.get(&(item, kpi))?.iter().rev().find(|(on, _)| *on <= at).map(|(_, value)| *value)
    }
}
