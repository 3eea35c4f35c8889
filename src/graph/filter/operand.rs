//! One comparison: a column, an operator and a value that is bound when the statement runs.

use async_graphql_value::{ConstValue, Value};

use super::{
    super::{
        decl::{Entity, Field, Kind, Model, Scalar, TODAY},
        sql::{Fold, Param, Sql},
        value::{DbValue, Leaf, ListType},
    },
    invalid, prefixes, truth,
};
use crate::error::Error;

/// Most values of `in` and `nin`.
pub const MAX_IN: usize = 500;

/// The left side of a comparison.
pub(super) struct Operand {
    pub(super) column: &'static str,
    pub(super) leaf: Leaf,
    pub(super) fold: Fold,
    /// Fold ASCII in SQL, for columns without a folded twin.
    pub(super) lower: bool,
}

impl Operand {
    pub(super) fn of(
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
            Kind::Enums { .. }
            | Kind::Texts { .. }
            | Kind::One { .. }
            | Kind::Many { .. }
            | Kind::Union { .. }
            | Kind::ViewerAccess
            | Kind::Trail { .. }
            | Kind::Answer(_) => {
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

    pub(super) fn compare(&self, sql: &mut Sql, alias: usize, op: &str, value: &Value) -> Result<(), Error> {
        match op {
            "isNull" => {
                sql.column(alias, self.column).push(if truth(value)? { " IS NULL" } else { " IS NOT NULL" });
            }
            "in" | "nin" => {
                // A null matches neither. SQL sees to that, but for an empty list, which it asks before the null.
                if op == "nin" {
                    sql.push("(").column(alias, self.column).push(" IS NOT NULL AND NOT ");
                }
                sql.push("(");
                self.left(sql, alias);
                let list = self.leaf.list_type();
                sql.is_any(list, self.list(value)?).push(if op == "nin" { "))" } else { ")" });
            }
            "contains" | "startsWith" | "endsWith" => self.part(sql, alias, op, value)?,
            _ => {
                if op != "eq" {
                    sql.plan_for_values();
                }
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
        use super::super::sql::Dialect::{Postgres, Sqlite};
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

    pub(super) fn value(&self, sql: &mut Sql, value: &Value) -> Result<(), Error> {
        let param = match value {
            Value::Variable(name) if name == TODAY => Param::Today,
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
    let values = values?;
    if leaf.list_type() == ListType::Id {
        let ids = values.iter().filter_map(|v| if let DbValue::Id(id) = v { Some(*id) } else { None });
        return Ok(DbValue::Ids(ids.collect()));
    }
    Ok(DbValue::List(leaf.list_type(), values))
}

fn constant(value: &Value) -> Result<ConstValue, Error> {
    value.clone().into_const().ok_or_else(|| Error::internal("a variable where a constant was promised"))
}
