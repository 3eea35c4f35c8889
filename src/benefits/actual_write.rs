//! Writing what was measured: while the benefit is promised and not settled, by its owner too. The measure is locked, so
//! that nobody claims more of one measurement than there is, whoever writes at the same time.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    benefit_actual::{self, Column as C, Model},
    benefit_contribution,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    due,
    parts::Parts,
    rules::{self, WHOLE},
};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item, outside,
        rows::{remove, save},
        upsert, written,
    },
};

type Actuals = benefit_actual::Entity;

/// The mutations of actuals, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single, needs) = ("BenefitActual", "benefitActual", Some(Class::BenActual.write()));
    let mut all = written(entity, single, needs, write);
    all.push(upsert(entity, single, needs, write));
    let doc = format!("Removes a {entity} that is not validated. Nothing of it is left but its trail.");
    all.push(delete(entity, single, needs, doc, write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let more = ["currency", "reported_portfolio_id"];
        let mut parts = Parts::of_measures::<Actuals>(work, input, Class::BenActual, &more, blank).await?;
        parts.refuse(work, |_, of| {
            if of.is_draft {
                return Some((UserCode::IllegalState, "nothing of it is had before it is approved."));
            }
            (!due::is_measured(of)).then_some((UserCode::Immutable, "it is measured no longer."))
        });
        may_change(work, &parts.rows);
        if work.mutation.verb == Verb::Delete {
            return finish(work, parts).await;
        }
        outside::name::<Actuals>(work, &mut parts.rows).await?;
        for at in 0..parts.rows.len() {
            let Some(of) = parts.of(&parts.rows[at]) else { continue };
            let (item, portfolio, is_money) = (of.item_id, of.portfolio_id, rules::is_financial(&of.kind));
            let row = &mut parts.rows[at];
            if row.before.is_none() {
                row.after.reported_portfolio_id = portfolio;
                if row.after.attributed_item_id.is_nil() {
                    row.after.attributed_item_id = item;
                }
            }
            agrees(work, row, is_money);
        }
        may_be_attributed(work, &parts).await?;
        claim(work, &mut parts).await?;
        for row in &mut parts.rows {
            record(work, row);
        }
        finish(work, parts).await
    }
    .boxed()
}

/// Nothing measured.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        measure_id: Uuid::nil(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        reported_portfolio_id: None,
        attributed_item_id: Uuid::nil(),
        attribution_share: WHOLE,
        measured_on: work.now.date_naive(),
        due_on: None,
        value: 0,
        currency: String::new(),
        amount: None,
        attributed_amount: None,
        evidence: None,
        evidence_url: None,
        state: "RECORDED".to_owned(),
        recorded_at: work.now,
        recorded_by_id: None,
        recorded_principal: None,
        decision_note: None,
        validated_at: None,
        validated_by_id: None,
        reversed_at: None,
        reversed_by_id: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// Saves or removes the rows, and brings their measures up to them.
pub async fn finish(work: &mut Work<'_>, parts: Parts<Model>) -> Result<Done, Error> {
    let rejected = work.rejects(&parts.batch);
    let Parts { batch, rows, benefits, measures, .. } = parts;
    let done = if work.mutation.verb == Verb::Delete {
        remove::<Actuals>(work, rows, &batch).await?
    } else {
        save::<Actuals>(work, rows, &batch, Action::Written).await?
    };
    if !rejected {
        due::keep(work, &benefits, measures.into_values()).await?;
    }
    Ok(done)
}

/// What was validated never changes.
fn may_change(work: &mut Work<'_>, rows: &[Row<Model>]) {
    for row in rows {
        let state = row.before.as_ref().map(|before| before.state.as_str());
        if matches!(state, Some("VALIDATED" | "REVERSED")) && !work.is_refused(row.index) {
            let line = "What was validated stands; it is reversed, and recorded again.";
            let error = UserError::new(UserCode::Immutable, row.named_at.clone(), line);
            work.fail(row, error.with("state", state.unwrap_or_default()));
        }
    }
}

/// What an actual says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>, is_money: bool) {
    let m = &row.after;
    of_item::currency_agrees(work, row);
    if !(1..=WHOLE).contains(&m.attribution_share) {
        let line = "A share is above 0 and at most 1.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("attributionShare"), line));
    }
    if row.gives("measuredOn") && m.measured_on > work.now.date_naive() {
        let line = "Nothing is measured in the future.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("measuredOn"), line));
    }
    if m.amount.is_some() && !is_money && !work.is_refused(row.index) {
        let line = "This benefit is no money.";
        work.fail(row, UserError::rule(row.place("amount"), "BENEFIT_KIND", line));
    }
}

/// What was measured is attributed to the benefit's own item, or to one that helps to bring it.
async fn may_be_attributed(work: &mut Work<'_>, parts: &Parts<Model>) -> Result<(), Error> {
    use benefit_contribution::Column as S;
    let helpers: HashSet<(Uuid, Uuid)> = benefit_contribution::Entity::find()
        .select_only()
        .columns([S::BenefitId, S::ContributorId])
        .filter(S::BenefitId.is_in(parts.benefits.keys().copied()))
        .into_tuple::<(Uuid, Uuid)>()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    for row in &parts.rows {
        let m = &row.after;
        let is_one = m.attributed_item_id == m.item_id || helpers.contains(&(m.benefit_id, m.attributed_item_id));
        if !is_one && row.gives("attributedItem") && !work.has_failed(row.index) {
            let line = "This item is not said to help to bring the benefit.";
            work.fail(row, UserError::rule(row.place("attributedItem"), "BENEFIT_CONTRIBUTOR", line));
        }
    }
    Ok(())
}

/// Notes who says it, if what it says has changed.
fn record(work: &Work<'_>, row: &mut Row<Model>) {
    let share = row.after.attribution_share;
    row.after.attributed_amount = row.after.amount.map(|amount| rules::attributed(amount, share));
    if row.before.as_ref() != Some(&row.after) {
        "RECORDED".clone_into(&mut row.after.state);
        row.after.decision_note = None;
        row.after.recorded_at = work.now;
        row.after.recorded_by_id = work.lens.caller.person;
        row.after.recorded_principal = Some(work.principal.clone());
    }
}

/// Gives new rows the due date that they answer, and refuses those that claim what is claimed already. Of several rows of
/// a list the last is to blame. A row that is refused stays as it was, so all are looked at again without it.
async fn claim(work: &mut Work<'_>, parts: &mut Parts<Model>) -> Result<(), Error> {
    let of = C::MeasureId.is_in(parts.measures.keys().copied());
    let stored = Actuals::find().filter(of).filter(C::State.is_in(due::LIVE)).all(work.txn).await?;
    let mut by_measure: HashMap<Uuid, Vec<Model>> = HashMap::new();
    for actual in stored {
        by_measure.entry(actual.measure_id).or_default().push(actual);
    }
    let measures: Vec<Uuid> = parts.measures.keys().copied().collect();
    for id in measures {
        let stored = by_measure.remove(&id).unwrap_or_default();
        loop {
            let is_good = |work: &Work<'_>, row: &Row<Model>| row.after.measure_id == id && !work.has_failed(row.index);
            let good: BTreeSet<usize> = (0..parts.rows.len()).filter(|at| is_good(work, &parts.rows[*at])).collect();
            let is_kept = |actual: &&Model| !good.iter().any(|at| parts.rows[*at].after.id == actual.id);
            let mut claimed: Vec<Model> = stored.iter().filter(is_kept).cloned().collect();
            let mut wrong = vec![];
            for at in &good {
                let calendar = due::calendar(&parts.measures[&id]);
                let row = &mut parts.rows[*at];
                if row.before.is_none() && !row.gives("dueOn") {
                    row.after.due_on = due_on(&row.after, &claimed, |answered| calendar.next(answered));
                }
                let is_due = row.after.due_on.is_none_or(|day| calendar.has(day));
                match fault(row, &claimed, is_due) {
                    Some(error) => wrong.push((*at, error)),
                    None => claimed.push(row.after.clone()),
                }
            }
            if wrong.is_empty() {
                break;
            }
            for (at, error) in wrong {
                work.fail(&parts.rows[at], error);
            }
        }
    }
    Ok(())
}

/// The due date that something measured answers where nobody said.
fn due_on(
    of: &Model,
    claimed: &[Model],
    next: impl Fn(&BTreeSet<NaiveDate>) -> Option<NaiveDate>,
) -> Option<NaiveDate> {
    if let Some(same) = claimed.iter().find(|other| other.measured_on == of.measured_on) {
        return same.due_on;
    }
    let answered = claimed.iter().filter_map(|other| other.due_on).collect();
    next(&answered).filter(|day| *day <= of.measured_on)
}

/// What is wrong with a row beside those that are claimed.
fn fault(row: &Row<Model>, claimed: &[Model], is_due: bool) -> Option<UserError> {
    let m = &row.after;
    let same = || claimed.iter().filter(|other| other.measured_on == m.measured_on);
    if row.gives("dueOn") && !is_due {
        let line = "Nothing of this measure is due on that day.";
        return Some(UserError::rule(row.place("dueOn"), "DUE_DATE", line));
    }
    if same().any(|other| other.attributed_item_id == m.attributed_item_id) {
        let line = "What was measured on this day is attributed to this item already.";
        return Some(UserError::new(UserCode::Duplicate, row.place("measuredOn"), line));
    }
    if same().any(|other| (other.value, other.amount, other.due_on) != (m.value, m.amount, m.due_on)) {
        let line = "Another item shares this measurement with another value, amount or due date.";
        return Some(UserError::rule(row.place("value"), "ONE_MEASUREMENT", line));
    }
    let answers = |other: &Model| other.due_on == m.due_on && other.measured_on != m.measured_on;
    if m.due_on.is_some() && claimed.iter().any(answers) {
        let line = "Something that was measured on another day answers this due date.";
        return Some(UserError::new(UserCode::Duplicate, row.place("dueOn"), line));
    }
    let sum: i128 = same().map(|other| i128::from(other.attribution_share)).sum();
    if sum + i128::from(m.attribution_share) > i128::from(WHOLE) {
        let line = "The shares of what was measured on this day would sum to more than 1.";
        return Some(UserError::rule(row.place("attributionShare"), "ATTRIBUTION_SHARES", line));
    }
    None
}
