//! The rates at which work is costed, as they stand in the database. What is archived holds no longer.
//!
//! What projects cost is read by many who may not read what one person costs, so no cost is made of the rate of one person:
//! it is that of the role or the pool, or the mean of those of several people, and nothing can be worked out from any sum.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    rate::{self, Column as R},
    rate_card, resource,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules::{Offer, RateOf, blended, rate_on};
use crate::error::Error;

/// Ids in one condition.
const AT_ONCE: usize = 400;

/// At what an hour is costed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costing<'r> {
    /// The money of an hour, in 1/10,000.
    pub hourly: i64,
    /// In which currency.
    pub currency: &'r str,
    /// The card that says how it is posted.
    pub card: &'r rate_card::Model,
}

/// Rates by what they are of, with their cards.
pub struct DatedRates {
    resources: HashMap<Uuid, resource::Model>,
    rates: HashMap<Uuid, rate::Model>,
    cards: HashMap<Uuid, rate_card::Model>,
    /// What may hold, by what it is of.
    offers: HashMap<Uuid, Vec<Offer<Uuid>>>,
}

impl DatedRates {
    /// All that may hold for these resources, and what others have of their own.
    pub async fn of(db: &impl ConnectionTrait, resources: BTreeSet<Uuid>) -> Result<Self, Error> {
        let rated = rate::Entity::find().select_only().column(R::ResourceId).distinct();
        let rated = rated.filter(R::ResourceId.is_not_null()).filter(R::ArchivedAt.is_null());
        let rated: Vec<Uuid> = rated.into_tuple().all(db).await?;
        let ids: Vec<Uuid> = resources.into_iter().chain(rated).collect::<BTreeSet<_>>().into_iter().collect();
        let mut known = HashMap::new();
        for some in ids.chunks(AT_ONCE) {
            let found = resource::Entity::find().filter(resource::Column::Id.is_in(some.iter().copied()));
            known.extend(found.all(db).await?.into_iter().map(|resource| (resource.id, resource)));
        }
        let there = rate_card::Entity::find().filter(rate_card::Column::ArchivedAt.is_null());
        let mut this = Self {
            cards: there.all(db).await?.into_iter().map(|card| (card.id, card)).collect(),
            resources: known,
            rates: HashMap::new(),
            offers: HashMap::new(),
        };
        let of = |m: &resource::Model| [Some(m.id), m.role_id, m.pool_id];
        let asked: BTreeSet<Uuid> = this.resources.values().flat_map(of).flatten().collect();
        let asked: Vec<Uuid> = asked.into_iter().collect();
        for some in asked.chunks(AT_ONCE) {
            let is_any = |column: R| column.is_in(some.iter().copied());
            let of = Condition::any().add(is_any(R::ResourceId)).add(is_any(R::RoleId)).add(is_any(R::PoolId));
            let found = rate::Entity::find().filter(R::ArchivedAt.is_null()).filter(of);
            found.all(db).await?.into_iter().for_each(|rate| this.add(rate));
        }
        Ok(this)
    }

    fn add(&mut self, rate: rate::Model) {
        let of = [(RateOf::Resource, rate.resource_id), (RateOf::Role, rate.role_id), (RateOf::Pool, rate.pool_id)];
        let of = of.into_iter().find_map(|(of, id)| Some((of, id?)));
        if let (Some((of, id)), Some(card)) = (of, self.cards.get(&rate.card_id)) {
            let (from, to) = (rate.start_on, rate.end_on);
            let offer = Offer { id: rate.id, of, precedence: card.precedence, from, to };
            self.offers.entry(id).or_default().push(offer);
            self.rates.insert(rate.id, rate);
        }
    }

    /// At what an hour of a resource on a day is costed: the rate of its role, else of its pool; where only a rate of its own
    /// holds, the mean of those of all in its role, else in its pool, else of everybody, in that currency, of at least
    /// three people. None where there is no such rate.
    pub fn on(&self, resource: Uuid, day: NaiveDate) -> Option<Costing<'_>> {
        let of = self.resources.get(&resource)?;
        if let Some(rate) = self.best([of.role_id, of.pool_id].into_iter().flatten(), day) {
            return self.costing(rate, rate.amount);
        }
        let own = self.own(of, day)?;
        let is_like = |m: &resource::Model| of.role_id.is_some() && m.role_id == of.role_id;
        let is_near = |m: &resource::Model| of.pool_id.is_some() && m.pool_id == of.pool_id;
        let groups: [&dyn Fn(&resource::Model) -> bool; 3] = [&is_like, &is_near, &|_| true];
        let mean = groups.into_iter().find_map(|is_in| {
            let people = self.resources.values().filter(|m| is_in(m));
            let rates = people.filter_map(|m| self.own(m, day)).filter(|rate| rate.currency == own.currency);
            blended(&rates.map(|rate| rate.amount).collect::<Vec<_>>())
        })?;
        self.costing(own, mean)
    }

    fn costing<'r>(&'r self, rate: &'r rate::Model, hourly: i64) -> Option<Costing<'r>> {
        Some(Costing { hourly, currency: &rate.currency, card: self.cards.get(&rate.card_id)? })
    }

    /// The rate of its own that holds for a resource.
    fn own(&self, of: &resource::Model, day: NaiveDate) -> Option<&rate::Model> {
        self.best(std::iter::once(of.id), day)
    }

    /// The first of the rates of these that hold.
    fn best(&self, of: impl Iterator<Item = Uuid>, day: NaiveDate) -> Option<&rate::Model> {
        let offers: Vec<Offer<Uuid>> = of.filter_map(|id| self.offers.get(&id)).flatten().copied().collect();
        self.rates.get(&rate_on(&offers, day)?)
    }
}
