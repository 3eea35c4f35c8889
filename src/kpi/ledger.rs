//! The ledger of measures: dated amounts, each with the fact that it comes from and the instant at which it became known.
//! Invariant: of every owner the ledger sums to what its source's SELECTs give. Whoever writes facts ends her transaction
//! with [`keep`], which adds what is missing; nothing is ever changed or taken away, so the past can be asked again.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{
    derivation::{self, Owners},
    measure::{Fact, Owner, Source},
    versions,
};
use crate::{
    error::Error,
    graph::{Dialect, decl::Model, digest::of_parts},
    write::insert::insert,
};

/// Who changed something, for those who are told.
#[derive(Debug, Clone)]
pub struct Cause<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// The request.
    pub request_id: &'a str,
    /// The mutation or command.
    pub mutation: &'a str,
    /// The person.
    pub actor: Option<Uuid>,
}

/// A row that was written or removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Its entity.
    pub entity: &'static str,
    /// Its id.
    pub id: Uuid,
    /// The fields that are others now, by their names in the schema.
    pub fields: Vec<&'static str>,
    /// What stands, or stood, in its columns that hold owners of amounts.
    pub owners: Vec<(&'static str, Uuid)>,
}

impl Changed {
    /// Whether one of these fields is another now; where none is named any change will do.
    pub fn is_about(&self, fields: &[&str]) -> bool {
        fields.is_empty() || self.fields.iter().any(|name| fields.contains(name))
    }
}

/// An amount by which the ledger differs from the facts.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Difference {
    /// The source.
    pub source_type: String,
    /// The owner.
    pub source_id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The measure.
    pub measure: String,
    /// What the facts say less what the ledger says.
    pub amount: i64,
}

const COLUMNS: &str = "source_id, item_id, measure, effective_on, currency";

/// Adds what the changed rows made different, and notes the items that this or something else touched. The caller holds
/// the rows' locks, and commits next.
pub async fn keep(
    txn: &DatabaseTransaction,
    model: &'static Model,
    changed: &BTreeSet<Changed>,
    (refigured, outdated): (Touched, Owners),
    cause: &Cause<'_>,
) -> Result<(), Error> {
    let mut touched = refigured;
    let mut due = vec![];
    for source in &model.measures.sources {
        let owners = owners(txn, &source.facts, changed).await?;
        if !owners.is_empty() {
            due.push((source, Some(owners)));
        }
    }
    lock(txn, &due).await?;
    touched.extend(add(txn, &due, cause.at).await?);
    derivation::note(txn, model, changed, outdated, cause).await?;
    versions::keep(txn, model, changed, cause.at).await?;
    touched.extend(converted(txn, changed).await?.into_iter().map(|item| (item, None)));
    touch(txn, &touched, cause).await
}

/// Adds what is missing of one owner of a source.
pub(super) async fn keep_owner(
    txn: &DatabaseTransaction,
    model: &'static Model,
    source: &str,
    owner: Uuid,
    cause: &Cause<'_>,
) -> Result<(), Error> {
    for source in model.measures.sources.iter().filter(|known| known.name == source) {
        let touched = add(txn, &[(source, Some(BTreeSet::from([owner])))], cause.at).await?;
        touch(txn, &touched, cause).await?;
    }
    Ok(())
}

/// The items whose money changed exchange rates convert.
async fn converted(txn: &DatabaseTransaction, changed: &BTreeSet<Changed>) -> Result<BTreeSet<Uuid>, Error> {
    let rates: Vec<Uuid> = changed.iter().filter(|row| row.entity == "FxRate").map(|row| row.id).collect();
    if rates.is_empty() {
        return Ok(BTreeSet::new());
    }
    let of = one_of(dialect(txn), 1);
    let text = format!(
        "SELECT DISTINCT d.item_id FROM fx_rate r JOIN measure_delta d ON d.currency = r.from_currency WHERE r.id{of}"
    );
    let rows = query(txn, text, [list(dialect(txn), &rates)]).await?;
    rows.iter().map(|row| Ok(row.try_get("", "item_id")?)).collect()
}

/// Adds whatever is missing of all sources, and notes what they are: for whoever fills an empty database, and for a program
/// that makes its measures otherwise than the one before it.
pub async fn keep_all(txn: &DatabaseTransaction, model: &'static Model, cause: &Cause<'_>) -> Result<(), Error> {
    use entity::kpi_tick::{Column, Entity};
    use sea_orm::EntityTrait;
    Entity::update_many().col_expr(Column::Measures, digest(model).into()).exec(txn).await?;
    let mut touched = Touched::new();
    for source in &model.measures.sources {
        touched.extend(add(txn, &[(source, None)], cause.at).await?);
    }
    versions::keep_all(txn, cause.at).await?;
    touch(txn, &touched, cause).await
}

/// What measures are made of, in short: another one where any source says something else.
pub fn digest(model: &Model) -> String {
    let sources = model.measures.sources.iter();
    let texts =
        sources.flat_map(|source| std::iter::once(source.name).chain(source.selects.iter().map(String::as_str)));
    URL_SAFE_NO_PAD.encode(of_parts(texts))
}

/// Items with the measure that changed, or the KPI; without one all of their figures may be others.
pub type Touched = BTreeSet<(Uuid, Option<String>)>;

/// Notes that figures of these items, and of all above them, may be others now.
pub async fn touch(txn: &impl ConnectionTrait, touched: &Touched, cause: &Cause<'_>) -> Result<(), Error> {
    use entity::kpi_touch::{ActiveModel, Entity};
    use sea_orm::{ActiveValue::NotSet, Set};
    let rows: Vec<ActiveModel> = touched
        .iter()
        .map(|(item, measure)| ActiveModel {
            seq: NotSet,
            item_id: Set(*item),
            measure: Set(measure.clone()),
            at: Set(cause.at),
            request_id: Set(cause.request_id.to_owned()),
            mutation: Set(cause.mutation.to_owned()),
            actor_id: Set(cause.actor),
        })
        .collect();
    insert::<Entity>(txn, rows, &[]).await
}

/// Where the ledger differs from the facts; nowhere, unless something is wrong.
pub async fn differences(db: &impl ConnectionTrait, model: &'static Model) -> Result<Vec<Difference>, Error> {
    let mut all = vec![];
    for source in &model.measures.sources {
        let text = format!(
            "SELECT '{}' AS source_type, source_id, item_id, measure, CAST(SUM(amount) AS bigint) AS amount FROM ({}) x \
             GROUP BY {COLUMNS} HAVING SUM(amount) <> 0",
            source.name,
            compared(source, db, None)
        );
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await?;
        for row in &rows {
            all.push(Difference::from_query_result(row, "")?);
        }
    }
    Ok(all)
}

/// The owners that changed rows belong to, or belonged to before they were removed.
pub(super) async fn owners(
    txn: &DatabaseTransaction,
    facts: &[Fact],
    changed: &BTreeSet<Changed>,
) -> Result<BTreeSet<Uuid>, Error> {
    let mut owners = BTreeSet::new();
    let is_one = one_of(dialect(txn), 1);
    for fact in facts {
        let rows = changed.iter().filter(|row| row.entity == fact.entity && row.is_about(fact.fields));
        match fact.owner {
            Owner::Itself => owners.extend(rows.map(|row| row.id)),
            Owner::Column(column) => {
                let of = rows.flat_map(|row| &row.owners).filter(|(name, _)| *name == column);
                owners.extend(of.map(|(_, owner)| owner));
            }
            Owner::Behind(select) => {
                let ids: Vec<Uuid> = rows.map(|row| row.id).collect();
                if ids.is_empty() {
                    continue;
                }
                let text = select.replace("{ids}", &is_one);
                for row in query(txn, text, [list(dialect(txn), &ids)]).await? {
                    owners.insert(row.try_get("", "id")?);
                }
            }
        }
    }
    Ok(owners)
}

/// A source and the owners of whose amounts something may be missing; without owners it is anything.
type Due<'a> = (&'a Source, Option<BTreeSet<Uuid>>);

/// Writers of several rows of one owner follow each other from here on: each must see the amounts of the one before. Where
/// the owner itself is what is written its row is locked already.
async fn lock(txn: &DatabaseTransaction, due: &[Due<'_>]) -> Result<(), Error> {
    let shared = due.iter().filter(|(source, _)| source.facts.iter().any(Fact::is_shared));
    let owners: BTreeSet<Uuid> = shared.filter_map(|(_, owners)| owners.as_ref()).flatten().copied().collect();
    if owners.is_empty() || dialect(txn) == Dialect::Sqlite {
        return Ok(());
    }
    let text = "SELECT pg_advisory_xact_lock(hashtextextended(CAST(o AS text), 0)) FROM unnest(CAST($1 AS uuid[])) o";
    let ids: Vec<Uuid> = owners.into_iter().collect();
    query(txn, text.to_owned(), [list(Dialect::Postgres, &ids)]).await?;
    Ok(())
}

/// Adds the amounts by which facts and ledger differ. Returns what they touch.
async fn add(txn: &DatabaseTransaction, due: &[Due<'_>], at: DateTime<Utc>) -> Result<Touched, Error> {
    if due.is_empty() {
        return Ok(Touched::new());
    }
    let dialect = dialect(txn);
    let mark = instant(dialect);
    let mut values = vec![Value::from(at)];
    let mut parts = vec![];
    for (source, owners) in due {
        if let Some(owners) = owners {
            values.push(list(dialect, &owners.iter().copied().collect::<Vec<_>>()));
        }
        parts.push(format!(
            "SELECT '{}', {COLUMNS}, SUM(amount), {mark} FROM ({}) x GROUP BY {COLUMNS} HAVING SUM(amount) <> 0",
            source.name,
            compared(source, txn, owners.as_ref().map(|_| values.len()))
        ));
    }
    let text = format!(
        "INSERT INTO measure_delta (source_type, {COLUMNS}, amount, recorded_at) {} RETURNING item_id, measure",
        parts.join(" UNION ALL ")
    );
    let rows = query(txn, text, values).await?;
    rows.iter().map(|row| Ok((row.try_get("", "item_id")?, row.try_get("", "measure")?))).collect()
}

/// What the facts give, and what the ledger has with the other sign.
fn compared(source: &Source, db: &impl ConnectionTrait, owners: Option<usize>) -> String {
    let dialect = dialect(db);
    let which = owners.map_or_else(|| " IS NOT NULL".to_owned(), |at| one_of(dialect, at));
    let mut parts: Vec<String> = source.selects.iter().map(|select| spelled(select, dialect, &which)).collect();
    parts.push(format!(
        "SELECT {COLUMNS}, -amount FROM measure_delta WHERE source_type = '{}' AND source_id{which}",
        source.name
    ));
    parts.join(" UNION ALL ")
}

/// A SELECT in the database's own words.
fn spelled(select: &str, dialect: Dialect, which: &str) -> String {
    let is_postgres = dialect == Dialect::Postgres;
    let least = if is_postgres { "LEAST" } else { "min" };
    let text = select.replace("{ids}", which).replace("{least}", least);
    let text =
        marked(
            text,
            "{next_day:",
            |day| if is_postgres { format!("({day} + 1)") } else { format!("date({day}, '+1 day')") },
        );
    let text = marked(text, "{days:", |day| {
        if is_postgres {
            format!("({day} - DATE '1900-01-01')")
        } else {
            format!("CAST(julianday({day}) - julianday('1900-01-01') AS integer)")
        }
    });
    let text = marked(text, "{plus_days:", |sum| {
        let (day, days) = sum.split_once('|').unwrap_or((sum, "0"));
        if is_postgres { format!("({day} + ({days}))") } else { format!("date({day}, ({days}) || ' days')") }
    });
    marked(text, "{day:", |at| {
        if is_postgres { format!("CAST({at} AT TIME ZONE 'UTC' AS date)") } else { format!("substr({at}, 1, 10)") }
    })
}

/// A text with each mark that begins so, up to its brace, in other words.
fn marked(mut text: String, mark: &str, words: impl Fn(&str) -> String) -> String {
    while let Some(start) = text.find(mark) {
        let Some(end) = text[start..].find('}').map(|at| start + at) else { break };
        let inner = words(&text[start + mark.len()..end]);
        text.replace_range(start..=end, &inner);
    }
    text
}

/// The first parameter, an instant.
pub(super) fn instant(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "CAST($1 AS timestamptz)",
        Dialect::Sqlite => "?1",
    }
}

pub(super) fn one_of(dialect: Dialect, at: usize) -> String {
    match dialect {
        Dialect::Postgres => format!(" = ANY(CAST(${at} AS uuid[]))"),
        Dialect::Sqlite => format!(" IN (SELECT unhex(value) FROM json_each(?{at}))"),
    }
}

/// Ids as one parameter.
pub(super) fn list(dialect: Dialect, ids: &[Uuid]) -> Value {
    let texts = ids.iter().map(|id| match dialect {
        Dialect::Postgres => id.to_string(),
        Dialect::Sqlite => format!("\"{}\"", id.simple()),
    });
    let joined = texts.collect::<Vec<_>>().join(",");
    match dialect {
        Dialect::Postgres => format!("{{{joined}}}"),
        Dialect::Sqlite => format!("[{joined}]"),
    }
    .into()
}

pub(super) fn dialect(db: &impl ConnectionTrait) -> Dialect {
    match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

async fn query(
    txn: &DatabaseTransaction,
    text: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, Error> {
    Ok(txn.query_all_raw(Statement::from_sql_and_values(txn.get_database_backend(), text, values)).await?)
}
