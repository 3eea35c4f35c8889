//! Runs a plan: one statement a list level from the top down, then JSON from the bottom up.

use std::{collections::HashMap, sync::Arc};

use async_graphql_value::{ConstValue, Value};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    cell::{Cell, Row},
    collect::Variables,
    cursor::{self, ListHash, Signer},
    database::{Database, Reader},
    decl::Model,
    filter::read_list,
    id,
    json::{self, Cells, MoneySum, Scene, Types as CellTypes},
    plan::{ColumnType, ConnectionOp, Expr, Figure, Groups, Level, Lookup, Op, OrderKey, Plan, RowsStatement, Totals},
    sql::{Param, RowSet, Statement},
    statement::{Builder, RowLimit, Shape},
    value::{DbValue, ListType},
};
use crate::{
    auth::Caller,
    config::Limits,
    error::{Code, Error},
};

/// Rows of a page when a request does not say.
const PAGE_DEFAULT: usize = 50;
/// Groups that one answer may hold when a request does not say.
const GROUPS_MAX: usize = 1_000;
/// Most ids of `nodes`.
pub const MAX_NODES: usize = 100;

/// One run of a plan.
pub struct Run<'a> {
    /// The database.
    pub database: &'a Database,
    /// The declarations.
    pub model: &'static Model,
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
    /// How often each entry of the plan was masked.
    pub masked: Vec<u32>,
    /// SQL statements sent.
    pub statements: usize,
    /// Rows read.
    pub rows: usize,
    reader: Option<Reader>,
}

/// The rows that a level's rows belong to.
pub struct Parents {
    keys: Vec<DbValue>,
    /// For each key, the parent row it came from.
    owners: Vec<usize>,
    count: usize,
}

impl Parents {
    /// The one parent of a root level.
    fn root() -> Self {
        Self { keys: vec![], owners: vec![0], count: 1 }
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
}

/// A level's arguments with this request's values.
struct Asked {
    by: Option<Value>,
    filter: Option<Value>,
    order: Option<Value>,
    after: Option<String>,
    before: Option<String>,
    limit: usize,
    backward: bool,
}

/// Rows of a level in the order they came, written or waiting for what is below.
struct Fetched {
    /// JSON of each row, once for each place that shows rows.
    written: Vec<Written>,
    /// Rows by parent: first, how many within the limit, how many in all.
    spans: Vec<(usize, usize, usize)>,
    /// First and last cursor of each parent.
    cursors: Vec<(String, String)>,
}

#[derive(Default)]
struct Written {
    buffer: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    fn row(&self, at: usize) -> &[u8] {
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.buffer[from..self.ends[at]]
    }
}

impl<'a> Run<'a> {
    /// A run that has not begun.
    #[allow(clippy::too_many_arguments)] // what a run is made of, spelled out once
    pub fn new(
        database: &'a Database,
        model: &'static Model,
        signer: &'a Signer,
        limits: &'a Limits,
        plan: &'a Plan,
        caller: &'a Caller,
        variables: &'a Variables,
    ) -> Self {
        let masked = vec![0; plan.access.len()];
        Self { database, model, signer, limits, plan, caller, variables, masked, statements: 0, rows: 0, reader: None }
    }

    /// The JSON of one row or of a connection; none where there is no such row.
    pub async fn root(&mut self, level: &Level) -> Result<Option<Vec<u8>>, Error> {
        let pieces = self.level(level, Parents::root()).await?;
        let piece = pieces.of(0);
        Ok((!piece.is_empty()).then(|| piece.to_vec()))
    }

    /// The JSON of rows found by their ids, by id.
    pub async fn by_ids(&mut self, level: &Level, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, Error> {
        let parents = Parents { keys: ids.iter().map(|id| DbValue::Id(*id)).collect(), ..Parents::root() };
        let statement = self.builder().rows(
            level,
            &Shape { by: None, filter: None, order: None, cursor: None, backward: false, limit: RowLimit::None },
        )?;
        let rows = self.fetch(&statement.statement, &parents.keys, 0).await?;
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
            let totals = match &level.totals {
                Some(totals) => Some(self.totals(level, totals, &asked, &parents).await?),
                None => None,
            };
            let mut groups = vec![];
            for group in &level.groups {
                groups.push(self.groups(level, group, &asked, &parents).await?);
            }
            let needs_rows = !level.rows.is_empty() || level.page.probes || level.page.cursors;
            let fetched =
                if needs_rows { self.rows(level, &asked, &parents).await? } else { Fetched::nothing(parents.count) };
            Ok(self.assemble(level, &asked, &parents, totals.as_ref(), &groups, &fetched))
        })
    }

    /// The arguments with variables replaced, and checked.
    fn asked(&self, level: &Level) -> Result<Asked, Error> {
        let page = &level.page;
        let text = |v: &Option<Value>| match self.settled(v.as_ref()) {
            Some(Value::String(s)) if !s.is_empty() => Some(s),
            _ => None,
        };
        let (first, last) = (self.number(page.first.as_ref())?, self.number(page.last.as_ref())?);
        if first.is_some() && last.is_some() {
            return Err(Error::new(Code::BadVariables, "Give `first` or `last`, not both."));
        }
        let backward = last.is_some();
        let limit = first.or(last).unwrap_or(PAGE_DEFAULT);
        if limit > self.limits.page {
            return Err(Error::new(
                Code::PageSizeTooLarge,
                format!("A page holds at most {} rows; take the next page with `after`.", self.limits.page),
            ));
        }
        let by = match &level.lookup {
            Some(Lookup::Ref(by)) => self.settled(Some(by)),
            Some(Lookup::Keys | Lookup::Me) | None => None,
        };
        Ok(Asked {
            by,
            filter: self.settled(page.filter.as_ref()).filter(|v| *v != Value::Null),
            order: self.settled(page.order.as_ref()).filter(|v| *v != Value::Null),
            after: text(&page.after),
            before: text(&page.before),
            limit,
            backward,
        })
    }

    fn number(&self, value: Option<&Value>) -> Result<Option<usize>, Error> {
        match self.settled(value) {
            Some(Value::Number(n)) => match n.as_i64().and_then(|n| usize::try_from(n).ok()) {
                Some(n) => Ok(Some(n)),
                None => Err(Error::new(Code::BadVariables, "A number of rows must not be negative.")),
            },
            _ => Ok(None),
        }
    }

    /// A value with variables replaced; a member whose variable has no value is not there.
    fn settled(&self, value: Option<&Value>) -> Option<Value> {
        Some(match value? {
            Value::Variable(name) => self.variables.get(name.as_str())?.clone().into_value(),
            Value::List(items) => {
                Value::List(items.iter().map(|v| self.settled(Some(v)).unwrap_or(Value::Null)).collect())
            }
            Value::Object(map) => {
                Value::Object(map.iter().filter_map(|(k, v)| Some((k.clone(), self.settled(Some(v))?))).collect())
            }
            constant => constant.clone(),
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

    fn rows_statement(
        &self,
        level: &Level,
        asked: &Asked,
        list: Option<ListHash>,
    ) -> Result<Arc<RowsStatement>, Error> {
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
                Some(Lookup::Keys | Lookup::Me) | None => None,
            };
            let filter = level.page.filter.as_ref().filter(|v| **v != Value::Null);
            let order = level.page.order.as_ref().filter(|v| **v != Value::Null);
            let made =
                self.builder().rows(level, &Shape { by, filter, order, cursor: None, backward: false, limit })?;
            return Ok(level.fixed.get_or_init(|| Arc::new(made)).clone());
        }
        let open = |text: &str| self.signer.open(text, list.unwrap_or_default());
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
                filter: asked.filter.as_ref(),
                order: asked.order.as_ref(),
                cursor: cursor.as_ref().map(|(values, before)| (values.as_slice(), *before)),
                backward: asked.backward,
                limit,
            },
        )?;
        Ok(Arc::new(made))
    }

    /// What a cursor of this list is good for.
    fn list_hash(&self, level: &Level, asked: &Asked) -> ListHash {
        let text = |v: &Option<Value>| v.as_ref().map(canonical).unwrap_or_default();
        cursor::list_hash(level.source.entity.name, &text(&asked.filter), &text(&asked.order))
    }

    async fn rows(&mut self, level: &Level, asked: &Asked, parents: &Parents) -> Result<Fetched, Error> {
        let shows_cursors = level.page.cursors || asked.after.is_some() || asked.before.is_some();
        let list = shows_cursors.then(|| self.list_hash(level, asked));
        let statement = self.rows_statement(level, asked, list)?;
        for check in &statement.checks {
            self.single_currency(check).await?;
        }
        let rows =
            self.fetch(&statement.statement, &parents.keys, asked.limit + usize::from(level.page.probes)).await?;
        let base = usize::from(level.link.is_some());
        let children = self.children(level, &rows, base).await?;
        let mut fetched = Fetched::nothing(parents.count);
        fetched.written = level.rows.iter().map(|_| Written::default()).collect();
        let limit = if level.lookup.is_some() { usize::MAX } else { asked.limit };
        let (mut last, mut keys) = (usize::MAX, vec![]);
        for (at, row) in rows.iter().enumerate() {
            let parent = if base == 0 { 0 } else { parents.owner(row)? };
            if parent != last {
                debug_assert!(last == usize::MAX || parent > last, "rows come by parent");
                fetched.spans[parent] = (at, 0, 0);
                last = parent;
            }
            let span = &mut fetched.spans[parent];
            span.2 += 1;
            let within = span.2 <= limit;
            let mut text = String::new();
            if within {
                span.1 += 1;
                if let (true, Some(list)) = (level.page.cursors, list) {
                    keys.clear();
                    row_keys(level, &statement.keys, row, base, &mut keys);
                    text = self.signer.sign(list, &keys);
                    let (start, end) = &mut fetched.cursors[parent];
                    if start.is_empty() {
                        start.clone_from(&text);
                    }
                    end.clone_from(&text);
                }
            }
            for (ops, written) in level.rows.iter().zip(&mut fetched.written) {
                if within {
                    self.write_row(level, ops, row, base, at, &children, &text, &mut written.buffer);
                }
                written.ends.push(written.buffer.len());
            }
        }
        Ok(fetched)
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
        let columns: Vec<ColumnType> = level.source.columns.iter().map(|e| e.ty).collect();
        let pieces: Vec<&[u8]> = children.iter().map(|c| c.of(at)).collect();
        let mut scene = Scene { children: &pieces, cursor, money: &[], masked: &mut self.masked };
        json::write(
            out,
            ops,
            Cells::Row(row, base),
            &CellTypes { columns: &columns, keys: &[], figures: &[] },
            &mut scene,
        );
    }

    /// Runs the levels below rows.
    async fn children(&mut self, level: &Level, rows: &[Row], base: usize) -> Result<Vec<Pieces>, Error> {
        let mut out = Vec::with_capacity(level.children.len());
        for child in &level.children {
            let Some(link) = child.link else { continue };
            let (mut keys, mut owners) = (vec![], vec![]);
            for (at, row) in rows.iter().enumerate() {
                let kind_fits =
                    link.only.is_none_or(|(column, kind)| row.at(base + column, ColumnType::Text) == Cell::Text(kind));
                if let (true, Cell::Id(id)) = (kind_fits, row.at(base + link.parent, ColumnType::Id)) {
                    keys.push(DbValue::Id(Uuid::from_bytes(id)));
                    owners.push(at);
                }
            }
            out.push(self.level(child, Parents { keys, owners, count: rows.len() }).await?);
        }
        Ok(out)
    }

    async fn totals(
        &mut self,
        level: &Level,
        totals: &Totals,
        asked: &Asked,
        parents: &Parents,
    ) -> Result<Figures, Error> {
        let shape = asked.shape(RowLimit::None);
        let (statement, money) = self.builder().totals(level, totals, &shape)?;
        for check in &statement.checks {
            self.single_currency(check).await?;
        }
        let mut out = Figures {
            rows: HashMap::new(),
            money: vec![],
            base: usize::from(level.link.is_some()),
            types: figure_types(totals),
        };
        for row in self.fetch(&statement.statement, &parents.keys, 0).await? {
            let parent = if out.base == 0 { 0 } else { parents.owner(&row)? };
            out.rows.insert(parent, row);
        }
        for statement in money {
            let mut sums: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(&statement, &parents.keys, 0).await? {
                let parent = if level.link.is_some() { parents.owner(&row)? } else { 0 };
                sums.entry(parent.to_be_bytes().to_vec()).or_default().push(money_sum(&row, 1));
            }
            out.money.push(sums);
        }
        Ok(out)
    }

    async fn groups(
        &mut self,
        level: &Level,
        groups: &Groups,
        asked: &Asked,
        parents: &Parents,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let first = self.number(groups.first.as_ref())?;
        if first.is_some_and(|n| n > self.limits.page) {
            return Err(Error::new(
                Code::PageSizeTooLarge,
                format!("At most {} groups can be answered.", self.limits.page),
            ));
        }
        let limit = first.unwrap_or(GROUPS_MAX + 1);
        let shape = asked.shape(RowLimit::Rows(limit));
        let (statement, money) = self.builder().groups(level, groups, &shape)?;
        for check in &statement.checks {
            self.single_currency(check).await?;
        }
        let rows = self.fetch(&statement.statement, &parents.keys, limit).await?;
        let key_types: Vec<ColumnType> =
            groups.keys.iter().map(|k| if k.bucket.is_some() { ColumnType::Date } else { k.expr.ty }).collect();
        let mut sums: Vec<HashMap<Vec<u8>, Vec<MoneySum>>> = vec![];
        for statement in money {
            let mut by_group: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(&statement, &parents.keys, 0).await? {
                by_group.entry(group_id(&row, &key_types)).or_default().push(money_sum(&row, 1 + key_types.len()));
            }
            sums.push(by_group);
        }
        let types = figure_types(&groups.totals);
        let columns: Vec<ColumnType> = groups.source.columns.iter().map(|e| e.ty).collect();
        let count_at = 1 + key_types.len();
        let source_at = count_at + 1 + types.len() + 1;
        let mut out = vec![Vec::new(); parents.count];
        let mut counts = vec![0_usize; parents.count];
        for row in &rows {
            let parent = if level.link.is_some() { parents.owner(row)? } else { 0 };
            counts[parent] += 1;
            if first.is_none() && counts[parent] > GROUPS_MAX {
                return Err(Error::new(
                    Code::ResultTooLarge,
                    format!("There are more than {GROUPS_MAX} groups; say how many you want with `first`."),
                ));
            }
            let id = group_id(row, &key_types);
            let money: Vec<&[MoneySum]> = sums.iter().map(|s| s.get(&id).map_or(&[][..], Vec::as_slice)).collect();
            let buffer = &mut out[parent];
            buffer.push(if buffer.is_empty() { b'[' } else { b',' });
            let mut scene = Scene { children: &[], cursor: "", money: &money, masked: &mut self.masked };
            let cells = Cells::Group(row, 1, count_at, source_at);
            json::write(
                buffer,
                &groups.ops,
                cells,
                &CellTypes { columns: &columns, keys: &key_types, figures: &types },
                &mut scene,
            );
        }
        for buffer in &mut out {
            if buffer.is_empty() {
                buffer.push(b'[');
            }
            buffer.push(b']');
        }
        Ok(out)
    }

    async fn single_currency(&mut self, check: &Statement) -> Result<(), Error> {
        let rows = self.fetch(check, &[], 0).await?;
        if rows.first().is_some_and(|row| row.int(0) > 1) {
            return Err(Error::new(
                Code::CurrencyRequired,
                "Amounts of several currencies cannot be compared; name one with `currency`.",
            ));
        }
        Ok(())
    }

    async fn fetch(&mut self, statement: &Statement, keys: &[DbValue], limit: usize) -> Result<Vec<Row>, Error> {
        let values = statement.params.iter().map(|p| self.bind(p, keys, limit)).collect::<Result<Vec<_>, _>>()?;
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.database.reader().await?,
        };
        self.statements += 1;
        let mut rows = vec![];
        self.rows += reader
            .fetch(&statement.text, &values, |row| {
                rows.push(row);
                Ok(())
            })
            .await?;
        self.reader = Some(reader);
        Ok(rows)
    }

    fn bind(&self, param: &Param, keys: &[DbValue], limit: usize) -> Result<DbValue, Error> {
        let ids = |ids: &[Uuid]| DbValue::List(ListType::Id, ids.iter().map(|id| DbValue::Id(*id)).collect());
        let mine = &self.caller.rows;
        Ok(match param {
            Param::Const(value) => value.clone(),
            Param::Keys => DbValue::List(ListType::Id, keys.to_vec()),
            Param::Limit => DbValue::Int(i64::try_from(limit).unwrap_or(i64::MAX)),
            // No person has the nil id.
            Param::Me => DbValue::Id(self.caller.person.unwrap_or(Uuid::nil())),
            Param::Rows(set) => ids(match set {
                RowSet::Own => &mine.own,
                RowSet::Sponsored => &mine.sponsored,
                RowSet::Portfolios => &mine.portfolios,
                RowSet::Assigned => &mine.assigned,
                RowSet::Team => &mine.team,
                RowSet::Granted => &mine.granted,
                RowSet::Named => &mine.named,
            }),
            Param::Variable { name, leaf, list, fold } => {
                let value = self.variables.get(name).ok_or_else(|| Error::internal("a leaf without a value"))?;
                if *list { read_list(leaf, *fold, value)? } else { fold.apply(leaf.read(value)?) }
            }
        })
    }

    #[allow(clippy::too_many_arguments)] // the parts of a connection
    fn assemble(
        &mut self,
        level: &Level,
        asked: &Asked,
        parents: &Parents,
        totals: Option<&Figures>,
        groups: &[Vec<Vec<u8>>],
        fetched: &Fetched,
    ) -> Pieces {
        let mut out = Pieces { buffer: Vec::new(), ranges: vec![(0, 0); parents.count] };
        for owner in 0..parents.count {
            let from = out.buffer.len();
            let (start, shown, read) = fetched.spans[owner];
            if level.shape.is_empty() {
                if shown > 0 {
                    out.buffer.extend_from_slice(fetched.written[0].row(start));
                }
            } else {
                let more = read > shown;
                let (first, last) = &fetched.cursors[owner];
                let (first, last) = if asked.backward { (last, first) } else { (first, last) };
                for op in &level.shape {
                    let truth = |b: bool| if b { &b"true"[..] } else { b"false" };
                    match op {
                        ConnectionOp::Lit(bytes) => out.buffer.extend_from_slice(bytes),
                        ConnectionOp::Rows(i) => {
                            rows_into(&mut out.buffer, &fetched.written[*i], start, shown, asked.backward)
                        }
                        ConnectionOp::HasNext => out.buffer.extend_from_slice(truth(if asked.backward {
                            asked.before.is_some()
                        } else {
                            more
                        })),
                        ConnectionOp::HasPrevious => out.buffer.extend_from_slice(truth(if asked.backward {
                            more
                        } else {
                            asked.after.is_some()
                        })),
                        ConnectionOp::Start => cursor_into(&mut out.buffer, first),
                        ConnectionOp::End => cursor_into(&mut out.buffer, last),
                        ConnectionOp::Totals(ops) => self.write_totals(&mut out.buffer, ops, totals, owner),
                        ConnectionOp::Groups(i) => out.buffer.extend_from_slice(&groups[*i][owner]),
                    }
                }
            }
            out.ranges[owner] = (from, out.buffer.len());
        }
        out
    }

    fn write_totals(&mut self, out: &mut Vec<u8>, ops: &[Op], totals: Option<&Figures>, owner: usize) {
        let Some(totals) = totals else { return };
        let id = owner.to_be_bytes().to_vec();
        let money: Vec<&[MoneySum]> = totals.money.iter().map(|m| m.get(&id).map_or(&[][..], Vec::as_slice)).collect();
        let mut scene = Scene { children: &[], cursor: "", money: &money, masked: &mut self.masked };
        let cells = Cells::Totals(totals.rows.get(&owner), totals.base);
        json::write(out, ops, cells, &CellTypes { columns: &[], keys: &[], figures: &totals.types }, &mut scene);
    }
}

/// Figures by parent.
struct Figures {
    rows: HashMap<usize, Row>,
    money: Vec<HashMap<Vec<u8>, Vec<MoneySum>>>,
    base: usize,
    types: Vec<ColumnType>,
}

impl Asked {
    fn shape(&self, limit: RowLimit) -> Shape<'_> {
        Shape { by: None, filter: self.filter.as_ref(), order: None, cursor: None, backward: false, limit }
    }
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
        Self { written: vec![], spans: vec![(0, 0, 0); parents], cursors: vec![Default::default(); parents] }
    }
}

fn rows_into(out: &mut Vec<u8>, written: &Written, start: usize, shown: usize, backward: bool) {
    out.push(b'[');
    for i in 0..shown {
        if i > 0 {
            out.push(b',');
        }
        let at = if backward { start + shown - 1 - i } else { start + i };
        out.extend_from_slice(written.row(at));
    }
    out.push(b']');
}

fn cursor_into(out: &mut Vec<u8>, cursor: &str) {
    if cursor.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        json::string(out, cursor);
    }
}

fn row_keys(level: &Level, keys: &[OrderKey], row: &Row, base: usize, out: &mut Vec<u8>) {
    let from = base + level.source.columns.len();
    for (i, key) in keys.iter().enumerate() {
        cursor::encode(out, &row.at(from + i, key.expr.ty), key.expr.ty);
    }
}

fn figure_types(totals: &Totals) -> Vec<ColumnType> {
    let of = |f: &Figure| match f {
        Figure::Min(Expr { ty, .. }) | Figure::Max(Expr { ty, .. }) => *ty,
        Figure::Distinct(_) | Figure::Included(_) | Figure::Readable(_) => ColumnType::Int,
    };
    totals.figures.iter().map(of).collect()
}

/// The ordinal of the parent and the keys, as bytes.
fn group_id(row: &Row, keys: &[ColumnType]) -> Vec<u8> {
    let mut out = row.int(0).to_be_bytes().to_vec();
    for (i, ty) in keys.iter().enumerate() {
        cursor::encode(&mut out, &row.at(1 + i, *ty), *ty);
    }
    out
}

fn money_sum(row: &Row, at: usize) -> MoneySum {
    let currency = match row.at(at, ColumnType::Text) {
        Cell::Text(s) => s.to_owned(),
        _ => String::new(),
    };
    let sum = i128::from(row.int(at + 1)) * 1_000_000_000 + i128::from(row.int(at + 2));
    MoneySum { currency, sum, count: row.int(at + 3), min: row.int(at + 4), max: row.int(at + 5) }
}

/// One text for equal inputs: members in alphabetical order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().map(|(k, v)| format!("{k}:{}", canonical(v))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::List(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        // An enumeration value arrives as a name in a document and as text in a variable: the list is the same.
        Value::Enum(name) => format!("\"{name}\""),
        other => other.to_string(),
    }
}

/// The value of the id argument of `node`, by prefix.
pub fn node_id<'t>(model: &Model, text: &'t str) -> Result<(&'t str, Uuid), Error> {
    match id::parse(text) {
        Some((prefix, id)) if model.by_prefix(prefix).is_some() => Ok((prefix, id)),
        _ => Err(Error::new(Code::InvalidId, "This is not an id of anything here.")),
    }
}
