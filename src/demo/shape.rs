//! What the makers of rows share: facts, ids, instants, the items by key, and variety that is settled by a key.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::{person, portfolio_item};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::PMO_LEAD;
use crate::error::Error;

/// 2024-01-01, the time part of every id.
const ID_MILLIS: u64 = 1_704_067_200_000;
/// Money is kept in 1/10,000 of the major unit.
pub(super) const PER_UNIT: i64 = 10_000;
/// Weights, shares and confidence are kept in 1e-9.
pub(super) const WHOLE: i64 = 1_000_000_000;
/// The project that has moved, the portfolio that it stood in before, and how many days ago it left.
pub(super) const MOVED: (&str, &str, i64) = ("PR-040", "PF-IT", 182);

/// Reads the lines of a file of facts.
pub(super) fn facts<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Error> {
    csv::ReaderBuilder::new()
        .delimiter(b'|')
        .quoting(false)
        .from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(Error::internal)
}

/// An id shaped like those that the server makes, but settled by what it stands for: adding a row moves no other.
pub(super) fn id(table: &str, key: &str) -> Uuid {
    let digest = Sha256::digest(format!("{table}:{key}"));
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&ID_MILLIS.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&digest[..10]);
    uuid::Builder::from_random_bytes(bytes).with_version(uuid::Version::SortRand).into_uuid()
}

/// The id of a person.
pub(super) fn who(key: &str) -> Uuid {
    id("person", key)
}

/// Eight o'clock, so many days from the day of the demonstration.
pub(super) fn instant(as_of: NaiveDate, days: i64) -> DateTime<Utc> {
    at(as_of + TimeDelta::days(days), 8)
}

/// An hour of a day.
pub(super) fn at(day: NaiveDate, hour: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(hour)
}

/// A number below `sides` that follows from the key alone.
pub(super) fn dice(key: &str, sides: u64) -> u64 {
    let digest = Sha256::digest(key);
    let head = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    head % sides.max(1)
}

/// The same as an amount.
pub(super) fn roll(key: &str, sides: u64) -> i64 {
    i64::try_from(dice(key, sides)).unwrap_or_default()
}

/// The last day of a month.
pub(super) fn month_end(day: NaiveDate) -> NaiveDate {
    month_start(day) + Months::new(1) - TimeDelta::days(1)
}

/// The first day of a month.
pub(super) fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// A total in parts that stand to each other like the weights: whole units of money, what is left over on the last one.
pub(super) fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    let per_unit = i128::from(PER_UNIT);
    let part = |weight: i64| {
        let exact = i128::from(total) * i128::from(weight) / sum.max(1);
        i64::try_from(exact / per_unit * per_unit).unwrap_or_default()
    };
    let mut parts: Vec<i64> = weights.iter().map(|weight| part(*weight)).collect();
    let left = total - parts.iter().sum::<i64>();
    if let Some(last) = parts.last_mut() {
        *last += left;
    }
    parts
}

/// The organization as it stands, for what belongs to its items.
pub(super) struct World<'w> {
    /// The day of the demonstration.
    pub as_of: NaiveDate,
    /// Its items.
    pub items: &'w [portfolio_item::Model],
    by_key: HashMap<&'w str, &'w portfolio_item::Model>,
    people: HashMap<&'w str, Uuid>,
}

impl<'w> World<'w> {
    /// Over these rows.
    pub(super) fn new(as_of: NaiveDate, items: &'w [portfolio_item::Model], people: &'w [person::Model]) -> Self {
        let by_key = items.iter().map(|item| (item.key.as_str(), item)).collect();
        let people = people.iter().map(|person| (person.key.as_str(), person.id)).collect();
        Self { as_of, items, by_key, people }
    }

    /// The item with that key; facts that name another are wrong.
    pub(super) fn item(&self, key: &str) -> Result<&'w portfolio_item::Model, Error> {
        self.by_key.get(key).copied().ok_or_else(|| Error::internal(format!("there is no item {key}")))
    }

    /// The person with that key; facts that name another are wrong.
    pub(super) fn person(&self, key: &str) -> Result<Uuid, Error> {
        self.people.get(key).copied().ok_or_else(|| Error::internal(format!("there is no person {key}")))
    }

    /// How the trail names a person who came with a token of the server's own.
    pub(super) fn principal(&self, person: Uuid) -> String {
        let key = self.people.iter().find(|(_, id)| **id == person).map_or("", |(key, _)| *key);
        format!("{}|{key}", super::rows::ISSUER)
    }

    /// The portfolio that an item stood in on a day.
    pub(super) fn portfolio_on(&self, item: &portfolio_item::Model, day: NaiveDate) -> Option<Uuid> {
        let (key, before, days) = MOVED;
        let has_moved = item.key == key && day < self.as_of - TimeDelta::days(days);
        if has_moved { Some(id("portfolio_item", before)) } else { item.portfolio_id }
    }

    /// Days from the day of the demonstration.
    pub(super) fn days_to(&self, day: NaiveDate) -> i64 {
        (day - self.as_of).num_days()
    }

    /// Who writes of an item: its manager, or its owner where it has none.
    pub(super) fn author(item: &portfolio_item::Model) -> Option<Uuid> {
        item.project_manager_id.or(item.owner_id)
    }

    /// Who steers an item: the head of the office, or the sponsor where others may not know of it.
    pub(super) fn steward(item: &portfolio_item::Model) -> Option<Uuid> {
        if item.is_restricted { item.sponsor_id } else { Some(who(PMO_LEAD)) }
    }
}
