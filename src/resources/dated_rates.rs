//! The rates that hold for resources on days, as they stand in the database. What is archived holds no longer.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    rate::{self, Column as R},
    rate_card, resource,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{Offer, RateOf, rate_on};
use crate::error::Error;

/// Ids in one condition.
const AT_ONCE: usize = 400;

/// Rates by what they are of, with their cards.
pub struct DatedRates {
    resources: HashMap<Uuid, resource::Model>,
    rates: HashMap<Uuid, rate::Model>,
    cards: HashMap<Uuid, rate_card::Model>,
    /// What may hold, by what it is of.
    offers: HashMap<Uuid, Vec<Offer<Uuid>>>,
}

impl DatedRates {
    /// All that may hold for these resources.
    pub async fn of(db: &impl ConnectionTrait, resources: BTreeSet<Uuid>) -> Result<Self, Error> {
        let ids: Vec<Uuid> = resources.into_iter().collect();
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

    /// The rate that holds for a resource on a day, with its card; none where none does.
    pub fn on(&self, resource: Uuid, day: NaiveDate) -> Option<(&rate::Model, &rate_card::Model)> {
        let of = self.resources.get(&resource)?;
        let asked = [Some(of.id), of.role_id, of.pool_id].into_iter().flatten();
        let offers: Vec<Offer<Uuid>> = asked.filter_map(|id| self.offers.get(&id)).flatten().copied().collect();
        let rate = self.rates.get(&rate_on(&offers, day)?)?;
        Some((rate, self.cards.get(&rate.card_id)?))
    }
}
