//! Writing what is done about risks: a strategy that fits the kind of the risk, at its item and in its currency.

use async_graphql_value::ConstValue;
use entity::{
    risk,
    risk_response::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::{
    begin::{are_idle, are_open},
    risk_write::OVER,
    rules,
};
use crate::{
    auth::Class,
    error::Error,
    people::charge,
    write::{
        Action, Done, Mutation, UserCode, UserError, Work, of_item,
        rows::{archived, open, save},
        usual,
    },
};

type Responses = risk_response::Entity;

/// The mutations of responses, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    usual("RiskResponse", "riskResponse", Some(Class::Work.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("RiskResponse"), Class::Work.write());
        let scopes = work.lens.caller.rights.scopes(needs);
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Responses>(work, entity, &batch, scopes, &needs.to_string()).await?;
            of_item::items_are_open(work, &rows).await?;
            are_idle(work, &rows, action, &["ACTIVE"]);
            return save::<Responses>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Responses>(work, entity, &batch.items, blank).await?;
        let of = ("risk", "risk_id");
        let risks = of_item::wholes::<risk::Entity, _>(work, &rows, "Risk", of, scopes, &needs.to_string()).await?;
        for row in &mut rows {
            let Some(risk) = risks.get(&row.after.risk_id) else { continue };
            if row.before.is_none() {
                of_item::take(row, risk, &["currency", "reported_portfolio_id"]);
                if OVER.contains(&risk.state.as_str()) && !work.is_refused(row.index) {
                    let line = format!("The risk is {}: nothing is done about it any more.", risk.state);
                    let error = UserError::new(UserCode::IllegalState, row.place("risk"), line);
                    work.fail(row, error.with("state", &risk.state));
                }
            }
            of_item::money_agrees(work, row);
            let fitting = rules::strategies(&risk.kind);
            if !fitting.contains(&row.after.strategy.as_str()) && !work.is_refused(row.index) {
                let line = format!("This is not how a risk of kind {} is dealt with.", risk.kind);
                let error = UserError::rule(row.place("strategy"), "STRATEGY_OF_KIND", line);
                work.fail(row, error.with("allowed", fitting.join(",")));
            }
        }
        of_item::items_are_open(work, &rows).await?;
        are_open(work, &rows, &["COMPLETED", "CANCELLED"]);
        charge::are_here(work, &rows, &[("owner", "owner_id")]).await?;
        save::<Responses>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A response to nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        risk_id: Uuid::nil(),
        title: String::new(),
        title_fold: String::new(),
        strategy: String::new(),
        state: "PLANNED".to_owned(),
        owner_id: None,
        currency: String::new(),
        cost_amount: None,
        due_on: None,
        started_on: None,
        completed_on: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}
