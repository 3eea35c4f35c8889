//! From touched measures to stored values: after a commit the figures of the items touched, and of all above them, are
//! made again over all rows; what changed is stored with its history and becomes an event, in one transaction.
//!
//! One process at a time derives, whoever holds the row of `kpi_tick`. What it has read of the touches goes with its
//! commit: a process that is killed leaves them to the next. Several changes of a figure that come together become one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{item_ancestor, kpi_change, kpi_tick, kpi_touch, kpi_value, measure_delta, outbox_event, portfolio_item};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait as _, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable, QueryFilter,
    QueryOrder, QuerySelect, Statement,
    sea_query::{LockBehavior, LockType},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{
    alerts::Watch,
    answers::decimal_text,
    catalogue::Bounds,
    definition::{self, Definition},
    derivation,
    facts::Facts,
    figure::stored,
    formula::Missing,
    kept::{Kept, New},
    ledger::{Cause, Touched, touch},
    measure::STATED,
    value::{Value, When, values_from},
};
use crate::{
    auth::{Caller, rows::system},
    clock::Clock,
    error::Error,
    events::{Events, POLL, VALUES},
    graph::{Database, Dialect, Lens, Session, begin, decl::Model},
    write::insert::insert,
};

/// Touches that are taken at a time.
const BATCH: u64 = 2_000;
/// Between the beginnings of two turns of a process that runs, at least; twice as long as the first took, if that is more.
const APART: Duration = Duration::from_millis(50);
/// Rows of one statement; databases bound the number of parameters.
const CHUNK: usize = 500;
/// PostgreSQL's advisory lock of who derives: two numbers, which are none of those of owners of amounts.
const DERIVING: &str = "1718579564, 1";

/// Derives stored values.
pub struct Deriver {
    database: Database,
    model: &'static Model,
    clock: Arc<dyn Clock>,
    /// Amounts as of the last turn that this process made.
    kept: Mutex<Option<Kept>>,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Derived {
    /// Touches that it took.
    pub touches: usize,
    /// Values that changed.
    pub changes: usize,
}

impl Deriver {
    /// One over a migrated database.
    pub fn new(database: Database, model: &'static Model, clock: Arc<dyn Clock>) -> Self {
        Self { database, model, clock, kept: Mutex::default() }
    }

    /// Derives until nothing is touched any more; leaves it to whoever is at it already. Returns what it did.
    pub async fn derive(&self) -> Result<Derived, Error> {
        let mut sum = Derived::default();
        loop {
            let Some(some) = self.derive_some().await? else { return Ok(sum) };
            sum.touches += some.touches;
            sum.changes += some.changes;
            if some.touches == 0 {
                return Ok(sum);
            }
        }
    }

    /// Derives as long as the process lives: after a write here, and twice a second for what others wrote. Writes that
    /// follow each other closely share a turn: figures of what is above them all are made once.
    pub fn start(self: &Arc<Self>, events: Arc<Events>) -> JoinHandle<()> {
        let this = self.clone();
        tokio::spawn(async move {
            loop {
                let began = Instant::now();
                let is_settled = match this.derive_some().await {
                    Ok(Some(derived)) => {
                        if derived.changes > 0 {
                            events.nudge();
                        }
                        derived.touches == 0
                    }
                    // Whoever is at it takes what is written meanwhile; where not, it is taken here, a moment later.
                    Ok(None) => false,
                    Err(e) => {
                        tracing::warn!(error = %e, "values of KPIs could not be derived; trying again");
                        true
                    }
                };
                if is_settled {
                    // Whichever comes first; a lost nudge costs one interval.
                    let _ = timeout(POLL, events.written.notified()).await;
                } else {
                    sleep_until(began + APART.max(2 * began.elapsed())).await;
                }
            }
        })
    }

    /// Whether there is something to do: what was touched, or a day that began.
    async fn is_due(&self) -> Result<bool, Error> {
        let orm = &self.database.orm;
        if derivation::is_due(orm).await? || kpi_touch::Entity::find().limit(1).one(orm).await?.is_some() {
            return Ok(true);
        }
        let tick = kpi_tick::Entity::find().one(orm).await?;
        Ok(tick.is_some_and(|tick| tick.ticked_on.is_none_or(|on| on < self.clock.today())))
    }

    /// One turn; none where another process is at it.
    async fn derive_some(&self) -> Result<Option<Derived>, Error> {
        if !self.is_due().await? {
            return Ok(Some(Derived::default()));
        }
        let txn = begin(&self.database.orm).await?;
        let Some(tick) = self.lock(&txn).await? else { return Ok(None) };
        let caller = system(&txn).await?;
        let turn = tick.turn + 1;
        self.tick(&txn, &tick, self.clock.now()).await?;
        let lens = Lens { database: &self.database, model: self.model, caller: &caller };
        derivation::remake(&txn, lens, self.clock.as_ref()).await?;
        let touches = kpi_touch::Entity::find().order_by_asc(kpi_touch::Column::Seq).limit(BATCH).all(&txn).await?;
        if touches.is_empty() {
            txn.commit().await?;
            return Ok(Some(Derived::default()));
        }
        // Never before what it follows, whichever process wrote that by its own clock.
        let now = touches.iter().map(|touch| touch.at).fold(self.clock.now(), DateTime::max);
        let new = mark(&txn, &touches, turn).await?;
        // Where the turn fails nothing is kept.
        let before = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut kept = Kept::begin(before, turn, new);
        let changes = self.settle(&txn, &caller, &touches, (turn, now), &mut kept).await?;
        let done: Vec<i64> = touches.iter().map(|touch| touch.seq).collect();
        for some in done.chunks(CHUNK) {
            let which = kpi_touch::Column::Seq.is_in(some.iter().copied());
            kpi_touch::Entity::delete_many().filter(which).exec(&txn).await?;
        }
        kpi_tick::Entity::update_many().col_expr(kpi_tick::Column::Turn, turn.into()).exec(&txn).await?;
        txn.commit().await?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(Some(Derived { touches: done.len(), changes }))
    }

    /// The turn's own row, locked; none where another process is at it. On PostgreSQL a lock is asked for by its number first,
    /// which can be held in no transaction: who measures keeps everybody from deriving with it. The row is locked besides, as
    /// a server does that knows of no number.
    async fn lock(&self, txn: &DatabaseTransaction) -> Result<Option<kpi_tick::Model>, Error> {
        let mut tick = kpi_tick::Entity::find();
        if self.database.dialect == Dialect::Postgres {
            let text = format!("SELECT pg_try_advisory_xact_lock({DERIVING})");
            let row = txn.query_one_raw(Statement::from_string(txn.get_database_backend(), text)).await?;
            if !row.map_or(Ok(false), |row| row.try_get_by_index(0))? {
                return Ok(None);
            }
            QuerySelect::query(&mut tick).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        Ok(tick.one(txn).await?)
    }

    /// On a new day everything that has measures is touched: what was planned, due or overdue moves with the calendar.
    async fn tick(&self, txn: &DatabaseTransaction, tick: &kpi_tick::Model, now: DateTime<Utc>) -> Result<(), Error> {
        let today = self.clock.today();
        if tick.ticked_on.is_some_and(|on| on >= today) {
            return Ok(());
        }
        let mut moved = measure_delta::Entity::find().select_only().column(measure_delta::Column::ItemId).distinct();
        if tick.ticked_on.is_none() {
            // The first day has nothing before it: what was ever touched is touched still.
            moved = moved.filter(measure_delta::Column::Seq.lt(0));
        }
        let items: Vec<Uuid> = moved.into_tuple().all(txn).await?;
        let touched: Touched = items.into_iter().map(|item| (item, None)).collect();
        let cause = Cause { at: now, request_id: "", mutation: "dailyTick", actor: None };
        touch(txn, &touched, &cause).await?;
        derivation::note_all(txn, self.model, &cause).await?;
        kpi_tick::Entity::update_many().col_expr(kpi_tick::Column::TickedOn, today.into()).exec(txn).await?;
        Ok(())
    }

    /// Makes the figures of what was touched again. Returns how many changed.
    async fn settle(
        &self,
        txn: &DatabaseTransaction,
        caller: &Caller,
        touches: &[kpi_touch::Model],
        (turn, now): (i64, DateTime<Utc>),
        kept: &mut Kept,
    ) -> Result<usize, Error> {
        let scopes = scopes(txn, touches).await?;
        let mut session = Session::new(&self.database, caller);
        let definitions = definition::all(&mut session).await?;
        let mut watch = Watch::begin(txn, definitions.iter().map(|definition| definition.id).collect()).await?;
        let when = When::now(self.clock.today());
        let ids: Vec<Uuid> = scopes.keys().copied().collect();
        let mut changes = 0;
        for ids in ids.chunks(CHUNK) {
            let valued = values_from(&mut session, self.model, ids, &definitions, &when, Some(kept)).await?;
            let stored = stored_values(txn, ids).await?;
            let items = items(txn, ids).await?;
            let mut writing = vec![];
            for value in &valued.values {
                let (Some(scope), Some(item)) = (scopes.get(&value.scope), items.get(&value.scope)) else { continue };
                let before = stored.get(&(value.scope, value.definition.id));
                let after = self.row(item, value, before, now);
                let is_touched = scope.touches(&value.definition);
                let is_other = before.is_none_or(|before| !is_same(before, &after));
                // A figure without input that was never there is no change.
                if before.is_none() && after.value.is_none() && (!is_touched || is_void(value, &valued.facts)) {
                    continue;
                }
                if is_other || (is_touched && before.is_some()) {
                    let is_changed = before.is_none_or(|before| differs(before, &after));
                    let (bounds, cause) = (value.bounds, scope.cause);
                    writing.push(Writing { row: after, bounds, is_changed, turn, cause });
                }
            }
            changes += writing.len();
            write(txn, self.clock.new_id(), writing).await?;
            let cause = |item: Uuid| scopes.get(&item).map(|scope| scope.cause.request_id.as_str());
            watch.compare((self.model, self.clock.as_ref()), &valued, &items, cause);
        }
        Ok(changes + watch.write(txn, (&self.database, self.model, caller), self.clock.as_ref()).await?)
    }

    /// A value as it is stored.
    fn row(
        &self,
        item: &portfolio_item::Model,
        value: &Value,
        before: Option<&kpi_value::Model>,
        now: DateTime<Utc>,
    ) -> kpi_value::Model {
        let figure = value.figure.as_ref().ok();
        let number = figure.and_then(|figure| figure.value.as_ref().ok());
        let text = |part: Option<rust_decimal::Decimal>| part.map(|part| decimal_text(part, 9));
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let coverage = figure.map(|figure| figure.coverage).unwrap_or_default();
        let value_stored = number.and_then(|number| stored(*number, value.definition.unit));
        let is_beyond = number.is_some() && value_stored.is_none();
        let missing = figure.and_then(|figure| figure.value.as_ref().err()).map(ToString::to_string);
        kpi_value::Model {
            id: before.map_or_else(|| self.clock.new_id(), |before| before.id),
            kpi_id: value.definition.id,
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            class: value.definition.classes.first().map(|class| class.as_str().to_owned()).unwrap_or_default(),
            period_end_on: value.at,
            as_of: now,
            value: value_stored,
            numerator: text(figure.and_then(|figure| figure.numerator)),
            denominator: text(figure.and_then(|figure| figure.denominator)),
            unit: value.unit.clone(),
            status: value.status.map(|status| status.as_str().to_owned()),
            target: value.target,
            null_reason: if is_beyond { Some(Missing::Range.to_string()) } else { missing },
            included_count: count(coverage.included),
            excluded_null_count: count(coverage.excluded_null),
            formula_version: value.definition.version,
            version: before.map_or(1, |before| before.version + 1),
        }
    }
}

/// An item whose figures are made again.
struct Scope<'t> {
    /// Measures and KPIs that were touched; none stands for all.
    measures: BTreeSet<Option<&'t str>>,
    /// The last touch, for those who are told.
    cause: &'t kpi_touch::Model,
}

impl Scope<'_> {
    fn touches(&self, definition: &Definition) -> bool {
        let named = definition.measures();
        // A KPI is named by its own key where bounds, a target or its formula changed.
        let is_it = |name: &str| named.contains(name) || definition.key == name;
        self.measures.iter().any(|measure| measure.is_none_or(|name| is_it(name.trim_end_matches(STATED))))
    }
}

/// The items touched and all above them, now; what stood above before a move was touched by itself.
async fn scopes<'t>(
    txn: &DatabaseTransaction,
    touches: &'t [kpi_touch::Model],
) -> Result<BTreeMap<Uuid, Scope<'t>>, Error> {
    let items: BTreeSet<Uuid> = touches.iter().map(|cause| cause.item_id).collect();
    let items: Vec<Uuid> = items.into_iter().collect();
    let mut above: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for some in items.chunks(CHUNK) {
        let which = item_ancestor::Column::ItemId.is_in(some.iter().copied());
        for row in item_ancestor::Entity::find().filter(which).all(txn).await? {
            above.entry(row.item_id).or_default().push(row.ancestor_id);
        }
    }
    let mut scopes: BTreeMap<Uuid, Scope<'t>> = BTreeMap::new();
    for cause in touches {
        for item in above.get(&cause.item_id).into_iter().flatten() {
            let scope = scopes.entry(*item).or_insert_with(|| Scope { measures: BTreeSet::new(), cause });
            scope.measures.insert(cause.measure.as_deref());
            scope.cause = cause;
        }
    }
    Ok(scopes)
}

async fn stored_values(
    txn: &DatabaseTransaction,
    items: &[Uuid],
) -> Result<HashMap<(Uuid, Uuid), kpi_value::Model>, Error> {
    let which = kpi_value::Column::ItemId.is_in(items.iter().copied());
    let rows = kpi_value::Entity::find().filter(which).all(txn).await?;
    Ok(rows.into_iter().map(|row| ((row.item_id, row.kpi_id), row)).collect())
}

async fn items(txn: &DatabaseTransaction, ids: &[Uuid]) -> Result<HashMap<Uuid, portfolio_item::Model>, Error> {
    let which = portfolio_item::Column::Id.is_in(ids.iter().copied());
    let rows = portfolio_item::Entity::find().filter(which).all(txn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Whether nothing that is stored differs.
fn is_same(before: &kpi_value::Model, after: &kpi_value::Model) -> bool {
    let undated = |row: &kpi_value::Model| kpi_value::Model {
        period_end_on: NaiveDate::MIN,
        as_of: DateTime::<Utc>::MIN_UTC,
        version: 0,
        ..row.clone()
    };
    undated(before) == undated(after)
}

/// Whether its reader sees another value, color, target or reason.
fn differs(before: &kpi_value::Model, after: &kpi_value::Model) -> bool {
    let seen =
        |row: &kpi_value::Model| (row.value, row.unit.clone(), row.status.clone(), row.target, row.null_reason.clone());
    seen(before) != seen(after)
}

/// Whether nothing counts in a figure for anybody: neither for who reads all, nor what is confidential below the item for
/// who is named on it. A rate that is missing is something to know.
fn is_void(value: &Value, facts: &Facts) -> bool {
    let Ok(figure) = &value.figure else { return true };
    let is_rate = matches!(figure.value, Err(Missing::Rate(..)));
    if figure.coverage.included > 0 || value.target.is_some() || is_rate {
        return false;
    }
    let needed = value.definition.measures();
    let has_any = |item: &Uuid| facts.amounts.get(item).is_some_and(|of| of.keys().any(|key| needed.contains(&**key)));
    facts.scope(value.scope).is_none_or(|scope| !scope.apart.iter().any(has_any))
}

/// A value that is to be stored.
struct Writing<'t> {
    row: kpi_value::Model,
    bounds: Bounds,
    is_changed: bool,
    turn: i64,
    cause: &'t kpi_touch::Model,
}

/// Stores values with their history and their events.
async fn write(txn: &DatabaseTransaction, transaction: Uuid, writing: Vec<Writing<'_>>) -> Result<(), Error> {
    let overwrite: Vec<_> =
        kpi_value::Column::iter().filter(|column| !matches!(column, kpi_value::Column::Id)).collect();
    let changes = writing.iter().map(|writing| change(writing).into_active_model()).collect();
    let events = writing.iter().map(|writing| event(&writing.row, transaction, writing.cause)).collect();
    let rows = writing.into_iter().map(|writing| writing.row.into_active_model()).collect();
    insert::<kpi_value::Entity>(txn, rows, &overwrite).await?;
    insert::<kpi_change::Entity>(txn, changes, &[]).await?;
    insert::<outbox_event::Entity>(txn, events, &[]).await
}

/// The turn knows these amounts from now on: who reads other rows makes her figures of a turn from the same ones, always.
/// Returns them by item.
async fn mark(
    txn: &DatabaseTransaction,
    touches: &[kpi_touch::Model],
    turn: i64,
) -> Result<HashMap<Uuid, Vec<New>>, Error> {
    let mut new: HashMap<Uuid, Vec<New>> = HashMap::new();
    let items: BTreeSet<Uuid> = touches.iter().map(|touch| touch.item_id).collect();
    let items: Vec<Uuid> = items.into_iter().collect();
    for some in items.chunks(CHUNK) {
        let marked = measure_delta::Entity::update_many()
            .col_expr(measure_delta::Column::Turn, turn.into())
            .filter(measure_delta::Column::ItemId.is_in(some.iter().copied()))
            .filter(measure_delta::Column::Turn.is_null())
            .exec_with_returning(txn)
            .await?;
        for row in marked {
            let (measure, on, currency) = (row.measure, row.effective_on, row.currency);
            new.entry(row.item_id).or_default().push(New { measure, on, currency, amount: row.amount });
        }
    }
    Ok(new)
}

fn change(writing: &Writing<'_>) -> kpi_change::Model {
    let row = writing.row.clone();
    kpi_change::Model {
        value_id: row.id,
        version: row.version,
        period_end_on: row.period_end_on,
        as_of: row.as_of,
        value: row.value,
        numerator: row.numerator,
        denominator: row.denominator,
        unit: row.unit,
        status: row.status,
        target: row.target,
        null_reason: row.null_reason,
        included_count: row.included_count,
        excluded_null_count: row.excluded_null_count,
        formula_version: row.formula_version,
        is_changed: writing.is_changed,
        turn: writing.turn,
        green_from: writing.bounds.green_from,
        green_to: writing.bounds.green_to,
        amber_from: writing.bounds.amber_from,
        amber_to: writing.bounds.amber_to,
    }
}

fn event(row: &kpi_value::Model, transaction: Uuid, cause: &kpi_touch::Model) -> outbox_event::ActiveModel {
    outbox_event::ActiveModel {
        seq: NotSet,
        position: Set(None),
        transaction_id: Set(transaction),
        at: Set(row.as_of),
        request_id: Set(cause.request_id.clone()),
        mutation: Set(cause.mutation.clone()),
        actor_id: Set(cause.actor_id),
        target_type: Set(VALUES.to_owned()),
        target_id: Set(row.id),
        version: Set(row.version),
        was_there: Set(row.version > 1),
        was_item_id: Set(Some(row.item_id)),
        was_portfolio_id: Set(row.portfolio_id),
        was_restricted: Set(row.is_restricted),
        was_state: Set(None),
        was_person_id: Set(None),
        was_draft: Set(false),
        was_labor: Set(false),
        was_resource_id: Set(None),
        was_pool_id: Set(None),
    }
}
