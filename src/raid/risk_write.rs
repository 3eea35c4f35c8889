//! Writing risks: what is known of one agrees with itself, and its rating and exposure are kept with every write.

use async_graphql_value::ConstValue;
use entity::risk::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::{
    begin::{are_idle, are_open, begin, not_to_come, within},
    rules::{self, WHOLE},
};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserError, Work, of_item,
        rows::{archived, open, save},
        usual,
    },
};

type Risks = risk::Entity;

/// States of a risk that is over.
pub const OVER: [&str; 2] = ["CLOSED", "OCCURRED"];

/// The mutations of risks, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    usual("Risk", "risk", Some(Class::Work.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Risk"), Class::Work.write());
        if let Some(action) = work.mutation.verb.archives() {
            let scopes = work.lens.caller.rights.scopes(needs);
            let rows = archived::<Risks>(work, entity, &batch, scopes, &needs.to_string()).await?;
            of_item::items_are_open(work, &rows).await?;
            are_idle(work, &rows, action, &["ASSESSED", "TREATED"]);
            return save::<Risks>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Risks>(work, entity, &batch.items, blank).await?;
        let items = begin::<Risks>(work, &mut rows).await?;
        are_open(work, &rows, &OVER);
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                row.after.level.clone_from(&item.kind);
            }
            of_item::money_agrees(work, row);
            keep(&mut row.after);
            agrees(work, row);
        }
        save::<Risks>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A risk of nothing yet, found today.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        category: None,
        kind: "THREAT".to_owned(),
        state: "IDENTIFIED".to_owned(),
        level: "PROJECT".to_owned(),
        cause: None,
        event: None,
        effect: None,
        probability: None,
        impact_level: None,
        rating: None,
        currency: String::new(),
        impact_amount: None,
        impact_days: None,
        exposure_amount: None,
        exposure_days: None,
        residual_probability: None,
        residual_impact_amount: None,
        residual_impact_days: None,
        residual_exposure_amount: None,
        residual_exposure_days: None,
        residual_justification: None,
        proximity_on: None,
        owner_id: None,
        escalated_to_id: None,
        identified_on: work.now.date_naive(),
        closed_on: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What follows from the rest of a risk. What is not said to be another once its responses are done stays as it is.
pub fn keep(risk: &mut Model) {
    risk.rating = rules::rating(risk.probability, risk.impact_level.as_deref()).map(str::to_owned);
    risk.exposure_amount = rules::exposure(risk.probability, risk.impact_amount);
    risk.exposure_days = rules::exposure_days(risk.probability, risk.impact_days);
    let probability = risk.residual_probability.or(risk.probability);
    let is_other = risk.residual_probability.is_some();
    let money = risk.residual_impact_amount.or(risk.impact_amount.filter(|_| is_other));
    let days = risk.residual_impact_days.or(risk.impact_days.filter(|_| is_other));
    risk.residual_exposure_amount = rules::exposure(probability, money);
    risk.residual_exposure_days = rules::exposure_days(probability, days);
}

/// What a risk lacks to be assessed.
pub fn unassessed(risk: &Model) -> Option<&'static str> {
    match (risk.probability, &risk.impact_level) {
        (None, _) => Some("probability"),
        (_, None) => Some("impactLevel"),
        _ => None,
    }
}

fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    within(work, row, &[("probability", m.probability), ("residualProbability", m.residual_probability)], WHOLE);
    let days = |days: Option<i32>| days.map(i64::from);
    let days = [("impactDays", days(m.impact_days)), ("residualImpactDays", days(m.residual_impact_days))];
    within(work, row, &days, i64::MAX);
    not_to_come(work, row, "identifiedOn", m.identified_on);
    if let Some(field) = unassessed(m).filter(|_| m.state != "IDENTIFIED") {
        let line = "A risk that was assessed has a probability and an impact level.";
        work.fail(row, UserError::rule(row.place(field), "RISK_ASSESSED", line));
    }
    let is_worse = rules::is_worse(&m.kind, m.exposure_amount, m.residual_exposure_amount);
    let takes_longer = rules::is_worse(&m.kind, m.exposure_days, m.residual_exposure_days);
    if (is_worse || takes_longer) && m.residual_justification.is_none() {
        let line = "What is left is worse than what there was: say why in `residualJustification`.";
        let given =
            ["residualProbability", "residualImpactCost", "residualImpactDays"].into_iter().find(|f| row.gives(f));
        let place = row.place(given.unwrap_or("residualJustification"));
        work.fail(row, UserError::rule(place, "RESIDUAL_JUSTIFIED", line));
    }
}
