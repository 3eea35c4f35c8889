//! The steps of a benefit's life: which may follow is in `rules`, who may take it in the policy.

use async_graphql_value::ConstValue;
use entity::{
    benefit::{self, Model},
    benefit_measure, benefit_plan_point, portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    measure_write::{lacking, promise},
    rules::{self, BenefitState},
    write::{blank, finish, items_are_open},
};
use crate::{
    auth::{Class, Scopes, Step},
    error::Error,
    write::{
        Action, Done, Member, Mutation, Row, UserCode, UserError, Verb, Work, input,
        rows::{self, open},
    },
};

/// The mutation that takes a benefit on.
pub fn mutation() -> Mutation {
    Mutation {
        name: "benefitStateAdvance".to_owned(),
        doc: "Takes a Benefit to the next state of its life, or gives a profile back. Who may take which step: `permissionMatrix { steps }`; whoever writes a benefit hands its profile in.".to_owned(),
        needs: None,
        entity: "Benefit",
        verb: Verb::Act,
        input: vec![Member { name: "to", ty: "BenefitState!", doc: "The state that follows." }],
        payload: vec![],
        inputs: vec![],
        run: advance,
    }
}

fn advance<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("Benefit");
        let mut rows = open::<benefit::Entity>(work, entity, &batch.items, blank).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
        let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
        items_are_open(work, &rows, &items);
        for row in &mut rows {
            let to = input::text(input, "to").and_then(|to| BenefitState::parse(&to));
            let (Some(from), Some(to)) = (BenefitState::parse(&row.after.state), to) else { continue };
            if !from.followers().contains(&to) {
                let line = format!("From {} it does not go to {}.", from.as_str(), to.as_str());
                let allowed: Vec<_> = from.followers().iter().map(|s| s.as_str()).collect();
                let error = UserError::new(UserCode::IllegalState, row.path.at("to"), line);
                work.fail(row, error.with("state", from.as_str()).with("allowed", allowed.join(",")));
                continue;
            }
            let (scopes, needs) = right(work, to);
            let held = work.lens.holds(entity, &[row.after.id], &[scopes]).await?;
            if !held.get(&row.after.id).is_some_and(|held| held[0]) {
                let line = "This step is not yours to take.";
                let error = UserError::new(UserCode::Forbidden, row.path.at("to"), line);
                work.fail(row, error.with("needs", needs));
                continue;
            }
            if to == BenefitState::Approved {
                may_be_promised(work, row).await?;
                row.after.approved_at = Some(work.now);
                row.after.approved_by_id = work.lens.caller.person;
            }
            to.as_str().clone_into(&mut row.after.state);
            row.after.is_draft = to.is_draft();
        }
        finish(work, rows, &batch, Action::Written, items).await
    }
    .boxed()
}

/// On which benefits the caller may take the step to a state, and what it needs.
fn right(work: &Work<'_>, to: BenefitState) -> (Scopes, String) {
    let step = match to {
        BenefitState::Profiled => {
            let needs = Class::Ben.write();
            return (work.lens.caller.rights.scopes(needs), needs.to_string());
        }
        // A profile is given back by who could have approved it.
        BenefitState::Approved | BenefitState::Identified => Step::BenefitApprove,
        BenefitState::Enabled | BenefitState::Realizing => Step::BenefitEnable,
        BenefitState::Realized | BenefitState::PartlyRealized | BenefitState::NotRealized | BenefitState::Withdrawn => {
            Step::BenefitSettle
        }
    };
    (work.lens.caller.takes(step), step.as_str().to_owned())
}

/// A benefit is promised by somebody, with a plan, and so that it can be told whether it is had. Whoever writes its parts
/// waits for its row, which is locked.
async fn may_be_promised(work: &mut Work<'_>, row: &Row<Model>) -> Result<(), Error> {
    if row.after.owner_id.is_none() {
        let line = "A benefit without an owner is promised by nobody.";
        work.fail(row, UserError::rule(row.path.at("to"), "BENEFIT_OWNER", line));
    }
    let points = benefit_plan_point::Entity::find().filter(benefit_plan_point::Column::BenefitId.eq(row.after.id));
    let has_points = points.count(work.txn).await? > 0;
    let planned = has_points.then_some(row.after.planned_amount);
    if let Some(line) = rules::unplanned(&row.after.kind, row.after.amount, planned) {
        work.fail(row, UserError::rule(row.path.at("to"), "BENEFIT_PLAN", line));
    }
    let measures = benefit_measure::Entity::find().filter(benefit_measure::Column::BenefitId.eq(row.after.id));
    let measures = measures.order_by_asc(benefit_measure::Column::Key).all(work.txn).await?;
    let fail = |work: &mut Work<'_>, line: String| {
        work.fail(row, UserError::rule(row.path.at("to"), "BENEFIT_MEASURE", line));
    };
    if rules::unmeasured(&row.after.kind, measures.len()) {
        fail(work, "What is counted is promised with a measure, with its baseline and target.".to_owned());
    }
    for measure in &measures {
        // Its polarity may have changed since the measure was written.
        if let Some(field) = lacking(measure) {
            fail(work, format!("The measure {} has no `{field}`.", measure.key));
        } else if let Some(fault) = promise(measure, row.after.polarity == "DISBENEFIT").fault() {
            fail(work, format!("The measure {}: {fault}", measure.key));
        }
    }
    Ok(())
}
