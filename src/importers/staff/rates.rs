//! Rates of a file: a card for each of its tables, and on it what an hour of each resource costs. Of one resource the card
//! holds what the file says last; a rate that it no longer has is archived.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    rate::{self, Column as R, Model},
    rate_card,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    resources,
    tally::{Tally, Wish},
    wanted::{Place, Rate, Wanted},
};
use crate::{
    auth::{Class, Step},
    importers::report::{ElementFault, ImportError},
    resources::{blank_card, blank_rate},
    write::{Row, Work},
};

/// Ids of one condition.
const AT_ONCE: usize = 400;
/// How far the card goes before others; the tables behind the first are for assignments that name them.
const PRECEDENCE: [i32; 2] = [500, 1_000];

/// Writes them in a currency, or tells why they are left.
pub(super) async fn write(
    work: &mut Work<'_>,
    wanted: &Wanted,
    known: &resources::Known,
    currency: &str,
    tally: &mut Tally<'_>,
) -> Result<(), ImportError> {
    if wanted.rates.is_empty() {
        return Ok(());
    }
    hold_alone(wanted, tally)?;
    let needs = [Class::Rate.write().to_string(), Step::FinanceSetUp.as_str().to_owned()];
    let held = [work.lens.caller.rights.scopes(Class::Rate.write()), work.lens.caller.takes(Step::FinanceSetUp)];
    if let Some((needs, _)) = needs.iter().zip(held).find(|(_, held)| !held.is_all()) {
        let count = u64::try_from(wanted.rates.len()).unwrap_or(u64::MAX);
        tally.left("rates", count, &format!("writing them needs {needs}"));
        return Ok(());
    }
    tally.read("Rate", wanted.rates.len());
    let cards = cards(work, wanted, tally).await?;
    let mut stored = stored(work, &cards, known).await?;
    let entity = work.lens.model.entity("Rate");
    let mut wishes = vec![];
    for told in &wanted.rates {
        let Some((card, resource)) = cards.get(&told.table).zip(known.get(&told.resource)) else {
            tally.skipped("Rate", &told.place, "its resource or its card is not kept");
            continue;
        };
        let before = stored.remove(&(*card, resource.id, told.start_on));
        let mut row = match before {
            Some(before) => Row::derived(entity, before.clone(), before),
            None => Row::made(entity, Model { card_id: *card, resource_id: Some(resource.id), ..blank_rate(work) }),
        };
        let m = &mut row.after;
        (m.start_on, m.end_on, m.amount, m.archived_at) = (told.start_on, told.end_on, told.amount, None);
        currency.clone_into(&mut m.currency);
        wishes.push(Wish { place: told.place.clone(), row });
    }
    tally.save::<rate::Entity>(work, "Rate", wishes).await?;
    let told: BTreeSet<Uuid> =
        wanted.rates.iter().filter_map(|told| known.get(&told.resource)).map(|kept| kept.id).collect();
    let is_gone = |row: &Model| row.archived_at.is_none() && row.resource_id.is_some_and(|id| told.contains(&id));
    let gone = stored.into_values().filter(is_gone).map(|row| Wish {
        place: Place { line: 0, what: format!("rate from {}", row.start_on) },
        row: Row::derived(entity, row.clone(), Model { archived_at: Some(work.now), ..row }),
    });
    let gone = gone.collect();
    tally.archive::<rate::Entity>(work, gone).await
}

/// On each day a table has one rate of a resource.
fn hold_alone(wanted: &Wanted, tally: &Tally<'_>) -> Result<(), ImportError> {
    let mut of: BTreeMap<(&str, char), Vec<&Rate>> = BTreeMap::new();
    for told in &wanted.rates {
        of.entry((&told.resource, told.table)).or_default().push(told);
    }
    let mut faults = vec![];
    for rates in of.values_mut() {
        rates.sort_by_key(|told| told.start_on);
        for pair in rates.windows(2) {
            if pair[0].end_on.is_none_or(|end| end >= pair[1].start_on) {
                let place = &pair[1].place;
                let day = pair[1].start_on;
                let text = format!("{}: the rates of table {} overlap on {day}", place.what, pair[1].table);
                faults.push(ElementFault { line: place.line, text });
            }
        }
        for told in rates.iter().filter(|told| told.end_on.is_some_and(|end| end < told.start_on)) {
            let text = format!("{}: a rate of table {} ends before it begins", told.place.what, told.table);
            faults.push(ElementFault { line: told.place.line, text });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(tally.refuse(faults)) }
}

/// The card of each table, made where it is not there.
async fn cards(
    work: &mut Work<'_>,
    wanted: &Wanted,
    tally: &mut Tally<'_>,
) -> Result<HashMap<char, Uuid>, ImportError> {
    let tables: BTreeSet<char> = wanted.rates.iter().map(|told| told.table).collect();
    tally.read("RateCard", tables.len());
    let key = |table: char| format!("{}-{table}", wanted.system);
    let stored = rate_card::Entity::find()
        .filter(rate_card::Column::Key.is_in(tables.iter().map(|table| key(*table))))
        .order_by_asc(rate_card::Column::Id)
        .lock_exclusive()
        .all(work.txn)
        .await?;
    let entity = work.lens.model.entity("RateCard");
    let (mut cards, mut wishes) = (HashMap::new(), vec![]);
    for table in tables {
        let place = Place { line: 0, what: format!("rate table {table}") };
        match stored.iter().find(|row| row.key == key(table)) {
            Some(old) if old.archived_at.is_some() => tally.skipped("RateCard", &place, "its card is archived here"),
            Some(old) => {
                cards.insert(table, old.id);
                tally.count("RateCard", "UNCHANGED");
            }
            None => {
                let name = format!("{}, rate table {table}", wanted.system);
                let row = rate_card::Model {
                    key: key(table),
                    name_fold: name.to_lowercase(),
                    name,
                    precedence: PRECEDENCE[usize::from(table != 'A')],
                    ..blank_card(work)
                };
                cards.insert(table, row.id);
                wishes.push(Wish { place, row: Row::made(entity, row) });
            }
        }
    }
    tally.save::<rate_card::Entity>(work, "RateCard", wishes).await?;
    Ok(cards)
}

/// The rates of the resources on these cards, by card, resource and first day; archived ones, too.
async fn stored(
    work: &Work<'_>,
    cards: &HashMap<char, Uuid>,
    known: &resources::Known,
) -> Result<HashMap<(Uuid, Uuid, NaiveDate), Model>, ImportError> {
    let ids: Vec<Uuid> = known.values().map(|kept| kept.id).collect();
    let mut all: HashMap<(Uuid, Uuid, NaiveDate), Model> = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let found = rate::Entity::find()
            .filter(R::CardId.is_in(cards.values().copied()))
            .filter(R::ResourceId.is_in(some.iter().copied()))
            .order_by_asc(R::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        for row in found {
            let Some(resource) = row.resource_id else { continue };
            let place = all.entry((row.card_id, resource, row.start_on));
            // Of several from a day on, the one that holds.
            if row.archived_at.is_none() {
                place.insert_entry(row);
            } else {
                place.or_insert(row);
            }
        }
    }
    Ok(all)
}
