//! Writing reviews: of what was promised, as drafts, and their publishing.

use async_graphql_value::ConstValue;
use entity::benefit_review::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::parts::Parts;
use crate::{
    auth::{Class, Step},
    error::Error,
    graph::value::WHOLE,
    people::charge,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, remove, save},
        written,
    },
};

type Reviews = benefit_review::Entity;

/// The mutations of reviews.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single, needs) = ("BenefitReview", "benefitReview", Some(Class::Ben.write()));
    let mut all = written(entity, single, needs, write);
    let doc = format!("Removes a {entity} that is still a draft. Nothing of it is left but its trail.");
    all.push(delete(entity, single, needs, doc, write));
    all.push(Mutation {
        name: "benefitReviewPublish".to_owned(),
        doc: "Publishes a review: it never changes again, and the one held last gives the benefit's forecast."
            .to_owned(),
        needs: None,
        entity,
        verb: Verb::Act,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run: publish,
    });
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let mut parts = Parts::open::<Reviews>(work, input, Class::Ben, &["currency"], blank).await?;
        parts.refuse(work, |_, of| {
            of.is_draft.then_some((UserCode::IllegalState, "it is reviewed once it is approved."))
        });
        are_drafts(work, &parts.rows);
        if work.mutation.verb == Verb::Delete {
            return remove::<Reviews>(work, parts.rows, &parts.batch).await;
        }
        charge::are_here(work, &parts.rows, &[("reviewer", "reviewer_id")]).await?;
        for at in 0..parts.rows.len() {
            let portfolio = parts.of(&parts.rows[at]).and_then(|of| of.portfolio_id);
            let row = &mut parts.rows[at];
            if row.before.is_none() {
                row.after.reported_portfolio_id = portfolio;
            }
            of_item::money_agrees(work, row);
            agrees(work, row);
        }
        save::<Reviews>(work, parts.rows, &parts.batch, Action::Written).await
    }
    .boxed()
}

/// A review of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        reported_portfolio_id: None,
        held_on: work.now.date_naive(),
        reviewer_id: None,
        finding: String::new(),
        recommendation: String::new(),
        currency: String::new(),
        forecast_amount: None,
        confidence: None,
        state: "DRAFT".to_owned(),
        published_at: None,
        published_by_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What was published stands.
fn are_drafts(work: &mut Work<'_>, rows: &[Row<Model>]) {
    for row in rows.iter().filter(|row| row.before.is_some()) {
        if row.after.state != "DRAFT" && !work.is_refused(row.index) {
            let line = "What was published stands; hold another review.";
            let error = UserError::new(UserCode::Immutable, row.named_at.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
    }
}

/// What a review says of itself. Who answers for a benefit does not judge it.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    if row.gives("heldOn") && m.held_on > work.now.date_naive() {
        let line = "A review is written after it was held.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("heldOn"), line));
    }
    if m.confidence.is_some_and(|confidence| !(0..=WHOLE).contains(&confidence)) {
        let line = "The confidence is 0 to 1.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("confidence"), line));
    }
    if row.gives("reviewer") && m.reviewer_id.is_some() && m.reviewer_id == m.owner_id && !work.is_refused(row.index) {
        let line = "The reviewer is another than the benefit's owner.";
        work.fail(row, UserError::rule(row.place("reviewer"), "BENEFIT_REVIEWER", line));
    }
}

fn publish<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let mut parts = Parts::open::<Reviews>(work, input, Class::Ben, &[], blank).await?;
        let step = Step::BenefitReviewPublish;
        rows::demand(work, &parts.rows, work.lens.caller.takes(step), step.as_str()).await?;
        for at in 0..parts.rows.len() {
            let row = &mut parts.rows[at];
            if row.after.state != "DRAFT" {
                let error = UserError::new(UserCode::IllegalState, row.path.clone(), "It is published already.");
                work.fail(row, error.with("state", "PUBLISHED"));
            }
            "PUBLISHED".clone_into(&mut row.after.state);
            row.after.published_at = Some(work.now);
            row.after.published_by_id = work.lens.caller.person;
        }
        save::<Reviews>(work, parts.rows, &parts.batch, Action::Written).await
    }
    .boxed()
}
