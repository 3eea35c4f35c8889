//! Rows on their way through a mutation: found and locked, checked for version and rights, changed field by field.
//! All of it in a fixed number of statements, however many rows there are. `save` writes them back.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};
use uuid::Uuid;

use super::{
    Batch, CHUNK, FieldChange, LinkChange, Path, UserCode, UserError, Verb, Work,
    input::{Assigned, Assignment, IfVersion, Item, Target},
    links::Links,
    refusal::{Stale, changes_nothing, may_repeat, tell_conflicts},
    value::{self, column},
};
use crate::{
    auth::Scopes,
    error::Error,
    graph::{
        Dialect,
        decl::{Entity, Field, Kind, Writers},
        encode_id, parse_id,
        value::DbValue,
    },
};

pub use super::refusal::{forbidden, text_fits};
pub use super::save::{drop_rows, follow, remove, save};

/// The lock of whoever changes the shape of a tree.
const TREE: i64 = 0x666f_6c69_6f74_7265;

/// A row that is being written.
#[derive(Debug, Clone)]
pub struct Row<M> {
    /// Position of its item in the list.
    pub index: usize,
    /// Where its fields stand in the input.
    pub path: Path,
    /// Where the row itself is named.
    pub named_at: Path,
    /// Its type.
    pub entity: &'static Entity,
    /// As it was; none for a new one.
    pub before: Option<M>,
    /// As it will be.
    pub after: M,
    /// Fields that were given, with their paths.
    pub given: Vec<Assignment>,
    /// The id that another system gives the new row.
    pub external: Option<(String, String)>,
    /// The input object, for lists that are written with it.
    pub input: async_graphql_value::ConstValue,
    /// Changes beside the row's own columns, for its trace.
    pub beside: Vec<FieldChange>,
    /// Items that lists beside the row gain or lose, for its trace.
    pub links: Vec<LinkChange>,
}

impl<M> Row<M> {
    /// Where a field stands in the input; the row itself where it was not given.
    pub fn place(&self, field: &str) -> Path {
        self.given.iter().find(|a| a.field.name == field).map_or_else(|| self.path.clone(), |a| a.path.clone())
    }

    /// A row that changes because another one did; it answers no item.
    pub fn derived(entity: &'static Entity, before: M, after: M) -> Self {
        Self { before: Some(before), ..Self::made(entity, after) }
    }

    /// A row that is made because another one was; it answers no item.
    pub fn made(entity: &'static Entity, after: M) -> Self {
        Self {
            index: usize::MAX,
            path: Path::input(),
            named_at: Path::input(),
            entity,
            before: None,
            after,
            given: vec![],
            external: None,
            input: async_graphql_value::ConstValue::Null,
            beside: vec![],
            links: vec![],
        }
    }

    /// Whether the input gives the field.
    pub fn gives(&self, field: &str) -> bool {
        self.given.iter().any(|a| a.field.name == field)
    }
}

impl Work<'_> {
    /// Notes what is wrong with an item.
    pub fn fail<M>(&mut self, row: &Row<M>, error: UserError) {
        self.errors.push((row.index, error));
    }

    /// The rows that the mutation's input names.
    pub fn read(&mut self, input: &async_graphql_value::ConstValue) -> Batch {
        super::input::read(self.lens.model, self.mutation, input, &mut self.errors)
    }

    /// Waits until nobody else changes the shape of a tree: two who move rows lock the same ones in different orders. To be
    /// asked before any row is locked. SQLite has one writer anyway.
    pub async fn alone(&self) -> Result<(), Error> {
        if self.lens.database.dialect == Dialect::Postgres {
            let backend = self.txn.get_database_backend();
            let statement = Statement::from_sql_and_values(backend, "SELECT pg_advisory_xact_lock($1)", [TREE.into()]);
            self.txn.execute_raw(statement).await?;
        }
        Ok(())
    }

    /// Whether an item has an error.
    pub fn has_failed(&self, index: usize) -> bool {
        self.errors.iter().any(|(at, _)| *at == index)
    }

    /// On which rows this caller may write what `writers` says.
    pub fn scopes_of(&self, entity: &Entity, field: &Field, writers: Writers) -> Scopes {
        match writers {
            Writers::Class => self.lens.caller.rights.scopes(entity.class_of(field).write()),
            Writers::Step(step) => self.lens.caller.takes(step),
        }
    }
}

/// Finds and locks the rows that the items name, and applies what they give. New rows begin as `blank`. What is wrong
/// with an item is noted; its row is still in the list if there is one, so that all its errors are told at once.
pub async fn open<E>(
    work: &mut Work<'_>,
    entity: &'static Entity,
    items: &[Item],
    blank: impl Fn(&Work<'_>) -> E::Model,
) -> Result<Vec<Row<E::Model>>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let ids = locate(work, entity, items).await?;
    let known: Vec<Uuid> = ids.iter().filter_map(|id| id.as_ref().copied().flatten()).collect();
    let locked = lock::<E>(work, &known).await?;
    let of_fields = items.iter().flat_map(|i| &i.assignments).map(|a| work.scopes_of(entity, a.field, a.pen.writers));
    let of_row = work.lens.caller.rights.scopes(entity.class.write());
    let rights: BTreeSet<Scopes> = of_fields.chain([of_row]).collect();
    let rights: Vec<Scopes> = rights.into_iter().collect();
    let held = work.lens.holds(entity, &known, &rights).await?;
    let links = Links::resolve(work, items).await?;
    let mut rows: Vec<Row<E::Model>> = vec![];
    let mut seen = HashSet::new();
    let mut stale = vec![];
    for (item, id) in items.iter().zip(ids) {
        let Some(id) = id else { continue };
        let fail = |work: &mut Work<'_>, error| work.errors.push((item.index, error));
        let seen_by_caller = |id: Uuid| Some((locked.get(&id)?.clone(), held.get(&id)?));
        let (current, held) = match id.map(seen_by_caller) {
            None => (None, None),
            Some(Some((model, held))) => (Some(model), Some(held)),
            Some(None) => {
                let line = format!("There is no such {} that you can see.", entity.name);
                fail(work, UserError::new(UserCode::NotFound, item.at.clone(), line));
                continue;
            }
        };
        let mut row = Row {
            index: item.index,
            path: item.path.clone(),
            named_at: item.at.clone(),
            given: item.assignments.clone(),
            input: item.given.clone(),
            ..Row::made(entity, current.clone().unwrap_or_else(|| blank(work)))
        };
        match id.zip(current).zip(held) {
            None => {
                if let Target::External { system, id } = &item.target {
                    row.external = Some((system.clone(), id.clone()));
                }
                require(work, entity, &row);
            }
            Some(((id, model), held)) => {
                if !seen.insert(id) {
                    fail(
                        work,
                        UserError::new(UserCode::Duplicate, item.at.clone(), "Another item names this row too."),
                    );
                    continue;
                }
                row.before = Some(model.clone());
                if value::is_archived(&model) && work.mutation.verb != Verb::Unarchive {
                    let line = format!("This {} is archived; take it out of the archive first.", entity.name);
                    fail(work, UserError::new(UserCode::Immutable, item.at.clone(), line));
                    continue;
                }
                let may = |scopes: Scopes| rights.iter().position(|s| *s == scopes).is_some_and(|at| held[at]);
                let needs = entity.class.write();
                let may_row = may(work.lens.caller.rights.scopes(needs));
                for a in &item.assignments {
                    let may_field = may(work.scopes_of(entity, a.field, a.pen.writers));
                    // Who writes the row may repeat what she reads there: a list that is sent whole is not refused for it.
                    let repeats = || may_row && may_repeat(entity, a) && already::<E>(work, entity, &model, a, &links);
                    if !may_field && !repeats() {
                        work.errors.push((item.index, forbidden(entity, a)));
                    }
                }
                if changes_nothing(work, entity, item) && !may_row {
                    let line = format!("Writing this {} needs {needs}.", entity.name);
                    fail(work, UserError::new(UserCode::Forbidden, item.at.clone(), line).with("needs", needs));
                }
                if let IfVersion::Is(version) = item.if_version
                    && version != value::version(&model)
                {
                    stale.push(Stale { item, id, had: version, current: value::version(&model) });
                }
            }
        }
        for a in &item.assignments {
            if let Err(error) = assign::<E>(work, &mut row, a, &links) {
                work.errors.push((item.index, error));
            }
        }
        rows.push(row);
    }
    tell_conflicts(work, entity, &stale).await?;
    Ok(rows)
}

/// Whether a row has the value already.
fn already<E: EntityTrait>(
    work: &Work<'_>,
    entity: &'static Entity,
    model: &E::Model,
    a: &Assignment,
    links: &Links,
) -> bool
where
    E::Model: Clone,
{
    let mut row = Row::derived(entity, model.clone(), model.clone());
    assign::<E>(work, &mut row, a, links) == Ok(true)
}

/// The id of the row that each item names: none for one that is to be made, nothing at all for one with an error.
async fn locate(
    work: &mut Work<'_>,
    entity: &'static Entity,
    items: &[Item],
) -> Result<Vec<Option<Option<Uuid>>>, Error> {
    let mut keys = vec![];
    let mut externals = vec![];
    for item in items {
        match &item.target {
            Target::Key(key) => keys.push(key.clone()),
            Target::External { system, id } => externals.push((system.clone(), id.clone())),
            Target::New | Target::Id(_) => {}
        }
    }
    let by_key = if keys.is_empty() { HashMap::new() } else { work.lens.by_key(entity, &keys).await? };
    let by_external =
        if externals.is_empty() { HashMap::new() } else { work.lens.by_external(entity, &externals).await? };
    let mut out = vec![];
    for item in items {
        let not_found = || {
            let line = format!("There is no such {} that you can see.", entity.name);
            UserError::new(UserCode::NotFound, item.at.clone(), line)
        };
        let found = match &item.target {
            Target::New => Ok(None),
            Target::Id(text) => match parse_id(text) {
                Some((prefix, id)) if Some(prefix) == entity.prefix => Ok(Some(id)),
                _ => {
                    let line = format!("This is not the id of a {}.", entity.name);
                    Err(UserError::new(UserCode::Invalid, item.at.clone(), line))
                }
            },
            Target::Key(key) => by_key.get(key).and_then(|f| f.first()).map(|f| Some(f.id)).ok_or_else(not_found),
            Target::External { system, id } => match by_external.get(&(system.clone(), id.clone())) {
                Some(found) => Ok(Some(found.id)),
                None if item.upserts => Ok(None),
                None => Err(not_found()),
            },
        };
        out.push(match found {
            Ok(id) => Some(id),
            Err(error) => {
                work.errors.push((item.index, error));
                None
            }
        });
    }
    Ok(out)
}

/// Rows by id, locked until the transaction ends, always in the same order so that two writers do not wait for each other.
pub async fn lock<E>(work: &Work<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, E::Model>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let id_column = column::<E>("id");
    let mut out = HashMap::new();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for ids in ids.chunks(CHUNK) {
        let found = E::find()
            .filter(id_column.is_in(ids.iter().copied()))
            .order_by_asc(id_column)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        out.extend(found.into_iter().map(|model| (value::id(&model), model)));
    }
    Ok(out)
}

/// What a new row must have.
fn require<M>(work: &mut Work<'_>, entity: &'static Entity, row: &Row<M>) {
    for field in &entity.fields {
        let is_due = field.pen.is_some_and(|pen| pen.is_due(field));
        if is_due && !row.gives(field.name) {
            let name = match field.kind {
                Kind::One { .. } | Kind::Union { .. } => format!("{}Id", field.name),
                _ => field.name.to_owned(),
            };
            let line = format!("A new {} needs `{name}`.", entity.name);
            work.fail(row, UserError::new(UserCode::Required, row.path.at(name), line));
        }
    }
}

/// Gives a row what is assigned; whether it has it already.
fn assign<E: EntityTrait>(
    work: &Work<'_>,
    row: &mut Row<E::Model>,
    a: &Assignment,
    links: &Links,
) -> Result<bool, UserError> {
    let clears = a.value == Assigned::Clear;
    if clears && (a.field.required || a.pen.is_due || a.pen.is_due(a.field)) {
        let line = format!("`{}` cannot be cleared.", a.field.name);
        return Err(UserError::new(UserCode::Required, a.path.clone(), line));
    }
    let (before, after) = (&row.before, &mut row.after);
    let mut put = |name: &str, new: Option<DbValue>| {
        let column = column::<E>(name);
        let old = after.get(column);
        after.set(column, value::like(&old, new));
        before.as_ref().is_none_or(|before| before.get(column) == after.get(column))
    };
    let mut is_archived = false;
    let same = match (&a.field.kind, &a.value) {
        (Kind::Scalar { column, fold, ty }, given) => {
            let new = match given {
                Assigned::Value(value) => Some(value::checked(*ty, value, a)?),
                _ => None,
            };
            if let Some(fold) = fold {
                put(fold, new.clone().map(value::folded));
            }
            put(column, new)
        }
        (Kind::Enum { column, .. } | Kind::Enums { column, .. } | Kind::Texts { column }, Assigned::Value(value)) => {
            put(column, Some(value.clone()))
        }
        (Kind::Enum { column, .. } | Kind::Enums { column, .. } | Kind::Texts { column }, _)
        | (Kind::One { column, .. }, Assigned::Clear) => put(column, None),
        // A currency that is a field of its own is not this one's to write; the slice sees that they agree.
        (Kind::Money { amount, currency, .. }, Assigned::Money(units, code)) => {
            let is_own = !row.entity.has_column(currency);
            (!is_own || put(currency, Some(DbValue::Text(code.clone())))) & put(amount, Some(DbValue::Int(*units)))
        }
        (Kind::Money { amount, currency, .. }, _) => {
            let is_own = !row.entity.has_column(currency);
            put(amount, None) & (!is_own || put(currency, None))
        }
        (Kind::One { column, .. }, _) => {
            let found = links.find(a)?;
            is_archived = found.is_archived;
            put(column, Some(DbValue::Id(found.id)))
        }
        (Kind::Union { arms, .. }, Assigned::LinkId(_)) => {
            let found = links.find(a)?;
            is_archived = found.is_archived;
            let mut same = true;
            for (column, to) in arms {
                let is_it =
                    work.lens.model.concrete(work.lens.model.entity(to)).iter().any(|e| e.prefix == Some(found.prefix));
                same &= put(column, is_it.then_some(DbValue::Id(found.id)));
            }
            same
        }
        _ => true,
    };
    if a.pen.once && row.before.is_some() && !same {
        let line = format!("`{}` of a {} is settled when it is created.", a.field.name, row.entity.name);
        return Err(UserError::new(UserCode::Immutable, a.path.clone(), line));
    }
    if is_archived && (row.before.is_none() || !same) {
        let line = format!("What `{}` is to lead to is archived.", a.field.name);
        return Err(UserError::new(UserCode::IllegalState, a.path.clone(), line));
    }
    Ok(same)
}

/// Rows to be archived, or taken out of the archive, by who has the right on them.
pub async fn archived<E>(
    work: &mut Work<'_>,
    entity: &'static Entity,
    batch: &Batch,
    scopes: Scopes,
    needs: &str,
) -> Result<Vec<Row<E::Model>>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let archived_at = (work.mutation.verb == Verb::Archive).then_some(work.now);
    // An archive makes no rows, so none begins as anything.
    let mut rows = open::<E>(work, entity, &batch.items, |_| unreachable!("an archived row is there")).await?;
    demand(work, &rows, scopes, needs).await?;
    let column = column::<E>("archived_at");
    for row in &mut rows {
        row.after.set(column, Value::ChronoDateTimeUtc(archived_at));
    }
    Ok(rows)
}

/// Refuses the rows on which a right does not hold.
pub async fn demand<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    scopes: Scopes,
    needs: &str,
) -> Result<(), Error> {
    let Some(first) = rows.first() else { return Ok(()) };
    let ids: Vec<Uuid> = rows.iter().map(|row| value::id(&row.after)).collect();
    let held = work.lens.holds(first.entity, &ids, &[scopes]).await?;
    for (row, id) in rows.iter().zip(ids) {
        if !held.get(&id).is_some_and(|held| held[0]) {
            let line = format!("`{}` of this {} needs {needs}.", work.mutation.name, row.entity.name);
            work.fail(row, UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", needs));
        }
    }
    Ok(())
}

/// Refuses new rows to who does not write all rows of their type: a row that nobody had is nobody's own.
pub fn demand_new<M>(work: &mut Work<'_>, rows: &[Row<M>], scopes: Scopes, needs: &str) {
    for row in rows.iter().filter(|row| row.before.is_none() && !scopes.is_all()) {
        let line = format!("Creating a {} needs {needs} everywhere.", row.entity.name);
        work.fail(row, UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", needs));
    }
}

/// Refuses keys that other rows of the table have, or of the same kind where several kinds share it.
pub async fn keys_are_free<E>(work: &mut Work<'_>, rows: &[Row<E::Model>], kind: Option<&str>) -> Result<(), Error>
where
    E: EntityTrait,
{
    let key = |model: &E::Model| value::text(model, "key").unwrap_or_default();
    let renamed: Vec<&Row<E::Model>> = rows
        .iter()
        .filter(|row| row.before.as_ref().is_none_or(|before| key(before) != key(&row.after)))
        // The id of a new row, by which it goes where it is given no key, was nobody's key before.
        .filter(|row| !work.is_refused(row.index) && key(&row.after) != own_id(row))
        .collect();
    if renamed.is_empty() {
        return Ok(());
    }
    let mut find = E::find()
        .select_only()
        .columns([column::<E>("key"), column::<E>("id")])
        .filter(column::<E>("key").is_in(renamed.iter().map(|row| key(&row.after))));
    if let Some(kind) = kind {
        find = find.filter(column::<E>("kind").eq(kind));
    }
    let taken: HashMap<String, Uuid> = find.into_tuple::<(String, Uuid)>().all(work.txn).await?.into_iter().collect();
    refuse_taken_keys(work, &renamed, &taken, |model| (value::id(model), key(model)));
    Ok(())
}

/// The id of a row, as the schema spells it.
pub fn own_id<M: ModelTrait>(row: &Row<M>) -> String {
    encode_id(row.entity.prefix.unwrap_or_default(), value::id(&row.after))
}

/// Refuses keys that other rows have, or other items of the same list.
fn refuse_taken_keys<M>(
    work: &mut Work<'_>,
    renamed: &[&Row<M>],
    taken: &HashMap<String, Uuid>,
    facts: impl Fn(&M) -> (Uuid, String),
) {
    let mut seen = HashSet::new();
    for row in renamed {
        let (id, key) = facts(&row.after);
        let is_taken = taken.get(&key).is_some_and(|other| *other != id);
        // What is not written anyway takes no key from another item.
        let is_first = |seen: &mut HashSet<String>| work.has_failed(row.index) || seen.insert(key.clone());
        if !key.is_empty() && (is_taken || !is_first(&mut seen)) {
            let line = format!("Another {} has this key.", row.entity.name);
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("key"), line));
        }
    }
}
