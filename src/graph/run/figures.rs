//! Runs the statements for totals and groups, and brings sums of money to the rows they belong to.

use std::{collections::HashMap, sync::atomic::Ordering};

use super::{
    super::{
        cell::{Cell, Row},
        cursor::{self},
        json::{self, Cells, MoneySum, Scene, Types as CellTypes},
        plan::{ColumnType, Expr, Figure, Groups, Level, Op, Totals},
        statement::RowLimit,
    },
    Parents, Run,
    arguments::Asked,
};
use crate::error::{Code, Error};

/// Groups that one answer may hold when a request does not say.
pub const GROUPS_MAX: usize = 1_000;

/// Columns of a sum of money.
const MONEY_COLUMNS: usize = 6;

/// Sums by currency, for each kind of money and each group.
type Sums = Vec<Vec<Vec<MoneySum>>>;

/// Figures by parent.
pub(super) struct Figures {
    rows: HashMap<usize, Row>,
    money: Vec<HashMap<Vec<u8>, Vec<MoneySum>>>,
    base: usize,
    types: Vec<ColumnType>,
}

impl Run<'_> {
    pub(super) async fn totals(
        &mut self,
        level: &Level,
        totals: &Totals,
        asked: &Asked,
        parents: &Parents,
    ) -> Result<Figures, Error> {
        let shape = asked.shape(RowLimit::None);
        let (statement, money) = self.builder().totals(level, totals, &shape)?;
        let mut out = Figures {
            rows: HashMap::new(),
            money: vec![],
            base: usize::from(level.link.is_some()),
            types: figure_types(totals),
        };
        for row in self.fetch(&statement, &parents.keys, 0).await? {
            let parent = if out.base == 0 { 0 } else { parents.owner(&row)? };
            out.rows.insert(parent, row);
        }
        for statement in money {
            let mut sums: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(&statement, &parents.keys, 0).await? {
                let parent = if level.link.is_some() { parents.owner(&row)? } else { 0 };
                sums.entry(parent.to_be_bytes().to_vec()).or_default().push(money_sum(&row, 1));
            }
            out.money.push(sums);
        }
        Ok(out)
    }

    pub(super) async fn groups(
        &mut self,
        level: &Level,
        groups: &Groups,
        asked: &Asked,
        parents: &Parents,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let first = self.number(groups.first.as_ref())?;
        if first.is_some_and(|n| n > self.limits.page) {
            return Err(Error::new(
                Code::PageSizeTooLarge,
                format!("At most {} groups can be answered.", self.limits.page),
            ));
        }
        let limit = first.unwrap_or(GROUPS_MAX + 1);
        let key_types: Vec<ColumnType> =
            groups.keys.iter().map(|k| if k.bucket.is_some() { ColumnType::Date } else { k.expr.ty }).collect();
        let (rows, sums) = match self.groups_of_one_currency(level, groups, asked, limit, (parents, &key_types)).await?
        {
            Some(found) => found,
            None => self.groups_of_any(level, groups, asked, limit, (parents, &key_types)).await?,
        };
        self.session.spend(rows.len());
        let types = figure_types(&groups.totals);
        let count_at = 1 + key_types.len();
        let source_at = count_at + 1 + types.len() + 1;
        let mut out = vec![Vec::new(); parents.count];
        let mut counts = vec![0_usize; parents.count];
        for (at, row) in rows.iter().enumerate() {
            let parent = if level.link.is_some() { parents.owner(row)? } else { 0 };
            counts[parent] += 1;
            if first.is_none() && counts[parent] > GROUPS_MAX {
                return Err(Error::new(
                    Code::ResultTooLarge,
                    format!("There are more than {GROUPS_MAX} groups; say how many you want with `first`."),
                ));
            }
            let money: Vec<&[MoneySum]> = sums.iter().map(|of| of[at].as_slice()).collect();
            let buffer = &mut out[parent];
            buffer.push(if buffer.is_empty() { b'[' } else { b',' });
            let mut scene = Scene { children: &[], cursor: "", money: &money, masked: &mut self.masked };
            let cells = Cells::Group(row, 1, count_at, source_at);
            json::write(
                buffer,
                &groups.ops,
                cells,
                &CellTypes { columns: &groups.source.types, keys: &key_types, figures: &types },
                &mut scene,
            );
        }
        for buffer in &mut out {
            if buffer.is_empty() {
                buffer.push(b'[');
            }
            buffer.push(b']');
        }
        Ok(out)
    }

    /// Groups with their money in one statement, where each has money of one currency only.
    async fn groups_of_one_currency(
        &mut self,
        level: &Level,
        groups: &Groups,
        asked: &Asked,
        limit: usize,
        (parents, key_types): (&Parents, &[ColumnType]),
    ) -> Result<Option<(Vec<Row>, Sums)>, Error> {
        if groups.is_mixed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let shape = asked.shape(RowLimit::Rows(limit));
        // The row after the last group may be the same group in another currency.
        let statement = self.builder().groups_of_one_currency(level, groups, &shape, limit.saturating_add(1))?;
        let Some(statement) = statement else { return Ok(None) };
        let mut rows = self.fetch(&statement, &parents.keys, limit).await?;
        if !groups.totals.money.is_empty() {
            let ids = rows.iter().map(|row| group_id(row, key_types)).collect::<Vec<_>>();
            if ids.windows(2).any(|two| two[0] == two[1]) {
                groups.is_mixed.store(true, Ordering::Relaxed);
                return Ok(None);
            }
        }
        let (mut parent, mut count) = (0, 0);
        rows.retain(|row| {
            count = if row.int(0) == parent { count + 1 } else { 1 };
            parent = row.int(0);
            count <= limit
        });
        let money_at = 1 + key_types.len() + 1 + groups.totals.figures.len() + 1;
        let of = |row: &Row, at: usize| -> Vec<MoneySum> {
            let sum = money_sum(row, money_at + at * MONEY_COLUMNS);
            if sum.count == 0 { vec![] } else { vec![sum] }
        };
        let sums = (0..groups.totals.money.len()).map(|at| rows.iter().map(|row| of(row, at)).collect()).collect();
        Ok(Some((rows, sums)))
    }

    /// Groups, and their money in a statement each.
    async fn groups_of_any(
        &mut self,
        level: &Level,
        groups: &Groups,
        asked: &Asked,
        limit: usize,
        (parents, key_types): (&Parents, &[ColumnType]),
    ) -> Result<(Vec<Row>, Sums), Error> {
        let (statement, money) = self.builder().groups(level, groups, &asked.shape(RowLimit::Rows(limit)))?;
        let rows = self.fetch(&statement, &parents.keys, limit).await?;
        let mut sums = vec![];
        for statement in money {
            let mut by_group: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(&statement, &parents.keys, 0).await? {
                by_group.entry(group_id(&row, key_types)).or_default().push(money_sum(&row, 1 + key_types.len()));
            }
            sums.push(rows.iter().map(|row| by_group.remove(&group_id(row, key_types)).unwrap_or_default()).collect());
        }
        Ok((rows, sums))
    }

    pub(super) fn write_totals(&mut self, out: &mut Vec<u8>, ops: &[Op], totals: Option<&Figures>, owner: usize) {
        let Some(totals) = totals else { return };
        let id = owner.to_be_bytes().to_vec();
        let money: Vec<&[MoneySum]> = totals.money.iter().map(|m| m.get(&id).map_or(&[][..], Vec::as_slice)).collect();
        let mut scene = Scene { children: &[], cursor: "", money: &money, masked: &mut self.masked };
        let cells = Cells::Totals(totals.rows.get(&owner), totals.base);
        json::write(out, ops, cells, &CellTypes { columns: &[], keys: &[], figures: &totals.types }, &mut scene);
    }
}

fn figure_types(totals: &Totals) -> Vec<ColumnType> {
    let of = |f: &Figure| match f {
        Figure::Min(Expr { ty, .. }) | Figure::Max(Expr { ty, .. }) => *ty,
        Figure::Sum(_) | Figure::Distinct(_) | Figure::Included(_) | Figure::Readable(_) => ColumnType::Int,
    };
    totals.figures.iter().map(of).collect()
}

/// The ordinal of the parent and the keys, as bytes.
fn group_id(row: &Row, keys: &[ColumnType]) -> Vec<u8> {
    let mut out = row.int(0).to_be_bytes().to_vec();
    for (i, ty) in keys.iter().enumerate() {
        cursor::encode(&mut out, &row.at(1 + i, *ty), *ty);
    }
    out
}

fn money_sum(row: &Row, at: usize) -> MoneySum {
    let currency = match row.at(at, ColumnType::Text) {
        Cell::Text(s) => s.to_owned(),
        _ => String::new(),
    };
    let sum = i128::from(row.int(at + 1)) * 1_000_000_000 + i128::from(row.int(at + 2));
    MoneySum { currency, sum, count: row.int(at + 3), min: row.int(at + 4), max: row.int(at + 5) }
}
