//! Filters to SQL. A condition on what the caller can never read is refused; where the right varies by row, rows that
//! she cannot read in that respect are taken out before the condition is looked at.

use async_graphql_value::{ConstValue, Value};

use super::{
    compile::{Limit, forbidden, limit},
    decl::{Entity, Field, Kind, Model, Scalar},
    plan::{Lookup, Page},
    schema::has,
    sql::{Fold, Param, Sql},
    value::{DbValue, Leaf},
};
use crate::{
    auth::{Rights, Scopes},
    error::{Code, Error},
};

/// Most comparisons in one filter.
const MAX_LEAVES: usize = 50;
/// Deepest nesting of `and`, `or`, `not` and relations.
const MAX_DEPTH: usize = 5;
/// Most values of `in` and `nin`.
const MAX_IN: usize = 500;
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
        sql.push(" AND ");
        self.object(sql, alias, entity, rows, filter, 0, &mut guards)?;
        self.guards(sql, alias, entity, &guards);
        Ok(())
    }

    fn guards(&mut self, sql: &mut Sql, alias: usize, entity: &'static Entity, guards: &[Scopes]) {
        for scopes in guards {
            sql.push(" AND ");
            sql.scopes(alias, entity.rows, *scopes);
        }
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
            if *value == Value::Null {
                return Err(invalid(format!("`{name}` must not be null; leave it out for no condition.")));
            }
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
        let inner = self.next_alias;
        self.next_alias += 1;
        let rows = self.rights.read(target.class);
        sql.push("EXISTS (SELECT 1 FROM ").push(target.table).push(" t").number(inner).push(" WHERE ");
        linked(sql, inner);
        sql.visible(inner, target, rows, " AND ");
        if let Some((filter, depth)) = filter {
            let mut guards = vec![];
            sql.push(if fails { " AND NOT " } else { " AND " });
            self.object(sql, inner, target, rows, filter, depth + 1, &mut guards)?;
            self.guards(sql, inner, target, &guards);
        }
        sql.push(")");
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
                    sql.column(alias, operand.column).push(" IS NOT NULL AND ").column(alias, currency).push(" = ");
                    let currency = Operand {
                        column: currency,
                        leaf: Leaf::Scalar(Scalar::CurrencyCode),
                        fold: Fold::None,
                        lower: false,
                    };
                    currency.value(sql, code)?;
                    sql.push(" AND ");
                }
                None => {}
            }
        }
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

/// The left side of a comparison.
struct Operand {
    column: &'static str,
    leaf: Leaf,
    fold: Fold,
    /// Fold ASCII in SQL, for columns without a folded twin.
    lower: bool,
}

impl Operand {
    fn of(
        model: &'static Model,
        entity: &'static Entity,
        field: &'static Field,
        insensitive: bool,
    ) -> Result<Self, Error> {
        let plain = |column, leaf| Self { column, leaf, fold: Fold::None, lower: false };
        Ok(match &field.kind {
            Kind::Id => plain("id", Leaf::Id(prefixes(model, entity))),
            Kind::Enum { column, ty } => plain(column, Leaf::Enum(ty.values)),
            Kind::Money { amount, .. } => plain(amount, Leaf::Amount),
            Kind::Scalar { column, ty, fold } => {
                let leaf = Leaf::Scalar(*ty);
                match (insensitive, fold) {
                    (true, Some(fold)) => Self { column: fold, leaf, fold: Fold::Full, lower: false },
                    (true, None) => Self { column, leaf, fold: Fold::Ascii, lower: true },
                    (false, _) => plain(column, leaf),
                }
            }
            Kind::One { .. } | Kind::Many { .. } | Kind::Union { .. } | Kind::ViewerAccess => {
                return Err(invalid(format!("{}.{} cannot be compared.", entity.name, field.name)));
            }
        })
    }

    fn left(&self, sql: &mut Sql, alias: usize) {
        if self.lower {
            sql.push("lower(").column(alias, self.column).push(")");
        } else {
            sql.column(alias, self.column);
        }
    }

    fn compare(&self, sql: &mut Sql, alias: usize, op: &str, value: &Value) -> Result<(), Error> {
        match op {
            "isNull" => {
                sql.column(alias, self.column).push(if truth(value)? { " IS NULL" } else { " IS NOT NULL" });
            }
            "in" | "nin" => {
                // NOT applied to the whole keeps SQL's rule that a null matches neither.
                sql.push(if op == "nin" { "NOT (" } else { "(" });
                self.left(sql, alias);
                let list = self.leaf.list_type();
                sql.is_any(list, self.list(value)?).push(")");
            }
            "contains" | "startsWith" | "endsWith" => self.part(sql, alias, op, value)?,
            _ => {
                self.left(sql, alias);
                sql.push(match op {
                    "eq" => " = ",
                    "neq" => " <> ",
                    "gt" => " > ",
                    "gte" => " >= ",
                    "lt" => " < ",
                    _ => " <= ",
                });
                self.value(sql, value)?;
            }
        }
        Ok(())
    }

    /// Part of a text. Functions instead of LIKE: nothing in the value is a pattern.
    fn part(&self, sql: &mut Sql, alias: usize, op: &str, value: &Value) -> Result<(), Error> {
        use super::sql::Dialect::{Postgres, Sqlite};
        let text = Self { leaf: Leaf::Scalar(Scalar::String), ..*self };
        let (before, between, after) = match (op, sql.dialect) {
            ("contains", Postgres) => ("strpos(", ", ", ") > 0"),
            ("contains", Sqlite) => ("instr(", ", ", ") > 0"),
            ("startsWith", Postgres) => ("starts_with(", ", ", ")"),
            ("startsWith", Sqlite) => ("instr(", ", ", ") = 1"),
            (_, Postgres) => ("starts_with(reverse(", "), reverse(", "))"),
            (_, Sqlite) => {
                // substr from where the text would begin; a longer text than the column's can never be equal.
                sql.push("substr(");
                text.left(sql, alias);
                sql.push(", length(");
                text.left(sql, alias);
                sql.push(") - length(");
                text.value(sql, value)?;
                sql.push(") + 1) = ");
                return text.value(sql, value);
            }
        };
        sql.push(before);
        text.left(sql, alias);
        sql.push(between);
        text.value(sql, value)?;
        sql.push(after);
        Ok(())
    }

    fn value(&self, sql: &mut Sql, value: &Value) -> Result<(), Error> {
        let param = match value {
            Value::Variable(name) => {
                Param::Variable { name: name.to_string(), leaf: self.leaf.clone(), list: false, fold: self.fold }
            }
            value => Param::Const(self.fold.apply(self.leaf.read(&constant(value)?)?)),
        };
        sql.param(param);
        Ok(())
    }

    fn list(&self, value: &Value) -> Result<Param, Error> {
        if let Value::Variable(name) = value {
            return Ok(Param::Variable {
                name: name.to_string(),
                leaf: self.leaf.clone(),
                list: true,
                fold: self.fold,
            });
        }
        read_list(&self.leaf, self.fold, &constant(value)?).map(Param::Const)
    }
}

/// A list of leaves as the database takes it.
pub fn read_list(leaf: &Leaf, fold: Fold, value: &ConstValue) -> Result<DbValue, Error> {
    let items = match value {
        ConstValue::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    if items.len() > MAX_IN {
        return Err(invalid(format!("A list of values may have at most {MAX_IN} entries.")));
    }
    let values: Result<Vec<_>, _> = items.iter().map(|v| leaf.read(v).map(|v| fold.apply(v))).collect();
    Ok(DbValue::List(leaf.list_type(), values?))
}

/// Prefixes that an id of this entity may have.
pub fn prefixes(model: &Model, entity: &Entity) -> Vec<&'static str> {
    if entity.members.is_empty() {
        entity.prefix.into_iter().collect()
    } else {
        entity.members.iter().filter_map(|m| model.entity(m).prefix).collect()
    }
}

fn constant(value: &Value) -> Result<ConstValue, Error> {
    value.clone().into_const().ok_or_else(|| Error::internal("a variable where a constant was promised"))
}

fn truth(value: &Value) -> Result<bool, Error> {
    match value {
        Value::Boolean(b) => Ok(*b),
        _ => Err(invalid("true or false is due here.".into())),
    }
}

fn invalid(message: String) -> Error {
    Error::new(Code::GraphqlValidationFailed, message)
}

/// The variables at leaves of the arguments, if the statement's text depends on no other variable. None means that
/// the text must be made for each request.
pub fn fixed_leaves(page: &Page, model: &Model, entity: &Entity) -> Option<Vec<String>> {
    if page.order.as_ref().is_some_and(has_variable) {
        return None;
    }
    let mut leaves = vec![];
    match &page.filter {
        None => {}
        Some(filter) => filter_leaves(model, entity, filter, &mut leaves)?,
    }
    Some(leaves)
}

/// The same for a lookup.
pub fn lookup_leaves(lookup: &Lookup) -> Option<Vec<String>> {
    let mut leaves = vec![];
    match lookup {
        Lookup::Keys | Lookup::Me => {}
        Lookup::Ref(Value::Object(members)) => {
            for value in members.values() {
                match value {
                    Value::Variable(name) => leaves.push(name.to_string()),
                    Value::Object(parts) => {
                        for value in parts.values() {
                            if let Value::Variable(name) = value {
                                leaves.push(name.to_string());
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Lookup::Ref(_) => return None,
    }
    Some(leaves)
}

fn has_variable(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(items) => items.iter().any(has_variable),
        Value::Object(map) => map.values().any(has_variable),
        _ => false,
    }
}

fn filter_leaves(model: &Model, entity: &Entity, filter: &Value, leaves: &mut Vec<String>) -> Option<()> {
    let Value::Object(members) = filter else { return (*filter == Value::Null).then_some(()) };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("and" | "or", Value::List(items)) => {
                items.iter().try_for_each(|i| filter_leaves(model, entity, i, leaves))?
            }
            ("and" | "or" | "not", one) => filter_leaves(model, entity, one, leaves)?,
            (name, value) => match entity.field(name).map(|f| &f.kind) {
                Some(Kind::One { to, .. }) => filter_leaves(model, model.entity(to), value, leaves)?,
                Some(Kind::Many { to, .. }) => {
                    let Value::Object(parts) = value else { return None };
                    for (part, value) in parts {
                        if part == "isEmpty" {
                            matches!(value, Value::Boolean(_)).then_some(())?;
                        } else {
                            filter_leaves(model, model.entity(to), value, leaves)?;
                        }
                    }
                }
                Some(_) => comparator_leaves(value, leaves)?,
                None => matches!(value, Value::Boolean(_)).then_some(())?,
            },
        }
    }
    Some(())
}

fn comparator_leaves(comparator: &Value, leaves: &mut Vec<String>) -> Option<()> {
    let Value::Object(members) = comparator else { return None };
    for (op, value) in members {
        match value {
            Value::Variable(name) if !matches!(op.as_str(), "isNull" | "mode" | "currency") => {
                leaves.push(name.to_string())
            }
            value if has_variable(value) => return None,
            _ => {}
        }
    }
    Some(())
}
