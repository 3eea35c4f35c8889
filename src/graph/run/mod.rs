//! Runs a plan: one statement a list level from the top down, then JSON from the bottom up.

mod answers;
mod arguments;
mod assemble;
mod figures;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use arguments::Asked;
pub use arguments::PAGE_DEFAULT;
use async_graphql_value::{ConstValue, Value};
use chrono::{DateTime, NaiveDate, Utc};
pub use figures::GROUPS_MAX;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    cell::{Cell, Row},
    collect::Variables,
    cost::{CONNECTION, FIGURES},
    cursor::{self, ListHash, Signer},
    database::Database,
    decl::Model,
    filter::operand::read_list,
    id,
    json::{self, Cells, Scene, Types as CellTypes},
    lasting::Lasting,
    plan::{Below, ColumnType, Level, Lookup, Op, OrderKey, Plan, RowsStatement},
    schema::Types,
    session::Session,
    sql::{Param, Statement},
    statement::{Builder, RowLimit, Shape},
    value::DbValue,
};
use crate::{
    auth::Caller,
    config::Limits,
    error::{Code, Error},
};

/// Most room that is made for rows before there are any.
const MOST_ROOM: usize = 1 << 20;
/// Most ids of `nodes`.
pub const MAX_NODES: usize = 100;

/// One run of a plan.
pub struct Run<'a> {
    /// The database.
    pub database: &'a Database,
    /// The declarations.
    pub model: &'static Model,
    /// The schema's types.
    pub types: &'a Types,
    /// Signs cursors.
    pub signer: &'a Signer,
    /// The limits.
    pub limits: &'a Limits,
    /// The plan.
    pub plan: &'a Plan,
    /// Who asks.
    pub caller: &'a Caller,
    /// Values of the request's variables.
    pub variables: &'a Variables,
    /// The day on which it runs.
    pub today: NaiveDate,
    /// When it runs.
    pub now: DateTime<Utc>,
    /// How often each entry of the plan was masked.
    pub masked: Vec<u32>,
    /// What it reads.
    pub session: Session<'a>,
    /// Answers of functions that were given before.
    pub lasting: &'a Lasting,
}

/// The rows that a level's rows belong to.
pub struct Parents {
    keys: Arc<[Uuid]>,
    /// For each key, the parent row it came from.
    owners: Vec<usize>,
    count: usize,
}

impl Parents {
    /// The one parent of a root level.
    fn root() -> Self {
        Self { keys: Arc::default(), owners: vec![0], count: 1 }
    }
}

/// Finished JSON of a level, a piece for each parent.
pub struct Pieces {
    buffer: Vec<u8>,
    ranges: Vec<(usize, usize)>,
}

impl Pieces {
    /// The piece of a parent; empty where there is nothing.
    pub fn of(&self, parent: usize) -> &[u8] {
        let (from, to) = self.ranges.get(parent).copied().unwrap_or_default();
        &self.buffer[from..to]
    }

    /// The piece of a root, which is all there is.
    fn only(self) -> Option<Vec<u8>> {
        (!self.buffer.is_empty()).then_some(self.buffer)
    }
}

/// Rows of a level in the order they came, written or waiting for what is below.
struct Fetched {
    /// JSON of each row, once for each place that shows rows.
    written: Vec<Written>,
    /// Rows by parent: first, how many within the limit, how many in all.
    spans: Vec<(usize, usize, usize)>,
    /// Order keys of the first and the last row of each parent; empty where no cursor is shown.
    ends: Vec<(Vec<u8>, Vec<u8>)>,
    /// What cursors are signed for.
    list: ListHash,
}

/// Rows being put where they belong.
struct Placing {
    fetched: Fetched,
    /// Rows of a parent that are shown.
    limit: usize,
    /// The parent of the last row.
    current: usize,
    /// The position of the next row.
    at: usize,
    keys: Vec<u8>,
}

/// Rows of a list with a comma before each but the first of a parent.
struct Written {
    buffer: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    /// With room for as much as was written the last time, and a little more.
    fn with_room(level: &Level) -> Self {
        let last = level.bytes.load(Ordering::Relaxed);
        Self { buffer: Vec::with_capacity(last + last / 16), ends: vec![] }
    }

    /// Rows of one parent from this one on, as they follow each other; a comma stands first where others are before them.
    fn rows(&self, at: usize, count: usize) -> &[u8] {
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        if count == 0 { &[] } else { &self.buffer[from..self.ends[at + count - 1]] }
    }
}

impl<'a> Run<'a> {
    /// A run that has not begun.
    #[allow(clippy::too_many_arguments)] // what a run is made of, spelled out once
    pub fn new(
        database: &'a Database,
        (model, types): (&'static Model, &'a Types),
        signer: &'a Signer,
        limits: &'a Limits,
        plan: &'a Plan,
        caller: &'a Caller,
        variables: &'a Variables,
        (today, now): (NaiveDate, DateTime<Utc>),
        lasting: &'a Lasting,
    ) -> Self {
        let masked = vec![0; plan.access.len()];
        let mut session = Session::new(database, caller);
        session.patience = Some(limits.statement_time());
        Self { database, model, types, signer, limits, plan, caller, variables, today, now, masked, session, lasting }
    }

    /// The JSON of one row or of a connection; none where there is no such row.
    pub async fn root(&mut self, level: &Level) -> Result<Option<Vec<u8>>, Error> {
        let pieces = self.level(level, Parents::root()).await?;
        Ok(pieces.only())
    }

    /// The JSON of rows found by their ids, by id.
    pub async fn by_ids(&mut self, level: &Level, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, Error> {
        let parents = Parents { keys: ids.into(), ..Parents::root() };
        let asked = self.asked(level)?;
        let statement = self.rows_statement(level, &asked, ListHash::default())?;
        let rows = self.fetch(&statement.statement, &parents.keys, 0).await?;
        self.session.spend(rows.len().saturating_mul(level.weight()));
        let children = self.children(level, &rows, 0).await?;
        let mut out = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            let Cell::Id(id) = row.at(0, ColumnType::Id) else { continue };
            let mut buffer = vec![];
            self.write_row(level, &level.rows[0], row, 0, at, &children, "", &mut buffer);
            out.insert(Uuid::from_bytes(id), buffer);
        }
        Ok(out)
    }

    fn builder(&self) -> Builder<'a> {
        Builder { dialect: self.database.dialect, model: self.model, rights: &self.plan.rights }
    }

    fn level<'s>(&'s mut self, level: &'s Level, parents: Parents) -> BoxFuture<'s, Result<Pieces, Error>> {
        Box::pin(async move {
            let asked = self.asked(level)?;
            // Made even where no row is shown: what is asked wrongly or not allowed is refused all the same.
            let has_cursors = level.page.cursors || asked.after.is_some() || asked.before.is_some();
            let list = if has_cursors { Self::list_hash(level, &asked) } else { ListHash::default() };
            let statement = self.rows_statement(level, &asked, list)?;
            for check in &statement.checks {
                self.single_currency(check).await?;
            }
            if level.lookup.is_none() {
                let figures = if level.totals.is_some() { FIGURES } else { 0 };
                self.session.spend(parents.owners.len().saturating_mul(CONNECTION + figures));
            }
            let totals = match &level.totals {
                Some(totals) => Some(self.totals(level, totals, &asked, &parents).await?),
                None => None,
            };
            let mut groups = vec![];
            for group in &level.groups {
                groups.push(self.groups(level, group, &asked, &parents).await?);
            }
            let fetched = if level.reads_rows() {
                self.rows(level, &statement, &asked, list, &parents).await?
            } else {
                Fetched::nothing(parents.count)
            };
            Ok(self.assemble(level, &asked, &parents, totals.as_ref(), &groups, &fetched))
        })
    }

    /// Whether the kept statement fits: each leaf has a value and nothing else shapes the text.
    fn fits_fixed(&self, level: &Level, asked: &Asked) -> bool {
        let leaves = level.page.leaves.as_ref();
        let given = |name: &String| self.variables.get(name).is_some_and(|v| *v != ConstValue::Null);
        leaves.is_some_and(|leaves| leaves.iter().all(given))
            && asked.after.is_none()
            && asked.before.is_none()
            && !asked.backward
    }

    fn rows_statement(&self, level: &Level, asked: &Asked, list: ListHash) -> Result<Arc<RowsStatement>, Error> {
        let probe = usize::from(level.page.probes);
        if self.fits_fixed(level, asked) {
            if let Some(fixed) = level.fixed.get() {
                return Ok(fixed.clone());
            }
            let limit = match (&level.lookup, &level.page.first) {
                (Some(_), _) => RowLimit::None,
                (None, None) => RowLimit::Rows(PAGE_DEFAULT + probe),
                (None, Some(Value::Number(_))) => RowLimit::Rows(asked.limit + probe),
                (None, Some(_)) => RowLimit::Param,
            };
            let by = match &level.lookup {
                Some(Lookup::Ref(by)) => Some(by),
                Some(Lookup::Keys) | None => None,
            };
            let condition = level.page.day.as_ref().and_then(|(list, on)| list.filter(on.clone()));
            let condition = condition.as_ref();
            let filter = level.page.filter.as_ref().filter(|v| **v != Value::Null);
            let order = level.page.order.as_ref().filter(|v| **v != Value::Null);
            let shape = Shape { by, condition, filter, order, cursor: None, backward: false, limit };
            let made = self.builder().rows(level, &shape)?;
            return Ok(level.fixed.get_or_init(|| Arc::new(made)).clone());
        }
        let open = |text: &str| self.signer.open(text, list);
        let cursor = match (&asked.after, &asked.before) {
            (Some(_), Some(_)) => return Err(Error::new(Code::BadVariables, "Give `after` or `before`, not both.")),
            (Some(after), None) => Some((open(after)?, false)),
            (None, Some(before)) => Some((open(before)?, true)),
            (None, None) => None,
        };
        let limit = if level.lookup.is_some() { RowLimit::None } else { RowLimit::Rows(asked.limit + probe) };
        let made = self.builder().rows(
            level,
            &Shape {
                by: asked.by.as_ref(),
                condition: asked.condition.as_ref(),
                filter: asked.filter.as_ref(),
                order: asked.order.as_ref(),
                cursor: cursor.as_ref().map(|(values, before)| (values.as_slice(), *before)),
                backward: asked.backward,
                limit,
            },
        )?;
        Ok(Arc::new(made))
    }

    async fn rows(
        &mut self,
        level: &Level,
        statement: &RowsStatement,
        asked: &Asked,
        list: ListHash,
        parents: &Parents,
    ) -> Result<Fetched, Error> {
        let limit = asked.limit + usize::from(level.page.probes);
        let base = usize::from(level.link.is_some());
        let mut placing = Placing {
            fetched: Fetched { list, ..Fetched::nothing(parents.count) },
            limit: if level.lookup.is_some() { usize::MAX } else { asked.limit },
            current: usize::MAX,
            at: 0,
            keys: vec![],
        };
        placing.fetched.written = level.rows.iter().map(|_| Written::with_room(level)).collect();
        if level.children.is_empty() {
            // Nothing waits for the other rows: each is written as it arrives, and not kept.
            let mut each = |run: &mut Self, row: Row| run.place(level, statement, parents, &row, &[], &mut placing);
            self.fetch_each(&statement.statement, &parents.keys, limit, &mut each).await?;
        } else {
            let rows = self.fetch(&statement.statement, &parents.keys, limit).await?;
            let children = self.children(level, &rows, base).await?;
            for row in &rows {
                self.place(level, statement, parents, row, &children, &mut placing)?;
            }
        }
        let shown: usize = placing.fetched.spans.iter().map(|(_, within, _)| within).sum();
        self.session.spend(shown.saturating_mul(level.weight()));
        let bytes = placing.fetched.written.iter().map(|written| written.buffer.len()).max().unwrap_or(0);
        level.bytes.store(bytes.min(MOST_ROOM), Ordering::Relaxed);
        Ok(placing.fetched)
    }

    /// Writes a row where it belongs, and counts it.
    fn place(
        &mut self,
        level: &Level,
        statement: &RowsStatement,
        parents: &Parents,
        row: &Row,
        children: &[Pieces],
        placing: &mut Placing,
    ) -> Result<(), Error> {
        let base = usize::from(level.link.is_some());
        let Placing { fetched, limit, current, at, keys } = placing;
        let parent = if base == 0 { 0 } else { parents.owner(row)? };
        if parent != *current {
            debug_assert!(*current == usize::MAX || parent > *current, "rows come by parent");
            fetched.spans[parent] = (*at, 0, 0);
            *current = parent;
        }
        let span = &mut fetched.spans[parent];
        span.2 += 1;
        let within = span.2 <= *limit;
        let mut text = String::new();
        if within {
            span.1 += 1;
            if level.page.cursors {
                keys.clear();
                row_keys(level, &statement.keys, row, base, keys);
                // A signature costs as much as a row: only cursors that are shown get one.
                if level.page.row_cursors {
                    text = self.signer.sign(fetched.list, keys);
                }
                let (start, end) = &mut fetched.ends[parent];
                if start.is_empty() {
                    start.clone_from(keys);
                }
                end.clone_from(keys);
            }
        }
        for (ops, written) in level.rows.iter().zip(&mut fetched.written) {
            if within {
                if span.1 > 1 {
                    written.buffer.push(b',');
                }
                self.write_row(level, ops, row, base, *at, children, &text, &mut written.buffer);
            }
            written.ends.push(written.buffer.len());
        }
        *at += 1;
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // where the row stands, spelled out once
    fn write_row(
        &mut self,
        level: &Level,
        ops: &[Op],
        row: &Row,
        base: usize,
        at: usize,
        children: &[Pieces],
        cursor: &str,
        out: &mut Vec<u8>,
    ) {
        let pieces: Vec<&[u8]> = children.iter().map(|c| c.of(at)).collect();
        let mut scene = Scene { children: &pieces, cursor, money: &[], masked: &mut self.masked };
        json::write(
            out,
            ops,
            Cells::Row(row, base),
            &CellTypes { columns: &level.source.types, keys: &[], figures: &[] },
            &mut scene,
        );
    }

    /// Runs the levels below rows.
    async fn children(&mut self, level: &Level, rows: &[Row], base: usize) -> Result<Vec<Pieces>, Error> {
        let mut out = Vec::with_capacity(level.children.len());
        for child in &level.children {
            let child = match child {
                Below::Level(child) => child,
                Below::Answer(below) => {
                    out.push(self.answer_below(below, rows, base).await?);
                    continue;
                }
            };
            let Some(link) = child.link else { continue };
            let (mut keys, mut owners) = (vec![], vec![]);
            for (at, row) in rows.iter().enumerate() {
                let kind_fits =
                    link.only.is_none_or(|(column, kind)| row.at(base + column, ColumnType::Text) == Cell::Text(kind));
                if let (true, Cell::Id(id)) = (kind_fits, row.at(base + link.parent, ColumnType::Id)) {
                    keys.push(Uuid::from_bytes(id));
                    owners.push(at);
                }
            }
            out.push(self.level(child, Parents { keys: keys.into(), owners, count: rows.len() }).await?);
        }
        Ok(out)
    }

    async fn single_currency(&mut self, check: &Statement) -> Result<(), Error> {
        let rows = self.fetch(check, &Arc::default(), 0).await?;
        if rows.first().is_some_and(|row| row.int(0) > 1) {
            return Err(currency_required());
        }
        Ok(())
    }

    async fn fetch(&mut self, statement: &Statement, keys: &Arc<[Uuid]>, limit: usize) -> Result<Vec<Row>, Error> {
        let mut rows = vec![];
        let mut keep = |_: &mut Self, row| {
            rows.push(row);
            Ok(())
        };
        self.fetch_each(statement, keys, limit, &mut keep).await?;
        Ok(rows)
    }

    async fn fetch_each(
        &mut self,
        statement: &Statement,
        keys: &Arc<[Uuid]>,
        limit: usize,
        each: &mut (impl FnMut(&mut Self, Row) -> Result<(), Error> + Send),
    ) -> Result<(), Error> {
        let values = statement.params.iter().map(|p| self.bind(p, keys, limit)).collect::<Result<Vec<_>, _>>()?;
        let mut reader = self.session.take().await?;
        reader.planning = statement.planning;
        let database = self.database;
        let mut one = |row| each(self, row);
        let count = reader.fetch(database, &statement.text, &values, &mut one).await?;
        self.session.give_back(reader, count);
        Ok(())
    }

    fn bind(&self, param: &Param, keys: &Arc<[Uuid]>, limit: usize) -> Result<DbValue, Error> {
        Ok(match param {
            Param::Const(_) | Param::Me | Param::Rows(_) => of_caller(param, self.caller)?,
            Param::Today => DbValue::Date(self.today),
            Param::Keys => DbValue::Ids(keys.clone()),
            Param::Limit => DbValue::Int(i64::try_from(limit).unwrap_or(i64::MAX)),
            Param::Variable { name, leaf, list, fold } => {
                let value = self.variables.get(name).ok_or_else(|| Error::internal("a leaf without a value"))?;
                if *list { read_list(leaf, *fold, value)? } else { fold.apply(leaf.read(value)?) }
            }
        })
    }
}

/// The value of a parameter that depends on nobody but the caller.
pub fn of_caller(param: &Param, caller: &Caller) -> Result<DbValue, Error> {
    Ok(match param {
        Param::Const(value) => value.clone(),
        // No person has the nil id.
        Param::Me => DbValue::Id(caller.person.unwrap_or(Uuid::nil())),
        Param::Rows(set) => DbValue::Ids(caller.rows.of(*set).clone()),
        Param::Today | Param::Keys | Param::Limit | Param::Variable { .. } => {
            return Err(Error::internal("a parameter of a document, outside of one"));
        }
    })
}

/// The refusal to compare amounts of several currencies.
pub fn currency_required() -> Error {
    let line = "Amounts of several currencies cannot be compared; name one with `currency`.";
    Error::new(Code::CurrencyRequired, line)
}

impl Parents {
    /// The parent row of a row whose first column is the ordinal of its key.
    fn owner(&self, row: &Row) -> Result<usize, Error> {
        let at = usize::try_from(row.int(0) - 1).ok();
        at.and_then(|at| self.owners.get(at)).copied().ok_or_else(|| Error::internal("a row of no parent"))
    }
}

impl Fetched {
    fn nothing(parents: usize) -> Self {
        Self {
            written: vec![],
            spans: vec![(0, 0, 0); parents],
            ends: vec![Default::default(); parents],
            list: ListHash::default(),
        }
    }
}

fn row_keys(level: &Level, keys: &[OrderKey], row: &Row, base: usize, out: &mut Vec<u8>) {
    let from = base + level.source.columns.len();
    for (i, key) in keys.iter().enumerate() {
        cursor::encode(out, &row.at(from + i, key.expr.ty), key.expr.ty);
    }
}

/// The value of the id argument of `node`, by prefix.
pub fn node_id<'t>(model: &Model, text: &'t str) -> Result<(&'t str, Uuid), Error> {
    match id::parse(text) {
        Some((prefix, id)) if model.by_prefix(prefix).is_some() => Ok((prefix, id)),
        _ => Err(Error::new(Code::InvalidId, "This is not an id of anything here.")),
    }
}
