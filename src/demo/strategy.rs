//! Objectives with their shares, and what items contribute to them. Some open projects contribute to nothing on purpose.

use chrono::TimeDelta;
use entity::{objective_contribution, strategic_objective};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    PMO_LEAD,
    shape::{WHOLE, World, facts, id, instant, who},
};
use crate::error::Error;

/// The objective that is in the archive, with what contributed to it.
const ARCHIVED: &str = "OLD";
/// Objectives that take no share.
const DROPPED: &str = "DROPPED";

#[derive(Deserialize)]
struct ObjectiveFact {
    key: String,
    parent: Option<String>,
    state: String,
    weight: Option<i64>,
    owner: Option<String>,
    horizon: Option<String>,
    title: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct ContributionFact {
    item: String,
    objective: String,
    rating: Option<String>,
    share: Option<i64>,
    from: Option<i64>,
    to: Option<i64>,
    rationale: Option<String>,
}

/// The tree of objectives.
pub(super) fn objectives(world: &World<'_>) -> Result<Vec<strategic_objective::Model>, Error> {
    let mut objectives = vec![];
    for (index, fact) in facts::<ObjectiveFact>(include_str!("objectives.csv"))?.into_iter().enumerate() {
        let at = instant(world.as_of, -800);
        // Weights are looked at again every year, and those who changed them did so one after the other.
        let changed = instant(world.as_of, -60 - i64::try_from(index).unwrap_or_default());
        let by = Some(who(PMO_LEAD));
        let is_archived = fact.key == ARCHIVED;
        objectives.push(strategic_objective::Model {
            id: id("strategic_objective", &fact.key),
            key: fact.key,
            title_fold: fact.title.to_lowercase(),
            title: fact.title,
            description_fold: fact.description.as_ref().map(|text| text.to_lowercase()),
            description: fact.description,
            horizon: fact.horizon,
            state: fact.state,
            weight: fact.weight.unwrap_or_default() * WHOLE,
            share: None,
            owner_id: fact.owner.map(|key| world.person(&key)).transpose()?,
            parent_id: fact.parent.map(|key| id("strategic_objective", &key)),
            version: 2,
            created_at: at,
            created_by_id: by,
            updated_at: changed,
            updated_by_id: by,
            archived_at: is_archived.then_some(changed),
        });
    }
    let counted: Vec<(Option<Uuid>, i64)> =
        objectives.iter().filter(|o| is_counted(o)).map(|o| (o.parent_id, o.weight)).collect();
    for objective in objectives.iter_mut().filter(|o| is_counted(o)) {
        let siblings = counted.iter().filter(|(parent, _)| *parent == objective.parent_id);
        objective.share = share(objective.weight, siblings.map(|(_, weight)| *weight).sum());
    }
    Ok(objectives)
}

/// Whether it takes a share among its siblings.
pub(super) fn is_counted(objective: &strategic_objective::Model) -> bool {
    objective.state != DROPPED && objective.archived_at.is_none()
}

/// A part of a sum in 1e-9, rounded half to even; none of nothing.
pub(super) fn share(weight: i64, sum: i64) -> Option<i64> {
    if sum <= 0 {
        return None;
    }
    let (exact, sum) = (i128::from(weight) * i128::from(WHOLE), i128::from(sum));
    let (down, rest) = (exact / sum, exact % sum);
    let is_up = 2 * rest > sum || (2 * rest == sum && down % 2 == 1);
    i64::try_from(down + i128::from(is_up)).ok()
}

/// What items contribute.
pub(super) fn contributions(world: &World<'_>) -> Result<Vec<objective_contribution::Model>, Error> {
    let mut contributions = vec![];
    for fact in facts::<ContributionFact>(include_str!("contributions.csv"))? {
        let item = world.item(&fact.item)?;
        let at = item.created_at + TimeDelta::days(3);
        let by = if item.is_restricted { item.sponsor_id } else { Some(who(PMO_LEAD)) };
        let day = |days: i64| world.as_of + TimeDelta::days(days);
        let is_archived = fact.objective == ARCHIVED;
        contributions.push(objective_contribution::Model {
            id: id("objective_contribution", &format!("{}:{}", fact.item, fact.objective)),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            objective_id: id("strategic_objective", &fact.objective),
            rating: fact.rating,
            share: fact.share.map(|percent| percent * (WHOLE / 100)),
            rationale: fact.rationale,
            valid_from_on: fact.from.map(day),
            valid_to_on: fact.to.map(day),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: is_archived.then(|| instant(world.as_of, -74)),
        });
    }
    Ok(contributions)
}
