//! Events that concern a caller: those whose object she can read now, and those whose object she could read before them.
//! What does neither is not even counted, so that a page looks the same with and without it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Feed, Selection, view::View};
use crate::{
    error::Error,
    graph::{Cell, ColumnType, DbValue, ListType, Param, Row, Sql, decl::Entity, micros},
};

/// Positions that one statement looks at, however little of them concerns the caller.
const WINDOW: i64 = 50_000;

/// An event that concerns a caller.
pub struct Event {
    /// Its place in the stream.
    pub position: i64,
    /// The object's type.
    pub entity: &'static Entity,
    /// The object.
    pub id: Uuid,
    /// The object's version now, if she can read it now.
    pub version: Option<i64>,
    /// The object's version after the event.
    pub brought: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The request behind it.
    pub request_id: String,
    /// The mutation or command behind it.
    pub mutation: String,
    /// The person behind it.
    pub actor: Option<Uuid>,
}

impl Feed {
    /// The first events after a position, up to another, that concern whoever has the view.
    pub(super) async fn events(
        &self,
        view: &View,
        selection: &Selection,
        (after, until): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Event>, Error> {
        let mut out = vec![];
        let mut from = after;
        while from < until && out.len() < limit {
            let to = until.min(from + WINDOW);
            let Some(sql) = self.statement(view, selection, (from, to), limit - out.len()) else { break };
            self.fetch(sql, |row| {
                out.extend(event(selection, row));
                Ok(())
            })
            .await?;
            from = to;
        }
        Ok(out)
    }

    fn statement(&self, view: &View, selection: &Selection, (from, to): (i64, i64), limit: usize) -> Option<Sql> {
        let entities = || selection.entities.iter().filter(|e| !view.read(e.class).is_empty());
        entities().next()?;
        let mut sql = Sql::of_view(self.database.dialect, &view.eyes);
        sql.push(
            "SELECT e.position, e.target_type, e.target_id, e.version, e.at, e.request_id, e.mutation, e.actor_id, e.brought",
        );
        sql.push(" FROM (SELECT t0.position, t0.target_type, t0.target_id, t0.version AS brought, t0.at, t0.request_id, t0.mutation,");
        sql.push(" t0.actor_id, CASE t0.target_type");
        for entity in entities() {
            sql.push(" WHEN ").literal(entity.name).push(" THEN (SELECT t1.version FROM ").push(entity.table);
            sql.push(" t1 WHERE t1.id = t0.target_id");
            sql.visible(1, entity, view.read(entity.class), " AND ");
            sql.push(")");
        }
        sql.push(" END AS version, CASE t0.target_type");
        for entity in entities() {
            sql.push(" WHEN ").literal(entity.name).push(" THEN t0.was_there");
            sql.visible_rows(0, entity, entity.rows.before(), view.read(entity.class), " AND ");
        }
        sql.push(" ELSE FALSE END AS was FROM outbox_event t0 WHERE t0.position > ");
        sql.param(Param::Const(DbValue::Int(from))).push(" AND t0.position <= ").param(Param::Const(DbValue::Int(to)));
        sql.push(" AND t0.target_type IN (");
        for (i, entity) in entities().enumerate() {
            sql.push(if i > 0 { ", " } else { "" }).literal(entity.name);
        }
        sql.push(")");
        if let Some(ids) = &selection.ids {
            sql.push(" AND t0.target_id").is_any(ListType::Id, Param::Const(DbValue::Ids(ids.clone())));
        }
        sql.push(") e WHERE e.version IS NOT NULL OR e.was ORDER BY e.position LIMIT ").number(limit);
        Some(sql)
    }
}

fn event(selection: &Selection, row: &Row) -> Option<Event> {
    let text = |at: usize| match row.at(at, ColumnType::Text) {
        Cell::Text(text) => text.to_owned(),
        _ => String::new(),
    };
    let name = text(1);
    Some(Event {
        position: row.int(0),
        entity: selection.entities.iter().find(|e| e.name == name)?,
        id: id(row, 2)?,
        version: version(row, 3),
        at: instant(row, 4)?,
        request_id: text(5),
        mutation: text(6),
        actor: id(row, 7),
        brought: row.int(8),
    })
}

/// The id at a position.
pub(super) fn id(row: &Row, at: usize) -> Option<Uuid> {
    match row.at(at, ColumnType::Id) {
        Cell::Id(bytes) => Some(Uuid::from_bytes(bytes)),
        _ => None,
    }
}

/// The version at a position.
pub(super) fn version(row: &Row, at: usize) -> Option<i64> {
    match row.at(at, ColumnType::Int) {
        Cell::Int(version) => Some(version),
        _ => None,
    }
}

fn instant(row: &Row, at: usize) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(match row.at(at, ColumnType::Instant) {
        Cell::Micros(micros) => micros,
        Cell::Text(text) => micros(text)?,
        _ => return None,
    })
}
