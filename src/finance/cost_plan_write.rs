//! Writing cost plans: drafts and their lines, and the steps of their life. Approving makes a version the plan of record and
//! supersedes the one before, in one transaction.

use async_graphql_value::ConstValue;
use entity::{
    cost_plan::{self, Model},
    cost_plan_line,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::{
    approval,
    decisions::{self, Decided, forget_decision, in_force, mark, note_member, open_to_decide},
    lines::{self, Whole},
    rules::{self, VersionState},
    versions,
};
use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, archived, follow, open, save},
        usual, written,
    },
};

type Plans = cost_plan::Entity;
type Line = cost_plan_line::Model;

/// Cost plans as wholes of lines.
const WHOLE: Whole = Whole {
    name: "CostPlan",
    link: "costPlan",
    by: "cost_plan_id",
    line: "CostPlanLine",
    needs: "FIN_WRITE",
    sum: "amount",
    is_limit: false,
    apart: &["period", "category", "source", "expenditure", "name"],
    apart_by: &["period_id", "category_id", "source", "expenditure", "name"],
};

/// Cost plans as what is decided on.
const KIND: Decided = Decided {
    whole: WHOLE,
    noun: "cost plan",
    submit: Step::CostPlanSubmit,
    approve: Step::CostPlanApprove,
    counted: &["amount"],
};

/// The mutations of cost plans and their lines.
pub fn mutations() -> Vec<Mutation> {
    let fin = Some(Class::Fin.write());
    let act = |ending: &str, doc: &str, needs, input, run| Mutation {
        name: format!("costPlan{ending}"),
        doc: doc.to_owned(),
        needs,
        entity: "CostPlan",
        verb: Verb::Act,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    let gone =
        |what: &str| format!("Removes a {what} while its cost plan is a draft. Nothing of it is left but its trail.");
    [
        usual("CostPlan", "costPlan", fin, false, write),
        vec![
            delete("CostPlan", "costPlan", fin, gone("CostPlan, with its lines,"), remove),
            act("Revise", "Makes a new draft from a version, with its lines.", fin, vec![], revise),
            act("Submit", "Hands a draft in for approval: from then on its lines stand.", None, vec![], submit),
            act("Approve", "Approves a submitted version: it is the item's plan of record from now on, and the one before is superseded. Never by who submitted it; a sponsor up to the `approvalLimit` of her assignment.", None, vec![note_member()], approve),
            act("Reject", "Rejects a submitted version.", None, vec![note_member()], reject),
        ],
        written("CostPlanLine", "costPlanLine", fin, write_lines),
        vec![delete("CostPlanLine", "costPlanLine", fin, gone("CostPlanLine"), write_lines)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("CostPlan");
        let scopes = work.lens.caller.rights.scopes(Class::Fin.write());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Plans>(work, entity, &batch, scopes, WHOLE.needs).await?;
            let line = "The plan of record, and what waits for approval, is not archived.";
            versions::stays(work, &rows, action, &["SUBMITTED", "APPROVED"], line);
            return save::<Plans>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Plans>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        versions::are_drafts(work, &rows, WHOLE);
        versions::number::<Plans>(work, &mut rows, scopes, WHOLE.needs).await?;
        save::<Plans>(work, rows, &batch, Action::Written).await
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
        is_plan_of_record: false,
        name: None,
        description: None,
        currency: String::new(),
        amount: 0,
        reported_portfolio_id: None,
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
        let scopes = work.lens.caller.rights.scopes(Class::Fin.write());
        lines::write::<Plans, cost_plan_line::Entity>(work, input, WHOLE, scopes, blank_line, settle).await
    }
    .boxed()
}

/// A line of nothing.
pub fn blank_line(work: &Work<'_>) -> Line {
    Line {
        id: work.clock.new_id(),
        cost_plan_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        period_id: Uuid::nil(),
        category_id: Uuid::nil(),
        name: None,
        source: String::new(),
        expenditure: "OPEX".to_owned(),
        currency: String::new(),
        quantity: None,
        unit_cost: None,
        amount: 0,
        note: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// The amount is the product of quantity and unit cost where both are given, and may not say anything else.
fn settle(work: &mut Work<'_>, row: &mut Row<Line>) {
    if row.gives("quantity") && row.after.quantity.is_some_and(|quantity| quantity < 0) {
        let line = "`quantity` is 0 or more.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("quantity"), line));
    }
    let Some((quantity, unit_cost)) = row.after.quantity.zip(row.after.unit_cost) else {
        if row.before.is_none() && !row.gives("amount") {
            let line = "A line without `quantity` and `unitCost` needs `amount`.";
            work.fail(row, UserError::new(UserCode::Required, row.path.at("amount"), line));
        }
        return;
    };
    match rules::product(quantity, unit_cost) {
        None => {
            let place = if row.gives("quantity") { "quantity" } else { "unitCost" };
            let line = "The product of `quantity` and `unitCost` is more than can be kept.";
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(place), line));
        }
        Some(amount) if row.gives("amount") && row.after.amount != amount => {
            let line = "`amount` is `quantity` times `unitCost`; leave it out, or clear one of them.";
            work.fail(row, UserError::rule(row.place("amount"), "AMOUNT_IS_PRODUCT", line));
        }
        Some(amount) => row.after.amount = amount,
    }
}

/// The cost plans that are removed or made again, for who writes them.
async fn open_to_write(work: &mut Work<'_>, batch: &Batch) -> Result<Vec<Row<Model>>, Error> {
    let rows = open::<Plans>(work, work.lens.model.entity("CostPlan"), &batch.items, blank).await?;
    let scopes = work.lens.caller.rights.scopes(Class::Fin.write());
    rows::demand(work, &rows, scopes, WHOLE.needs).await?;
    of_item::items_are_open(work, &rows).await?;
    Ok(rows)
}

fn remove<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to_write(work, &batch).await?;
        versions::remove::<Plans, cost_plan_line::Entity>(work, rows, &batch, WHOLE).await
    }
    .boxed()
}

fn revise<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to_write(work, &batch).await?;
        versions::revise::<Plans, cost_plan_line::Entity>(work, rows, &batch, WHOLE, again).await
    }
    .boxed()
}

/// A version as a draft again, of nobody's deciding.
fn again(work: &Work<'_>, version: &Model) -> Model {
    let mut draft = Model { id: work.clock.new_id(), is_plan_of_record: false, ..version.clone() };
    forget_decision(&mut draft);
    draft
}

fn submit<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move { decisions::submit::<Plans>(work, input, KIND, blank, |_, _| ()).await }.boxed()
}

fn approve<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let to = VersionState::Approved;
        let (mut rows, note) = open_to_decide::<Plans>(work, input, &batch, (KIND, to), blank).await?;
        approval::check(work, &rows, KIND).await?;
        mark(work, &mut rows, to, note.as_ref());
        let mut superseded = vec![];
        if work.errors.is_empty() {
            for former in in_force::<Plans>(work, &rows).await?.into_values() {
                let state = VersionState::Superseded.as_str().to_owned();
                let after = Model { state, is_plan_of_record: false, ..former.clone() };
                superseded.push(Row::derived(work.lens.model.entity("CostPlan"), former, after));
            }
        }
        for row in &mut rows {
            row.after.is_plan_of_record = true;
        }
        let rejected = work.rejects(&batch);
        let done = save::<Plans>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            follow::<Plans>(work, superseded).await?;
        }
        Ok(done)
    }
    .boxed()
}

fn reject<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let to = VersionState::Rejected;
        let (mut rows, note) = open_to_decide::<Plans>(work, input, &batch, (KIND, to), blank).await?;
        mark(work, &mut rows, to, note.as_ref());
        save::<Plans>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}
