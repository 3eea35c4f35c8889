//! Runs the statements for totals and groups, and brings sums of money to the rows they belong to.

use std::{collections::HashMap, sync::atomic::Ordering};

use super::{
    super::{
        cell::{Cell, Row},
        cursor::{self},
        json::{self, Cells, MoneySum, Scene, Types as CellTypes},
        plan::{ColumnType, Expr, Figure, Groups, Level, MoneyTotal, Op, Totals},
        statement::RowLimit,
    },
    Parents, Run,
    arguments::Asked,
};
use crate::error::{Code, Error};

/// Groups that one answer may hold when a request does not say.
pub const GROUPS_MAX: usize = 1_000;

/// Where the money of groups is.
enum Sums {
    /// In the row of each group: the currency here, then the sums.
    InRows(usize),
    /// Sums by currency, for each kind of money and each group.
    Apart(Vec<Vec<Vec<MoneySum>>>),
}

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
        for (statement, total) in money.iter().zip(&totals.money) {
            let mut sums: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(statement, &parents.keys, 0).await? {
                let parent = if level.link.is_some() { parents.owner(&row)? } else { 0 };
                let sum = money_sum(&row, 1, &mut 2, total);
                sums.entry(parent.to_be_bytes().to_vec()).or_default().extend(sum);
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
        let mut in_row = vec![];
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
            let money: Vec<&[MoneySum]> = match &sums {
                Sums::Apart(sums) => sums.iter().map(|of| of[at].as_slice()).collect(),
                Sums::InRows(currency) => {
                    let mut next = currency + 1;
                    let sum = |total| money_sum(row, *currency, &mut next, total);
                    in_row = groups.totals.money.iter().map(sum).collect::<Vec<_>>();
                    in_row.iter().map(Option::as_slice).collect()
                }
            };
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
            let (mut last, mut id) = (vec![], vec![]);
            for row in &rows {
                group_id(&mut id, row, key_types);
                if id == last {
                    groups.is_mixed.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
                std::mem::swap(&mut last, &mut id);
            }
        }
        let (mut parent, mut count) = (0, 0);
        rows.retain(|row| {
            count = if row.int(0) == parent { count + 1 } else { 1 };
            parent = row.int(0);
            count <= limit
        });
        Ok(Some((rows, Sums::InRows(1 + key_types.len() + 1 + groups.totals.figures.len()))))
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
        let mut id = vec![];
        for (statement, total) in money.iter().zip(&groups.totals.money) {
            let mut by_group: HashMap<Vec<u8>, Vec<MoneySum>> = HashMap::new();
            for row in self.fetch(statement, &parents.keys, 0).await? {
                group_id(&mut id, &row, key_types);
                let currency = 1 + key_types.len();
                let sum = money_sum(&row, currency, &mut (currency + 1), total);
                by_group.entry(id.clone()).or_default().extend(sum);
            }
            let mut of = |row| {
                group_id(&mut id, row, key_types);
                by_group.remove(&id).unwrap_or_default()
            };
            sums.push(rows.iter().map(&mut of).collect());
        }
        Ok((rows, Sums::Apart(sums)))
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
fn group_id(out: &mut Vec<u8>, row: &Row, keys: &[ColumnType]) {
    out.clear();
    out.extend_from_slice(&row.int(0).to_be_bytes());
    for (i, ty) in keys.iter().enumerate() {
        cursor::encode(out, &row.at(1 + i, *ty), *ty);
    }
}

/// The money of a row with its currency at one position and its sum at the next, which goes on to what follows. None where
/// no amount was summed.
fn money_sum(row: &Row, currency: usize, next: &mut usize, total: &MoneyTotal) -> Option<MoneySum> {
    let sum = row.sum(next);
    let mut figure = |is_asked: bool| {
        let at = *next;
        *next += usize::from(is_asked);
        if is_asked { row.int(at) } else { 0 }
    };
    let (count, min, max) = (figure(total.counted), figure(total.extremes), figure(total.extremes));
    let currency = match row.at(currency, ColumnType::Text) {
        Cell::Text(s) => s.to_owned(),
        _ => String::new(),
    };
    Some(MoneySum { currency, sum: sum?, count, min, max })
}
