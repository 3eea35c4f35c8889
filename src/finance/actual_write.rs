//! Posting actuals, and reversing them. A posted actual never changes: a list that is sent again writes nothing, and one that
//! says something else is refused.

use async_graphql_value::ConstValue;
use chrono::{Datelike as _, NaiveDate};
use entity::{
    actual::{self, Column as C, Model},
    portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    decisions::check_note,
    lines::categories_allow,
    of_project,
    posting::{draw, find_periods, write_drawn},
};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Batch, Done, Member, Mutation, Row, UserCode, UserError, Verb, Work, input, of_item,
        rows::{self, open, save},
    },
};

type Actuals = actual::Entity;

/// The mutations of actuals.
pub fn mutations() -> Vec<Mutation> {
    let of = |ending: &str, verb, doc: &str, input, run| Mutation {
        name: format!("actual{ending}"),
        doc: doc.to_owned(),
        needs: Some(Class::FinLine.write()),
        entity: "Actual",
        verb,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    let members = || {
        vec![
            Member { name: "reason", ty: "String!", doc: "Why it is reversed, at most 4,000 characters." },
            Member {
                name: "occurredOn",
                ty: "LocalDate",
                doc: "The day on which it is reversed, not before the actual's own; today if not said.",
            },
        ]
    };
    vec![
        of(
            "Create",
            Verb::Create,
            "Posts an Actual, in the open period that takes it. It never changes afterwards.",
            vec![],
            post,
        ),
        of("BulkCreate", Verb::BulkCreate, "Posts up to 1,000 Actual rows in one transaction.", vec![], post),
        of(
            "BulkUpsert",
            Verb::BulkUpsert,
            "Posts the Actual rows whose external id is unknown, up to 1,000 in one transaction. What is posted already and says the same writes nothing; what says something else is IMMUTABLE: reverse it.",
            vec![],
            post,
        ),
        of(
            "Reverse",
            Verb::Act,
            "Reverses an Actual: posts the opposite of its amount in an open period, once, and takes back what it drew on a commitment. The payload has the new row.",
            members(),
            reverse,
        ),
        of("BulkReverse", Verb::BulkAct, "Reverses up to 1,000 Actual rows in one transaction.", members(), reverse),
    ]
}

fn post<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open::<Actuals>(work, work.lens.model.entity("Actual"), &batch.items, blank).await?;
        posted_stand(work, &rows);
        of_project::begin::<Actuals>(work, &mut rows, "amount").await?;
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            row.after.is_labor = row.after.source == "LABOR";
            amount_makes_sense(work, row);
        }
        categories_allow(work, &rows).await?;
        find_periods(work, &mut rows).await?;
        keep(work, rows, &batch).await
    }
    .boxed()
}

/// An actual of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_labor: false,
        key: String::new(),
        occurred_on: work.now.date_naive(),
        posting_on: work.now.date_naive(),
        calendar_id: Uuid::nil(),
        period_id: Uuid::nil(),
        category_id: Uuid::nil(),
        source: String::new(),
        expenditure: "OPEX".to_owned(),
        currency: String::new(),
        amount: 0,
        quantity: None,
        vendor: None,
        invoice: None,
        description: None,
        is_accrual: false,
        commitment_id: None,
        reversal_of_id: None,
        reversal_reason: None,
        reported_portfolio_id: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// Refuses lists that say something else of what is posted, and says what to do instead.
fn posted_stand(work: &mut Work<'_>, rows: &[Row<Model>]) {
    for row in rows {
        let Some(before) = &row.before else { continue };
        if of_project::currency_of(row, "amount").is_some_and(|currency| currency != before.currency) {
            let path = row.place("amount").at("currency");
            work.fail(row, UserError::new(UserCode::Immutable, path, ""));
        }
        for (at, error) in &mut work.errors {
            if *at == row.index && error.code == UserCode::Immutable {
                "What is posted never changes: reverse it and post another one.".clone_into(&mut error.message);
                *error = error.clone().with("hint", "actualReverse");
            }
        }
    }
}

/// Money that is spent is above 0; what comes back is a credit note and names it.
fn amount_makes_sense(work: &mut Work<'_>, row: &Row<Model>) {
    let path = row.place("amount").at("amount");
    if row.gives("amount") && row.after.amount == 0 {
        work.fail(row, UserError::new(UserCode::OutOfRange, path, "An actual of nothing is none."));
    } else if row.after.amount < 0 && row.after.invoice.is_none() {
        let line =
            "Below 0 it is a credit note: `invoice` is its number. What was wrong is reversed with `actualReverse`.";
        work.fail(row, UserError::rule(path, "CREDIT_NOTE", line));
    }
}

/// Saves new actuals, with what they draw on commitments.
async fn keep(work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch) -> Result<Done, Error> {
    let drawn = draw(work, &rows).await?;
    let rejected = work.rejects(batch);
    let done = save::<Actuals>(work, rows, batch, Action::Written).await?;
    if !rejected {
        write_drawn(work, drawn).await?;
    }
    Ok(done)
}

fn reverse<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Actual"), Class::FinLine.write());
        let rows = open::<Actuals>(work, entity, &batch.items, blank).await?;
        rows::demand(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
        of_item::items_are_open(work, &rows).await?;
        let of: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
        let items = rows::lock::<portfolio_item::Entity>(work, &of).await?;
        of_project::are_open(work, rows.iter(), &items);
        // The actuals are locked: nobody reverses one of them meanwhile.
        let reversed = Actuals::find().filter(C::ReversalOfId.is_in(rows.iter().map(|row| row.after.id)));
        let reversed: Vec<Option<Uuid>> =
            reversed.all(work.txn).await?.into_iter().map(|row| row.reversal_of_id).collect();
        let mut new = vec![];
        for row in &rows {
            if work.is_refused(row.index) {
                continue;
            }
            let (reason, on) = asked(work, row);
            let what = if row.after.reversal_of_id.is_some() {
                Some("It reverses another one; post that again instead.")
            } else if reversed.contains(&Some(row.after.id)) {
                Some("It is reversed already.")
            } else {
                None
            };
            if let Some(line) = what {
                work.fail(row, UserError::new(UserCode::IllegalState, row.named_at.clone(), line));
            }
            new.push(opposite(work, row, reason, on));
        }
        find_periods(work, &mut new).await?;
        keep(work, new, &batch).await
    }
    .boxed()
}

/// Why and on which day an actual is to be reversed.
fn asked(work: &mut Work<'_>, row: &Row<Model>) -> (String, NaiveDate) {
    let reason = input::text(&row.input, "reason").unwrap_or_default();
    check_note(work, row, row.path.at("reason"), &reason);
    if reason.trim().is_empty() {
        let line = "Say why it is reversed.";
        work.fail(row, UserError::new(UserCode::Required, row.path.at("reason"), line));
    }
    let on = input::text(&row.input, "occurredOn").and_then(|day| day.parse::<NaiveDate>().ok());
    let on = on.unwrap_or_else(|| work.now.date_naive());
    if on < row.after.occurred_on || on.year() > 2999 {
        let line = "`occurredOn` is not before the day of what is reversed.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.path.at("occurredOn"), line));
    }
    (reason, on)
}

/// The opposite of an actual, as a new row in place of the one that was named.
fn opposite(work: &Work<'_>, row: &Row<Model>, reason: String, occurred_on: NaiveDate) -> Row<Model> {
    let after = Model { occurred_on, ..reversal(work, &row.after, reason) };
    Row { before: None, given: vec![], after, ..row.clone() }
}

/// What reverses an actual, of the same day.
pub fn reversal(work: &Work<'_>, known: &Model, reason: String) -> Model {
    let id = work.clock.new_id();
    let entity = work.lens.model.entity("Actual");
    Model {
        id,
        key: crate::graph::encode_id(entity.prefix.unwrap_or_default(), id),
        amount: known.amount.saturating_neg(),
        quantity: known.quantity.map(i64::saturating_neg),
        reversal_of_id: Some(known.id),
        reversal_reason: Some(reason),
        external_system: None,
        external_id: None,
        ..known.clone()
    }
}
