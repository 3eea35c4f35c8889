//! Writing rates of exchange and their sets. One set at most is the default, and a set has one rate for a pair and a day.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{fx_rate, fx_rate_set};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work, outside,
        rows::{self, archived, keys_are_free, open, save},
        usual,
    },
};

type Sets = fx_rate_set::Entity;
type Rates = fx_rate::Entity;

/// The mutations of rates and their sets.
pub fn mutations() -> Vec<Mutation> {
    let sets = usual("FxRateSet", "fxRateSet", None, false, write_sets);
    sets.into_iter().chain(usual("FxRate", "fxRate", None, true, write_rates)).collect()
}

fn write_sets<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        // Two who make another set the default at the same time would not see each other's.
        work.alone().await?;
        let (entity, scopes) = (work.lens.model.entity("FxRateSet"), work.lens.caller.takes(Step::FinanceSetUp));
        let needs = Step::FinanceSetUp.as_str();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Sets>(work, entity, &batch, scopes, needs).await?;
            for row in rows.iter().filter(|row| action == Action::Archived && row.after.is_default) {
                if !work.is_refused(row.index) {
                    let line = "The default set is not archived; make another one the default first.";
                    work.fail(row, UserError::rule(row.path.clone(), "DEFAULT_RATE_SET", line));
                }
            }
            return save::<Sets>(work, rows, &batch, action).await;
        }
        let rows = open::<Sets>(work, entity, &batch.items, blank_set).await?;
        rows::demand_new(work, &rows, scopes, needs);
        keys_are_free::<Sets>(work, &rows, None).await?;
        one_is_default(work, &rows).await?;
        save::<Sets>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A set without a name.
pub fn blank_set(work: &Work<'_>) -> fx_rate_set::Model {
    fx_rate_set::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        description: None,
        rate_type: String::new(),
        is_default: false,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Nobody takes the place of the default set: it is given up first, in the same list or before.
async fn one_is_default(work: &mut Work<'_>, rows: &[Row<fx_rate_set::Model>]) -> Result<(), Error> {
    let stored = Sets::find().filter(fx_rate_set::Column::IsDefault.eq(true)).all(work.txn).await?;
    // A row that is refused stays what it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<fx_rate_set::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| row.after.id).collect();
        let mut taken = stored.iter().find(|set| !written.contains(&set.id)).map(|set| set.key.clone());
        let mut wrong = vec![];
        for row in good.into_iter().filter(|row| row.after.is_default) {
            match &taken {
                Some(key) => wrong.push((row, key.clone())),
                None => taken = Some(row.after.key.clone()),
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        for (row, key) in wrong {
            let line = format!("{key} is the default set; it is none first.");
            let error = UserError::rule(row.place("isDefault"), "DEFAULT_RATE_SET", line);
            work.fail(row, error.with("default", key));
        }
    }
}

fn write_rates<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, scopes) = (work.lens.model.entity("FxRate"), work.lens.caller.takes(Step::FinanceSetUp));
        let needs = Step::FinanceSetUp.as_str();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Rates>(work, entity, &batch, scopes, needs).await?;
            if action == Action::Unarchived {
                each_day_once(work, &rows).await?;
            }
            return save::<Rates>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Rates>(work, entity, &batch.items, blank_rate).await?;
        rows::demand_new(work, &rows, scopes, needs);
        outside::name::<Rates>(work, &mut rows).await?;
        for row in &rows {
            if row.gives("rate") && row.after.rate <= 0 {
                let line = "A rate is above 0.";
                work.fail(row, UserError::new(UserCode::OutOfRange, row.place("rate"), line));
            }
            if row.gives("toCurrency") && row.after.from_currency == row.after.to_currency {
                let line = "A rate stands between two currencies.";
                work.fail(row, UserError::new(UserCode::Invalid, row.place("toCurrency"), line));
            }
        }
        each_day_once(work, &rows).await?;
        save::<Rates>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A rate of nothing.
pub fn blank_rate(work: &Work<'_>) -> fx_rate::Model {
    fx_rate::Model {
        id: work.clock.new_id(),
        rate_set_id: Uuid::nil(),
        from_currency: String::new(),
        to_currency: String::new(),
        rate: 0,
        valid_from_on: work.now.date_naive(),
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Set, pair and day.
type Slot = (Uuid, String, String, NaiveDate);

/// A set has one rate for a pair and a day. The sets are locked: whoever adds to one of them waits.
async fn each_day_once(work: &mut Work<'_>, rows: &[Row<fx_rate::Model>]) -> Result<(), Error> {
    use fx_rate::Column as C;
    let slot = |rate: &fx_rate::Model| -> Slot {
        (rate.rate_set_id, rate.from_currency.clone(), rate.to_currency.clone(), rate.valid_from_on)
    };
    let mut sets: Vec<Uuid> = rows.iter().map(|row| row.after.rate_set_id).collect();
    sets.sort_unstable();
    sets.dedup();
    rows::lock::<Sets>(work, &sets).await?;
    let days: HashSet<NaiveDate> = rows.iter().map(|row| row.after.valid_from_on).collect();
    let stored = Rates::find().filter(C::RateSetId.is_in(sets)).filter(C::ValidFromOn.is_in(days));
    let stored: HashMap<Uuid, Slot> = stored
        .filter(C::ArchivedAt.is_null())
        .all(work.txn)
        .await?
        .into_iter()
        .map(|rate| (rate.id, slot(&rate)))
        .collect();
    // A row that is refused stays where it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<fx_rate::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| row.after.id).collect();
        let kept = stored.iter().filter(|(id, _)| !written.contains(*id));
        let mut taken: HashSet<Slot> = kept.map(|(_, slot)| slot.clone()).collect();
        let twice: Vec<&Row<fx_rate::Model>> = good.into_iter().filter(|row| !taken.insert(slot(&row.after))).collect();
        if twice.is_empty() {
            return Ok(());
        }
        for row in twice {
            let line = "The set has a rate of this pair and day already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("validFromOn"), line));
        }
    }
}
