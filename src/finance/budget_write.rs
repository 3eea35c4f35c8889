//! Writing budgets: drafts and their lines, and the steps of their life. What was approved before is superseded, and the
//! item's budget is what is approved now, all in one transaction.

use async_graphql_value::ConstValue;
use entity::{
    budget::{self, Column as C, Model},
    budget_line,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    approval,
    decisions::{self, Decided, forget_decision, mark, note_member, open_to_decide},
    lines::{self, APART, Whole},
    rules::VersionState,
    versions,
};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserError, Verb, Work, delete, of_item,
        rows::{self, archived, follow, open, save},
        usual, written,
    },
};

type Budgets = budget::Entity;

/// Budgets as wholes of lines.
const WHOLE: Whole = Whole {
    name: "Budget",
    link: "budget",
    by: "budget_id",
    line: "BudgetLine",
    needs: "BUDGET_SUBMIT",
    sum: "allocated_amount",
    is_limit: true,
    apart: APART.0,
    apart_by: APART.1,
};

/// Budgets as what is decided on.
const KIND: Decided = Decided {
    whole: WHOLE,
    noun: "budget",
    submit: Step::BudgetSubmit,
    approve: Step::BudgetApprove,
    counted: &["amount", "contingency_amount", "reserve_amount"],
};

/// The mutations of budgets and their lines.
pub fn mutations() -> Vec<Mutation> {
    let note = note_member();
    let act = |ending: &str, doc: &str, input, run| Mutation {
        name: format!("budget{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "Budget",
        verb: Verb::Act,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    let gone =
        |what: &str| format!("Removes a {what} while its budget is a draft. Nothing of it is left but its trail.");
    [
        usual("Budget", "budget", None, false, write),
        vec![
            delete("Budget", "budget", None, gone("Budget, with its lines,"), remove),
            act("Revise", "Makes a new draft from a version, with its lines.", vec![], revise),
            act("Submit", "Hands a draft in for approval: from then on its money stands.", vec![], submit),
            act("Approve", "Approves a submitted version: it is the item's budget from now on, and the one before is superseded. Never by who submitted it; a sponsor up to the `approvalLimit` of her assignment. The versions of a transfer are approved together.", vec![note.clone()], approve),
            act("Reject", "Rejects a submitted version; those of a transfer are rejected together.", vec![note], reject),
        ],
        written("BudgetLine", "budgetLine", None, write_lines),
        vec![delete("BudgetLine", "budgetLine", None, gone("BudgetLine"), write_lines)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, scopes) = (work.lens.model.entity("Budget"), work.lens.caller.takes(Step::BudgetSubmit));
        let needs = Step::BudgetSubmit.as_str();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Budgets>(work, entity, &batch, scopes, needs).await?;
            let line = "A budget that is in force or waits for approval is not archived.";
            versions::stays(work, &rows, action, &["SUBMITTED", "APPROVED"], line);
            return save::<Budgets>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Budgets>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        versions::are_drafts(work, &rows, WHOLE);
        versions::number::<Budgets>(work, &mut rows, scopes, needs).await?;
        for row in rows.iter().filter(|row| row.after.state == VersionState::Draft.as_str()) {
            of_item::money_agrees(work, row);
            if row.after.amount.is_some_and(|amount| amount < row.after.allocated_amount) {
                let line = "The lines sum to more than this.";
                work.fail(row, UserError::rule(row.place("amount"), "LINES_WITHIN_AMOUNT", line));
            }
        }
        save::<Budgets>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A draft for nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        revision: 0,
        state: VersionState::Draft.as_str().to_owned(),
        name: None,
        currency: String::new(),
        amount: None,
        amount_note: None,
        allocated_amount: 0,
        contingency_amount: None,
        reserve_amount: None,
        funding_source: None,
        as_of_on: None,
        reported_portfolio_id: None,
        transfer_id: None,
        source: None,
        submitted_at: None,
        submitted_by_id: None,
        submitted_principal: None,
        decided_at: None,
        decided_by_id: None,
        decision_note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn write_lines<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let scopes = work.lens.caller.takes(Step::BudgetSubmit);
        lines::write::<Budgets, budget_line::Entity>(work, input, WHOLE, scopes, blank_line, |_, _| ()).await
    }
    .boxed()
}

/// A line of nothing.
pub fn blank_line(work: &Work<'_>) -> budget_line::Model {
    budget_line::Model {
        id: work.clock.new_id(),
        budget_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        period_id: Uuid::nil(),
        category_id: None,
        expenditure: None,
        currency: String::new(),
        amount: None,
        note: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// The budgets that a step is about, for who may take it.
async fn open_to(work: &mut Work<'_>, batch: &Batch, step: Step) -> Result<Vec<Row<Model>>, Error> {
    decisions::open_to::<Budgets>(work, batch, KIND, step, blank).await
}

fn remove<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to(work, &batch, Step::BudgetSubmit).await?;
        versions::remove::<Budgets, budget_line::Entity>(work, rows, &batch, WHOLE).await
    }
    .boxed()
}

fn revise<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to(work, &batch, Step::BudgetSubmit).await?;
        versions::revise::<Budgets, budget_line::Entity>(work, rows, &batch, WHOLE, again).await
    }
    .boxed()
}

/// A version as a draft again, of nobody's deciding.
pub(super) fn again(work: &Work<'_>, version: &Model) -> Model {
    let mut draft = Model { id: work.clock.new_id(), transfer_id: None, source: None, ..version.clone() };
    forget_decision(&mut draft);
    draft
}

/// The copies of a version's lines, for another version.
pub(super) async fn lines_again(work: &Work<'_>, from: Uuid, to: Uuid) -> Result<Vec<Row<budget_line::Model>>, Error> {
    lines::copy_all::<budget_line::Entity>(work, WHOLE, from, to).await
}

fn submit<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let has_amount = |work: &mut Work<'_>, row: &Row<Model>| {
            if row.after.amount.is_none() {
                let line = "A budget is submitted with an amount.";
                work.fail(row, UserError::rule(row.path.clone(), "BUDGET_AMOUNT", line));
            }
        };
        decisions::submit::<Budgets>(work, input, KIND, blank, has_amount).await
    }
    .boxed()
}

fn approve<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    decide(work, input, VersionState::Approved)
}

fn reject<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    decide(work, input, VersionState::Rejected)
}

fn decide<'a>(work: &'a mut Work<'_>, input: &'a ConstValue, to: VersionState) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (mut rows, note) = open_to_decide::<Budgets>(work, input, &batch, (KIND, to), blank).await?;
        // A transfer is decided as a whole: what one item gains another one gives.
        let transfers: Vec<String> = rows.iter().filter_map(|row| row.after.transfer_id.clone()).collect();
        let first = rows.first().map(|row| (row.index, row.path.clone()));
        if !transfers.is_empty() {
            let named: Vec<Uuid> = rows.iter().map(|row| row.after.id).collect();
            let others = Budgets::find().filter(C::TransferId.is_in(transfers)).filter(C::Id.is_not_in(named));
            let others = others.order_by_asc(C::Id).lock_exclusive().all(work.txn).await?;
            let (index, path) = first.unwrap_or((0, crate::write::Path::input()));
            let entity = work.lens.model.entity("Budget");
            rows.extend(others.into_iter().map(|other| Row {
                index,
                path: path.clone(),
                ..Row::derived(entity, other.clone(), other)
            }));
            rows::demand(work, &rows[1..], work.lens.caller.takes(Step::BudgetApprove), Step::BudgetApprove.as_str())
                .await?;
        }
        if to == VersionState::Approved {
            approval::check(work, &rows, KIND).await?;
        }
        mark(work, &mut rows, to, note.as_ref());
        let effects = if to == VersionState::Approved && work.errors.is_empty() {
            approval::effects(work, &rows).await?
        } else {
            approval::Effects::default()
        };
        // Those of the same transfer answer no item of the input.
        let others = if rows.is_empty() { vec![] } else { rows.split_off(1) };
        let rejected = work.rejects(&batch);
        let done = save::<Budgets>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            follow::<Budgets>(work, others).await?;
            effects.write(work).await?;
        }
        Ok(done)
    }
    .boxed()
}
