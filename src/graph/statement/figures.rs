//! Statements for figures: totals, groups, and money by currency.

use super::{
    super::{
        compile::GROUP_KEYS,
        filter::Filter,
        plan::{Bucket, ColumnType, Expr, Figure, GroupKey, GroupOrder, Groups, Level, MoneyTotal, Source, Totals},
        sql::{Dialect, Param, Sql, Statement},
    },
    Builder, RowLimit, Shape, after_each, below_each, from_rows, from_table, joins, ordinal, restrict_rows, write_expr,
};
use crate::error::Error;

/// What the currency of a group's money is called.
const CURRENCY: &str = "currency";

impl Builder<'_> {
    /// The statement for figures, and one for each money field.
    pub fn totals(
        &self,
        level: &Level,
        totals: &Totals,
        shape: &Shape<'_>,
    ) -> Result<(Statement, Vec<Statement>), Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect, self.rights);
        sql.push("SELECT ");
        if level.link.is_some() {
            ordinal(&mut sql);
            sql.push(", ");
        }
        self.write_figures(&mut sql, totals);
        from_rows(&mut sql, &Source::new(level.source.entity, level.source.scopes), level.link);
        restrict_rows(&mut sql, level, shape, &mut filter)?;
        if level.link.is_some() {
            sql.push(" GROUP BY ");
            ordinal(&mut sql);
        }
        let money = totals
            .money
            .iter()
            .map(|m| self.money(level, m, &[], &Source::new(level.source.entity, level.source.scopes), shape))
            .collect::<Result<_, _>>()?;
        Ok((sql.finish(), money))
    }

    /// Sums of money by currency: ordinal, keys of the group, currency, and what `sums` says.
    fn money(
        &self,
        level: &Level,
        total: &MoneyTotal,
        keys: &[GroupKey],
        inner: &Source,
        shape: &Shape<'_>,
    ) -> Result<Statement, Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect, self.rights);
        sql.push("SELECT ");
        if level.link.is_some() {
            ordinal(&mut sql);
        } else {
            sql.push("1");
        }
        for key in keys {
            sql.push(", ");
            self.group_value(&mut sql, key);
        }
        sql.push(", ");
        write_expr(&mut sql, &total.currency);
        self.sums(&mut sql, total);
        from_rows(&mut sql, inner, level.link);
        restrict_rows(&mut sql, level, shape, &mut filter)?;
        restrict_keys(&mut sql, keys);
        sql.push(" AND ");
        write_expr(&mut sql, &total.amount);
        sql.push(" IS NOT NULL GROUP BY ");
        if level.link.is_some() {
            ordinal(&mut sql);
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

    /// PostgreSQL sums 64-bit numbers to `numeric`; this one fits 64 bits again.
    fn whole(&self, sql: &mut Sql, f: impl FnOnce(&mut Sql)) {
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
    ) -> Result<(Statement, Vec<Statement>), Error> {
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect, self.rights);
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
            ordinal(&mut sql);
        } else {
            sql.push("1");
        }
        sql.push(" AS o");
        self.keys_and_figures(&mut sql, groups);
        from_rows(&mut sql, &groups.inner, level.link);
        restrict_rows(&mut sql, level, shape, &mut filter)?;
        restrict_keys(&mut sql, &groups.keys);
        sql.push(" GROUP BY ");
        if level.link.is_some() {
            ordinal(&mut sql);
            sql.push(", ");
        }
        for (i, key) in groups.keys.iter().enumerate() {
            if i > 0 {
                sql.push(", ");
            }
            self.group_value(&mut sql, key);
        }
        sql.push(") q) t0");
        joins(&mut sql, &groups.source);
        sql.push(" WHERE t0.rn <= ");
        match shape.limit {
            RowLimit::Rows(n) => sql.number(n),
            RowLimit::Param | RowLimit::None => sql.param(Param::Limit),
        };
        sql.push(" ORDER BY t0.o, t0.rn");
        let money = groups
            .totals
            .money
            .iter()
            .map(|m| self.money(level, m, &groups.keys, &groups.inner, shape))
            .collect::<Result<_, _>>()?;
        Ok((sql.finish(), money))
    }

    /// The statement for groups in the order of their keys with the money of each, if any, for where no group has money of
    /// two currencies: one that has is two rows. After the figures stand the currency and what `sums` says of each. Groups
    /// below parents are found for each parent by itself, where the database can: the limit is of each. None where it takes
    /// more than that.
    pub fn groups_of_one_currency(
        &self,
        level: &Level,
        groups: &Groups,
        shape: &Shape<'_>,
        limit: usize,
    ) -> Result<Option<Statement>, Error> {
        let currency = groups.totals.money.first().map(|money| &money.currency);
        let is_plain = (level.link.is_none() || self.dialect == Dialect::Postgres)
            && groups.source.columns.is_empty()
            && groups.order.iter().all(|(by, _)| *by == GroupOrder::Key)
            && groups.totals.money.iter().all(|money| Some(&money.currency) == currency);
        if !is_plain {
            return Ok(None);
        }
        let mut filter = Filter::new(self.model, self.rights);
        let mut sql = Sql::new(self.dialect, self.rights);
        sql.push("SELECT ");
        if level.link.is_some() {
            sql.push("c.*");
            below_each(&mut sql);
            sql.push("p.o");
        } else {
            sql.push("1");
        }
        sql.push(" AS o");
        self.keys_and_figures(&mut sql, groups);
        if let Some(currency) = currency {
            sql.push(", ");
            write_expr(&mut sql, currency);
            sql.push(" AS ").push(CURRENCY);
        }
        for money in &groups.totals.money {
            self.sums(&mut sql, money);
        }
        from_table(&mut sql, &groups.inner);
        match level.link {
            None => sql.push(" WHERE TRUE"),
            Some(link) => sql.push(" WHERE ").column(0, link.by).push(" = p.k"),
        };
        restrict_rows(&mut sql, level, shape, &mut filter)?;
        restrict_keys(&mut sql, &groups.keys);
        sql.push(" GROUP BY ");
        for (i, key) in groups.keys.iter().enumerate() {
            if i > 0 {
                sql.push(", ");
            }
            self.group_value(&mut sql, key);
        }
        if let Some(currency) = currency {
            sql.push(", ");
            write_expr(&mut sql, currency);
        }
        let descends = groups.order.first().is_some_and(|(_, descending)| *descending);
        let way = if descends { " DESC NULLS LAST" } else { " ASC NULLS LAST" };
        // All that is grouped by, so that one sort serves both.
        let names = GROUP_KEYS[..groups.keys.len()].iter().chain(currency.map(|_| &CURRENCY));
        for (i, name) in names.enumerate() {
            sql.push(if i == 0 { " ORDER BY " } else { ", " }).push(name).push(way);
        }
        sql.push(" LIMIT ").number(limit);
        if level.link.is_some() {
            after_each(&mut sql);
        }
        Ok(Some(sql.finish()))
    }

    /// The keys of groups under their names, and figures of each group.
    fn keys_and_figures(&self, sql: &mut Sql, groups: &Groups) {
        for (key, name) in groups.keys.iter().zip(GROUP_KEYS) {
            sql.push(", ");
            self.group_value(sql, key);
            sql.push(" AS ").push(name);
        }
        sql.push(", ");
        self.write_figures(sql, &groups.totals);
    }

    fn write_figures(&self, sql: &mut Sql, totals: &Totals) {
        sql.push("count(*) AS n");
        for (i, figure) in totals.figures.iter().enumerate() {
            sql.push(", ");
            match figure {
                Figure::Min(e) => call(sql, "min(", e),
                Figure::Max(e) => call(sql, "max(", e),
                Figure::Sum(e) => self.whole(sql, |sql| call(sql, "sum(", e)),
                Figure::Distinct(e) => call(sql, "count(DISTINCT ", e),
                Figure::Included(e) => call(sql, "count(", e),
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

    /// Sums of money: the sum as `Row::sum` reads it, then count and extremes where they are asked for.
    fn sums(&self, sql: &mut Sql, total: &MoneyTotal) {
        match self.dialect {
            Dialect::Postgres => {
                sql.push(", ");
                call(sql, "sum(", &total.amount);
            }
            // Its sums end with 64 bits: those of the high and of the low part fit.
            Dialect::Sqlite => {
                for part in [" / 1000000000)", " % 1000000000)"] {
                    sql.push(", sum(");
                    write_expr(sql, &total.amount);
                    sql.push(part);
                }
            }
        }
        for (f, is_asked) in [("count(", total.counted), ("min(", total.extremes), ("max(", total.extremes)] {
            if is_asked {
                sql.push(", ");
                call(sql, f, &total.amount);
            }
        }
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
}

fn call(sql: &mut Sql, f: &str, e: &Expr) {
    sql.push(f);
    write_expr(sql, e);
    sql.push(")");
}

/// Rows whose key the caller may not read are in no group, and in no group's money.
fn restrict_keys(sql: &mut Sql, keys: &[GroupKey]) {
    for key in keys {
        if let Some((rows, scopes)) = key.expr.only {
            sql.push(" AND ");
            sql.scopes(0, rows, scopes);
        }
    }
}
