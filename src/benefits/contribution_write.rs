//! Writing who helps to bring a benefit. The parts of all of them are at most the whole, whoever writes at the same time:
//! the benefit's row is locked.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use entity::benefit_contribution::{self, Column as C, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::parts::Parts;
use crate::{
    auth::Class,
    error::Error,
    graph::value::WHOLE,
    write::{
        Action, Done, Mutation, UserCode, UserError, Verb, Work, delete,
        rows::{remove, save},
        written,
    },
};

type Contributions = benefit_contribution::Entity;

/// The mutations of contributions.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single, needs) = ("BenefitContribution", "benefitContribution", Some(Class::Ben.write()));
    let mut all = written(entity, single, needs, write);
    let doc = format!("Removes a {entity} of a benefit that is still a draft.");
    all.push(delete(entity, single, needs, doc, write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let parts = Parts::open::<Contributions>(work, input, Class::Ben, &[], blank).await?;
        parts.of_drafts(work);
        if work.mutation.verb == Verb::Delete {
            return remove::<Contributions>(work, parts.rows, &parts.batch).await;
        }
        let of = C::BenefitId.is_in(parts.benefits.keys().copied());
        let stored = Contributions::find().filter(of).all(work.txn).await?;
        agree(work, &parts, &stored);
        at_most_whole(work, &parts, &stored);
        save::<Contributions>(work, parts.rows, &parts.batch, Action::Written).await
    }
    .boxed()
}

/// Nobody's part of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        contributor_id: Uuid::nil(),
        share: 0,
        rationale: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What a contribution says of itself, and that each contributor has one.
fn agree(work: &mut Work<'_>, parts: &Parts<Model>, stored: &[Model]) {
    let mut taken: HashSet<(Uuid, Uuid)> = stored.iter().map(|c| (c.benefit_id, c.contributor_id)).collect();
    for row in &parts.rows {
        let m = &row.after;
        if row.gives("share") && !(1..=WHOLE).contains(&m.share) {
            let line = "A part is above 0 and at most 1.";
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place("share"), line));
        }
        if row.before.is_some() || work.has_failed(row.index) {
            continue;
        }
        if m.contributor_id == m.item_id {
            let line = "The benefit's own item brings what no other does.";
            work.fail(row, UserError::rule(row.place("contributor"), "BENEFIT_CONTRIBUTOR", line));
        } else if !taken.insert((m.benefit_id, m.contributor_id)) {
            let line = "This item helps to bring the benefit already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("contributor"), line));
        }
    }
}

/// Refuses what would make the parts of a benefit more than the whole. Of several rows in one list the last is to blame;
/// without it the others are looked at again.
fn at_most_whole(work: &mut Work<'_>, parts: &Parts<Model>, stored: &[Model]) {
    for benefit in parts.benefits.keys() {
        loop {
            let good = parts.good_of(work, *benefit);
            let is_kept = |c: &&Model| !good.iter().any(|at| parts.rows[*at].after.id == c.id);
            let kept = stored.iter().filter(|c| c.benefit_id == *benefit).filter(is_kept).map(|c| c.share);
            let sum: i128 = kept.chain(good.iter().map(|at| parts.rows[*at].after.share)).map(i128::from).sum();
            let Some(last) = good.last().filter(|_| sum > i128::from(WHOLE)) else { break };
            // Contributions have their benefit's scope, so who writes one sees all that are summed.
            let line = "The parts of the benefit would sum to more than 1.";
            let row = &parts.rows[*last];
            work.fail(row, UserError::rule(row.place("share"), "BENEFIT_SHARES", line));
        }
    }
}
