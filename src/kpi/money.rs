//! Exchange rates as they were known: the direct rate of the pair that holds on the day. None is inverted, chained or
//! guessed; a rate that is missing makes a figure unknown, never 1.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    error::Error,
    graph::{Cell, ColumnType, DbValue, ListType, Param, Session, date_of},
    kpi::versions::known,
};

/// Rates that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The set; none is the default set.
    pub set: Option<Uuid>,
    /// Of this currency.
    pub from: String,
    /// In this currency.
    pub to: String,
}

/// Rates by what was wanted, each with the days from which they hold.
#[derive(Debug, Default)]
pub struct Rates(BTreeMap<Wanted, BTreeMap<NaiveDate, i64>>);

impl Rates {
    /// Reads the rates that are wanted, as they were known at an instant.
    pub async fn read(
        session: &mut Session<'_>,
        wanted: &[Wanted],
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Self, Error> {
        let mut rates = Self(wanted.iter().map(|wanted| (wanted.clone(), BTreeMap::new())).collect());
        if wanted.is_empty() {
            return Ok(rates);
        }
        let texts = |of: fn(&Wanted) -> &String| {
            let texts = wanted.iter().map(|wanted| DbValue::Text(of(wanted).clone())).collect();
            Param::Const(DbValue::List(ListType::Text, texts))
        };
        let mut sql = session.sql();
        sql.push("SELECT s.id, s.is_default, r.from_currency, r.to_currency, r.valid_from_on, r.rate FROM ");
        known(&mut sql, "fx_rate", known_at).push(" r JOIN ");
        known(&mut sql, "fx_rate_set", known_at)
            .push(" s ON s.id = r.rate_set_id WHERE r.archived_at IS NULL AND r.from_currency");
        sql.is_any(ListType::Text, texts(|w| &w.from))
            .push(" AND r.to_currency")
            .is_any(ListType::Text, texts(|w| &w.to));
        for row in session.all(&sql.finish(), &Arc::default()).await? {
            let text = |at| match row.at(at, ColumnType::Text) {
                Cell::Text(text) => text.to_owned(),
                _ => String::new(),
            };
            let is_default = matches!(row.at(1, ColumnType::Bool), Cell::Bool(true) | Cell::Int(1));
            let (Cell::Id(set), Some(on)) = (row.at(0, ColumnType::Id), date_of(row.at(4, ColumnType::Date))) else {
                continue;
            };
            let (from, to, rate) = (text(2), text(3), row.int(5));
            for (wanted, days) in &mut rates.0 {
                let is_set = wanted.set.map_or(is_default, |wanted| *wanted.as_bytes() == set);
                if is_set && wanted.from == from && wanted.to == to {
                    days.insert(on, rate);
                }
            }
        }
        Ok(rates)
    }

    /// The rate that holds on a day: units of the one currency for one of the other.
    pub fn on(&self, wanted: &Wanted, day: NaiveDate) -> Option<Decimal> {
        let (_, rate) = self.0.get(wanted)?.range(..=day).next_back()?;
        Some(Decimal::from_i128_with_scale((*rate).into(), 9))
    }
}
