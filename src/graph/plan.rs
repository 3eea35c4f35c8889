//! A plan: what a document's compiled root fields read and how rows become JSON. It holds no values of a request and
//! no ids of a caller, so that callers with the same rights share it.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize},
    },
};

use async_graphql_value::Value;

use super::{
    changes::Asked,
    decl::{Answer, Column, DayList, Entity, Field, RowScope, Stream},
    sql::Statement,
    trail::Trail,
    tree::Tree,
};
use crate::{
    auth::{Permission, Rights, Scopes},
    write::Mutation,
};

/// The compiled root fields of one operation for one set of rights.
pub struct Plan {
    /// Root fields in response order.
    pub roots: Vec<Root>,
    /// What may be masked, by number.
    pub access: Vec<AccessEntry>,
    /// The rights it was compiled for.
    pub rights: Rights,
}

/// One root field.
pub struct Root {
    /// Its response key.
    pub key: String,
    /// The response path down to it.
    pub path: Vec<String>,
    /// Its name in the schema.
    pub name: String,
    /// Line and column in the document.
    pub position: (usize, usize),
    /// What answers it.
    pub kind: RootKind,
}

/// What answers a root field.
pub enum RootKind {
    /// `__typename` of the root.
    Typename(&'static str),
    /// `__schema` or `__type`: async-graphql answers.
    Introspection,
    /// One row.
    One(Box<Level>),
    /// A connection.
    Many(Box<Level>),
    /// `node`: one level for each type, chosen by the id.
    Node {
        /// The id, as written.
        id: Value,
        /// Levels by id prefix.
        levels: HashMap<&'static str, Level>,
    },
    /// `nodes`: the same for many.
    Nodes {
        /// The ids, as written.
        ids: Value,
        /// Levels by id prefix.
        levels: HashMap<&'static str, Level>,
    },
    /// The caller may never read this.
    Denied(usize),
    /// The server's own facts.
    System(Tree),
    /// What a function answers.
    Answer(Box<AskedAnswer>),
    /// A change, and what is read of it afterwards.
    Mutation {
        /// Which.
        mutation: &'static Mutation,
        /// Its input, as written.
        input: Value,
        /// Its payload.
        payload: Tree,
    },
    /// Another subscription: its arguments, as written, and one event.
    Stream(Box<AskedStream>, Tree),
    /// Changes: a page of them, or one event of a stream.
    Changes(Box<Asked>, Tree),
}

/// Something that a caller may not read, and where.
#[derive(Debug, Clone)]
pub struct AccessEntry {
    /// Response path, `*` for any position of a list.
    pub path: Vec<String>,
    /// Schema coordinate.
    pub coordinate: String,
    /// What it needs.
    pub needs: Permission,
    /// `ROLE`: no role of the caller reads it. `ROW`: not on this row.
    pub reason: &'static str,
}

/// Where rows come from: a table, rows joined to it, and the columns that are read.
pub struct Source {
    /// The table's entity, alias `t0`.
    pub entity: &'static Entity,
    /// Rows of it that the caller sees.
    pub scopes: Scopes,
    /// Rows joined to it, alias `t1` and on.
    pub joins: Vec<Join>,
    /// What is read.
    pub columns: Vec<Expr>,
    /// How the database stores it.
    pub types: Vec<ColumnType>,
}

/// A row joined by its id.
#[derive(PartialEq, Eq)]
pub struct Join {
    /// Alias and column that hold the id.
    pub on: (usize, Column),
    /// What is joined.
    pub entity: &'static Entity,
    /// Rows of it that the caller sees.
    pub scopes: Scopes,
}

impl PartialEq for Entity {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Entity {}

/// A value that a statement reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// Whose.
    pub alias: usize,
    /// Which.
    pub column: Column,
    /// Read only where these hold, else null.
    pub only: Option<(RowScope, Scopes)>,
    /// Null also where this column of the row is null.
    pub given: Option<Column>,
    /// Whether only the truth of `only` is read.
    pub is_flag: bool,
    /// How the database stores it.
    pub ty: ColumnType,
}

impl Expr {
    /// A column's value, where the right holds.
    pub fn new(alias: usize, column: Column, only: Option<(RowScope, Scopes)>, ty: ColumnType) -> Self {
        Self { alias, column, only, given: None, is_flag: false, ty }
    }
}

/// How the database stores a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// A whole number of any width.
    Int,
    /// Text.
    Text,
    /// 16 bytes.
    Id,
    /// A truth value.
    Bool,
    /// A civil date.
    Date,
    /// An instant.
    Instant,
}

impl Source {
    /// A source over an entity's table.
    pub fn new(entity: &'static Entity, scopes: Scopes) -> Self {
        Self { entity, scopes, joins: vec![], columns: vec![], types: vec![] }
    }

    /// The position of an expression among those read.
    pub fn read(&mut self, expr: Expr) -> usize {
        self.columns.iter().position(|e| *e == expr).unwrap_or_else(|| {
            self.types.push(expr.ty);
            self.columns.push(expr);
            self.columns.len() - 1
        })
    }

    /// The position of a plain column.
    pub fn column(&mut self, alias: usize, column: Column, ty: ColumnType) -> usize {
        self.read(Expr::new(alias, column, None, ty))
    }

    /// The position of a flag that says whether a right holds on a row.
    pub fn flag(&mut self, alias: usize, rows: RowScope, scopes: Scopes) -> usize {
        self.read(Expr { is_flag: true, ..Expr::new(alias, "id", Some((rows, scopes)), ColumnType::Bool) })
    }

    /// The alias of a joined row.
    pub fn join(&mut self, on: (usize, Column), entity: &'static Entity, scopes: Scopes) -> usize {
        let join = Join { on, entity, scopes };
        let at = self.joins.iter().position(|j| *j == join).unwrap_or_else(|| {
            self.joins.push(join);
            self.joins.len() - 1
        });
        at + 1
    }
}

/// How one row is found.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// By a `...Ref` input.
    Ref(Value),
    /// By ids that the request resolves (`node`, `nodes`, rows that a tree names).
    Keys,
}

/// How a child's rows find their parents.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Column of the parent's rows with the parent's id.
    pub parent: usize,
    /// Only parents whose column holds this text (members of an interface).
    pub only: Option<(usize, &'static str)>,
    /// Foreign key of the child.
    pub by: Column,
}

/// What stands below the rows of a level.
pub enum Below {
    /// Rows of a statement of their own.
    Level(Box<Level>),
    /// What a function answers.
    Answer(BelowAnswer),
}

/// A field that a function answers for each row.
pub struct BelowAnswer {
    /// What answers it.
    pub asked: AskedAnswer,
    /// Column of the rows with their id.
    pub parent: usize,
    /// Only rows whose column holds this text (members of an interface).
    pub only: Option<(usize, &'static str)>,
}

/// A field that a function answers, as it stands in the document.
pub struct AskedAnswer {
    /// No other has it, in no other plan.
    pub number: u64,
    /// What answers it.
    pub answer: &'static Answer,
    /// Its arguments, as written.
    pub args: Value,
    /// What is shown of it.
    pub tree: Tree,
}

/// A subscription as it stands in the document.
pub struct AskedStream {
    /// Which.
    pub stream: &'static Stream,
    /// Its arguments, as written.
    pub args: Value,
}

/// A list level: its rows come from one statement.
pub struct Level {
    /// Where rows come from.
    pub source: Source,
    /// How rows find their parents; none at the root.
    pub link: Option<Link>,
    /// How one row is found; none for a list.
    pub lookup: Option<Lookup>,
    /// The connection's arguments.
    pub page: Page,
    /// What a row becomes, once for each place that shows rows.
    pub rows: Vec<Vec<Op>>,
    /// What the connection becomes; empty for a single row.
    pub shape: Vec<ConnectionOp>,
    /// Levels below.
    pub children: Vec<Below>,
    /// Figures over all rows.
    pub totals: Option<Totals>,
    /// Figures by group.
    pub groups: Vec<Groups>,
    /// The statement, where it is the same for each request.
    pub fixed: OnceLock<Arc<RowsStatement>>,
    /// Bytes that its rows took last: room for as many is made at once.
    pub bytes: AtomicUsize,
}

/// A statement for rows, with what its cursors need.
pub struct RowsStatement {
    /// The statement.
    pub statement: Statement,
    /// What rows are ordered by; their values stand behind the columns of the source.
    pub keys: Vec<OrderKey>,
    /// Statements that must find a single currency first.
    pub checks: Vec<Statement>,
}

/// One step of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// By what.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// Where nulls stand; none for a column without nulls.
    pub nulls_first: Option<bool>,
}

/// The arguments of a connection, as written in the document.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The list's own condition, with the day on which it is asked for.
    pub day: Option<(&'static DayList, Option<Value>)>,
    /// `filter`.
    pub filter: Option<Value>,
    /// `orderBy`.
    pub order: Option<Value>,
    /// `first`.
    pub first: Option<Value>,
    /// `last`.
    pub last: Option<Value>,
    /// `after`.
    pub after: Option<Value>,
    /// `before`.
    pub before: Option<Value>,
    /// Whether one row more must be read to know if there are more.
    pub probes: bool,
    /// Whether cursors are shown.
    pub cursors: bool,
    /// Whether each row shows its own, not only a page its first and last.
    pub row_cursors: bool,
    /// Variables that must have a value for the fixed statement to fit; none where no fixed statement exists.
    pub leaves: Option<Vec<String>>,
}

impl Page {
    /// Gives the list a condition of its own.
    pub fn meet(&mut self, list: &'static DayList, on: Option<Value>) {
        if let (Some(Value::Variable(name)), Some(leaves)) = (&on, &mut self.leaves) {
            leaves.push(name.to_string());
        }
        self.day = Some((list, on));
    }
}

/// A step of writing a connection.
#[derive(Debug)]
pub enum ConnectionOp {
    /// Finished JSON.
    Lit(Vec<u8>),
    /// The rows as one of the row shapes.
    Rows(usize),
    /// `hasNextPage`.
    HasNext,
    /// `hasPreviousPage`.
    HasPrevious,
    /// `startCursor`.
    Start,
    /// `endCursor`.
    End,
    /// Figures: these steps over the row of totals.
    Totals(Vec<Op>),
    /// Groups by number.
    Groups(usize),
}

/// A step of writing a row.
#[derive(Debug, Clone)]
pub enum Op {
    /// Finished JSON.
    Lit(Vec<u8>),
    /// A value.
    Cell(usize, Form),
    /// These steps, or null where the column is null.
    Present(usize, Vec<Op>),
    /// The first whose column is not null, or null.
    First(Vec<(usize, Vec<Op>)>),
    /// The steps of the type that the column names.
    Switch(usize, Vec<(&'static str, Vec<Op>)>),
    /// These where the column is true, else those.
    If(usize, Vec<Op>, Vec<Op>),
    /// These where the column is null, else those.
    IfNull(usize, Vec<Op>, Vec<Op>),
    /// A connection below.
    Child(usize),
    /// Null, noted as masked.
    Denied(usize),
    /// The row's cursor.
    Cursor,
    /// The changes of an audit entry.
    Trail(Box<Trail>),
    /// The mean of whole numbers, from the cells of their sum and count, with four digits.
    Mean(usize, usize),
    /// A list of money, one entry a currency.
    Money(usize, MoneyFigure, Vec<Op>),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An id with this prefix.
    Id(&'static str),
    /// A JSON string.
    Text,
    /// A list of JSON strings, between commas in the text.
    Texts,
    /// A number.
    Int,
    /// A number, 0 where there is no row.
    Count,
    /// A number as a string.
    Version,
    /// A truth value.
    Bool,
    /// A civil date.
    Date,
    /// An instant.
    Instant,
    /// A decimal of this scale, as a string.
    Decimal(u32),
}

/// Which figure of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyFigure {
    /// Sum.
    Sum,
    /// Mean.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
}

/// Figures over rows.
#[derive(Default)]
pub struct Totals {
    /// What is computed, besides the count, which is column 0.
    pub figures: Vec<Figure>,
    /// Money that is summed by currency, each in a statement of its own.
    pub money: Vec<MoneyTotal>,
}

/// A figure over rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// Smallest value.
    Min(Expr),
    /// Largest value.
    Max(Expr),
    /// Sum of whole numbers.
    Sum(Expr),
    /// How many different values.
    Distinct(Expr),
    /// How many rows have a value that may be read.
    Included(Expr),
    /// How many rows may be read in this respect.
    Readable(Expr),
}

/// A money field to be summed by currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyTotal {
    /// The amount.
    pub amount: Expr,
    /// The currency.
    pub currency: Expr,
    /// Whether it is asked how many they are.
    pub counted: bool,
    /// Whether the smallest and the largest are asked for.
    pub extremes: bool,
}

/// Figures by group.
pub struct Groups {
    /// What rows of a group have in common.
    pub keys: Vec<GroupKey>,
    /// The rows that are grouped, with what the keys join.
    pub inner: Source,
    /// Order of the groups.
    pub order: Vec<(GroupOrder, bool)>,
    /// How many groups; none asks for all.
    pub first: Option<Value>,
    /// Figures of each group.
    pub totals: Totals,
    /// Rows joined to the keys; alias `t0` is the group itself, with columns `k0`, `k1`...
    pub source: Source,
    /// What a group becomes. Its columns: keys, count, figures, then the source's.
    pub ops: Vec<Op>,
    /// Whether a group was met that has money of several currencies.
    pub is_mixed: AtomicBool,
}

/// What groups are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOrder {
    /// The number of rows.
    Count,
    /// The key.
    Key,
}

/// One part of a group's key.
#[derive(Clone)]
pub struct GroupKey {
    /// The field.
    pub field: &'static Field,
    /// Its value.
    pub expr: Expr,
    /// The span of time.
    pub bucket: Option<Bucket>,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// A day.
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}
