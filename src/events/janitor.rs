//! Removes what nobody can ask for any more: old events, the views of old watermarks, answers of old requests.
//! What was removed is remembered, so that an old cursor is refused and never answered with a gap.

use chrono::TimeDelta;
use entity::{feed_view, idempotency, outbox_event, outbox_head};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value};

use super::{
    Events,
    sequencer::{Lock, read_head},
};
use crate::{
    error::Error,
    graph::{Dialect, begin},
};

/// Days that events are kept, and with them the cursors that a query takes.
pub const KEPT_DAYS: i64 = 90;
/// Days that a subscription replays; whoever was away longer begins anew.
pub const REPLAYED_DAYS: i64 = 7;
/// Hours that answers of requests with a key are kept.
const KEY_HOURS: i64 = 24;
/// Positions removed by one transaction at most.
const BATCH: i64 = 10_000;
/// Removes values that were stored for followers over their own rows. The one before a younger one stays: it says what
/// was before that. A day more than is replayed is kept, for whoever reads slowly.
const UNCHANGED: &str = "DELETE FROM kpi_change WHERE (value_id, version) IN (
    SELECT c.value_id, c.version FROM kpi_change c
    JOIN kpi_change n ON n.value_id = c.value_id AND n.version = c.version + 1
    WHERE NOT c.is_changed AND c.as_of < {at} AND n.as_of < {at} LIMIT 10000)";

/// How much was removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tidied {
    /// Events.
    pub events: u64,
    /// Views.
    pub views: u64,
    /// Answers of requests with a key.
    pub keys: u64,
    /// Values of KPIs that were stored without having changed.
    pub values: u64,
}

impl Events {
    /// Removes what is past its time.
    pub async fn tidy(&self) -> Result<Tidied, Error> {
        let (now, db) = (self.clock.now(), &self.database.orm);
        let mut done = Tidied::default();
        loop {
            let events = self.remove_events().await?;
            done.events += events;
            if events == 0 {
                break;
            }
        }
        // A use is noted once a day, so a view is kept a day longer than the events that it judges.
        let unused = feed_view::Column::UsedAt.lt(now - TimeDelta::days(KEPT_DAYS + 1));
        done.views = feed_view::Entity::delete_many().filter(unused).exec(db).await?.rows_affected;
        let answered = idempotency::Column::CreatedAt.lt(now - TimeDelta::hours(KEY_HOURS));
        done.keys = idempotency::Entity::delete_many().filter(answered).exec(db).await?.rows_affected;
        loop {
            let values = self.remove_unchanged().await?;
            done.values += values;
            if values == 0 {
                return Ok(done);
            }
        }
    }

    /// Removes stored values that did not change and that nobody replays any more.
    async fn remove_unchanged(&self) -> Result<u64, Error> {
        let db = &self.database.orm;
        let at = match self.database.dialect {
            Dialect::Postgres => "CAST($1 AS timestamptz)",
            Dialect::Sqlite => "?1",
        };
        let cutoff = self.clock.now() - TimeDelta::days(REPLAYED_DAYS + 1);
        let text = UNCHANGED.replace("{at}", at);
        let removal = Statement::from_sql_and_values(db.get_database_backend(), text, [Value::from(cutoff)]);
        Ok(db.execute_raw(removal).await?.rows_affected())
    }

    /// Removes the oldest events, never one behind a younger one: what is kept is the end of the stream.
    async fn remove_events(&self) -> Result<u64, Error> {
        let cutoff = self.clock.now() - TimeDelta::days(KEPT_DAYS);
        let transaction = begin(&self.database.orm).await?;
        let Some(head) = self.lock(&transaction, Lock::Skip).await? else { return Ok(0) };
        let kept: Option<i64> = outbox_event::Entity::find()
            .select_only()
            .column(outbox_event::Column::Position)
            .filter(outbox_event::Column::Position.gt(head.purged))
            .filter(outbox_event::Column::At.gte(cutoff))
            .order_by_asc(outbox_event::Column::Position)
            .into_tuple()
            .one(&transaction)
            .await?;
        let last = kept.map_or(head.position, |first| first - 1).min(head.purged + BATCH);
        if last <= head.purged {
            return Ok(0);
        }
        let removed = outbox_event::Entity::delete_many()
            .filter(outbox_event::Column::Position.lte(last))
            .exec(&transaction)
            .await?;
        outbox_head::Entity::update_many()
            .col_expr(outbox_head::Column::Purged, last.into())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected)
    }

    /// The last position that is no longer replayed to a subscription.
    pub(crate) async fn too_long_ago(&self) -> Result<i64, Error> {
        let cutoff = self.clock.now() - TimeDelta::days(REPLAYED_DAYS);
        let head = read_head(&self.database.orm).await?;
        let young: Option<i64> = outbox_event::Entity::find()
            .select_only()
            .column(outbox_event::Column::Position)
            .filter(outbox_event::Column::Position.is_not_null())
            .filter(outbox_event::Column::At.gte(cutoff))
            .order_by_asc(outbox_event::Column::Position)
            .into_tuple()
            .one(&self.database.orm)
            .await?;
        Ok(young.map_or(head.position, |first| first - 1))
    }
}
