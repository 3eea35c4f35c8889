//! Writing cards and rates. The card is locked, so that of two who write its rates each sees what the other did: on a day
//! one rate holds for the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    rate::{self, Model},
    rate_card,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work,
        rows::{archived, demand_new, lock, open, save},
        usual, write_keyed,
    },
};

type Rates = rate::Entity;

/// The mutations of cards and rates.
pub fn mutations() -> Vec<Mutation> {
    let cards = usual("RateCard", "rateCard", None, false, write_cards);
    cards.into_iter().chain(usual("Rate", "rate", Some(Class::Rate.write()), false, write)).collect()
}

fn write_cards<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    let holds = |work: &mut Work<'_>, row: &Row<rate_card::Model>| {
        if !(0..=1_000).contains(&row.after.precedence) {
            let line = "`precedence` is 0 to 1,000.";
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place("precedence"), line));
        }
    };
    write_keyed::<rate_card::Entity>(work, input, Step::FinanceSetUp, blank_card, holds).boxed()
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Rate"), Class::Rate.write());
        let scopes = work.lens.caller.rights.scopes(needs);
        let (rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Rates>(work, entity, &batch, scopes, &needs.to_string()).await?, action),
            None => (open::<Rates>(work, entity, &batch.items, blank).await?, Action::Written),
        };
        demand_new(work, &rows, scopes, &needs.to_string());
        for row in &rows {
            agrees(work, row);
        }
        if action != Action::Archived {
            hold_alone(work, &rows).await?;
        }
        save::<Rates>(work, rows, &batch, action).await
    }
    .boxed()
}

/// What a rate says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    if [m.resource_id, m.role_id, m.pool_id].iter().flatten().count() != 1 {
        let line = "A rate is of one resource, of a role or of a pool.";
        work.fail(row, UserError::rule(row.path.clone(), "RATE_OF_ONE", line));
    }
    if row.before.is_none() && !row.gives("hourly") {
        work.fail(row, UserError::new(UserCode::Required, row.path.at("hourly"), "A new Rate needs `hourly`."));
    }
    if m.amount < 0 {
        work.fail(
            row,
            UserError::new(UserCode::OutOfRange, row.place("hourly").at("amount"), "`hourly` is 0 or more."),
        );
    }
    if m.end_on.is_some_and(|end| end < m.start_on) {
        let field = if row.gives("endOn") { "endOn" } else { "startOn" };
        work.fail(row, UserError::rule(row.place(field), "DATES_IN_ORDER", "`endOn` comes before `startOn`."));
    }
}

/// The card, and what the rate is of.
type Slot = (Uuid, Option<Uuid>, Option<Uuid>, Option<Uuid>);

fn slot(m: &Model) -> Slot {
    (m.card_id, m.resource_id, m.role_id, m.pool_id)
}

fn end(m: &Model) -> NaiveDate {
    m.end_on.unwrap_or(NaiveDate::MAX)
}

/// On each day a card has one rate for the same at most. Of several in one list the later are to blame.
async fn hold_alone(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    use rate::Column as C;
    let cards: BTreeSet<Uuid> = rows.iter().map(|row| row.after.card_id).filter(|id| !id.is_nil()).collect();
    let cards: Vec<Uuid> = cards.into_iter().collect();
    lock::<rate_card::Entity>(work, &cards).await?;
    let stored = Rates::find().filter(C::CardId.is_in(cards)).filter(C::ArchivedAt.is_null()).all(work.txn).await?;
    // A row that is refused stays where it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashMap<Uuid, &Row<Model>> = good.iter().map(|row| (row.after.id, *row)).collect();
        let mut all: BTreeMap<Slot, Vec<&Model>> = BTreeMap::new();
        for m in stored.iter().filter(|m| !written.contains_key(&m.id)) {
            all.entry(slot(m)).or_default().push(m);
        }
        let mut wrong = vec![];
        for row in good {
            let others = all.entry(slot(&row.after)).or_default();
            let meets = |other: &&Model| other.start_on <= end(&row.after) && row.after.start_on <= end(other);
            if others.iter().any(meets) {
                wrong.push(row);
            } else {
                others.push(&row.after);
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        for row in wrong {
            let line = "The card has a rate for the same on some of these days already.";
            work.fail(row, UserError::rule(row.place("startOn"), "RATES_APART", line));
        }
    }
}

/// A card without a name.
pub fn blank_card(work: &Work<'_>) -> rate_card::Model {
    rate_card::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        precedence: 100,
        description: None,
        labor_category_id: None,
        calendar_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A rate of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        card_id: Uuid::nil(),
        resource_id: None,
        role_id: None,
        pool_id: None,
        start_on: work.now.date_naive(),
        end_on: None,
        amount: 0,
        currency: String::new(),
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}
