//! Plan to SQL: one statement a list level. The same function makes a text that is kept and one that fits a single
//! request, so both mean the same.

mod figures;
mod flat;
mod order;

use async_graphql_value::{ConstValue, Name, Value, indexmap::IndexMap};
use order::{in_order, order_by};

use super::{
    cursor,
    decl::{Column, Entity, External, Kind, Model, OWN_NAME},
    filter::Filter,
    limit::{Limit, limit},
    plan::{Expr, Level, Link, Lookup, OrderKey, RowsStatement, Source},
    sql::{Dialect, Param, Sql, Statement},
    value::{DbValue, Leaf, ListType},
};
use crate::{
    auth::Rights,
    error::{Code, Error},
};

/// The entity whose rows say what other systems call something.
const EXTERNAL_LINK: &str = "ExternalLink";
/// Its alias in a lookup, clear of joins and conditions.
const LINK_ALIAS: usize = 99;

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
    /// The list's own condition.
    pub condition: Option<&'v Value>,
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
        let mut sql = Sql::new(self.dialect, self.rights);
        sql.plan_once();
        match (level.link, self.dialect) {
            (None, _) => {
                sql.push("SELECT ");
                columns(&mut sql, &level.source, &keys, level.page.cursors, false);
                from_table(&mut sql, &level.source);
                self.restrict(&mut sql, level, shape, &keys, &mut filter, " WHERE TRUE")?;
                // Rows that are looked up are put where they belong by their ids.
                if level.lookup.is_none() {
                    order_by(&mut sql, &keys);
                }
                limit_to(&mut sql, shape.limit);
            }
            (Some(link), Dialect::Postgres) if shape.limit != RowLimit::None => {
                sql.push("SELECT p.o, c.*");
                below_each(&mut sql);
                columns(&mut sql, &level.source, &keys, level.page.cursors, true);
                from_table(&mut sql, &level.source);
                sql.push(" WHERE ").column(0, link.by).push(" = p.k");
                self.restrict(&mut sql, level, shape, &keys, &mut filter, "")?;
                order_by(&mut sql, &keys);
                limit_to(&mut sql, shape.limit);
                after_each(&mut sql);
            }
            // SQLite has no lateral join; rows of a view have no `rowid`.
            (Some(link), Dialect::Sqlite) if shape.limit != RowLimit::None && level.source.entity.is_stored => {
                sql.push("SELECT ");
                ordinal(&mut sql);
                sql.push(" AS o, ");
                columns(&mut sql, &level.source, &keys, level.page.cursors, true);
                sql.push(" FROM json_each(").param(Param::Keys).push(") p CROSS JOIN ");
                sql.push(level.source.entity.table).push(" t0 ON t0.rowid IN (SELECT t0.rowid");
                from_table(&mut sql, &level.source);
                sql.push(" WHERE ").column(0, link.by).push(" = unhex(p.value)");
                self.restrict(&mut sql, level, shape, &keys, &mut filter, "")?;
                order_by(&mut sql, &keys);
                limit_to(&mut sql, shape.limit);
                sql.push(")");
                joins(&mut sql, &level.source);
                sql.push(" ORDER BY p.key, ");
                in_order(&mut sql, &keys);
            }
            (Some(link), _) => {
                sql.push("SELECT * FROM (SELECT ");
                ordinal(&mut sql);
                sql.push(" AS o, ");
                columns(&mut sql, &level.source, &keys, level.page.cursors, true);
                sql.push(", row_number() OVER (PARTITION BY ");
                ordinal(&mut sql);
                order_by(&mut sql, &keys);
                sql.push(") AS rn");
                from_parents(&mut sql, &level.source, link);
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
            let mut sql = Sql::new(self.dialect, self.rights);
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
        restrict_rows(sql, level, shape, filter)?;
        match &level.lookup {
            None => {}
            Some(Lookup::Ref(_)) => self.find(sql, level.source.entity, shape.by.unwrap_or(&Value::Null))?,
            Some(Lookup::Keys) => {
                sql.push(" AND ").column(0, "id").is_any(ListType::Id, Param::Keys);
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
                    let (Some(external), Value::Object(parts)) = (entity.external, value) else {
                        return Err(Error::new(Code::BadVariables, "Say which one with `by`."));
                    };
                    let (column, target) = match external {
                        External::Linked { column, target } => (column, target),
                        External::Own => {
                            sql.push("TRUE");
                            own_name(sql, 0, OWN_NAME, parts)?;
                            continue;
                        }
                    };
                    // A link that the caller may not see finds nothing, like one that is not there.
                    let links = self.model.entity(EXTERNAL_LINK);
                    let scopes = self.rights.read(links.class);
                    if scopes.is_empty() {
                        let line = format!("Finding by `external` needs {}.", links.class.read());
                        let coordinate = format!("{}Ref.external", entity.name);
                        return Err(Error::new(Code::FilterForbidden, line).about(coordinate));
                    }
                    sql.push("EXISTS (SELECT 1 FROM ").push(links.table).push(" t").number(LINK_ALIAS).push(" WHERE ");
                    sql.column(LINK_ALIAS, column).push(" = ").column(0, "id");
                    sql.push(" AND ").column(LINK_ALIAS, "archived_at").push(" IS NULL");
                    sql.push(" AND ").column(LINK_ALIAS, "target_type").push(" = ").literal(target);
                    sql.visible(LINK_ALIAS, links, scopes, " AND ");
                    own_name(sql, LINK_ALIAS, ["system", "external_id"], parts)?;
                    sql.push(")");
                }
            }
        }
        Ok(())
    }
}

/// The system and the id of an `ExternalRef`, in these columns.
fn own_name(
    sql: &mut Sql,
    alias: usize,
    [system, id]: [Column; 2],
    parts: &IndexMap<Name, Value>,
) -> Result<(), Error> {
    for (part, value) in parts {
        let text = operand(Leaf::Scalar(super::decl::Scalar::String), value)?;
        sql.push(" AND ").column(alias, if part == "system" { system } else { id }).push(" = ").param(text);
    }
    Ok(())
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

fn limit_to(sql: &mut Sql, limit: RowLimit) {
    match limit {
        RowLimit::None => {}
        RowLimit::Rows(n) => {
            sql.push(" LIMIT ").number(n);
        }
        RowLimit::Param => {
            // A tenth of all rows, for who plans without it.
            sql.plan_for_values().push(" LIMIT ").param(Param::Limit);
        }
    }
}

/// The select list: the source's columns, then what rows are ordered by where cursors need it; named where it is another's rows.
fn columns(sql: &mut Sql, source: &Source, keys: &[OrderKey], cursors: bool, inner: bool) {
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
    if cursors {
        for (i, key) in keys.iter().enumerate() {
            comma(sql);
            write_expr(sql, &key.expr);
            if inner {
                sql.push(" AS s").number(i);
            }
        }
    }
    if source.columns.is_empty() && !cursors {
        sql.push("1");
    }
}

fn joins(sql: &mut Sql, source: &Source) {
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

fn from_table(sql: &mut Sql, source: &Source) {
    sql.push(" FROM ").push(source.entity.table).push(" t0");
    joins(sql, source);
}

fn from_parents(sql: &mut Sql, source: &Source, link: Link) {
    match sql.dialect {
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
    joins(sql, source);
    sql.push(" WHERE TRUE");
}

/// Ends what `below_each` opened. PostgreSQL knows that ordinals come in their order, so it sorts nothing: what was found for
/// a parent stays in the order in which it was found.
fn after_each(sql: &mut Sql) {
    sql.push(") c ORDER BY p.o");
}

/// Opens a part that is found for each parent by itself, `c`, which `after_each` ends.
fn below_each(sql: &mut Sql) {
    sql.push(" FROM unnest(").param(Param::Keys).push("::uuid[]) WITH ORDINALITY p(k, o) CROSS JOIN LATERAL (SELECT ");
}

/// From the table alone, or from the rows below the parents.
fn from_rows(sql: &mut Sql, source: &Source, link: Option<Link>) {
    match link {
        None => {
            from_table(sql, source);
            sql.push(" WHERE TRUE");
        }
        Some(link) => from_parents(sql, source, link),
    }
}

fn restrict_rows(sql: &mut Sql, level: &Level, shape: &Shape<'_>, out: &mut Filter<'_>) -> Result<(), Error> {
    let Source { entity, scopes, .. } = level.source;
    sql.visible(0, entity, scopes, " AND ");
    for filter in [shape.condition, shape.filter].into_iter().flatten() {
        out.write(sql, 0, entity, scopes, filter)?;
    }
    Ok(())
}

/// The position of a row's parent among the keys.
fn ordinal(sql: &mut Sql) {
    sql.push(match sql.dialect {
        Dialect::Postgres => "p.o",
        Dialect::Sqlite => "p.key + 1",
    });
}
