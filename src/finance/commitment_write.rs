//! Writing commitments, and closing and cancelling them. What of one is still to be invoiced is kept with every write.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use entity::{
    actual,
    commitment::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    lines::{categories_allow, periods_are_open},
    of_project, rules,
};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, of_item,
        rows::{self, archived, open, save},
        usual,
    },
};

type Commitments = commitment::Entity;

/// The mutations of commitments.
pub fn mutations() -> Vec<Mutation> {
    let lines = Some(Class::FinLine.write());
    let act = |ending: &str, doc: &str, run| Mutation {
        name: format!("commitment{ending}"),
        doc: doc.to_owned(),
        needs: lines,
        entity: "Commitment",
        verb: Verb::Act,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run,
    };
    let mut all = usual("Commitment", "commitment", lines, true, write);
    all.extend([
        act("Close", "Closes a Commitment: nothing more is to be invoiced. A late invoice may still name it.", close),
        act("Cancel", "Cancels a Commitment of which nothing was invoiced.", cancel),
    ]);
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Commitment"), Class::FinLine.write());
        if let Some(action) = work.mutation.verb.archives() {
            let scopes = work.lens.caller.rights.scopes(needs);
            let rows = archived::<Commitments>(work, entity, &batch, scopes, &needs.to_string()).await?;
            for row in rows.iter().filter(|row| row.after.state == "OPEN" && action == Action::Archived) {
                if !work.is_refused(row.index) {
                    let line = "An open commitment is not archived; close or cancel it first.";
                    let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
                    work.fail(row, error.with("state", "OPEN"));
                }
            }
            return save::<Commitments>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Commitments>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        of_project::begin::<Commitments>(work, &mut rows, "committed").await?;
        let moved = |row: &&Row<Model>| {
            let before = row.before.as_ref().and_then(|before| before.period_id);
            row.after.period_id.is_some() && row.after.period_id != before
        };
        let moved: Vec<Row<Model>> = rows.iter().filter(moved).cloned().collect();
        periods_are_open(work, &moved).await?;
        categories_allow(work, &rows).await?;
        let drawn = drawn_on(work, &rows).await?;
        for row in &mut rows {
            if row.before.as_ref().is_some_and(|before| before.state != "OPEN" && *before != row.after) {
                let line = format!("This Commitment is {}; it no longer changes.", row.after.state);
                let error = UserError::new(UserCode::Immutable, row.named_at.clone(), line);
                work.fail(row, error.with("state", row.after.state.clone()));
                continue;
            }
            of_item::money_agrees(work, row);
            agree(work, row, &drawn);
            let m = &mut row.after;
            m.open_amount = rules::still_open(&m.state, m.committed_amount, m.invoiced_amount);
        }
        save::<Commitments>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A commitment to nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        state: "OPEN".to_owned(),
        vendor: None,
        purchase_order: None,
        category_id: Uuid::nil(),
        expenditure: "OPEX".to_owned(),
        period_id: None,
        currency: String::new(),
        committed_amount: 0,
        invoiced_amount: 0,
        open_amount: 0,
        committed_on: work.now.date_naive(),
        expected_on: None,
        closed_on: None,
        reported_portfolio_id: None,
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

/// Those of the commitments that actuals name. They are locked, so nobody names one meanwhile.
async fn drawn_on(work: &Work<'_>, rows: &[Row<Model>]) -> Result<HashSet<Uuid>, Error> {
    use actual::Column as C;
    let ids = rows.iter().filter(|row| row.before.is_some()).map(|row| row.after.id);
    let drawn = actual::Entity::find().select_only().column(C::CommitmentId).distinct();
    let drawn = drawn.filter(C::CommitmentId.is_in(ids)).into_tuple::<Option<Uuid>>().all(work.txn).await?;
    Ok(drawn.into_iter().flatten().collect())
}

fn agree(work: &mut Work<'_>, row: &Row<Model>, drawn: &HashSet<Uuid>) {
    let m = &row.after;
    if row.before.as_ref().is_some_and(|before| before.invoiced_amount != m.invoiced_amount) && drawn.contains(&m.id) {
        let line = "Actuals name this commitment: what they say was invoiced, and nobody else.";
        work.fail(row, UserError::rule(row.place("invoiced"), "INVOICED_BY_ACTUALS", line));
    }
    if m.state == "OPEN" && m.invoiced_amount > m.committed_amount {
        let place = if row.gives("invoiced") { "invoiced" } else { "committed" };
        work.fail(row, beyond(row.place(place)));
    }
    if m.expected_on.is_some_and(|expected| expected < m.committed_on) {
        let place = if row.gives("expectedOn") { "expectedOn" } else { "committedOn" };
        let line = "`expectedOn` comes before `committedOn`.";
        work.fail(row, UserError::rule(row.place(place), "DATES_IN_ORDER", line));
    }
}

/// The error for what is invoiced beyond what is committed.
pub fn beyond(path: crate::write::Path) -> UserError {
    let line = "More would be invoiced than the commitment has; raise `committed` first.";
    UserError::rule(path, "COMMITMENT_EXCEEDED", line)
}

fn close<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    end(work, input, "CLOSED")
}

fn cancel<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    end(work, input, "CANCELLED")
}

fn end<'a>(work: &'a mut Work<'_>, input: &'a ConstValue, to: &'static str) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Commitment"), Class::FinLine.write());
        let mut rows = open::<Commitments>(work, entity, &batch.items, blank).await?;
        rows::demand(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
        of_item::items_are_open(work, &rows).await?;
        for row in &mut rows {
            if work.is_refused(row.index) {
                continue;
            }
            if row.after.state != "OPEN" {
                let line = format!("A commitment that is {} does not become {to}.", row.after.state);
                let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
                work.fail(row, error.with("state", row.after.state.clone()).with("allowed", "OPEN"));
                continue;
            }
            if to == "CANCELLED" && row.after.invoiced_amount > 0 {
                let line = "Some of it was invoiced: close it.";
                work.fail(row, UserError::rule(row.path.clone(), "COMMITMENT_INVOICED", line));
            }
            to.clone_into(&mut row.after.state);
            row.after.closed_on = Some(work.now.date_naive());
            row.after.open_amount = 0;
        }
        save::<Commitments>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}
