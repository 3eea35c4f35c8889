//! Document to plan: each object of the selection becomes steps of writing, each list a level with its own statement.
//! A field that the caller may never read is not in the SQL; one whose right varies by row is read under its scope.

mod access;
mod connection;
mod figures;
pub mod flat;
mod trail;

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use async_graphql::{
    Positioned,
    parser::types::{Field as AstField, SelectionSet},
    registry::MetaTypeName,
};
use async_graphql_value::Value;

use super::{
    changes,
    collect::{Fragments, Variables, collect},
    decl::{Answer, Column, Entity, Field, KIND, Kind, Model, RowScope, Scalar},
    limit::{Limit, limit},
    plan::{
        AccessEntry, AskedAnswer, AskedStream, Below, BelowAnswer, ColumnType, Expr, Form, Level, Link, Lookup, Op,
        Page, Plan, Root, RootKind, Source,
    },
    schema::Types,
    tree::{TYPE_NAME, Tree, no_introspection},
    value::{MONEY_SCALE, RATIO_SCALE},
};
use crate::{
    auth::{Permission, Rights, Scopes},
    error::{Code, Error},
};

/// Fields that functions answer, in all plans so far.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// What a compilation needs to know.
pub struct Compiler<'d> {
    /// The declarations.
    pub model: &'static Model,
    /// The schema's types.
    pub types: &'d Types,
    /// The document's fragments.
    pub fragments: &'d Fragments,
    /// Values of variables; only those that shape the plan are used.
    pub variables: &'d Variables,
    /// The caller's rights.
    pub rights: &'d Rights,
    path: Vec<String>,
    access: Vec<AccessEntry>,
}

/// Columns of group keys, by position.
pub const GROUP_KEYS: [&str; 4] = ["k0", "k1", "k2", "k3"];

/// The row at the end of a link.
struct End {
    alias: usize,
    /// The column that is null where there is no such row, or none that the caller sees.
    present: usize,
    entity: &'static Entity,
    scopes: Scopes,
}

/// The column and the value that say that a row is of one type among several; none where there is only one.
type OnlyKind = Option<(usize, &'static str)>;

/// A field of the document and the others that share its response key.
type Asked<'d> = [&'d Positioned<AstField>];

impl<'d> Compiler<'d> {
    /// A compiler for one operation.
    pub fn new(
        model: &'static Model,
        types: &'d Types,
        fragments: &'d Fragments,
        variables: &'d Variables,
        rights: &'d Rights,
    ) -> Self {
        Self { model, types, fragments, variables, rights, path: vec![], access: vec![] }
    }

    /// Compiles the root selection of a query.
    pub fn query(mut self, set: &'d SelectionSet) -> Result<Plan, Error> {
        let roots = self.root_fields("Query", &[set], Self::root)?;
        Ok(self.plan(roots))
    }

    /// Compiles the root selection of a mutation.
    pub fn mutation(mut self, set: &'d SelectionSet) -> Result<Plan, Error> {
        let roots = self.root_fields("Mutation", &[set], Self::change)?;
        Ok(self.plan(roots))
    }

    fn change(&mut self, name: &str, asked: &Asked<'d>) -> Result<RootKind, Error> {
        let mutation = self.model.mutations.iter().find(|m| m.name == name);
        let mutation = mutation.ok_or_else(|| Error::internal(format!("Mutation.{name} is not declared")))?;
        let meta = self.types.get("Mutation").and_then(|t| t.field_by_name(name));
        let type_name = meta.map(|m| MetaTypeName::concrete_typename(&m.ty).to_owned()).unwrap_or_default();
        let payload = Tree::compile(self, &type_name, &sets(asked))?;
        Ok(RootKind::Mutation { mutation, input: argument(asked, "input").unwrap_or(Value::Null), payload })
    }

    /// Compiles `query { .. }` below a payload.
    pub fn roots(&mut self, asked: &[&'d SelectionSet]) -> Result<Vec<Root>, Error> {
        let roots = self.root_fields("Query", asked, Self::root)?;
        if roots.iter().any(|r| matches!(r.kind, RootKind::Introspection)) {
            return Err(no_introspection());
        }
        Ok(roots)
    }

    fn plan(self, roots: Vec<Root>) -> Plan {
        Plan { roots, access: self.access, rights: self.rights.clone() }
    }

    fn root_fields(
        &mut self,
        type_name: &'static str,
        asked: &[&'d SelectionSet],
        compile: fn(&mut Self, &str, &Asked<'d>) -> Result<RootKind, Error>,
    ) -> Result<Vec<Root>, Error> {
        let mut roots = vec![];
        for (key, asked) in collect(self.model, self.fragments, self.variables, asked, type_name) {
            let name = asked[0].node.name.node.as_str().to_owned();
            let position = (asked[0].pos.line, asked[0].pos.column);
            self.path.push(key.to_owned());
            let kind = if name == TYPE_NAME { Ok(RootKind::Typename(type_name)) } else { compile(self, &name, &asked) };
            let kind = kind.map_err(|e| if e.locations.is_empty() { e.at(position.0, position.1) } else { e })?;
            roots.push(Root { key: key.to_owned(), path: self.path.clone(), name, position, kind });
            self.path.pop();
        }
        Ok(roots)
    }

    fn root(&mut self, name: &str, asked: &Asked<'d>) -> Result<RootKind, Error> {
        match name {
            "__schema" | "__type" => return Ok(RootKind::Introspection),
            _ => {}
        }
        match name {
            "node" => {
                return Ok(RootKind::Node {
                    id: argument(asked, "id").unwrap_or(Value::Null),
                    levels: self.node_levels(asked)?,
                });
            }
            "nodes" => {
                self.path.push("*".into());
                let levels = self.node_levels(asked)?;
                self.path.pop();
                return Ok(RootKind::Nodes { ids: argument(asked, "ids").unwrap_or(Value::Null), levels });
            }
            _ => {}
        }
        if name == "changes" {
            return self.changes("ChangePage", asked);
        }
        if let Some((entity, list)) = self.model.list(name) {
            if self.rights.read(entity.class).is_empty() {
                return Ok(RootKind::Denied(self.deny(format!("Query.{name}"), entity.class.read(), "ROLE")));
            }
            let mut level = self.connection(entity, None, asked)?;
            if let Some(list) = list {
                level.page.meet(list, argument(asked, "on"));
            }
            return Ok(RootKind::Many(Box::new(level)));
        }
        if let Some(entity) = self.model.entities.iter().find(|e| e.prefix.is_some() && e.single == name) {
            if self.rights.read(entity.class).is_empty() {
                return Ok(RootKind::Denied(self.deny(format!("Query.{name}"), entity.class.read(), "ROLE")));
            }
            let by = argument(asked, "by").unwrap_or(Value::Null);
            return Ok(RootKind::One(Box::new(self.single(entity, Lookup::Ref(by), asked)?)));
        }
        if let Some(answer) = self.model.answers.iter().find(|answer| answer.name == name) {
            return Ok(RootKind::Answer(Box::new(self.answer("Query", answer, asked)?)));
        }
        let meta = self.types.get("Query").and_then(|t| t.field_by_name(name));
        let meta = meta.ok_or_else(|| Error::internal(format!("Query.{name} is not declared")))?;
        let type_name = MetaTypeName::concrete_typename(&meta.ty).to_owned();
        Ok(RootKind::System(Tree::compile(self, &type_name, &sets(asked))?))
    }

    /// Compiles the root selection of a subscription: exactly one field.
    pub fn subscription(mut self, set: &'d SelectionSet) -> Result<Plan, Error> {
        let roots = self.root_fields("Subscription", &[set], |this, name, asked| match name {
            "changes" => this.changes("ChangeStream", asked),
            name => match this.model.streams.iter().find(|stream| stream.name == name) {
                Some(stream) => {
                    let tree = Tree::compile(this, stream.ty, &sets(asked))?;
                    Ok(RootKind::Stream(Box::new(AskedStream { stream, args: given(asked) }), tree))
                }
                None => Err(no_introspection()),
            },
        })?;
        if roots.len() != 1 || matches!(roots[0].kind, RootKind::Typename(_)) {
            let line = "A subscription asks for exactly one field, and not for `__typename`.";
            return Err(Error::new(Code::GraphqlValidationFailed, line));
        }
        Ok(self.plan(roots))
    }

    fn changes(&mut self, type_name: &str, asked: &Asked<'d>) -> Result<RootKind, Error> {
        let given = |name| argument(asked, name).unwrap_or(Value::Null);
        let since = if type_name == "ChangePage" { given("since") } else { given("after") };
        let (types, filter, first) = (given("types"), given("filter"), given("first"));
        let tree = Tree::compile(self, type_name, &sets(asked))?;
        Ok(RootKind::Changes(Box::new(changes::Asked { types, filter, since, first }), tree))
    }

    /// A field that a function answers.
    fn answer(&mut self, type_name: &str, answer: &'static Answer, asked: &Asked<'d>) -> Result<AskedAnswer, Error> {
        let tree = Tree::of_field(self, type_name, answer.name, asked)?;
        let number = ANSWERS.fetch_add(1, Ordering::Relaxed);
        Ok(AskedAnswer { number, answer, args: given(asked), tree })
    }

    /// One row of an entity, found somehow.
    pub fn single(&mut self, entity: &'static Entity, lookup: Lookup, asked: &Asked<'d>) -> Result<Level, Error> {
        let scopes = self.rights.read(entity.class);
        let mut level = level(Source::new(entity, scopes), None, Some(lookup));
        level.page.leaves = level.lookup.as_ref().and_then(super::filter::leaves::lookup_leaves);
        // Rows found by several ids are told apart by the first column.
        level.source.column(0, "id", ColumnType::Id);
        let ops = self.entity(&mut level.source, &mut level.children, 0, entity, scopes, &sets(asked))?;
        level.rows.push(ops);
        Ok(level)
    }

    /// `node` answers any type: a level for each, of which a request runs the one its id names.
    pub fn node_levels(&mut self, asked: &Asked<'d>) -> Result<HashMap<&'static str, Level>, Error> {
        let mut levels = HashMap::new();
        for entity in &self.model.entities {
            let Some(prefix) = entity.prefix else { continue };
            // What the caller may not read at all is answered like what does not exist: no level, so null.
            if !self.rights.read(entity.class).is_empty() {
                levels.insert(prefix, self.single(entity, Lookup::Keys, asked)?);
            }
        }
        Ok(levels)
    }

    /// Goes down to a response key, for the path of what is masked below it.
    pub fn enter(&mut self, key: &str) {
        self.path.push(key.to_owned());
    }

    /// Comes up again.
    pub fn leave(&mut self) {
        self.path.pop();
    }

    /// The number of an entry that says what is masked here.
    pub fn deny(&mut self, coordinate: String, needs: Permission, reason: &'static str) -> usize {
        self.access.push(AccessEntry { path: self.path.clone(), coordinate, needs, reason });
        self.access.len() - 1
    }

    /// Writes an object: its keys in the order asked, each value by `value`.
    pub fn object(
        &mut self,
        type_name: &str,
        asked: &[&'d SelectionSet],
        mut value: impl FnMut(&mut Self, &str, &Asked<'d>) -> Result<Vec<Op>, Error>,
    ) -> Result<Vec<Op>, Error> {
        let mut ops = vec![];
        let mut open = "{";
        for (key, fields) in collect(self.model, self.fragments, self.variables, asked, type_name) {
            lit(&mut ops, &format!("{open}\"{key}\":"));
            open = ",";
            let name = fields[0].node.name.node.as_str();
            if name == TYPE_NAME {
                lit(&mut ops, &format!("\"{type_name}\""));
                continue;
            }
            self.path.push(key.to_owned());
            let steps = value(self, name, &fields)?;
            self.path.pop();
            append(&mut ops, steps);
        }
        lit(&mut ops, if open == "{" { "{}" } else { "}" });
        Ok(ops)
    }

    /// The steps for whichever type a row is of: its own, or the one that its kind names. They are also given the column
    /// and the value that say so, where it is not the only one.
    fn by_type(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        mut steps: impl FnMut(&mut Self, &mut Source, &'static Entity, OnlyKind) -> Result<Vec<Op>, Error>,
    ) -> Result<Vec<Op>, Error> {
        if entity.members.is_empty() {
            return steps(self, source, entity, None);
        }
        let kind = source.column(alias, KIND, ColumnType::Text);
        let mut arms = vec![];
        for member in self.model.concrete(entity) {
            let value = member.kind.unwrap_or_default();
            arms.push((value, steps(self, source, member, Some((kind, value)))?));
        }
        Ok(vec![Op::Switch(kind, arms)])
    }

    /// The steps of a row.
    fn entity(
        &mut self,
        source: &mut Source,
        children: &mut Vec<Below>,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        asked: &[&'d SelectionSet],
    ) -> Result<Vec<Op>, Error> {
        self.by_type(source, alias, entity, |this, source, entity, only| {
            this.object(entity.name, asked, |this, name, fields| {
                this.field(source, children, alias, entity, declared(entity, name)?, rows, fields, only)
            })
        })
    }

    #[allow(clippy::too_many_arguments)] // where the field stands, spelled out once
    fn field(
        &mut self,
        source: &mut Source,
        children: &mut Vec<Below>,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        rows: Scopes,
        asked: &Asked<'d>,
        only: OnlyKind,
    ) -> Result<Vec<Op>, Error> {
        let coordinate = || format!("{}.{}", entity.name, field.name);
        match &field.kind {
            Kind::One { column, to } => {
                let Some(end) = self.follow(source, (alias, column), to) else {
                    return Ok(vec![Op::Denied(self.deny(coordinate(), self.model.entity(to).class.read(), "ROLE"))]);
                };
                let ops = self.entity(source, children, end.alias, end.entity, end.scopes, &sets(asked))?;
                return Ok(vec![Op::Present(end.present, ops)]);
            }
            Kind::Union { arms, .. } => {
                let mut ops = vec![];
                for (column, to) in arms {
                    let Some(end) = self.follow(source, (alias, column), to) else { continue };
                    let arm = self.entity(source, children, end.alias, end.entity, end.scopes, &sets(asked))?;
                    ops.push((end.present, arm));
                }
                return Ok(vec![Op::First(ops)]);
            }
            Kind::Many { to, by } => {
                let target = self.model.entity(to);
                if self.rights.read(target.class).is_empty() {
                    return Ok(vec![Op::Denied(self.deny(coordinate(), target.class.read(), "ROLE"))]);
                }
                let parent = source.column(alias, "id", ColumnType::Id);
                children.push(Below::Level(Box::new(self.connection(
                    target,
                    Some(Link { parent, only, by }),
                    asked,
                )?)));
                return Ok(vec![Op::Child(children.len() - 1)]);
            }
            Kind::Answer(answer) => {
                let parent = source.column(alias, "id", ColumnType::Id);
                let asked = self.answer(entity.name, answer, asked)?;
                children.push(Below::Answer(BelowAnswer { asked, parent, only }));
                return Ok(vec![Op::Child(children.len() - 1)]);
            }
            Kind::ViewerAccess => return self.viewer_access(source, alias, entity, rows, asked),
            Kind::Trail { column, links } => {
                let trail = self.trail(source, alias, entity, rows, (column, *links), asked);
                return Ok(vec![Op::Trail(Box::new(trail))]);
            }
            Kind::Id
            | Kind::Scalar { .. }
            | Kind::Enum { .. }
            | Kind::Enums { .. }
            | Kind::Texts { .. }
            | Kind::Money { .. } => {}
        }
        self.guarded(source, alias, entity, field, rows, |this, source, only| {
            this.leaf(source, alias, entity, field, only, asked)
        })
    }

    /// The steps of a field's value where its right holds, and of its mask where it does not. `value` reads its columns
    /// under the limit that it is given.
    fn guarded(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        rows: Scopes,
        value: impl FnOnce(&mut Self, &mut Source, Option<(RowScope, Scopes)>) -> Result<Vec<Op>, Error>,
    ) -> Result<Vec<Op>, Error> {
        let coordinate = || format!("{}.{}", entity.name, field.name);
        let needs = entity.class_of(field);
        let scopes = self.rights.read(needs);
        let limit = match limit(entity, needs, scopes, rows) {
            Limit::Never => return Ok(vec![Op::Denied(self.deny(coordinate(), needs.read(), "ROLE"))]),
            Limit::Free => None,
            Limit::Where(scopes) => Some((entity.rows, scopes)),
        };
        let ops = value(self, source, limit)?;
        Ok(match limit {
            None => ops,
            Some((table, scopes)) => {
                let flag = source.flag(alias, table, scopes);
                vec![Op::If(flag, ops, vec![Op::Denied(self.deny(coordinate(), needs.read(), "ROW"))])]
            }
        })
    }

    /// Joins the row that a link leads to; none where the caller may never read such rows.
    fn follow(&self, source: &mut Source, on: (usize, Column), to: &str) -> Option<End> {
        let entity = self.model.entity(to);
        let scopes = self.rights.read(entity.class);
        if scopes.is_empty() {
            return None;
        }
        let alias = source.join(on, entity, scopes);
        Some(End { alias, present: source.column(alias, "id", ColumnType::Id), entity, scopes })
    }

    fn leaf(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        only: Option<(RowScope, Scopes)>,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let mut read = |column, ty| source.read(Expr::new(alias, column, only, ty));
        Ok(match &field.kind {
            Kind::Id => vec![Op::Cell(read("id", ColumnType::Id), Form::Id(entity.prefix.unwrap_or("row")))],
            Kind::Scalar { column, ty, .. } => vec![Op::Cell(read(column, stored(*ty)), form(*ty))],
            Kind::Enum { column, .. } => vec![Op::Cell(read(column, ColumnType::Text), Form::Text)],
            Kind::Enums { column, .. } | Kind::Texts { column } => {
                vec![Op::Cell(read(column, ColumnType::Text), Form::Texts)]
            }
            Kind::Money { amount, currency, .. } => {
                let amount = read(amount, ColumnType::Int);
                // Read where it is asked for.
                vec![Op::Present(amount, self.money(amount, || read(currency, ColumnType::Text), asked)?)]
            }
            Kind::One { .. }
            | Kind::Many { .. }
            | Kind::Union { .. }
            | Kind::ViewerAccess
            | Kind::Trail { .. }
            | Kind::Answer(_) => vec![],
        })
    }

    fn money(
        &mut self,
        amount: usize,
        mut currency: impl FnMut() -> usize,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        self.object("Money", &sets(asked), |_, name, _| {
            Ok(vec![match name {
                "amount" => Op::Cell(amount, Form::Decimal(MONEY_SCALE)),
                _ => Op::Cell(currency(), Form::Text),
            }])
        })
    }
}

fn level(source: Source, link: Option<Link>, lookup: Option<Lookup>) -> Level {
    Level {
        source,
        link,
        lookup,
        page: Page::default(),
        rows: vec![],
        shape: vec![],
        children: vec![],
        totals: None,
        groups: vec![],
        fixed: std::sync::OnceLock::new(),
        bytes: 0.into(),
    }
}

/// The selection sets of fields that share a key.
pub fn sets<'d>(asked: &Asked<'d>) -> Vec<&'d SelectionSet> {
    asked.iter().map(|f| &f.node.selection_set.node).collect()
}

/// An entity's field that a name must mean.
fn declared(entity: &'static Entity, name: &str) -> Result<&'static Field, Error> {
    entity.field(name).ok_or_else(|| Error::internal(format!("{}.{name} is not declared", entity.name)))
}

/// All arguments, as written.
fn given(asked: &Asked<'_>) -> Value {
    let given = asked[0].node.arguments.iter().map(|(name, value)| (name.node.clone(), value.node.clone()));
    Value::Object(given.collect())
}

fn argument(asked: &Asked<'_>, name: &str) -> Option<Value> {
    asked[0].node.get_argument(name).map(|v| v.node.clone())
}

/// How a scalar is stored.
pub fn stored(ty: Scalar) -> ColumnType {
    match ty {
        Scalar::Int | Scalar::Decimal | Scalar::Percent | Scalar::Version => ColumnType::Int,
        Scalar::Boolean => ColumnType::Bool,
        Scalar::LocalDate => ColumnType::Date,
        Scalar::DateTime => ColumnType::Instant,
        Scalar::String | Scalar::CurrencyCode | Scalar::Url | Scalar::Email | Scalar::Id => ColumnType::Text,
    }
}

fn form(ty: Scalar) -> Form {
    match ty {
        Scalar::Int => Form::Int,
        Scalar::Decimal | Scalar::Percent => Form::Decimal(RATIO_SCALE),
        Scalar::Version => Form::Version,
        Scalar::Boolean => Form::Bool,
        Scalar::LocalDate => Form::Date,
        Scalar::DateTime => Form::Instant,
        Scalar::String | Scalar::CurrencyCode | Scalar::Url | Scalar::Email | Scalar::Id => Form::Text,
    }
}

fn lit(ops: &mut Vec<Op>, text: &str) {
    if let Some(Op::Lit(last)) = ops.last_mut() {
        last.extend_from_slice(text.as_bytes());
    } else {
        ops.push(Op::Lit(text.as_bytes().to_vec()));
    }
}

fn append(ops: &mut Vec<Op>, more: Vec<Op>) {
    for op in more {
        match (ops.last_mut(), op) {
            (Some(Op::Lit(last)), Op::Lit(next)) => last.extend_from_slice(&next),
            (_, op) => ops.push(op),
        }
    }
}
