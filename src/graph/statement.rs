//! Plan to SQL: one statement a list level. The same function makes a text that is kept and one that fits a single
//! request, so both mean the same.

use async_graphql_value::{ConstValue, Value};

use super::{
    compile::{GROUP_KEYS, Limit, entries, forbidden, limit, listed, name_of, stored},
    cursor,
    decl::{Entity, Field, Kind, Model},
    filter::Filter,
    plan::{
        Bucket, ColumnType, Expr, Figure, GroupKey, GroupOrder, Groups, Level, Link, Lookup, MoneyTotal, OrderKey,
        RowsStatement, Source, Totals,
    },
    sql::{Dialect, Param, Sql, Statement},
    value::{DbValue, Leaf, ListType},
};
use crate::{
    auth::{Rights, Scopes},
    error::{Code, Error},
};

/// Most steps of an order.
const MAX_ORDER: usize = 4;

/// What makes statements: the database's language, the declarations and the caller's rights.
#[derive(Clone, Copy)]
pub struct Builder<'a> {
    /// The language.
    pub dialect: Dialect,
    /// The declarations.
    pub model: &'static Model,
    /// The rights.
    pub rights: &'a Rights,
}

/// How many rows a statement is to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLimit {
    /// All.
    None,
    /// This many.
    Rows(usize),
    /// As many as the request says.
    Param,
}

/// What of a level's arguments the text depends on, with variables replaced where they shape it.
pub struct Shape<'v> {
    /// The reference of a lookup.
    pub by: Option<&'v Value>,
    /// The filter.
    pub filter: Option<&'v Value>,
    /// The order.
    pub order: Option<&'v Value>,
    /// Values of the cursor, and whether rows before it are due.
    pub cursor: Option<(&'v [Option<DbValue>], bool)>,
    /// Read from the end.
    pub backward: bool,
    /// How many.
    pub limit: RowLimit,
}

impl Builder<'_> {
    /// The statement for a level's rows.
    pub fn rows(&self, level: &Level, shape: &Shape<'_>) -> Result<RowsStatement, Error> {
        let mut keys = self.order(level.source.entity, level.source.scopes, shape.order)?;
        if shape.backward {
            for key in &mut keys {
                key.descending = !key.descending;
                key.nulls_first = key.nulls_first.map(|first| !first);
            }
        }
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect);
        match (level.link, self.dialect) {
            (None, _) => {
                sql.push("SELECT ");
                self.columns(&mut sql, &level.source, &keys, level.page.cursors, false);
                self.from(&mut sql, &level.source);
                self.restrict(&mut sql, level, shape, &keys, &mut filter, " WHERE TRUE")?;
                order_by(&mut sql, &keys);
                limit_to(&mut sql, shape.limit);
            }
            (Some(link), Dialect::Postgres) if shape.limit != RowLimit::None => {
                sql.push("SELECT p.o, c.* FROM unnest(")
                    .param(Param::Keys)
                    .push("::uuid[]) WITH ORDINALITY p(k, o) CROSS JOIN LATERAL (SELECT ");
                self.columns(&mut sql, &level.source, &keys, level.page.cursors, true);
                self.from(&mut sql, &level.source);
                sql.push(" WHERE ").column(0, link.by).push(" = p.k");
                self.restrict(&mut sql, level, shape, &keys, &mut filter, "")?;
                order_by(&mut sql, &keys);
                limit_to(&mut sql, shape.limit);
                sql.push(") c ORDER BY p.o");
                // A lateral's rows come in its own order; naming it again costs nothing and promises it.
                for (i, key) in keys.iter().enumerate() {
                    sql.push(", c.s").number(i).push(direction(key));
                }
            }
            (Some(link), _) => {
                sql.push("SELECT * FROM (SELECT ");
                self.ordinal(&mut sql);
                sql.push(" AS o, ");
                self.columns(&mut sql, &level.source, &keys, level.page.cursors, true);
                sql.push(", row_number() OVER (PARTITION BY ");
                self.ordinal(&mut sql);
                order_by(&mut sql, &keys);
                sql.push(") AS rn");
                self.from_parents(&mut sql, &level.source, link);
                self.restrict(&mut sql, level, shape, &keys, &mut filter, "")?;
                sql.push(") WHERE ");
                match shape.limit {
                    RowLimit::None => sql.push("TRUE"),
                    RowLimit::Rows(n) => sql.push("rn <= ").number(n),
                    RowLimit::Param => sql.push("rn <= ").param(Param::Limit),
                };
                sql.push(" ORDER BY o, rn");
            }
        }
        let checks = self.checks(&filter);
        Ok(RowsStatement { statement: sql.finish(), keys, checks })
    }

    /// Statements that count the currencies of money compared without one.
    fn checks(&self, filter: &Filter<'_>) -> Vec<Statement> {
        let mut out = vec![];
        for (entity, rows, field) in &filter.single_currency {
            let Kind::Money { amount, currency, .. } = &field.kind else { continue };
            let mut sql = Sql::new(self.dialect);
            sql.push("SELECT count(DISTINCT ")
                .column(0, currency)
                .push(") FROM ")
                .push(entity.table)
                .push(" t0 WHERE ")
                .column(0, amount)
                .push(" IS NOT NULL");
            sql.visible(0, entity, *rows, " AND ");
            // Only amounts that the caller may read: others must neither hinder her nor show that they are there.
            let needs = entity.class_of(field);
            if let Limit::Where(scopes) = limit(entity, needs, self.rights.read(needs), *rows) {
                sql.push(" AND ");
                sql.scopes(0, entity.rows, scopes);
            }
            out.push(sql.finish());
        }
        out
    }

    /// The statement for figures, and one for each money field.
    pub fn totals(
        &self,
        level: &Level,
        totals: &Totals,
        shape: &Shape<'_>,
    ) -> Result<(RowsStatement, Vec<Statement>), Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect);
        sql.push("SELECT ");
        if level.link.is_some() {
            self.ordinal(&mut sql);
            sql.push(", ");
        }
        self.figures(&mut sql, totals);
        self.from_any(&mut sql, &Source::new(level.source.entity, level.source.scopes), level.link);
        self.restrict_rows(&mut sql, level, shape.filter, &mut filter)?;
        if level.link.is_some() {
            sql.push(" GROUP BY ");
            self.ordinal(&mut sql);
        }
        let checks = self.checks(&filter);
        let money = totals
            .money
            .iter()
            .map(|m| self.money(level, m, &[], &Source::new(level.source.entity, level.source.scopes), shape))
            .collect::<Result<_, _>>()?;
        Ok((RowsStatement { statement: sql.finish(), keys: vec![], checks }, money))
    }

    /// Sums of money by currency: ordinal, keys of the group, currency, sums of the high and low part, count, extremes.
    fn money(
        &self,
        level: &Level,
        total: &MoneyTotal,
        keys: &[GroupKey],
        inner: &Source,
        shape: &Shape<'_>,
    ) -> Result<Statement, Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect);
        sql.push("SELECT ");
        if level.link.is_some() {
            self.ordinal(&mut sql);
        } else {
            sql.push("1");
        }
        for key in keys {
            sql.push(", ");
            self.group_value(&mut sql, key);
        }
        sql.push(", ");
        write_expr(&mut sql, &total.currency);
        let amount = |sql: &mut Sql| write_expr(sql, &total.amount);
        for part in [" / 1000000000)", " % 1000000000)"] {
            self.whole(&mut sql, |sql| {
                sql.push("sum(");
                amount(sql);
                sql.push(part);
            });
        }
        for f in ["count(", "min(", "max("] {
            sql.push(", ").push(f);
            amount(&mut sql);
            sql.push(")");
        }
        self.from_any(&mut sql, inner, level.link);
        self.restrict_rows(&mut sql, level, shape.filter, &mut filter)?;
        sql.push(" AND ");
        amount(&mut sql);
        sql.push(" IS NOT NULL GROUP BY ");
        if level.link.is_some() {
            self.ordinal(&mut sql);
            sql.push(", ");
        }
        for key in keys {
            self.group_value(&mut sql, key);
            sql.push(", ");
        }
        write_expr(&mut sql, &total.currency);
        sql.push(" ORDER BY 1, ");
        write_expr(&mut sql, &total.currency);
        Ok(sql.finish())
    }

    /// PostgreSQL sums 64-bit numbers to `numeric`; each half fits 64 bits again.
    fn whole(&self, sql: &mut Sql, f: impl FnOnce(&mut Sql)) {
        sql.push(", ");
        match self.dialect {
            Dialect::Postgres => {
                sql.push("(");
                f(sql);
                sql.push(")::int8");
            }
            Dialect::Sqlite => f(sql),
        }
    }

    /// The statement for groups, and one for each money field.
    pub fn groups(
        &self,
        level: &Level,
        groups: &Groups,
        shape: &Shape<'_>,
    ) -> Result<(RowsStatement, Vec<Statement>), Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect);
        sql.push("SELECT t0.*");
        for expr in &groups.source.columns {
            sql.push(", ");
            write_expr(&mut sql, expr);
        }
        sql.push(" FROM (SELECT q.*, row_number() OVER (PARTITION BY q.o ORDER BY ");
        for (by, descending) in &groups.order {
            let way = if *descending { " DESC" } else { " ASC" };
            match by {
                GroupOrder::Count => {
                    sql.push("q.n").push(way).push(", ");
                }
                GroupOrder::Key => {
                    for name in &GROUP_KEYS[..groups.keys.len()] {
                        sql.push("q.").push(name).push(way).push(" NULLS LAST, ");
                    }
                }
            }
        }
        for name in &GROUP_KEYS[..groups.keys.len()] {
            sql.push("q.").push(name).push(" ASC NULLS LAST, ");
        }
        sql.push("q.n) AS rn FROM (SELECT ");
        if level.link.is_some() {
            self.ordinal(&mut sql);
        } else {
            sql.push("1");
        }
        sql.push(" AS o");
        for (i, key) in groups.keys.iter().enumerate() {
            sql.push(", ");
            self.group_value(&mut sql, key);
            sql.push(" AS ").push(GROUP_KEYS[i]);
        }
        sql.push(", ");
        self.figures(&mut sql, &groups.totals);
        self.from_any(&mut sql, &groups.inner, level.link);
        self.restrict_rows(&mut sql, level, shape.filter, &mut filter)?;
        // Rows whose key the caller may not read are in no group.
        for key in &groups.keys {
            if let Some((rows, scopes)) = key.expr.only {
                sql.push(" AND ");
                sql.scopes(0, rows, scopes);
            }
        }
        sql.push(" GROUP BY ");
        if level.link.is_some() {
            self.ordinal(&mut sql);
            sql.push(", ");
        }
        for (i, key) in groups.keys.iter().enumerate() {
            if i > 0 {
                sql.push(", ");
            }
            self.group_value(&mut sql, key);
        }
        sql.push(") q) t0");
        self.joins(&mut sql, &groups.source);
        sql.push(" WHERE t0.rn <= ");
        match shape.limit {
            RowLimit::Rows(n) => sql.number(n),
            RowLimit::Param | RowLimit::None => sql.param(Param::Limit),
        };
        sql.push(" ORDER BY t0.o, t0.rn");
        let checks = self.checks(&filter);
        let money = groups
            .totals
            .money
            .iter()
            .map(|m| self.money(level, m, &groups.keys, &groups.inner, shape))
            .collect::<Result<_, _>>()?;
        Ok((RowsStatement { statement: sql.finish(), keys: vec![], checks }, money))
    }

    fn group_value(&self, sql: &mut Sql, key: &GroupKey) {
        let Some(bucket) = key.bucket else { return write_expr(sql, &key.expr) };
        let instant = key.expr.ty == ColumnType::Instant;
        match self.dialect {
            Dialect::Postgres => {
                let unit = match bucket {
                    Bucket::Day => "day",
                    Bucket::Week => "week",
                    Bucket::Month => "month",
                    Bucket::Quarter => "quarter",
                    Bucket::Year => "year",
                };
                sql.push("date_trunc(").literal(unit).push(", ");
                write_expr(sql, &key.expr);
                sql.push(if instant { " AT TIME ZONE 'UTC')::date" } else { "::timestamp)::date" });
            }
            Dialect::Sqlite => {
                let steps = match bucket {
                    Bucket::Day => "",
                    Bucket::Week => ", 'weekday 0', '-6 days'",
                    Bucket::Month => ", 'start of month'",
                    Bucket::Year => ", 'start of year'",
                    Bucket::Quarter => {
                        sql.push("date(");
                        write_expr(sql, &key.expr);
                        sql.push(", 'start of month', '-' || ((CAST(strftime('%m', ");
                        write_expr(sql, &key.expr);
                        sql.push(") AS INTEGER) - 1) % 3) || ' months')");
                        return;
                    }
                };
                sql.push("date(");
                write_expr(sql, &key.expr);
                sql.push(steps).push(")");
            }
        }
    }

    fn figures(&self, sql: &mut Sql, totals: &Totals) {
        sql.push("count(*) AS n");
        for (i, figure) in totals.figures.iter().enumerate() {
            sql.push(", ");
            match figure {
                Figure::Min(e) => self.call(sql, "min(", e),
                Figure::Max(e) => self.call(sql, "max(", e),
                Figure::Distinct(e) => self.call(sql, "count(DISTINCT ", e),
                Figure::Included(e) => self.call(sql, "count(", e),
                Figure::Readable(e) => match e.only {
                    Some((rows, scopes)) => {
                        sql.push("count(CASE WHEN ");
                        if !sql.scopes(e.alias, rows, scopes) {
                            sql.push("TRUE");
                        }
                        sql.push(" THEN 1 END)");
                    }
                    None => {
                        sql.push("count(*)");
                    }
                },
            }
            sql.push(" AS f").number(i);
        }
    }

    fn call(&self, sql: &mut Sql, f: &str, e: &Expr) {
        sql.push(f);
        write_expr(sql, e);
        sql.push(")");
    }

    /// The select list: the source's columns, then what rows are ordered by where cursors or an outer order need it.
    fn columns(&self, sql: &mut Sql, source: &Source, keys: &[OrderKey], cursors: bool, inner: bool) {
        let mut first = true;
        let mut comma = |sql: &mut Sql| {
            if !std::mem::take(&mut first) {
                sql.push(", ");
            }
        };
        for (i, expr) in source.columns.iter().enumerate() {
            comma(sql);
            write_expr(sql, expr);
            if inner {
                sql.push(" AS c").number(i);
            }
        }
        if cursors || inner {
            for (i, key) in keys.iter().enumerate() {
                comma(sql);
                write_expr(sql, &key.expr);
                if inner {
                    sql.push(" AS s").number(i);
                }
            }
        }
        if source.columns.is_empty() && !cursors && !inner {
            sql.push("1");
        }
    }

    fn from(&self, sql: &mut Sql, source: &Source) {
        sql.push(" FROM ").push(source.entity.table).push(" t0");
        self.joins(sql, source);
    }

    fn joins(&self, sql: &mut Sql, source: &Source) {
        for (i, join) in source.joins.iter().enumerate() {
            let alias = i + 1;
            sql.push(" LEFT JOIN ")
                .push(join.entity.table)
                .push(" t")
                .number(alias)
                .push(" ON ")
                .column(alias, "id")
                .push(" = ")
                .column(join.on.0, join.on.1);
            sql.visible(alias, join.entity, join.scopes, " AND ");
        }
    }

    /// The position of a row's parent among the keys.
    fn ordinal(&self, sql: &mut Sql) {
        sql.push(match self.dialect {
            Dialect::Postgres => "p.o",
            Dialect::Sqlite => "p.key + 1",
        });
    }

    fn from_parents(&self, sql: &mut Sql, source: &Source, link: Link) {
        match self.dialect {
            Dialect::Postgres => sql
                .push(" FROM unnest(")
                .param(Param::Keys)
                .push("::uuid[]) WITH ORDINALITY p(k, o) JOIN ")
                .push(source.entity.table)
                .push(" t0 ON ")
                .column(0, link.by)
                .push(" = p.k"),
            // CROSS JOIN keeps SQLite from scanning the child for each key.
            Dialect::Sqlite => sql
                .push(" FROM json_each(")
                .param(Param::Keys)
                .push(") p CROSS JOIN ")
                .push(source.entity.table)
                .push(" t0 ON ")
                .column(0, link.by)
                .push(" = unhex(p.value)"),
        };
        self.joins(sql, source);
        sql.push(" WHERE TRUE");
    }

    /// From the table alone, or from the rows below the parents.
    fn from_any(&self, sql: &mut Sql, source: &Source, link: Option<Link>) {
        match link {
            None => {
                self.from(sql, source);
                sql.push(" WHERE TRUE");
            }
            Some(link) => self.from_parents(sql, source, link),
        }
    }

    fn restrict_rows(
        &self,
        sql: &mut Sql,
        level: &Level,
        filter: Option<&Value>,
        out: &mut Filter<'_>,
    ) -> Result<(), Error> {
        let Source { entity, scopes, .. } = level.source;
        sql.visible(0, entity, scopes, " AND ");
        if let Some(filter) = filter {
            out.write(sql, 0, entity, scopes, filter)?;
        }
        Ok(())
    }

    fn restrict(
        &self,
        sql: &mut Sql,
        level: &Level,
        shape: &Shape<'_>,
        keys: &[OrderKey],
        filter: &mut Filter<'_>,
        lead: &str,
    ) -> Result<(), Error> {
        sql.push(lead);
        self.restrict_rows(sql, level, shape.filter, filter)?;
        match &level.lookup {
            None => {}
            Some(Lookup::Ref(_)) => self.find(sql, level.source.entity, shape.by.unwrap_or(&Value::Null))?,
            Some(Lookup::Keys) => {
                sql.push(" AND ").column(0, "id").is_any(ListType::Id, Param::Keys);
            }
            Some(Lookup::Me) => {
                sql.push(" AND ").column(0, "id").push(" = ").param(Param::Me);
            }
        }
        if let Some((values, before)) = shape.cursor {
            sql.push(" AND ");
            // A backward order is already turned round: rows before the cursor come after it there.
            let turned = before != shape.backward;
            let turned_keys: Vec<OrderKey>;
            let keys = if turned {
                turned_keys = keys
                    .iter()
                    .map(|k| OrderKey {
                        descending: !k.descending,
                        nulls_first: k.nulls_first.map(|f| !f),
                        ..k.clone()
                    })
                    .collect();
                &turned_keys
            } else {
                keys
            };
            cursor::after(sql, keys, values);
        }
        Ok(())
    }

    /// The condition of a `...Ref`.
    fn find(&self, sql: &mut Sql, entity: &'static Entity, by: &Value) -> Result<(), Error> {
        let Value::Object(members) = by else { return Err(Error::new(Code::BadVariables, "Say which one with `by`.")) };
        for (name, value) in members {
            sql.push(" AND ");
            match name.as_str() {
                "id" => {
                    let leaf = Leaf::Id(super::filter::prefixes(self.model, entity));
                    sql.column(0, "id").push(" = ").param(operand(leaf, value)?);
                }
                "key" => {
                    sql.column(0, "key").push(" = ").param(operand(Leaf::Scalar(super::decl::Scalar::String), value)?);
                }
                _ => {
                    let (Some((column, target)), Value::Object(parts)) = (entity.external, value) else {
                        return Err(Error::new(Code::BadVariables, "Say which one with `by`."));
                    };
                    sql.push("EXISTS (SELECT 1 FROM external_link x WHERE x.")
                        .push(column)
                        .push(" = ")
                        .column(0, "id")
                        .push(" AND x.target_type = ")
                        .literal(target);
                    for (part, value) in parts {
                        let text = operand(Leaf::Scalar(super::decl::Scalar::String), value)?;
                        sql.push(if part == "system" { " AND x.system = " } else { " AND x.external_id = " })
                            .param(text);
                    }
                    sql.push(")");
                }
            }
        }
        Ok(())
    }

    /// What rows are ordered by; the id decides last, so the order is total.
    fn order(&self, entity: &'static Entity, rows: Scopes, order: Option<&Value>) -> Result<Vec<OrderKey>, Error> {
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
            Kind::One { .. } | Kind::Many { .. } | Kind::Union { .. } | Kind::ViewerAccess => {}
        }
        Ok(())
    }
}

fn operand(leaf: Leaf, value: &Value) -> Result<Param, Error> {
    Ok(match value {
        Value::Variable(name) => {
            Param::Variable { name: name.to_string(), leaf, list: false, fold: super::sql::Fold::None }
        }
        value => Param::Const(leaf.read(&value.clone().into_const().unwrap_or(ConstValue::Null))?),
    })
}

/// A value: the column, or null where the right does not hold or what it belongs to is null.
pub fn write_expr(sql: &mut Sql, e: &Expr) {
    if let Some((rows, scopes)) = e.only {
        if !e.is_flag {
            sql.push("CASE WHEN ");
        }
        if !sql.scopes(e.alias, rows, scopes) {
            sql.push("TRUE");
        }
        if e.is_flag {
            return;
        }
        sql.push(" THEN ");
    }
    match e.given {
        None => sql.column(e.alias, e.column),
        Some(other) => sql
            .push("CASE WHEN ")
            .column(e.alias, other)
            .push(" IS NOT NULL THEN ")
            .column(e.alias, e.column)
            .push(" END"),
    };
    if e.only.is_some() {
        sql.push(" END");
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

fn order_by(sql: &mut Sql, keys: &[OrderKey]) {
    for (i, key) in keys.iter().enumerate() {
        sql.push(if i == 0 { " ORDER BY " } else { ", " });
        write_expr(sql, &key.expr);
        sql.push(direction(key));
    }
}

fn limit_to(sql: &mut Sql, limit: RowLimit) {
    match limit {
        RowLimit::None => {}
        RowLimit::Rows(n) => {
            sql.push(" LIMIT ").number(n);
        }
        RowLimit::Param => {
            sql.push(" LIMIT ").param(Param::Limit);
        }
    }
}
