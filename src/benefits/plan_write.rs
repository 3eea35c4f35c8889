//! Writing plans: one point for each benefit and period, and their sum on the benefit, in the same transaction.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    benefit,
    benefit_plan_point::{self, Column as C, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::parts::Parts;
use crate::{
    auth::Class,
    error::Error,
    finance::periods_are_open,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{follow, remove, save},
        written,
    },
};

type Points = benefit_plan_point::Entity;

/// The mutations of plan points.
pub fn mutations() -> Vec<Mutation> {
    let (entity, single, needs) = ("BenefitPlanPoint", "benefitPlanPoint", Some(Class::Ben.write()));
    let mut all = written(entity, single, needs, write);
    let doc = format!("Removes a {entity} of a benefit that is still a draft.");
    all.push(delete(entity, single, needs, doc, write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let parts = Parts::open::<Points>(work, input, Class::Ben, &["currency"], blank).await?;
        parts.of_drafts(work);
        periods_are_open(work, &parts.rows).await?;
        let of = C::BenefitId.is_in(parts.benefits.keys().copied());
        let stored = Points::find().filter(of).all(work.txn).await?;
        let removes = work.mutation.verb == Verb::Delete;
        if !removes {
            let mut taken: HashSet<(Uuid, Uuid)> = stored.iter().map(|p| (p.benefit_id, p.period_id)).collect();
            for row in &parts.rows {
                of_item::money_agrees(work, row);
                let is_new = row.before.is_none() && !work.has_failed(row.index);
                if is_new && !taken.insert((row.after.benefit_id, row.after.period_id)) {
                    let line = "The benefit has a point for this period already.";
                    work.fail(row, UserError::new(UserCode::Duplicate, row.place("period"), line));
                }
            }
        }
        let sums = sums(work, &parts, &stored, removes);
        let rejected = work.rejects(&parts.batch);
        let Parts { batch, rows, benefits, .. } = parts;
        let done = if removes {
            remove::<Points>(work, rows, &batch).await?
        } else {
            save::<Points>(work, rows, &batch, Action::Written).await?
        };
        if !rejected {
            keep(work, benefits, &sums).await?;
        }
        Ok(done)
    }
    .boxed()
}

/// A point of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        period_id: Uuid::nil(),
        currency: String::new(),
        amount: 0,
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What the points of each benefit will sum to. What cannot be kept as a number is refused.
fn sums(work: &mut Work<'_>, parts: &Parts<Model>, stored: &[Model], removes: bool) -> HashMap<Uuid, i64> {
    let mut sums = HashMap::new();
    for benefit in parts.benefits.keys() {
        let good = parts.good_of(work, *benefit);
        let rows: Vec<&Row<Model>> = good.iter().map(|at| &parts.rows[*at]).collect();
        let is_kept = |point: &&Model| !rows.iter().any(|row| row.after.id == point.id);
        let kept = stored.iter().filter(|point| point.benefit_id == *benefit).filter(is_kept).map(|p| p.amount);
        let given = rows.iter().filter(|_| !removes).map(|row| row.after.amount);
        match kept.chain(given).try_fold(0_i64, i64::checked_add) {
            Some(sum) => drop(sums.insert(*benefit, sum)),
            None => {
                for row in rows {
                    let line = "The points of the benefit would sum to more than can be kept.";
                    work.fail(row, UserError::new(UserCode::OutOfRange, row.place("amount"), line));
                }
            }
        }
    }
    sums
}

/// Brings the benefits up to the sums.
async fn keep(
    work: &mut Work<'_>,
    benefits: HashMap<Uuid, benefit::Model>,
    sums: &HashMap<Uuid, i64>,
) -> Result<(), Error> {
    let entity = work.lens.model.entity("Benefit");
    let mut changed = vec![];
    for before in benefits.into_values() {
        let planned_amount = sums.get(&before.id).copied().unwrap_or(before.planned_amount);
        if planned_amount != before.planned_amount {
            let after = benefit::Model { planned_amount, ..before.clone() };
            changed.push(Row::derived(entity, before, after));
        }
    }
    changed.sort_by_key(|row| row.after.id);
    follow::<benefit::Entity>(work, changed).await
}
