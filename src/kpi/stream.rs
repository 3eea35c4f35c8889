//! Values of KPIs as they change, for one caller: from the outbox, in its order, from wherever she was. Over all rows a
//! value is told as it was stored; over her own rows it is made from the amounts that the turn of the event knew, so that
//! a replay tells what was told live.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    num::NonZeroUsize,
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    answers::{decimal_text, instant_text, show, target_text},
    definition::{self, Definition},
    facts::{Basis, Turn},
    figure::scale,
    stored::{OwnKey, Stored, VERSION, Version, id, stored},
    value::{When, reads, values},
};
use crate::{
    auth::Caller,
    error::{Code, Error},
    events::{Cause, VALUES, Watermark, expired, read_head, shared::Shared, view_of},
    graph::{ColumnType, Database, DbValue, ListType, Param, Row, Session, decl::Model, digest, encode_id, instant_of},
};

/// Positions that one statement looks at, however little of them concerns the caller.
const WINDOW: i64 = 50_000;
/// Pages kept for others.
const PAGES: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// What is followed.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Only these KPIs, by their keys.
    pub kpis: Option<Vec<String>>,
    /// Only these items.
    pub scopes: Option<Arc<[Uuid]>>,
    /// And all below them.
    pub includes_descendants: bool,
    /// Only values with one of these colors.
    pub status: Option<Vec<String>>,
    /// Only where the color is another one than before.
    pub is_crossing: bool,
    /// Whether the values of now come first.
    pub is_initial: bool,
    hash: [u8; 8],
}

impl Selection {
    /// A selection with its name.
    #[must_use]
    pub fn named(mut self) -> Self {
        self.hash = digest::short_of_parts(std::iter::once(format!(
            "{:?}",
            (&self.kpis, &self.scopes, self.includes_descendants, &self.status, self.is_crossing)
        )));
        self
    }

    /// Everything.
    pub fn all(is_crossing: bool) -> Self {
        let (kpis, scopes, status) = (None, None, None);
        Self { kpis, scopes, includes_descendants: true, status, is_crossing, is_initial: false, hash: [0; 8] }
    }
}

/// A value that changed for a caller.
#[derive(Debug)]
pub struct ValueEvent {
    /// Where to go on after it.
    pub cursor: Watermark,
    /// When.
    pub at: DateTime<Utc>,
    /// The value, as the schema shows it.
    pub value: Json,
    /// The value before; none for the first.
    pub previous: Option<String>,
    /// The color before.
    pub previous_status: Option<String>,
    /// What did it.
    pub cause: Option<Cause>,
}

/// Values in order.
#[derive(Debug)]
pub struct ValuePage {
    /// The values.
    pub events: Vec<ValueEvent>,
    /// Where to go on.
    pub watermark: Watermark,
    /// Whether there is more now.
    pub has_more: bool,
}

type PageKey = (i64, [u8; 16], [u8; 8], Watermark);

/// Values for callers.
pub struct ValueFeed {
    database: Database,
    model: &'static Model,
    pages: Shared<PageKey, Arc<ValuePage>>,
}

/// Figures over the caller's own rows.
#[derive(Default)]
struct Own {
    shown: HashMap<OwnKey, Json>,
    /// Those that lost something since the value before that she may read no longer.
    lost: HashSet<OwnKey>,
}

/// A stay below an item that is over.
struct Stay {
    ancestor: Uuid,
    item: Uuid,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl ValueFeed {
    /// The feed of a migrated database.
    pub fn new(database: Database, model: &'static Model) -> Self {
        Self { database, model, pages: Shared::new(PAGES) }
    }

    /// Refuses a selection that names a KPI that does not exist, or one that the caller may read of no item: it would be
    /// silent without saying why.
    pub async fn check(&self, caller: &Caller, selection: &Selection) -> Result<(), Error> {
        let Some(keys) = &selection.kpis else { return Ok(()) };
        let mut session = Session::new(&self.database, caller);
        for kpi in definition::followed(&mut session, keys).await? {
            if let Err(class) = kpi.basis(&caller.rights) {
                let line = format!("The KPI `{}` needs {}.", kpi.key, class.read());
                return Err(Error::new(Code::FilterForbidden, line));
            }
        }
        Ok(())
    }

    /// The values after a watermark, read once for all who are at the same place with the same view.
    pub async fn follow(
        &self,
        head: i64,
        caller: &Caller,
        from: &Watermark,
        selection: &Selection,
        limit: usize,
    ) -> Result<Arc<ValuePage>, Error> {
        let view = view_of(caller);
        let key = (head, view, selection.hash, from.clone());
        let page = Box::pin(async { self.advance(caller, view, from, selection, limit).await.map(Arc::new) });
        self.pages.get(key, page).await
    }

    /// The items whose values of now are told before what changes, in pages.
    pub async fn followed(&self, caller: &Caller, selection: &Selection) -> Result<Vec<Uuid>, Error> {
        self.scopes(&mut Session::new(&self.database, caller), selection).await
    }

    /// The values of now of some items, told before what changes.
    pub async fn initial(
        &self,
        caller: &Caller,
        at: &Watermark,
        (selection, items): (&Selection, &[Uuid]),
        (today, now): (NaiveDate, DateTime<Utc>),
    ) -> Result<ValuePage, Error> {
        let mut session = Session::new(&self.database, caller);
        let definitions = self.definitions(&mut session, selection).await?;
        let definitions: Vec<Arc<Definition>> = definitions.into_values().collect();
        let valued = values(&mut session, self.model, items, &definitions, &When::now(today)).await?;
        let mut events = vec![];
        for value in valued.values.iter().filter(|value| value.figure.is_ok()) {
            if !selection.has_status(value.status.map(super::status::Status::as_str)) {
                continue;
            }
            let shown = show(self.model, &valued.facts, value, now);
            let (cursor, previous, previous_status) = (at.clone(), None, None);
            events.push(ValueEvent { cursor, at: now, value: shown, previous, previous_status, cause: None });
        }
        Ok(ValuePage { events, watermark: at.clone(), has_more: false })
    }

    async fn advance(
        &self,
        caller: &Caller,
        view: [u8; 16],
        from: &Watermark,
        selection: &Selection,
        limit: usize,
    ) -> Result<ValuePage, Error> {
        let head = read_head(&self.database.orm).await?.position;
        // After a database was put back to an older state, a cursor may be of a future that never was.
        if from.position > head {
            return Err(expired());
        }
        let mut session = Session::new(&self.database, caller);
        let definitions = self.definitions(&mut session, selection).await?;
        let (mut stored, mut end) = (vec![], from.position);
        while end < head && stored.is_empty() {
            let to = head.min(end + WINDOW);
            stored = self.stored(&mut session, selection, &definitions, (end, to), limit).await?;
            end = to;
        }
        if let Some(first) = stored.first() {
            end = end.min(page_end(first.position, limit));
            stored.retain(|stored| stored.position <= end);
        }
        let events = self.told(&mut session, view, selection, &definitions, stored).await?;
        // Asked for last: what was removed while the events were read is missed by nobody.
        if from.position < read_head(&self.database.orm).await?.purged {
            return Err(expired());
        }
        Ok(ValuePage { events, watermark: Watermark::at(end, view), has_more: end < head })
    }

    /// The KPIs that are followed and that the caller may read at all.
    async fn definitions(
        &self,
        session: &mut Session<'_>,
        selection: &Selection,
    ) -> Result<HashMap<Uuid, Arc<Definition>>, Error> {
        let all = match &selection.kpis {
            Some(keys) => definition::followed(session, keys).await?,
            None => definition::all(session).await?,
        };
        let rights = &session.caller.rights;
        Ok(all.into_iter().filter(|kpi| kpi.basis(rights).is_ok()).map(|kpi| (kpi.id, kpi)).collect())
    }

    /// The items whose values are told at first.
    async fn scopes(&self, session: &mut Session<'_>, selection: &Selection) -> Result<Vec<Uuid>, Error> {
        let item = self.model.entity("PortfolioItem");
        let scopes = session.caller.rights.read(item.class);
        let mut sql = session.sql();
        sql.push("SELECT t0.id FROM portfolio_item t0 WHERE TRUE");
        if scopes.is_empty() {
            sql.push(" AND FALSE");
        }
        sql.visible(0, item, scopes, " AND ");
        selection.write(&mut sql, "t0.id");
        sql.push(" ORDER BY t0.id");
        let rows = session.all(&sql.finish(), &Arc::default()).await?;
        Ok(rows.iter().map(|row| id(row, 0)).collect())
    }

    async fn stored(
        &self,
        session: &mut Session<'_>,
        selection: &Selection,
        definitions: &HashMap<Uuid, Arc<Definition>>,
        (from, to): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        let item = self.model.entity("PortfolioItem");
        let scopes = session.caller.rights.read(item.class);
        if scopes.is_empty() || definitions.is_empty() {
            return Ok(vec![]);
        }
        let mut sql = session.sql();
        sql.push(
            "SELECT e.position, e.at, e.request_id, e.mutation, e.actor_id, v.item_id, t0.kind, v.kpi_id, c.is_changed",
        );
        for alias in ["c", "p"] {
            for column in VERSION {
                sql.push(", ").push(alias).push(".").push(column);
            }
        }
        sql.push(" FROM outbox_event e JOIN kpi_value v ON v.id = e.target_id");
        sql.push(" JOIN kpi_change c ON c.value_id = e.target_id AND c.version = e.version");
        sql.push(" LEFT JOIN kpi_change p ON p.value_id = e.target_id AND p.version = e.version - 1");
        sql.push(" JOIN portfolio_item t0 ON t0.id = v.item_id WHERE e.target_type = ").literal(VALUES);
        sql.push(" AND e.position > ").param(Param::Const(DbValue::Int(from)));
        sql.push(" AND e.position <= ").param(Param::Const(DbValue::Int(to)));
        let kpis = definitions.keys().copied().collect();
        sql.push(" AND v.kpi_id").is_any(ListType::Id, Param::Const(DbValue::Ids(kpis)));
        sql.visible(0, item, scopes, " AND ");
        selection.write(&mut sql, "v.item_id");
        sql.push(" ORDER BY e.position LIMIT ").number(limit);
        let rows = session.all(&sql.finish(), &Arc::default()).await?;
        Ok(rows.iter().filter_map(stored).collect())
    }

    /// What of it the caller is told.
    async fn told(
        &self,
        session: &mut Session<'_>,
        view: [u8; 16],
        selection: &Selection,
        definitions: &HashMap<Uuid, Arc<Definition>>,
        stored: Vec<Stored>,
    ) -> Result<Vec<ValueEvent>, Error> {
        let own = self.own(session, definitions, &stored).await?;
        let mut events = vec![];
        for stored in stored {
            let Some(definition) = definitions.get(&stored.kpi) else { continue };
            let cursor = Watermark::at(stored.position, view);
            let (value, previous, previous_status) = match definition.basis(&session.caller.rights) {
                Err(_) => continue,
                Ok(Basis::AllRows) if !stored.is_changed => continue,
                Ok(Basis::AllRows) => {
                    let before = stored.before.as_ref();
                    let previous = before.and_then(|before| text(before.value, definition));
                    (self.shown(&stored, definition), previous, before.and_then(|before| before.status.clone()))
                }
                Ok(Basis::CallerRows) => {
                    let Some(now) = own.shown.get(&stored.key(&stored.now)) else { continue };
                    let is_lost = own.lost.contains(&stored.key(&stored.now));
                    // What another formula gave, or rows that are hers no longer, is not made again.
                    let is_known = |before: &&Version| !is_lost && before.formula == stored.now.formula;
                    let before = Some(&stored.earlier).filter(is_known);
                    let before = before.and_then(|before| own.shown.get(&stored.key(before)));
                    let seen = |value: &Json| {
                        (
                            value["value"].clone(),
                            value["status"].clone(),
                            value["target"].clone(),
                            value["nullReason"].clone(),
                        )
                    };
                    if before.is_some_and(|before| seen(before) == seen(now)) {
                        continue;
                    }
                    // What is made of nothing of hers, then and now, is an event of others.
                    if is_nothing(now) && before.is_none_or(is_nothing) && !is_lost {
                        continue;
                    }
                    let text = |name: &str| before.and_then(|before| before[name].as_str().map(str::to_owned));
                    (now.clone(), text("value"), text("status"))
                }
            };
            let status = value["status"].as_str().map(str::to_owned);
            let is_crossing = status != previous_status;
            if selection.has_status(status.as_deref()) && (is_crossing || !selection.is_crossing) {
                let (at, cause) = (stored.at, Some(stored.cause));
                events.push(ValueEvent { cursor, at, value, previous, previous_status, cause });
            }
        }
        Ok(events)
    }

    /// The figures over the caller's own rows that events are about, each with the amounts, the tree, the rates, the bounds
    /// and the target of its turn.
    async fn own(
        &self,
        session: &mut Session<'_>,
        definitions: &HashMap<Uuid, Arc<Definition>>,
        stored: &[Stored],
    ) -> Result<Own, Error> {
        let mut versions: HashMap<OwnKey, &Version> = HashMap::new();
        let mut wanted = BTreeMap::<(i64, NaiveDate), (Vec<Uuid>, Vec<Arc<Definition>>, DateTime<Utc>)>::new();
        for stored in stored {
            let Some(definition) = definitions.get(&stored.kpi) else { continue };
            if definition.basis(&session.caller.rights) != Ok(Basis::CallerRows) {
                continue;
            }
            for version in [&stored.now, &stored.earlier] {
                versions.insert(stored.key(version), version);
                let empty = || (vec![], vec![], version.as_of);
                let (items, kpis, _) = wanted.entry((version.turn, version.period_end)).or_insert_with(empty);
                if !items.contains(&stored.item) {
                    items.push(stored.item);
                }
                if !kpis.iter().any(|kpi| kpi.id == definition.id) {
                    kpis.push(definition.clone());
                }
            }
        }
        let mut own = Own::default();
        let mut facts = HashMap::new();
        for ((number, day), (items, kpis, at)) in wanted {
            let when = When { at: vec![day], known_at: None, turn: Some(Turn { number, at }) };
            let valued = values(session, self.model, &items, &kpis, &when).await?;
            for value in &valued.values {
                let key = (value.scope, value.definition.id, number, day);
                let Some(version) = versions.get(&key) else { continue };
                let value = value.held_to(&valued.facts, version.bounds, version.target);
                own.shown.insert(key, show(self.model, &valued.facts, &value, at));
            }
            facts.insert((number, day), valued.facts);
        }
        let stays = self.stays(session, &versions).await?;
        for stored in stored {
            let (Some(definition), Some(before)) = (definitions.get(&stored.kpi), &stored.before) else { continue };
            let made = |version: &Version| facts.get(&(version.turn, version.period_end));
            let (Some(then), Some(now)) = (made(before), made(&stored.now)) else { continue };
            let between = |stay: &&Stay| {
                let is_left = stay.since <= before.as_of && stay.until > before.as_of && stay.until <= stored.now.as_of;
                stay.ancestor == stored.item && is_left
            };
            let mut left = stays.iter().filter(between);
            // Whoever reads the item itself read what stood below it, but for what is confidential there.
            if left.any(|stay| !reads(then, stay.item, definition)) && reads(now, stored.item, definition) {
                own.lost.insert(stored.key(&stored.now));
            }
        }
        Ok(own)
    }

    /// Stays below the items of these versions that ended between them. What is confidential is no part of it.
    async fn stays(&self, session: &mut Session<'_>, versions: &HashMap<OwnKey, &Version>) -> Result<Vec<Stay>, Error> {
        let times = || versions.values().map(|version| version.as_of);
        let (Some(from), Some(to)) = (times().min(), times().max()) else { return Ok(vec![]) };
        let items: BTreeSet<Uuid> = versions.keys().map(|(item, ..)| *item).collect();
        let items: Arc<[Uuid]> = items.into_iter().collect();
        let mut sql = session.sql();
        sql.push("SELECT s.ancestor_id, s.item_id, s.since_at, s.until_at FROM item_ancestor_span s ");
        sql.push("JOIN portfolio_item i ON i.id = s.item_id WHERE NOT i.is_restricted AND s.until_at > ");
        sql.param(Param::Const(DbValue::Instant(from))).push(" AND s.until_at <= ");
        sql.param(Param::Const(DbValue::Instant(to))).push(" AND s.ancestor_id").is_any(ListType::Id, Param::Keys);
        let rows = session.all(&sql.finish(), &items).await?;
        let stay = |row: &Row| {
            let at = |column| instant_of(row.at(column, ColumnType::Instant));
            Some(Stay { ancestor: id(row, 0), item: id(row, 1), since: at(2)?, until: at(3)? })
        };
        Ok(rows.iter().filter_map(stay).collect())
    }

    /// A stored value as the schema shows it.
    fn shown(&self, stored: &Stored, definition: &Definition) -> Json {
        let now = &stored.now;
        let prefix = self.model.of_kind("PortfolioItem", &stored.kind).prefix.unwrap_or("row");
        json!({
            "kpi": encode_id("kpi", stored.kpi),
            "scope": encode_id(prefix, stored.item),
            "periodEnd": now.period_end.to_string(),
            "asOf": instant_text(now.as_of),
            "value": text(now.value, definition),
            "unit": now.unit,
            "numerator": now.numerator,
            "denominator": now.denominator,
            "status": now.status,
            "target": now.target.map(target_text),
            "nullReason": now.null_reason,
            "basis": Basis::AllRows.as_str(),
            "coverage": { "included": now.included, "excludedNoAccess": 0, "excludedNull": now.excluded_null },
        })
    }
}

impl Selection {
    fn has_status(&self, status: Option<&str>) -> bool {
        self.status.as_ref().is_none_or(|wanted| status.is_some_and(|status| wanted.iter().any(|of| of == status)))
    }

    /// Only the items that are followed.
    fn write(&self, sql: &mut crate::graph::Sql, column: &str) {
        let Some(scopes) = &self.scopes else { return };
        let scopes = Param::Const(DbValue::Ids(scopes.clone()));
        if self.includes_descendants {
            sql.push(" AND ").push(column).push(" IN (SELECT item_id FROM item_ancestor WHERE ancestor_id");
            sql.is_any(ListType::Id, scopes).push(")");
        } else {
            sql.push(" AND ").push(column).is_any(ListType::Id, scopes);
        }
    }
}

impl ValueEvent {
    /// The event as the schema shows it.
    pub fn shown(&self, cursor: &str) -> Json {
        let cause = self.cause.as_ref().map(|cause| {
            let actor = cause.actor.map(|actor| encode_id("per", actor));
            json!({ "requestId": cause.request_id, "mutation": cause.mutation, "actor": actor })
        });
        json!({
            "__typename": "KpiChangeEvent",
            "cursor": cursor,
            "at": instant_text(self.at),
            "kpi": self.value,
            "previous": self.previous,
            "previousStatus": self.previous_status,
            "causedBy": cause,
        })
    }
}

/// Where the page that begins with a position ends: at the same places for all, so that those who went on from different
/// ones soon read the same pages. No page has more events than positions.
fn page_end(first: i64, limit: usize) -> i64 {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).max(1);
    (first - 1).div_euclid(limit).saturating_add(1).saturating_mul(limit)
}

/// Whether a figure, as the schema shows it, counts nothing and aims at nothing.
fn is_nothing(value: &Json) -> bool {
    value["coverage"]["included"] == 0 && value["target"].is_null()
}

fn text(value: Option<i64>, definition: &Definition) -> Option<String> {
    let scale = scale(definition.unit);
    value.map(|value| decimal_text(Decimal::from_i128_with_scale(value.into(), scale), scale))
}

/// The refusal of a selection that names too much.
pub fn too_much(what: &str, most: usize) -> Error {
    Error::new(Code::PageSizeTooLarge, format!("At most {most} {what} at a time."))
}
