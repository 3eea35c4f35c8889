//! Document to plan: each object of the selection becomes steps of writing, each list a level with its own statement.
//! A field that the caller may never read is not in the SQL; one whose right varies by row is read under its scope.

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{Field as AstField, SelectionSet},
};
use async_graphql_value::{ConstValue, Value};

use super::{
    collect::{Fragments, Variables, collect},
    decl::{Entity, Field, KIND, Kind, Model, RowScope, Scalar},
    input,
    json::{FIGURES, GROUP_SOURCE, difference},
    plan::{
        AccessEntry, Bucket, ColumnType, ConnectionOp, Expr, Figure, Form, GroupKey, GroupOrder, Groups, Level, Link,
        Lookup, MoneyFigure, MoneyTotal, Op, Page, Plan, Root, RootKind, Source, Totals,
    },
    schema::{Types, screaming},
    system,
    value::MONEY_SCALE,
};
use crate::{
    auth::{Class, Permission, Rights, Scopes},
    error::{Code, Error},
};

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
    /// Declared types of the operation's variables.
    pub declared: &'d input::Declared,
    /// The caller's rights.
    pub rights: &'d Rights,
    path: Vec<String>,
    access: Vec<AccessEntry>,
}

/// Columns of group keys, by position.
pub const GROUP_KEYS: [&str; 4] = ["k0", "k1", "k2", "k3"];

/// A field of the document and the others that share its response key.
type Asked<'d> = [&'d Positioned<AstField>];

impl<'d> Compiler<'d> {
    /// A compiler for one operation.
    pub fn new(
        model: &'static Model,
        types: &'d Types,
        fragments: &'d Fragments,
        variables: &'d Variables,
        declared: &'d input::Declared,
        rights: &'d Rights,
    ) -> Self {
        Self { model, types, fragments, variables, declared, rights, path: vec![], access: vec![] }
    }

    /// Compiles the root selection of a query.
    pub fn query(mut self, set: &'d SelectionSet) -> Result<Plan, Error> {
        let mut roots = vec![];
        for (key, asked) in collect(self.model, self.fragments, self.variables, &[set], "Query") {
            let name = asked[0].node.name.node.as_str().to_owned();
            let position = (asked[0].pos.line, asked[0].pos.column);
            self.path.push(key.to_owned());
            let kind = self
                .root(&name, &asked)
                .map_err(|e| if e.locations.is_empty() { e.at(position.0, position.1) } else { e })?;
            self.path.pop();
            roots.push(Root { key: key.to_owned(), name, position, kind });
        }
        Ok(Plan { roots, access: self.access, rights: self.rights.clone() })
    }

    fn root(&mut self, name: &str, asked: &Asked<'d>) -> Result<RootKind, Error> {
        match name {
            "__typename" => return Ok(RootKind::Typename),
            "__schema" | "__type" => return Ok(RootKind::Introspection),
            _ => {}
        }
        self.check_arguments("Query", asked)?;
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
        if let Some(entity) = self.model.entities.iter().find(|e| e.plural == Some(name)) {
            let scopes = self.rights.read(entity.class);
            if scopes.is_empty() {
                return Ok(RootKind::Denied(self.deny(format!("Query.{name}"), entity.class.read(), "ROLE")));
            }
            return Ok(RootKind::Many(Box::new(self.connection(entity, None, asked)?)));
        }
        if let Some(entity) = self.model.entities.iter().find(|e| e.prefix.is_some() && e.single == name) {
            if self.rights.read(entity.class).is_empty() {
                return Ok(RootKind::Denied(self.deny(format!("Query.{name}"), entity.class.read(), "ROLE")));
            }
            let by = argument(asked, "by").unwrap_or(Value::Null);
            return Ok(RootKind::One(Box::new(self.single(entity, Lookup::Ref(by), asked)?)));
        }
        let system = system::compile(self, name, asked)?;
        Ok(RootKind::System(system))
    }

    /// One row of an entity, found somehow.
    pub fn single(&mut self, entity: &'static Entity, lookup: Lookup, asked: &Asked<'d>) -> Result<Level, Error> {
        let scopes = self.rights.read(entity.class);
        let mut level = level(Source::new(entity, scopes), None, Some(lookup));
        level.page.leaves = level.lookup.as_ref().and_then(super::filter::lookup_leaves);
        // Rows found by several ids are told apart by the first column.
        level.source.column(0, "id", ColumnType::Id);
        let ops = self.entity(&mut level.source, &mut level.children, 0, entity, scopes, &sets(asked), None)?;
        level.rows.push(ops);
        Ok(level)
    }

    /// `node` answers any type: a level for each, of which a request runs the one its id names.
    fn node_levels(&mut self, asked: &Asked<'d>) -> Result<HashMap<&'static str, Level>, Error> {
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
            if name == "__typename" {
                lit(&mut ops, &format!("\"{type_name}\""));
                continue;
            }
            self.check_arguments(type_name, &fields)?;
            self.path.push(key.to_owned());
            let steps = value(self, name, &fields)?;
            self.path.pop();
            append(&mut ops, steps);
        }
        lit(&mut ops, if open == "{" { "{}" } else { "}" });
        Ok(ops)
    }

    /// The steps of a row: of its own type, or of the type that its kind names.
    #[allow(clippy::too_many_arguments)] // where the row stands, spelled out once
    fn entity(
        &mut self,
        source: &mut Source,
        children: &mut Vec<Level>,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        asked: &[&'d SelectionSet],
        only: Option<(usize, &'static str)>,
    ) -> Result<Vec<Op>, Error> {
        if entity.members.is_empty() {
            return self.object(entity.name, asked, |this, name, fields| {
                let field = entity
                    .field(name)
                    .ok_or_else(|| Error::internal(format!("{}.{name} is not declared", entity.name)))?;
                this.field(source, children, alias, entity, field, rows, fields, only)
            });
        }
        let kind = source.column(alias, KIND, ColumnType::Text);
        let mut arms = vec![];
        for member in self.model.concrete(entity) {
            let value = member.kind.unwrap_or_default();
            arms.push((value, self.entity(source, children, alias, member, rows, asked, Some((kind, value)))?));
        }
        Ok(vec![Op::Switch(kind, arms)])
    }

    #[allow(clippy::too_many_arguments)] // where the field stands, spelled out once
    fn field(
        &mut self,
        source: &mut Source,
        children: &mut Vec<Level>,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        rows: Scopes,
        asked: &Asked<'d>,
        only: Option<(usize, &'static str)>,
    ) -> Result<Vec<Op>, Error> {
        let coordinate = || format!("{}.{}", entity.name, field.name);
        match &field.kind {
            Kind::One { column, to } => {
                let target = self.model.entity(to);
                let scopes = self.rights.read(target.class);
                if scopes.is_empty() {
                    return Ok(vec![Op::Denied(self.deny(coordinate(), target.class.read(), "ROLE"))]);
                }
                let joined = source.join((alias, column), target, scopes);
                let present = source.column(joined, "id", ColumnType::Id);
                let ops = self.entity(source, children, joined, target, scopes, &sets(asked), None)?;
                return Ok(vec![Op::Present(present, ops)]);
            }
            Kind::Union { arms, .. } => {
                let mut ops = vec![];
                for (column, to) in arms {
                    let target = self.model.entity(to);
                    let scopes = self.rights.read(target.class);
                    if scopes.is_empty() {
                        continue;
                    }
                    let joined = source.join((alias, column), target, scopes);
                    let present = source.column(joined, "id", ColumnType::Id);
                    ops.push((present, self.entity(source, children, joined, target, scopes, &sets(asked), None)?));
                }
                return Ok(vec![Op::First(ops)]);
            }
            Kind::Many { to, by } => {
                let target = self.model.entity(to);
                if self.rights.read(target.class).is_empty() {
                    return Ok(vec![Op::Denied(self.deny(coordinate(), target.class.read(), "ROLE"))]);
                }
                let parent = source.column(alias, "id", ColumnType::Id);
                children.push(self.connection(target, Some(Link { parent, only, by }), asked)?);
                return Ok(vec![Op::Child(children.len() - 1)]);
            }
            Kind::ViewerAccess => return self.viewer_access(source, alias, entity, rows, asked),
            Kind::Id | Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Money { .. } => {}
        }
        let needs = entity.class_of(field);
        let scopes = self.rights.read(needs);
        let limit = match limit(entity, needs, scopes, rows) {
            Limit::Never => return Ok(vec![Op::Denied(self.deny(coordinate(), needs.read(), "ROLE"))]),
            Limit::Free => None,
            Limit::Where(scopes) => Some((entity.rows, scopes)),
        };
        let ops = self.leaf(source, alias, entity, field, limit, asked)?;
        Ok(match limit {
            None => ops,
            Some((table, scopes)) => {
                let flag = source.flag(alias, table, scopes);
                vec![Op::If(flag, ops, vec![Op::Denied(self.deny(coordinate(), needs.read(), "ROW"))])]
            }
        })
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
            Kind::Money { amount, currency, .. } => {
                let amount = read(amount, ColumnType::Int);
                let currency = read(currency, ColumnType::Text);
                vec![Op::Present(amount, self.money(amount, currency, asked)?)]
            }
            Kind::One { .. } | Kind::Many { .. } | Kind::Union { .. } | Kind::ViewerAccess => vec![],
        })
    }

    fn money(&mut self, amount: usize, currency: usize, asked: &Asked<'d>) -> Result<Vec<Op>, Error> {
        self.object("Money", &sets(asked), |_, name, _| {
            Ok(vec![match name {
                "amount" => Op::Cell(amount, Form::Decimal(MONEY_SCALE)),
                _ => Op::Cell(currency, Form::Text),
            }])
        })
    }

    fn viewer_access(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let scopes = self.rights.scopes(entity.class.write());
        let mut say = |can: bool, reason: &str| {
            self.object("ViewerAccess", &sets(asked), |_, name, _| {
                let text = match name {
                    "canRead" => "true".to_owned(),
                    "canWrite" => can.to_string(),
                    _ => reason.to_owned(),
                };
                Ok(vec![Op::Lit(text.into_bytes())])
            })
        };
        if scopes.is_empty() {
            return say(false, "\"ROLE\"");
        }
        let yes = say(true, "null")?;
        if scopes.covers(rows) {
            return Ok(yes);
        }
        let no = say(false, "\"ROW\"")?;
        Ok(vec![Op::If(source.flag(alias, entity.rows, scopes), yes, no)])
    }

    /// A connection's level.
    fn connection(&mut self, entity: &'static Entity, link: Option<Link>, asked: &Asked<'d>) -> Result<Level, Error> {
        let scopes = self.rights.read(entity.class);
        let mut level = level(Source::new(entity, scopes), link, None);
        let take = |name| argument(asked, name);
        level.page = Page {
            filter: take("filter"),
            order: take("orderBy"),
            first: take("first"),
            last: take("last"),
            after: take("after"),
            before: take("before"),
            ..Page::default()
        };
        level.page.leaves = super::filter::fixed_leaves(&level.page, self.model, entity);
        let type_name = format!("{}Connection", entity.name);
        let mut shape = vec![];
        let mut open = "{";
        for (key, fields) in collect(self.model, self.fragments, self.variables, &sets(asked), &type_name) {
            lit_shape(&mut shape, &format!("{open}\"{key}\":"));
            open = ",";
            self.path.push(key.to_owned());
            match fields[0].node.name.node.as_str() {
                "__typename" => lit_shape(&mut shape, &format!("\"{type_name}\"")),
                "nodes" => {
                    self.path.push("*".into());
                    let Level { source, children, .. } = &mut level;
                    let ops = self.entity(source, children, 0, entity, scopes, &sets(&fields), None)?;
                    self.path.pop();
                    shape.push(ConnectionOp::Rows(level.rows.len()));
                    level.rows.push(ops);
                }
                "edges" => {
                    self.path.push("*".into());
                    let ops = self.edge(&mut level, entity, scopes, &fields)?;
                    self.path.pop();
                    shape.push(ConnectionOp::Rows(level.rows.len()));
                    level.rows.push(ops);
                }
                "pageInfo" => self.page_info(&mut level.page, &fields, &mut shape),
                "totalCount" => {
                    level.totals.get_or_insert_default();
                    shape.push(ConnectionOp::Totals(vec![Op::Cell(FIGURES, Form::Count)]));
                }
                "aggregate" => {
                    let totals = level.totals.get_or_insert_default();
                    let ops = self.figures(
                        &format!("{}Aggregate", entity.name),
                        entity,
                        scopes,
                        totals,
                        &sets(&fields),
                        None,
                    )?;
                    shape.push(ConnectionOp::Totals(ops));
                }
                "groups" => {
                    self.check_arguments(&type_name, &fields)?;
                    self.path.push("*".into());
                    let groups = self.groups(entity, scopes, &fields)?;
                    self.path.pop();
                    shape.push(ConnectionOp::Groups(level.groups.len()));
                    level.groups.push(groups);
                }
                other => return Err(Error::internal(format!("{type_name}.{other} is not compiled"))),
            }
            self.path.pop();
        }
        lit_shape(&mut shape, if open == "{" { "{}" } else { "}" });
        level.shape = shape;
        Ok(level)
    }

    fn edge(
        &mut self,
        level: &mut Level,
        entity: &'static Entity,
        scopes: Scopes,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let Level { source, children, page, .. } = level;
        self.object(&format!("{}Edge", entity.name), &sets(asked), |this, name, fields| {
            if name == "cursor" {
                page.cursors = true;
                return Ok(vec![Op::Cursor]);
            }
            this.entity(source, children, 0, entity, scopes, &sets(fields), None)
        })
    }

    fn page_info(&mut self, page: &mut Page, asked: &Asked<'d>, shape: &mut Vec<ConnectionOp>) {
        let mut open = "{";
        for (key, fields) in collect(self.model, self.fragments, self.variables, &sets(asked), "PageInfo") {
            lit_shape(shape, &format!("{open}\"{key}\":"));
            open = ",";
            match fields[0].node.name.node.as_str() {
                "hasNextPage" => {
                    page.probes = true;
                    shape.push(ConnectionOp::HasNext);
                }
                "hasPreviousPage" => {
                    page.probes = true;
                    shape.push(ConnectionOp::HasPrevious);
                }
                "startCursor" => {
                    page.cursors = true;
                    shape.push(ConnectionOp::Start);
                }
                "endCursor" => {
                    page.cursors = true;
                    shape.push(ConnectionOp::End);
                }
                _ => lit_shape(shape, "\"PageInfo\""),
            }
        }
        lit_shape(shape, if open == "{" { "{}" } else { "}" });
    }

    /// Figures over rows: the object `aggregate`, or a group of `groups`.
    fn figures(
        &mut self,
        type_name: &str,
        entity: &'static Entity,
        rows: Scopes,
        totals: &mut Totals,
        asked: &[&'d SelectionSet],
        mut key: Option<(&[GroupKey], &mut Source)>,
    ) -> Result<Vec<Op>, Error> {
        self.object(type_name, asked, |this, name, fields| match name {
            "count" => Ok(vec![Op::Cell(FIGURES, Form::Count)]),
            "key" => match &mut key {
                Some((keys, source)) => this.group_key(entity, keys, source, fields),
                None => Ok(vec![]),
            },
            _ => {
                let part = format!("{}{}{}", entity.name, name[..1].to_uppercase(), &name[1..]);
                this.object(&part, &sets(fields), |this, of, asked| {
                    this.figure(entity, rows, totals, name, &part, of, asked)
                })
            }
        })
    }

    #[allow(clippy::too_many_arguments)] // which figure of what, spelled out once
    fn figure(
        &mut self,
        entity: &'static Entity,
        rows: Scopes,
        totals: &mut Totals,
        figure: &str,
        part: &str,
        of: &str,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let field = entity.field(of).ok_or_else(|| Error::internal(format!("{part}.{of} is not declared")))?;
        let needs = entity.class_of(field);
        let only = match limit(entity, needs, self.rights.read(needs), rows) {
            Limit::Never if figure == "coverage" => {
                let zero = Op::Lit(b"0".to_vec());
                return self.coverage(&zero, &zero, FIGURES, asked);
            }
            Limit::Never => return Ok(vec![Op::Denied(self.deny(format!("{part}.{of}"), needs.read(), "ROLE"))]),
            Limit::Free => None,
            Limit::Where(scopes) => Some((entity.rows, scopes)),
        };
        let expr = |column, ty| Expr::new(0, column, only, ty);
        let (value, ty, shown) = match &field.kind {
            Kind::Money { amount, currency, .. } if figure != "coverage" => {
                let money =
                    MoneyTotal { amount: expr(*amount, ColumnType::Int), currency: expr(*currency, ColumnType::Text) };
                let at = position(&mut totals.money, money);
                let which = match figure {
                    "sum" => MoneyFigure::Sum,
                    "avg" => MoneyFigure::Avg,
                    "min" => MoneyFigure::Min,
                    _ => MoneyFigure::Max,
                };
                let ops = self.money(0, 1, asked)?;
                return Ok(vec![Op::Money(at, which, ops)]);
            }
            Kind::Money { amount, .. } => (*amount, ColumnType::Int, Form::Int),
            Kind::Scalar { column, ty, .. } => (*column, stored(*ty), form(*ty)),
            Kind::Enum { column, .. } => (*column, ColumnType::Text, Form::Text),
            Kind::Id | Kind::One { .. } | Kind::Many { .. } | Kind::Union { .. } | Kind::ViewerAccess => {
                ("id", ColumnType::Id, Form::Text)
            }
        };
        let value = expr(value, ty);
        let mut add = |figure| FIGURES + 1 + position(&mut totals.figures, figure);
        Ok(match figure {
            "min" => vec![Op::Cell(add(Figure::Min(value)), shown)],
            "max" => vec![Op::Cell(add(Figure::Max(value)), shown)],
            "distinctCount" => vec![Op::Cell(add(Figure::Distinct(value)), Form::Count)],
            _ => {
                let included = add(Figure::Included(value.clone()));
                let readable = add(Figure::Readable(value));
                let null = Op::Cell(difference(readable, included), Form::Count);
                return self.coverage(&Op::Cell(included, Form::Count), &null, difference(FIGURES, readable), asked);
            }
        })
    }

    /// `Coverage`: what is included, what has no value, and at which cell stands what may not be read.
    fn coverage(&mut self, included: &Op, null: &Op, hidden: usize, asked: &Asked<'d>) -> Result<Vec<Op>, Error> {
        self.object("Coverage", &sets(asked), |_, name, _| {
            Ok(vec![match name {
                "included" => included.clone(),
                "excludedNull" => null.clone(),
                _ => Op::Cell(hidden, Form::Count),
            }])
        })
    }

    fn groups(&mut self, entity: &'static Entity, rows: Scopes, asked: &Asked<'d>) -> Result<Groups, Error> {
        let by = self.settle(argument(asked, "by"));
        let mut keys = vec![];
        let mut inner = Source::new(entity, rows);
        for (i, part) in listed(&by).into_iter().enumerate() {
            if i == GROUP_KEYS.len() {
                return Err(Error::new(Code::GraphqlValidationFailed, "Groups may be made by at most four keys."));
            }
            keys.push(self.group_by(entity, rows, &mut inner, part)?);
        }
        let mut order = vec![];
        for step in listed(&self.settle(argument(asked, "orderBy"))) {
            for (what, direction) in entries(step) {
                let descending = name_of(direction) == "DESC";
                order.push((if what == "count" { GroupOrder::Count } else { GroupOrder::Key }, descending));
            }
        }
        let mut totals = Totals::default();
        let mut source = Source::new(entity, rows);
        let ops = self.figures(
            &format!("{}Group", entity.name),
            entity,
            rows,
            &mut totals,
            &sets(asked),
            Some((&keys, &mut source)),
        )?;
        Ok(Groups { keys, inner, order, first: argument(asked, "first"), totals, source, ops })
    }

    fn group_by(
        &self,
        entity: &'static Entity,
        rows: Scopes,
        inner: &mut Source,
        part: &ConstValue,
    ) -> Result<GroupKey, Error> {
        let (mut name, mut bucket) = (String::new(), None);
        for (what, value) in entries(part) {
            if what == "field" {
                name = name_of(value);
                continue;
            }
            for (what, value) in entries(value) {
                if what == "field" {
                    name = name_of(value);
                } else {
                    bucket = Some(match name_of(value).as_str() {
                        "DAY" => Bucket::Day,
                        "WEEK" => Bucket::Week,
                        "MONTH" => Bucket::Month,
                        "QUARTER" => Bucket::Quarter,
                        _ => Bucket::Year,
                    });
                }
            }
        }
        let field = entity
            .fields
            .iter()
            .find(|f| f.group && screaming(f.name) == name)
            .ok_or_else(|| Error::new(Code::GraphqlValidationFailed, "Give a field to group by."))?;
        let refused = |needs: crate::auth::Class| forbidden(entity, field, needs.read());
        if let Kind::One { column, to } = &field.kind {
            // Rows are grouped by the link as the caller sees it: a hidden row at its end is no link.
            let target = self.model.entity(to);
            let scopes = self.rights.read(target.class);
            if scopes.is_empty() {
                return Err(refused(target.class));
            }
            let alias = inner.join((0, column), target, scopes);
            return Ok(GroupKey { field, expr: Expr::new(alias, "id", None, ColumnType::Id), bucket });
        }
        let needs = entity.class_of(field);
        let only = match limit(entity, needs, self.rights.read(needs), rows) {
            Limit::Never => return Err(refused(needs)),
            Limit::Free => None,
            Limit::Where(scopes) => Some((entity.rows, scopes)),
        };
        let (column, ty) = match &field.kind {
            Kind::Scalar { column, ty, .. } => (*column, stored(*ty)),
            Kind::Enum { column, .. } => (*column, ColumnType::Text),
            _ => ("id", ColumnType::Id),
        };
        Ok(GroupKey { field, expr: Expr::new(0, column, only, ty), bucket })
    }

    fn group_key(
        &mut self,
        entity: &'static Entity,
        keys: &[GroupKey],
        source: &mut Source,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let mut none = vec![];
        self.object(&format!("{}GroupKey", entity.name), &sets(asked), |this, name, fields| {
            let Some(at) = keys.iter().position(|k| k.field.name == name) else {
                return Ok(vec![Op::Lit(b"null".to_vec())]);
            };
            Ok(match &keys[at].field.kind {
                Kind::One { to, .. } => {
                    let target = this.model.entity(to);
                    let scopes = this.rights.read(target.class);
                    let joined = source.join((0, GROUP_KEYS[at]), target, scopes);
                    let present = source.column(joined, "id", ColumnType::Id);
                    let mut ops = this.entity(source, &mut none, joined, target, scopes, &sets(fields), None)?;
                    if !none.is_empty() {
                        return Err(Error::new(
                            Code::GraphqlValidationFailed,
                            "A group's key has no lists; ask for them outside of groups.",
                        ));
                    }
                    shift(&mut ops);
                    vec![Op::Present(GROUP_SOURCE + present, ops)]
                }
                Kind::Scalar { .. } if keys[at].bucket.is_some() => vec![Op::Cell(at, Form::Date)],
                Kind::Scalar { ty, .. } => vec![Op::Cell(at, form(*ty))],
                _ => vec![Op::Cell(at, Form::Text)],
            })
        })
    }

    /// An argument with its variables replaced: what shapes the plan is part of the plan's key.
    fn settle(&self, value: Option<Value>) -> ConstValue {
        value
            .and_then(|v| {
                v.into_const_with(|name| {
                    Ok::<_, ()>(self.variables.get(name.as_str()).cloned().unwrap_or(ConstValue::Null))
                })
                .ok()
            })
            .unwrap_or(ConstValue::Null)
    }

    /// Literals and variables of a field's arguments fit their places.
    fn check_arguments(&self, type_name: &str, asked: &Asked<'d>) -> Result<(), Error> {
        input::check_arguments(self.types, self.declared, type_name, &asked[0].node)
            .map_err(|e| e.at(asked[0].pos.line, asked[0].pos.column))
    }
}

/// Where a field's value may be read, among the rows that are visible.
pub enum Limit {
    /// Nowhere.
    Never,
    /// Everywhere.
    Free,
    /// On these rows only.
    Where(Scopes),
}

/// Where a field of class `needs` may be read on rows of an entity that are visible through `rows`.
pub fn limit(entity: &Entity, needs: Class, scopes: Scopes, rows: Scopes) -> Limit {
    if scopes.is_empty() {
        Limit::Never
    } else if needs == entity.class || scopes.is_all() {
        Limit::Free
    } else if entity.rows == RowScope::Directory {
        // Directory rows relate to nobody, so a right that holds on some rows holds on none of these.
        Limit::Never
    } else if scopes.covers(rows) {
        Limit::Free
    } else {
        Limit::Where(scopes)
    }
}

/// The error for a filter, order or group on what the caller can never read.
pub fn forbidden(entity: &Entity, field: &Field, needs: Permission) -> Error {
    let coordinate = format!("{}.{}", entity.name, field.name);
    Error::new(Code::FilterForbidden, format!("`{coordinate}` needs {needs} to filter, order or group by."))
        .about(coordinate)
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
    }
}

/// The selection sets of fields that share a key.
pub fn sets<'d>(asked: &Asked<'d>) -> Vec<&'d SelectionSet> {
    asked.iter().map(|f| &f.node.selection_set.node).collect()
}

fn argument(asked: &Asked<'_>, name: &str) -> Option<Value> {
    asked[0].node.get_argument(name).map(|v| v.node.clone())
}

fn position<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|x| *x == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// Columns of rows joined to a group stand behind the group's own.
fn shift(ops: &mut [Op]) {
    for op in ops {
        match op {
            Op::Cell(at, _) => *at += GROUP_SOURCE,
            Op::Present(at, ops) => {
                *at += GROUP_SOURCE;
                shift(ops);
            }
            Op::First(arms) => arms.iter_mut().for_each(|(at, ops)| {
                *at += GROUP_SOURCE;
                shift(ops);
            }),
            Op::Switch(at, arms) => {
                *at += GROUP_SOURCE;
                arms.iter_mut().for_each(|(_, ops)| shift(ops));
            }
            Op::If(at, yes, no) => {
                *at += GROUP_SOURCE;
                shift(yes);
                shift(no);
            }
            Op::Lit(_) | Op::Child(_) | Op::Denied(_) | Op::Cursor | Op::Money(..) => {}
        }
    }
}

/// A list, or one thing where a list is due.
pub fn listed(value: &ConstValue) -> Vec<&ConstValue> {
    match value {
        ConstValue::List(items) => items.iter().collect(),
        ConstValue::Null => vec![],
        one => vec![one],
    }
}

/// The members of an input object.
pub fn entries(value: &ConstValue) -> impl Iterator<Item = (&str, &ConstValue)> {
    let map = match value {
        ConstValue::Object(map) => Some(map),
        _ => None,
    };
    map.into_iter().flatten().map(|(k, v)| (k.as_str(), v))
}

/// The name of an enumeration value.
pub fn name_of(value: &ConstValue) -> String {
    match value {
        ConstValue::Enum(name) => name.to_string(),
        ConstValue::String(name) => name.clone(),
        _ => String::new(),
    }
}

/// How a scalar is stored.
pub fn stored(ty: Scalar) -> ColumnType {
    match ty {
        Scalar::Int | Scalar::Version => ColumnType::Int,
        Scalar::Boolean => ColumnType::Bool,
        Scalar::LocalDate => ColumnType::Date,
        Scalar::DateTime => ColumnType::Instant,
        Scalar::String | Scalar::CurrencyCode | Scalar::Url | Scalar::Email => ColumnType::Text,
    }
}

fn form(ty: Scalar) -> Form {
    match ty {
        Scalar::Int => Form::Int,
        Scalar::Version => Form::Version,
        Scalar::Boolean => Form::Bool,
        Scalar::LocalDate => Form::Date,
        Scalar::DateTime => Form::Instant,
        Scalar::String | Scalar::CurrencyCode | Scalar::Url | Scalar::Email => Form::Text,
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

fn lit_shape(ops: &mut Vec<ConnectionOp>, text: &str) {
    if let Some(ConnectionOp::Lit(last)) = ops.last_mut() {
        last.extend_from_slice(text.as_bytes());
    } else {
        ops.push(ConnectionOp::Lit(text.as_bytes().to_vec()));
    }
}
