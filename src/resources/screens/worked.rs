//! What was worked on projects: the one place where hours of time sheets enter every screen. What is approved or posted counts,
//! less what was reversed, as far as the caller reads it. Of whom nothing is recorded nothing is known, which is told as such
//! and never as 0.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use serde_json::Value as Json;
use uuid::Uuid;

use super::people::id;
use crate::{
    error::Error,
    graph::{
        ColumnType, DbValue, ListType, Param, date_of,
        decl::{Asking, denied},
    },
    resources::{
        load::{Run, Span},
        worked::worked_runs,
    },
};

/// Minutes worked on projects.
#[derive(Debug)]
pub enum Worked {
    /// The caller reads nobody's.
    Denied,
    /// By resource; those who record anything in the time.
    Known(HashMap<Uuid, Vec<Run>>),
}

impl Default for Worked {
    fn default() -> Self {
        Self::Known(HashMap::new())
    }
}

impl Worked {
    /// What a resource has worked; none where nothing is recorded of it.
    pub fn of(&self, resource: Uuid) -> Option<&[Run]> {
        match self {
            Self::Known(all) => all.get(&resource).map(Vec::as_slice),
            Self::Denied => None,
        }
    }

    /// Whether it can be told: if not, what stands for it.
    pub fn told(&self, asking: &Asking<'_, '_>) -> Result<(), Json> {
        match self {
            Self::Known(_) => Ok(()),
            Self::Denied => Err(denied(asking.model.entity(ENTRIES).class.read())),
        }
    }
}

const ENTRIES: &str = "TimeEntry";

/// What resources worked on projects within a time.
pub async fn worked(asking: &mut Asking<'_, '_>, resources: &Arc<[Uuid]>, span: Span) -> Result<Worked, Error> {
    let entity = asking.model.entity(ENTRIES);
    let scopes = asking.session.caller.rights.read(entity.class);
    if scopes.is_empty() {
        return Ok(Worked::Denied);
    }
    let day = |day| Param::Const(DbValue::Date(day));
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.resource_id, t0.work_on, CAST(SUM(CASE WHEN t0.item_id IS NOT NULL AND t0.state IN ('APPROVED', 'POSTED') ");
    sql.push("THEN t0.minutes ELSE 0 END) AS bigint) FROM time_entry t0 WHERE t0.work_on >= ").param(day(span.first()));
    sql.push(" AND t0.work_on <= ").param(day(span.last()));
    sql.push(" AND t0.resource_id").is_any(ListType::Id, Param::Keys);
    sql.visible(0, entity, scopes, " AND ");
    sql.push(" GROUP BY t0.resource_id, t0.work_on");
    let mut days: HashMap<Uuid, Vec<(NaiveDate, i64)>> = HashMap::new();
    for row in asking.session.all(&sql.finish(), resources).await? {
        if let (Some(resource), Some(on)) = (id(&row, 0), date_of(row.at(1, ColumnType::Date))) {
            days.entry(resource).or_default().push((on, row.int(2)));
        }
    }
    Ok(Worked::Known(days.into_iter().map(|(resource, days)| (resource, worked_runs(span, days))).collect()))
}
