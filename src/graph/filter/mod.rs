//! Filters to SQL. A condition on what the caller can never read is refused; where the right varies by row, rows that
//! she cannot read in that respect are taken out before the condition is looked at.

pub mod leaves;
pub mod operand;

use async_graphql_value::{Name, Value, indexmap::IndexMap};
use operand::Operand;

use super::{
    decl::{Column, Entity, Field, Kind, Model, Scalar},
    limit::{Limit, forbidden, limit},
    schema::entity::has,
    sql::{Dialect, Fold, Sql},
    value::Leaf,
};
use crate::{
    auth::{Rights, Scopes},
    error::{Code, Error},
};

/// Most comparisons in one filter.
pub const MAX_LEAVES: usize = 50;
/// Deepest nesting of `and`, `or`, `not` and relations.
pub const MAX_DEPTH: usize = 5;
/// Aliases of tables inside conditions begin here, clear of those of joins.
const FIRST_ALIAS: usize = 100;

/// What writing a filter needs and finds out.
pub struct Filter<'a> {
    /// The declarations.
    pub model: &'static Model,
    /// The caller's rights.
    pub rights: &'a Rights,
    /// Money fields compared without a currency: they must hold one currency only.
    pub single_currency: Vec<(&'static Entity, Scopes, &'static Field)>,
    leaves: usize,
    next_alias: usize,
}

impl<'a> Filter<'a> {
    /// A writer of filters.
    pub fn new(model: &'static Model, rights: &'a Rights) -> Self {
        Self { model, rights, single_currency: vec![], leaves: 0, next_alias: FIRST_ALIAS }
    }

    /// Appends ` AND (condition)` for the rows of an entity.
    pub fn write(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        filter: &Value,
    ) -> Result<(), Error> {
        let mut guards = vec![];
        // A list's own condition takes nothing from what the caller may ask for.
        self.leaves = 0;
        sql.push(" AND ");
        self.object(sql, alias, entity, rows, filter, 0, &mut guards)?;
        write_guards(sql, alias, entity, &guards);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the recursion's state, spelled out once
    fn object(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        filter: &Value,
        depth: usize,
        guards: &mut Vec<Scopes>,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(invalid(format!("Conditions may be nested at most {MAX_DEPTH} deep.")));
        }
        let Value::Object(members) = filter else {
            sql.push("TRUE");
            return Ok(());
        };
        sql.push("(TRUE");
        for (name, value) in members {
            let name = name.as_str();
            not_null(name, value)?;
            sql.push(" AND ");
            match name {
                "and" | "or" => {
                    let items = match value {
                        Value::List(items) => items.as_slice(),
                        one => std::slice::from_ref(one),
                    };
                    sql.push(if name == "and" { "(TRUE" } else { "(FALSE" });
                    for item in items {
                        sql.push(if name == "and" { " AND " } else { " OR " });
                        self.object(sql, alias, entity, rows, item, depth + 1, guards)?;
                    }
                    sql.push(")");
                }
                "not" => {
                    sql.push("NOT ");
                    self.object(sql, alias, entity, rows, value, depth + 1, guards)?;
                }
                _ => self.field(sql, alias, entity, rows, name, value, depth, guards)?,
            }
        }
        sql.push(")");
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the recursion's state, spelled out once
    fn field(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        name: &str,
        value: &Value,
        depth: usize,
        guards: &mut Vec<Scopes>,
    ) -> Result<(), Error> {
        if let Some(condition) = entity.conditions.iter().find(|condition| condition.name == name) {
            return (condition.write)(self, sql, alias, value);
        }
        let Some(field) = entity.field(name) else {
            let linked = entity.fields.iter().find(|f| matches!(f.kind, Kind::One { .. }) && has(f.name) == name);
            let Some(field) = linked else {
                return Err(invalid(format!("{} cannot be filtered by `{name}`.", entity.name)));
            };
            return self.has_link(sql, alias, entity, field, value);
        };
        match &field.kind {
            Kind::One { column, to } => {
                let target = self.target(entity, field, to)?;
                if sql.dialect == Dialect::Sqlite && names_rows(value) {
                    return self.among(sql, target, (alias, column), (value, depth));
                }
                self.exists(
                    sql,
                    target,
                    |sql, inner| {
                        sql.column(inner, "id").push(" = ").column(alias, column);
                    },
                    Some((value, depth)),
                    false,
                )
            }
            Kind::Many { to, by } => {
                let target = self.target(entity, field, to)?;
                self.list(sql, target, (alias, by), value, depth)
            }
            _ => {
                let needs = entity.class_of(field);
                match limit(entity, needs, self.rights.read(needs), rows) {
                    Limit::Never => return Err(forbidden(entity, field, needs.read())),
                    Limit::Free => {}
                    Limit::Where(scopes) if guards.contains(&scopes) => {}
                    Limit::Where(scopes) => guards.push(scopes),
                }
                self.comparator(sql, alias, entity, rows, field, value)
            }
        }
    }

    fn has_link(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        value: &Value,
    ) -> Result<(), Error> {
        let Kind::One { column, to } = &field.kind else { return Ok(()) };
        let target = self.target(entity, field, to)?;
        self.count_leaf()?;
        if !truth(value)? {
            sql.push("NOT ");
        }
        self.exists(
            sql,
            target,
            |sql, inner| {
                sql.column(inner, "id").push(" = ").column(alias, column);
            },
            None,
            false,
        )
    }

    /// The entity at the other end of a link, if the caller may read it at all.
    fn target(&self, entity: &'static Entity, field: &'static Field, to: &str) -> Result<&'static Entity, Error> {
        let target = self.model.entity(to);
        if self.rights.read(target.class).is_empty() {
            return Err(forbidden(entity, field, target.class.read()));
        }
        Ok(target)
    }

    /// Appends `EXISTS (a visible row that is linked and meets the filter, or fails it)`.
    fn exists(
        &mut self,
        sql: &mut Sql,
        target: &'static Entity,
        linked: impl FnOnce(&mut Sql, usize),
        filter: Option<(&Value, usize)>,
        fails: bool,
    ) -> Result<(), Error> {
        let inner = self.alias();
        let rows = self.rights.read(target.class);
        sql.push("EXISTS (SELECT 1 FROM ").push(target.table).push(" t").number(inner).push(" WHERE ");
        linked(sql, inner);
        sql.visible(inner, target, rows, " AND ");
        if let Some((filter, depth)) = filter {
            let mut guards = vec![];
            sql.push(if fails { " AND NOT " } else { " AND " });
            self.object(sql, inner, target, rows, filter, depth + 1, &mut guards)?;
            write_guards(sql, inner, target, &guards);
        }
        sql.push(")");
        Ok(())
    }

    /// Appends the same as `exists` of a link to one row, with the rows that meet the filter found first: SQLite takes the
    /// one for each row that it looks at, and the other for its way to them.
    fn among(
        &mut self,
        sql: &mut Sql,
        target: &'static Entity,
        (alias, column): (usize, Column),
        (filter, depth): (&Value, usize),
    ) -> Result<(), Error> {
        sql.push("(").column(alias, column).push(" IS NOT NULL AND ").column(alias, column);
        let inner = self.alias();
        let rows = self.rights.read(target.class);
        sql.push(" IN (SELECT ").column(inner, "id").push(" FROM ").push(target.table).push(" t").number(inner);
        sql.push(" WHERE TRUE");
        sql.visible(inner, target, rows, " AND ");
        sql.push(" AND ");
        let mut guards = vec![];
        self.object(sql, inner, target, rows, filter, depth + 1, &mut guards)?;
        write_guards(sql, inner, target, &guards);
        sql.push("))");
        Ok(())
    }

    fn list(
        &mut self,
        sql: &mut Sql,
        target: &'static Entity,
        (alias, by): (usize, &'static str),
        value: &Value,
        depth: usize,
    ) -> Result<(), Error> {
        let Value::Object(members) = value else {
            sql.push("TRUE");
            return Ok(());
        };
        sql.push("(TRUE");
        for (name, value) in members {
            not_null(name, value)?;
            sql.push(" AND ");
            let linked = |sql: &mut Sql, inner: usize| {
                sql.column(inner, by).push(" = ").column(alias, "id");
            };
            let filter = Some((value, depth));
            match name.as_str() {
                "some" => self.exists(sql, target, linked, filter, false)?,
                "none" => {
                    sql.push("NOT ");
                    self.exists(sql, target, linked, filter, false)?;
                }
                "every" => {
                    sql.push("NOT ");
                    self.exists(sql, target, linked, filter, true)?;
                }
                _ => {
                    self.count_leaf()?;
                    if truth(value)? {
                        sql.push("NOT ");
                    }
                    self.exists(sql, target, linked, None, false)?;
                }
            }
        }
        sql.push(")");
        Ok(())
    }

    /// An alias that no other part of the conditions has.
    pub fn alias(&mut self) -> usize {
        self.next_alias += 1;
        self.next_alias - 1
    }

    fn count_leaf(&mut self) -> Result<(), Error> {
        self.leaves += 1;
        if self.leaves > MAX_LEAVES {
            return Err(invalid(format!("A filter may have at most {MAX_LEAVES} comparisons.")));
        }
        Ok(())
    }

    fn comparator(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        field: &'static Field,
        value: &Value,
    ) -> Result<(), Error> {
        let Value::Object(members) = value else {
            sql.push("TRUE");
            return Ok(());
        };
        let insensitive = members.get("mode").is_some_and(|m| matches!(m, Value::Enum(e) if e == "INSENSITIVE"));
        let operand = Operand::of(self.model, entity, field, insensitive)?;
        if let Kind::Money { currency, .. } = &field.kind {
            let compares = members.keys().any(|k| k != "isNull" && k != "currency");
            match members.get("currency") {
                Some(Value::Null) | None if compares => self.single_currency.push((entity, rows, field)),
                Some(code) => {
                    // Null where there is no amount, so that `not` takes such a row out as well.
                    sql.push("CASE WHEN ").column(alias, operand.column).push(" IS NOT NULL THEN ");
                    sql.column(alias, currency).push(" = ");
                    let currency = Operand {
                        column: currency,
                        leaf: Leaf::Scalar(Scalar::CurrencyCode),
                        fold: Fold::None,
                        lower: false,
                    };
                    currency.value(sql, code)?;
                    sql.push(" END AND ");
                }
                None => {}
            }
        }
        self.compare(sql, alias, &operand, members)
    }

    /// Appends the comparisons with a column, all of which are to hold.
    pub fn compares(
        &mut self,
        sql: &mut Sql,
        (alias, column): (usize, Column),
        leaf: Leaf,
        comparisons: &Value,
    ) -> Result<(), Error> {
        let operand = Operand { column, leaf, fold: Fold::None, lower: false };
        match comparisons {
            Value::Object(members) => self.compare(sql, alias, &operand, members),
            _ => Err(invalid("Comparisons are due here.".into())),
        }
    }

    fn compare(
        &mut self,
        sql: &mut Sql,
        alias: usize,
        operand: &Operand,
        members: &IndexMap<Name, Value>,
    ) -> Result<(), Error> {
        sql.push("(TRUE");
        for (op, value) in members {
            let op = op.as_str();
            if matches!(op, "mode" | "currency") {
                continue;
            }
            self.count_leaf()?;
            if *value == Value::Null {
                return Err(invalid(format!(
                    "`{op}: null` means nothing; use `isNull` to ask for rows without a value."
                )));
            }
            sql.push(" AND ");
            operand.compare(sql, alias, op, value)?;
        }
        sql.push(")");
        Ok(())
    }
}

/// Prefixes that an id of this entity may have.
pub fn prefixes(model: &Model, entity: &Entity) -> Vec<&'static str> {
    if entity.members.is_empty() {
        entity.prefix.into_iter().collect()
    } else {
        entity.members.iter().filter_map(|m| model.entity(m).prefix).collect()
    }
}

/// Whether a condition is met by the few rows that it names.
fn names_rows(condition: &Value) -> bool {
    let Value::Object(members) = condition else { return false };
    let names = |comparisons: &Value| matches!(comparisons, Value::Object(members) if members.contains_key("eq") || members.contains_key("in"));
    ["id", "key"].iter().any(|name| members.get(*name).is_some_and(names))
}

fn truth(value: &Value) -> Result<bool, Error> {
    match value {
        Value::Boolean(b) => Ok(*b),
        _ => Err(invalid("true or false is due here.".into())),
    }
}

fn not_null(name: &str, value: &Value) -> Result<(), Error> {
    if *value == Value::Null {
        return Err(invalid(format!("`{name}` must not be null; leave it out for no condition.")));
    }
    Ok(())
}

/// The refusal of a condition.
pub fn invalid(message: String) -> Error {
    Error::new(Code::GraphqlValidationFailed, message)
}

/// Takes out rows that the caller cannot read in a respect that the conditions look at.
fn write_guards(sql: &mut Sql, alias: usize, entity: &'static Entity, guards: &[Scopes]) {
    for scopes in guards {
        sql.push(" AND ");
        sql.scopes(alias, entity.rows, *scopes);
    }
}
