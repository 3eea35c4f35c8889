//! The price of a plan: a row 1, a value 0, a connection 2 + rows × what a row costs, figures over all rows 10, a group 1.
//! It is known from the arguments, before a statement is sent, and never less than what is spent in the end.

use async_graphql_value::{ConstValue, Value};
use chrono::NaiveDate;

use super::{
    collect::Variables,
    decl::{self, Kind, Question, Scalar},
    input,
    plan::{AskedAnswer, Below, Groups, Level, Plan, Root, RootKind},
    run::{GROUPS_MAX, PAGE_DEFAULT},
    schema::Types,
    tree::{Slot, Tree},
};
use crate::{
    config::Limits,
    error::{Code, Error},
};

/// A connection, beside its rows.
pub(super) const CONNECTION: usize = 2;
/// A count or other figures over all rows of a list.
pub(super) const FIGURES: usize = 10;
/// A question to the schema itself.
pub(super) const INTROSPECTION: usize = 100;
/// A change, beside its items.
const MUTATION: usize = 10;
/// An item of a change.
const ITEM: usize = 5;

/// What a request asks for its price to be done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CostWish {
    /// Nothing.
    #[default]
    None,
    /// It is told beside the data.
    Report,
    /// It is told, and nothing runs.
    Validate,
}

/// What prices are made of besides a plan.
pub(super) struct Pricing<'a> {
    pub(super) limits: &'a Limits,
    pub(super) variables: &'a Variables,
    pub(super) types: &'a Types,
    pub(super) today: NaiveDate,
}

impl Pricing<'_> {
    /// The price of an operation; fails where it is higher than it may be.
    pub(super) fn price(&self, plan: &Plan) -> Result<usize, Error> {
        let price = self.roots(&plan.roots);
        if price <= self.limits.cost {
            return Ok(price);
        }
        let most = self.limits.cost;
        let line =
            format!("This request costs {price}, above {most}: ask for fewer rows with `first`, or for less of each.");
        Err(Error::new(Code::QueryTooExpensive, line))
    }

    fn roots(&self, roots: &[Root]) -> usize {
        roots.iter().fold(0, |sum: usize, root| sum.saturating_add(self.root(&root.kind)))
    }

    fn root(&self, kind: &RootKind) -> usize {
        match kind {
            RootKind::Typename(_) | RootKind::Denied(_) => 0,
            RootKind::Introspection => INTROSPECTION,
            RootKind::One(level) | RootKind::Many(level) => self.level(level, 1),
            RootKind::Node { id, levels } => {
                self.named(id, |prefix| levels.get(prefix).map_or(0, |level| self.level(level, 1)))
            }
            RootKind::Nodes { ids, levels } => {
                self.named(ids, |prefix| levels.get(prefix).map_or(0, |level| self.level(level, 1)))
            }
            RootKind::System(tree) => FIGURES.saturating_add(self.slots(tree, 1)),
            RootKind::Answer(asked) => self.answer(asked, 1),
            RootKind::Mutation { input, payload, .. } => {
                let items = self.items(input);
                own_of_mutation(items).saturating_add(self.slots(payload, items.max(1)))
            }
            RootKind::Stream(_, tree) => 1_usize.saturating_add(self.slots(tree, 1)),
            RootKind::Changes(asked, tree) => {
                let changes = self.rows(Some(&asked.first), None);
                CONNECTION.saturating_add(changes).saturating_add(self.slots(tree, changes))
            }
        }
    }

    /// The price of a level under so many rows.
    fn level(&self, level: &Level, parents: usize) -> usize {
        let mut price: usize = 0;
        let mut rows = parents;
        if level.lookup.is_none() {
            let each = self.rows(level.page.first.as_ref(), level.page.last.as_ref());
            rows = if level.reads_rows() { parents.saturating_mul(each) } else { 0 };
            let figures = if level.totals.is_some() { FIGURES } else { 0 };
            price = parents.saturating_mul(CONNECTION + figures);
            for groups in &level.groups {
                price = price.saturating_add(parents.saturating_mul(self.groups(groups)));
            }
        }
        price = price.saturating_add(rows.saturating_mul(level.weight()));
        price.saturating_add(self.children(level, rows))
    }

    /// What stands below so many rows. A row of an interface is of one type only: of what each type has, the dearest counts.
    fn children(&self, level: &Level, rows: usize) -> usize {
        let mut sum: usize = 0;
        let mut by_type: Vec<(&str, usize)> = vec![];
        for below in &level.children {
            let (own, only) = match below {
                Below::Level(child) => (self.level(child, rows), child.link.and_then(|link| link.only)),
                Below::Answer(below) => (self.answer(&below.asked, rows), below.only),
            };
            match only {
                None => sum = sum.saturating_add(own),
                Some((_, name)) => match by_type.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, of_type)) => *of_type = of_type.saturating_add(own),
                    None => by_type.push((name, own)),
                },
            }
        }
        sum.saturating_add(by_type.iter().map(|(_, of_type)| *of_type).max().unwrap_or(0))
    }

    /// How many groups there may be.
    fn groups(&self, groups: &Groups) -> usize {
        if let Some(first) = self.number(groups.first.as_ref()) {
            return if first > self.limits.page { 0 } else { first };
        }
        let values = groups.keys.iter().map(|key| match &key.field.kind {
            Kind::Enum { ty, .. } => ty.values.len() + 1,
            Kind::Scalar { ty: Scalar::Boolean, .. } => 3,
            _ => GROUPS_MAX,
        });
        values.fold(1, usize::saturating_mul).min(GROUPS_MAX)
    }

    /// The price of an answer about so many rows, with the rows that it names.
    fn answer(&self, asked: &AskedAnswer, parents: usize) -> usize {
        let Ok(args) = asked.arguments(self.types, self.variables) else { return CONNECTION };
        let price = own_of_answer(asked, &args, parents, self.today);
        price.own.saturating_add(self.slots(&asked.tree, price.names))
    }

    /// The price of the rows that a tree names, so many in each place.
    fn slots(&self, tree: &Tree, names: usize) -> usize {
        tree.slots.iter().fold(0, |sum: usize, slot| {
            sum.saturating_add(match slot {
                Slot::Row(level) => self.level(level, names),
                Slot::Node(levels) => levels.values().map(|level| self.level(level, names)).max().unwrap_or(0),
                Slot::Query(roots) => self.roots(roots),
            })
        })
    }

    /// Rows of a page. What is more than a page holds is refused before it is read.
    fn rows(&self, first: Option<&Value>, last: Option<&Value>) -> usize {
        let rows = self.number(first).or_else(|| self.number(last)).unwrap_or(PAGE_DEFAULT);
        if rows > self.limits.page { 0 } else { rows }
    }

    /// A number, where one is given; what is none is refused later.
    fn number(&self, value: Option<&Value>) -> Option<usize> {
        let number = match value? {
            Value::Number(number) => number,
            Value::Variable(name) => match self.variables.get(name.as_str())? {
                ConstValue::Number(number) => number,
                _ => return None,
            },
            _ => return None,
        };
        Some(number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0))
    }

    /// The sum over the ids of an argument, by their prefixes.
    fn named(&self, ids: &Value, price: impl Fn(&str) -> usize) -> usize {
        let mut sum: usize = 0;
        self.each_text(ids, &mut |text| {
            sum = sum.saturating_add(price(text.split('_').next().unwrap_or_default()));
        });
        sum
    }

    fn each_text(&self, value: &Value, each: &mut impl FnMut(&str)) {
        match value {
            Value::String(text) => each(text),
            Value::List(items) => items.iter().for_each(|item| self.each_text(item, each)),
            Value::Variable(name) => {
                let given = self.variables.get(name.as_str());
                for item in given.map(input::listed).unwrap_or_default() {
                    if let ConstValue::String(text) = item {
                        each(text);
                    }
                }
            }
            _ => {}
        }
    }

    /// Items of a change: none where it is about one thing.
    fn items(&self, input: &Value) -> usize {
        match input {
            Value::Object(members) => match members.get("items") {
                Some(Value::List(items)) => items.len(),
                Some(Value::Variable(name)) => {
                    self.variables.get(name.as_str()).map_or(0, |items| input::listed(items).len())
                }
                _ => 0,
            },
            Value::Variable(name) => self.variables.get(name.as_str()).map_or(0, items_of),
            _ => 0,
        }
    }
}

/// Items of an input.
pub(super) fn items_of(input: &ConstValue) -> usize {
    match input {
        ConstValue::Object(members) => members.get("items").map_or(0, |items| input::listed(items).len()),
        _ => 0,
    }
}

/// A change itself, whatever is read of it afterwards.
pub(super) fn own_of_mutation(items: usize) -> usize {
    items.saturating_mul(ITEM).saturating_add(MUTATION)
}

/// The price of an answer, as its declaration says.
pub(super) fn own_of_answer(asked: &AskedAnswer, args: &ConstValue, parents: usize, today: NaiveDate) -> decl::Price {
    (asked.answer.price)(&Question { args, parents, today })
}

impl Level {
    /// Whether rows are read, and not figures alone.
    pub(super) fn reads_rows(&self) -> bool {
        self.lookup.is_some() || !self.rows.is_empty() || self.page.probes || self.page.cursors
    }

    /// What one row costs: itself in each place that shows it, and each row that is joined to it.
    pub(super) fn weight(&self) -> usize {
        self.rows.len().max(1) + self.source.joins.len()
    }
}
