//! Gives events their positions, after commit. Invariant: positions are contiguous and are committed in order, so no
//! reader ever meets a position below one that it has passed.
//!
//! Why the order is right. A transaction draws the `seq` of all its events by one insert at its end, when it holds all
//! its row locks. Of two transactions that change one row, the later gets its lock when the earlier has committed: every
//! `seq` of the earlier is below every `seq` of the later, and a snapshot that holds the later holds the earlier.
//! The sequencer takes all events without a position that one snapshot shows, orders them by (least `seq` of the
//! transaction, `seq`) and numbers them from the head on. So an object's events come in the order of its versions: within
//! a snapshot by `seq`, across snapshots because the earlier is in the same or an earlier one. A transaction's events are
//! adjacent, since all of them become visible at once and share their least `seq`. The lock on the head makes snapshots
//! follow each other, and it is held by sequencers alone: writers of different objects never wait for each other.
//! A transaction that stays open long gets its positions when it commits; nobody waits for it.

use std::{future::Future, sync::Arc, time::Duration};

use entity::outbox_head;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QuerySelect, Statement,
    sea_query::LockBehavior, sea_query::LockType,
};
use sqlx::postgres::PgListener;

use super::Events;
use crate::{
    error::Error,
    graph::{Dialect, begin},
};

/// Events that one transaction numbers at most; a single larger transaction is numbered whole.
const BATCH: i64 = 10_000;
/// The channel on which a process tells the others that the head moved.
const CHANNEL: &str = "foliograph_events";

const PENDING: &str = "SELECT 1 AS n FROM outbox_event WHERE position IS NULL LIMIT 1";
const TRANSACTIONS: &str = "SELECT min(seq) AS first, count(*) AS events FROM outbox_event WHERE position IS NULL \
    GROUP BY transaction_id ORDER BY 1 LIMIT 10000";
const NUMBER: &str = "UPDATE outbox_event SET position = n.place FROM (SELECT p.seq, \
    CAST($1 AS bigint) + row_number() OVER (ORDER BY p.first, p.seq) AS place FROM (SELECT seq, \
    min(seq) OVER (PARTITION BY transaction_id) AS first FROM outbox_event WHERE position IS NULL) p \
    WHERE p.first <= $2) n WHERE outbox_event.seq = n.seq AND ";
/// Where the database last counted an empty outbox it takes one more event for all there is, and would look through all
/// pending ones for each of them.
const JOIN_AT_ONCE: &str = "SET LOCAL enable_nestloop = off";
/// How long a request waits for positions.
const PATIENCE: Duration = Duration::from_secs(1);

/// Gives positions to pending events. SQLite is given an expression, which it looks up in no index: else it goes through
/// all pending events for each of them, since it takes them for few.
fn number(dialect: Dialect) -> String {
    let sign = if dialect == Dialect::Sqlite { "+" } else { "" };
    format!("{NUMBER}{sign}outbox_event.position IS NULL")
}

/// What to do where another sequencer is at work.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lock {
    /// Wait for it: it may not see what was committed just now.
    Wait,
    /// Leave it the work.
    Skip,
}

#[derive(FromQueryResult)]
struct Pending {
    first: i64,
    events: i64,
}

impl Events {
    /// Gives positions to all events that were committed before this call. Returns the head.
    pub async fn sequence_now(&self) -> Result<i64, Error> {
        self.sequence(Lock::Wait).await
    }

    /// The same for who asks what has changed. Whoever is late is late: her answer is whole without the newest events.
    pub async fn sequence_soon(&self) {
        if let Ok(Err(e)) = tokio::time::timeout(PATIENCE, self.sequence_now()).await {
            tracing::warn!(error = %e, "events could not be given positions before a request");
        }
    }

    pub(super) async fn sequence(&self, lock: Lock) -> Result<i64, Error> {
        loop {
            let (head, more) = self.sequence_some(lock).await?;
            self.head.send_if_modified(|known| {
                let moved = head > *known;
                *known = head.max(*known);
                moved
            });
            if !more {
                return Ok(head);
            }
        }
    }

    async fn sequence_some(&self, lock: Lock) -> Result<(i64, bool), Error> {
        let orm = &self.database.orm;
        let backend = orm.get_database_backend();
        if orm.query_one_raw(Statement::from_string(backend, PENDING)).await?.is_none() {
            return Ok((read_head(orm).await?.position, false));
        }
        let transaction = begin(orm).await?;
        let Some(head) = self.lock(&transaction, lock).await? else {
            drop(transaction);
            return Ok((read_head(orm).await?.position, false));
        };
        let pending =
            Pending::find_by_statement(Statement::from_string(backend, TRANSACTIONS)).all(&transaction).await?;
        let mut total = 0;
        let fits = |p: &&Pending| {
            total += p.events;
            total <= BATCH || total == p.events
        };
        let taken: Vec<&Pending> = pending.iter().take_while(fits).collect();
        let Some(last) = taken.last() else { return Ok((head.position, false)) };
        if self.database.dialect == Dialect::Postgres {
            transaction.execute_unprepared(JOIN_AT_ONCE).await?;
        }
        let values = [head.position.into(), last.first.into()];
        let text = number(self.database.dialect);
        let numbered = transaction.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
        let position = head.position + i64::try_from(numbered.rows_affected()).unwrap_or(0);
        outbox_head::Entity::update_many()
            .col_expr(outbox_head::Column::Position, position.into())
            .exec(&transaction)
            .await?;
        if self.database.dialect == Dialect::Postgres {
            transaction.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
        }
        let more = taken.len() < pending.len();
        transaction.commit().await?;
        Ok((position, more))
    }

    /// The head, locked; none where another sequencer is at work.
    pub(super) async fn lock(
        &self,
        transaction: &DatabaseTransaction,
        lock: Lock,
    ) -> Result<Option<outbox_head::Model>, Error> {
        let mut head = outbox_head::Entity::find();
        if self.database.dialect == Dialect::Postgres {
            let head = QuerySelect::query(&mut head);
            match lock {
                Lock::Wait => head.lock(LockType::Update),
                Lock::Skip => head.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked),
            };
        }
        Ok(head.one(transaction).await?)
    }
}

/// Where the stream stands.
pub(crate) async fn read_head(db: &impl ConnectionTrait) -> Result<outbox_head::Model, Error> {
    let head = outbox_head::Entity::find().one(db).await?;
    head.ok_or_else(|| Error::internal("the outbox has no head"))
}

/// Listens for moves of the head made by other processes; none on a database that has one process.
pub(super) fn listen(events: Arc<Events>) -> Option<impl Future<Output = ()> + Send + 'static> {
    // A connection of its own: it is held for as long as the process lives.
    let pool = events.database.listening()?;
    Some(async move {
        loop {
            if let Ok(mut listener) = PgListener::connect_with(&pool).await
                && listener.listen(CHANNEL).await.is_ok()
            {
                while listener.recv().await.is_ok() {
                    events.nudge();
                }
            }
            // Polling goes on without it.
            tokio::time::sleep(super::POLL * 10).await;
        }
    })
}

#[cfg(test)]
mod tests {
    use migration::{Migrator, MigratorTrait as _};

    use super::*;
    use crate::graph::Database;

    /// So many events, with positions or without.
    fn events(count: usize, position: &str) -> String {
        format!(
            "INSERT INTO outbox_event (position, transaction_id, at, request_id, mutation, target_type, target_id, version, was_there, was_restricted) \
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) \
             SELECT {position}, zeroblob(16), '2026-01-01T00:00:00.000000Z', 'r', 'm', 'Risk', zeroblob(16), n, FALSE, FALSE FROM n"
        )
    }

    #[tokio::test]
    async fn sqlite_finds_each_pending_event_by_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("events.db").display());
        let database = Database::connect(&url, 1, Duration::from_mins(1)).await.expect("a database");
        Migrator::up(&database.orm, None).await.expect("migrations");
        for text in [events(1_000, "n"), events(100, "NULL")] {
            database.orm.execute_unprepared(&text).await.expect("events");
        }
        let text = format!("EXPLAIN QUERY PLAN {}", number(Dialect::Sqlite));
        let backend = database.orm.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, text, [0_i64.into(), 99_999_i64.into()]);
        let steps = database.orm.query_all_raw(statement).await.expect("a plan");
        let steps: Vec<String> = steps.iter().map(|step| step.try_get("", "detail").expect("a step")).collect();
        let last = |what: &str| steps.iter().rposition(|step| step.starts_with(what));
        assert!(last("SCAN n") < last("SEARCH outbox_event"), "{steps:#?}");
    }
}
