//! What a change of rights shows and hides: the rows on which two views differ, by id. It needs no event, so it holds
//! for roles that end by the calendar, for tokens that lose a role, and for a sponsor replaced far above.
//!
//! Whoever holds a watermark saw the rows as they were at its position. A row that has changed since is judged by what
//! its first event after the position says of it before the change, never by what it is now: rows that came into an old
//! view after it was lost were never seen and leave no trace.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    Feed, Selection,
    page::{id, version},
    view::{View, field_classes},
};
use crate::{
    error::Error,
    graph::{
        DbValue, Limit, ListType, Param, Sql,
        decl::{Entity, KIND, RowScope},
    },
};

/// How far the clocks of two server processes may differ.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// A change of views.
pub struct Turn<'a> {
    /// The view at the position, then those in which some rows were told since.
    pub old: &'a [Arc<View>],
    /// The view now.
    pub new: &'a View,
    /// The position.
    pub position: i64,
    /// When rows were told last.
    pub told_at: Option<DateTime<Utc>>,
}

impl Turn<'_> {
    /// Whether anything of this entity can differ.
    pub fn touches(&self, feed: &Feed, entity: &Entity) -> bool {
        let new = self.new.lens(feed.model, entity);
        self.old.iter().any(|old| old.lens(feed.model, entity) != new)
    }

    fn sees(sql: &mut Sql, view: &View, entity: &Entity, rows: RowScope, alias: usize) {
        let scopes = view.read(entity.class);
        if scopes.is_empty() {
            sql.push("FALSE");
            return;
        }
        sql.look_through(&view.eyes).push("TRUE");
        sql.visible_rows(alias, entity, rows, scopes, " AND ");
    }

    /// The events of the entity since the position, one row an object: under which old views it was visible.
    fn write_since(&self, sql: &mut Sql, entity: &Entity) {
        let told = Param::Const(DbValue::Instant(self.told_at.unwrap_or(DateTime::UNIX_EPOCH) + SKEW));
        sql.push("WITH w AS (SELECT t1.target_id, t1.at, t1.was_there, t1.was_item_id, t1.was_portfolio_id,");
        sql.push(" t1.was_restricted, t1.was_state, t1.was_person_id, t1.was_draft, t1.was_labor, t1.was_resource_id, t1.was_pool_id,");
        sql.push(" row_number() OVER (PARTITION BY t1.target_id ORDER BY t1.seq) AS nth,");
        sql.push(" lag(t1.at) OVER (PARTITION BY t1.target_id ORDER BY t1.seq) AS since");
        sql.push(" FROM outbox_event t1 WHERE t1.target_type = ").literal(entity.name).push(" AND (t1.position > ");
        sql.param(Param::Const(DbValue::Int(self.position))).push(" OR t1.position IS NULL)), ");
        sql.push("f AS (SELECT t1.target_id");
        for (i, old) in self.old.iter().enumerate() {
            sql.push(", max(CASE WHEN (t1.nth = 1");
            if i > 0 {
                // Told in the middle of a change: in any state that the row had until then.
                sql.push(" OR t1.since <= ").param(told.clone());
            }
            sql.push(") AND t1.was_there AND ");
            Self::sees(sql, old, entity, entity.rows.before(), 1);
            sql.push(" THEN 1 ELSE 0 END) AS b").number(i);
        }
        if self.old.len() > 1 {
            sql.push(", max(CASE WHEN t1.at > ").param(told).push(" THEN 1 ELSE 0 END) AS later");
        }
        sql.push(" FROM w t1 GROUP BY t1.target_id) ");
    }

    fn write_differs(&self, feed: &Feed, sql: &mut Sql, entity: &Entity) {
        sql.push("FALSE");
        for old in self.old {
            if !old.has_same_links(self.new, feed.model, entity) {
                sql.push(" OR TRUE");
            }
            for class in field_classes(entity) {
                sql.push(" OR ");
                for (i, view) in [old.as_ref(), self.new].into_iter().enumerate() {
                    sql.push(if i > 0 { " <> CASE WHEN " } else { "CASE WHEN " });
                    match view.limit(entity, class) {
                        Limit::Never => {
                            sql.push("FALSE");
                        }
                        Limit::Free => {
                            sql.push("TRUE");
                        }
                        Limit::Where(scopes) => {
                            if !sql.look_through(&view.eyes).scopes(0, entity.rows, scopes) {
                                sql.push("TRUE");
                            }
                        }
                    }
                    sql.push(" THEN 1 ELSE 0 END");
                }
            }
        }
    }
}

impl Feed {
    /// The first rows of an entity after an id on which the views differ, with their version if they can be read now.
    pub(super) async fn differing(
        &self,
        turn: &Turn<'_>,
        entity: &'static Entity,
        selection: &Selection,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<(Uuid, Option<i64>)>, Error> {
        let mut sql = Sql::of_view(self.database.dialect, &turn.new.eyes);
        turn.write_since(&mut sql, entity);
        sql.push("SELECT d.id, CASE WHEN d.is_now = 1 THEN d.version END FROM (SELECT t0.id, t0.version, CASE WHEN ");
        Turn::sees(&mut sql, turn.new, entity, entity.rows, 0);
        sql.push(" THEN 1 ELSE 0 END AS is_now");
        for (i, old) in turn.old.iter().enumerate() {
            sql.push(", CASE WHEN f.b").number(i).push(" = 1 OR (");
            if i == 0 {
                sql.push("f.target_id IS NULL");
            } else {
                sql.push("COALESCE(f.later, 0) = 0");
            }
            sql.push(" AND ");
            Turn::sees(&mut sql, old, entity, entity.rows, 0);
            sql.push(") THEN 1 ELSE 0 END AS o").number(i);
        }
        sql.push(", CASE WHEN ");
        turn.write_differs(self, &mut sql, entity);
        sql.push(" THEN 1 ELSE 0 END AS differs FROM ").push(entity.table);
        sql.push(" t0 LEFT JOIN f ON f.target_id = t0.id WHERE t0.id > ").param(Param::Const(DbValue::Id(after)));
        if let Some(kind) = entity.kind {
            sql.push(" AND ").column(0, KIND).push(" = ").literal(kind);
        }
        if let Some(ids) = &selection.ids {
            sql.push(" AND t0.id").is_any(ListType::Id, Param::Const(DbValue::Ids(ids.clone())));
        }
        sql.push(") d WHERE (d.is_now = 0 AND 0");
        for i in 0..turn.old.len() {
            sql.push(" + d.o").number(i);
        }
        sql.push(" > 0) OR (d.is_now = 1 AND (d.differs = 1 OR 0");
        for i in 0..turn.old.len() {
            sql.push(" + d.o").number(i);
        }
        sql.push(" < ").number(turn.old.len()).push(")) ORDER BY d.id LIMIT ").number(limit);
        let mut out = vec![];
        self.fetch(sql, |row| {
            out.extend(id(row, 0).map(|id| (id, version(row, 1))));
            Ok(())
        })
        .await?;
        Ok(out)
    }
}
