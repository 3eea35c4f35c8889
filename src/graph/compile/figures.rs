//! Figures over rows: aggregates, their coverage, and groups.

use async_graphql::parser::types::SelectionSet;
use async_graphql_value::{ConstValue, Value};

use super::{
    super::{
        decl::{Entity, Kind},
        input::{entries, listed, name_of},
        json::{FIGURES, GROUP_SOURCE, difference},
        limit::{Limit, forbidden, limit},
        plan::{
            Bucket, ColumnType, Expr, Figure, Form, GroupKey, GroupOrder, Groups, MoneyFigure, MoneyTotal, Op, Source,
            Totals,
        },
        schema::screaming,
    },
    Asked, Compiler, GROUP_KEYS, argument, form, sets, stored,
};
use crate::{
    auth::Scopes,
    error::{Code, Error},
};

impl<'d> Compiler<'d> {
    /// Figures over rows: the object `aggregate`, or a group of `groups`.
    pub(super) fn figures(
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
                let which = match figure {
                    "sum" => MoneyFigure::Sum,
                    "avg" => MoneyFigure::Avg,
                    "min" => MoneyFigure::Min,
                    _ => MoneyFigure::Max,
                };
                let (amount, currency) = (expr(*amount, ColumnType::Int), expr(*currency, ColumnType::Text));
                let known = totals.money.iter().position(|of| (&of.amount, &of.currency) == (&amount, &currency));
                let at = known.unwrap_or(totals.money.len());
                if known.is_none() {
                    totals.money.push(MoneyTotal { amount, currency, counted: false, extremes: false });
                }
                totals.money[at].counted |= which == MoneyFigure::Avg;
                totals.money[at].extremes |= matches!(which, MoneyFigure::Min | MoneyFigure::Max);
                let ops = self.money(0, || 1, asked)?;
                return Ok(vec![Op::Money(at, which, ops)]);
            }
            Kind::Money { amount, .. } => (*amount, ColumnType::Int, Form::Int),
            Kind::Scalar { column, ty, .. } => (*column, stored(*ty), form(*ty)),
            Kind::Enum { column, .. } => (*column, ColumnType::Text, Form::Text),
            Kind::Id
            | Kind::Enums { .. }
            | Kind::Texts { .. }
            | Kind::Trail { .. }
            | Kind::Answer(_)
            | Kind::One { .. }
            | Kind::Many { .. }
            | Kind::Union { .. }
            | Kind::ViewerAccess => ("id", ColumnType::Id, Form::Text),
        };
        let value = expr(value, ty);
        let mut add = |figure| FIGURES + 1 + position(&mut totals.figures, figure);
        Ok(match figure {
            "min" => vec![Op::Cell(add(Figure::Min(value)), shown)],
            "max" => vec![Op::Cell(add(Figure::Max(value)), shown)],
            "sum" => vec![Op::Cell(add(Figure::Sum(value)), Form::Decimal(0))],
            "avg" => vec![Op::Mean(add(Figure::Sum(value.clone())), add(Figure::Included(value)))],
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

    pub(super) fn groups(&mut self, entity: &'static Entity, rows: Scopes, asked: &Asked<'d>) -> Result<Groups, Error> {
        let by = self.settle(argument(asked, "by"));
        let mut keys = vec![];
        let mut inner = Source::new(entity, rows);
        for (i, part) in listed(&by).into_iter().enumerate() {
            if i == GROUP_KEYS.len() {
                return Err(Error::new(Code::GraphqlValidationFailed, "Groups may be made by at most four keys."));
            }
            keys.push(self.group_by(entity, rows, &mut inner, part)?);
        }
        if keys.is_empty() {
            return Err(Error::new(Code::GraphqlValidationFailed, "Groups are made by at least one key."));
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
        Ok(Groups { keys, inner, order, first: argument(asked, "first"), totals, source, ops, is_mixed: false.into() })
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
                    let mut ops = this.entity(source, &mut none, joined, target, scopes, &sets(fields))?;
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
                for (_, ops) in arms {
                    shift(ops);
                }
            }
            Op::If(at, yes, no) | Op::IfNull(at, yes, no) => {
                *at += GROUP_SOURCE;
                shift(yes);
                shift(no);
            }
            Op::Trail(trail) => trail.columns().for_each(|at| *at += GROUP_SOURCE),
            Op::Lit(_) | Op::Child(_) | Op::Denied(_) | Op::Cursor | Op::Mean(..) | Op::Money(..) => {}
        }
    }
}
