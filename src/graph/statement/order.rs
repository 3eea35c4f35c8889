//! Orders: total, since the id decides last, with nulls where the request wants them.

use async_graphql_value::{ConstValue, Value};

use super::{
    super::{
        compile::stored,
        decl::{Entity, Field, Kind},
        input::{entries, listed, name_of},
        limit::{Limit, forbidden, limit},
        plan::{ColumnType, Expr, OrderKey},
        sql::Sql,
    },
    Builder, write_expr,
};
use crate::{
    auth::Scopes,
    error::{Code, Error},
};

/// Most steps of an order.
const MAX_ORDER: usize = 4;

impl Builder<'_> {
    /// What rows are ordered by; the id decides last, so the order is total.
    pub(super) fn order(
        &self,
        entity: &'static Entity,
        rows: Scopes,
        order: Option<&Value>,
    ) -> Result<Vec<OrderKey>, Error> {
        let order = order.and_then(|v| v.clone().into_const()).unwrap_or(ConstValue::Null);
        let steps = listed(&order);
        if steps.len() > MAX_ORDER {
            return Err(Error::new(
                Code::GraphqlValidationFailed,
                format!("An order may have at most {MAX_ORDER} steps."),
            ));
        }
        let mut keys = vec![];
        for step in steps {
            for (name, how) in entries(step) {
                let field = entity
                    .field(name)
                    .ok_or_else(|| Error::internal(format!("{}.{name} is not declared", entity.name)))?;
                let mut descending = false;
                let mut nulls_first = false;
                for (part, value) in entries(how) {
                    match part {
                        "direction" => descending = name_of(value) == "DESC",
                        _ => nulls_first = name_of(value) == "FIRST",
                    }
                }
                self.order_keys(entity, rows, field, &mut keys, |expr, nullable| OrderKey {
                    expr,
                    descending,
                    nulls_first: nullable.then_some(nulls_first),
                })?;
            }
        }
        if !keys.iter().any(|k| k.expr.column == "id") {
            let descending = keys.last().is_some_and(|k| k.descending);
            let expr = Expr::new(0, "id", None, ColumnType::Id);
            keys.push(OrderKey { expr, descending, nulls_first: None });
        }
        Ok(keys)
    }

    fn order_keys(
        &self,
        entity: &'static Entity,
        rows: Scopes,
        field: &'static Field,
        keys: &mut Vec<OrderKey>,
        key: impl Fn(Expr, bool) -> OrderKey,
    ) -> Result<(), Error> {
        let needs = entity.class_of(field);
        let only = match limit(entity, needs, self.rights.read(needs), rows) {
            Limit::Never => return Err(forbidden(entity, field, needs.read())),
            Limit::Free => None,
            Limit::Where(scopes) => Some((entity.rows, scopes)),
        };
        let mut add =
            |column, ty, given| keys.push(key(Expr { given, ..Expr::new(0, column, only, ty) }, !field.required));
        match &field.kind {
            Kind::Id => add("id", ColumnType::Id, None),
            Kind::Scalar { column, ty, .. } => add(column, stored(*ty), None),
            Kind::Enum { column, .. } => add(column, ColumnType::Text, None),
            Kind::Money { amount, currency, .. } => {
                // A row without an amount has no place among the currencies either.
                add(currency, ColumnType::Text, Some(*amount));
                add(amount, ColumnType::Int, None);
            }
            Kind::Enums { .. }
            | Kind::Texts { .. }
            | Kind::One { .. }
            | Kind::Many { .. }
            | Kind::Union { .. }
            | Kind::ViewerAccess
            | Kind::Trail { .. }
            | Kind::Answer(_) => {}
        }
        Ok(())
    }
}

fn direction(key: &OrderKey) -> &'static str {
    match (key.descending, key.nulls_first) {
        (false, None) => "",
        (true, None) => " DESC",
        (false, Some(true)) => " NULLS FIRST",
        (false, Some(false)) => " NULLS LAST",
        (true, Some(true)) => " DESC NULLS FIRST",
        (true, Some(false)) => " DESC NULLS LAST",
    }
}

pub(super) fn order_by(sql: &mut Sql, keys: &[OrderKey]) {
    sql.push(" ORDER BY ");
    in_order(sql, keys);
}

/// What rows are ordered by, one after the other.
pub(super) fn in_order(sql: &mut Sql, keys: &[OrderKey]) {
    for (i, key) in keys.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        write_expr(sql, &key.expr);
        sql.push(direction(key));
    }
}
