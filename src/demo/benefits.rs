//! Benefits with their plans, and the further items that help to bring them.

use chrono::TimeDelta;
use entity::{benefit, benefit_contribution, benefit_plan_point};
use serde::Deserialize;

use super::{
    calendar::Frame,
    shape::{PER_UNIT, WHOLE, World, facts, id, instant, split},
};
use crate::error::Error;

/// The benefit that slips: its plan was moved, and says so.
const SLIPPED: &str = "BEN-007";
/// The benefit that is in the archive.
const ARCHIVED: &str = "BEN-900";
/// How a benefit grows from period to period.
const RAMP: [i64; 4] = [2, 3, 4, 5];

#[derive(Deserialize)]
struct Fact {
    key: String,
    item: String,
    kind: String,
    polarity: String,
    state: String,
    owner: String,
    beneficiary: Option<String>,
    confidence: Option<i64>,
    starts: Option<i64>,
    units: Option<i64>,
    every: Option<String>,
    points: usize,
    source: Option<String>,
    after: Option<String>,
    title: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct ShareFact {
    benefit: String,
    contributor: String,
    percent: i64,
    rationale: Option<String>,
}

/// Benefits and what belongs to them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Benefits {
    pub profiles: Vec<benefit::Model>,
    pub points: Vec<benefit_plan_point::Model>,
    pub shares: Vec<benefit_contribution::Model>,
}

/// Makes them.
pub(super) fn benefits(world: &World<'_>, frame: &Frame) -> Result<Benefits, Error> {
    let mut made = Benefits { profiles: vec![], points: vec![], shares: vec![] };
    for fact in facts::<Fact>(include_str!("benefits.csv"))? {
        let (benefit, points) = benefit(world, frame, fact)?;
        made.profiles.push(benefit);
        made.points.extend(points);
    }
    for fact in facts::<ShareFact>(include_str!("benefit_shares.csv"))? {
        let of = made.profiles.iter().find(|benefit| benefit.key == fact.benefit);
        let of = of.ok_or_else(|| Error::internal(format!("there is no benefit {}", fact.benefit)))?;
        made.shares.push(benefit_contribution::Model {
            id: id("benefit_contribution", &format!("{}:{}", fact.benefit, fact.contributor)),
            benefit_id: of.id,
            item_id: of.item_id,
            portfolio_id: of.portfolio_id,
            is_restricted: of.is_restricted,
            is_draft: of.is_draft,
            owner_id: of.owner_id,
            contributor_id: world.item(&fact.contributor)?.id,
            share: fact.percent * (WHOLE / 100),
            rationale: fact.rationale,
            version: 1,
            created_at: of.created_at,
            created_by_id: of.created_by_id,
            updated_at: of.created_at,
            updated_by_id: of.created_by_id,
        });
    }
    Ok(made)
}

fn benefit(
    world: &World<'_>,
    frame: &Frame,
    fact: Fact,
) -> Result<(benefit::Model, Vec<benefit_plan_point::Model>), Error> {
    let item = world.item(&fact.item)?;
    let owner_id = Some(world.person(&fact.owner)?);
    let is_draft = matches!(fact.state.as_str(), "IDENTIFIED" | "PROFILED");
    let is_slipped = fact.key == SLIPPED;
    let created_at = item.created_at + TimeDelta::days(7);
    let created_by_id = World::author(item);
    let approved_at = (!is_draft).then(|| created_at + TimeDelta::days(10));
    let approved_by_id = item.sponsor_id.filter(|_| !is_draft);
    let settled = match fact.state.as_str() {
        "REALIZED" | "PARTLY_REALIZED" | "NOT_REALIZED" | "REALIZING" | "ENABLED" | "WITHDRAWN" => {
            Some(instant(world.as_of, -14))
        }
        _ if is_slipped => Some(instant(world.as_of, -25)),
        _ => approved_at,
    };
    let amount = fact.units.map(|units| units * PER_UNIT);
    let starts_on = fact.starts.map(|days| world.as_of + TimeDelta::days(days));
    let note = match (fact.kind.as_str(), amount) {
        (_, Some(_)) if is_slipped => Some("Smaller in the first year than before: 1,200,000 were planned."),
        ("QUALITATIVE" | "QUANTIFIABLE", None) => Some("Not counted in money."),
        _ => None,
    };
    let mut row = benefit::Model {
        id: id("benefit", &fact.key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        is_draft,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        description: fact.description,
        kind: fact.kind,
        polarity: fact.polarity,
        owner_id,
        sponsor_id: item.sponsor_id,
        beneficiary: fact.beneficiary,
        confidence: fact.confidence.map(|percent| percent * (WHOLE / 100)),
        starts_after: fact.after,
        starts_on,
        currency: item.base_currency.clone(),
        amount,
        amount_note: note.map(str::to_owned),
        planned_amount: 0,
        as_of_on: amount.map(|_| created_at.date_naive()),
        reported_portfolio_id: world.portfolio_on(item, created_at.date_naive()),
        source: fact.source,
        approved_at,
        approved_by_id,
        version: if is_draft { 1 } else { 3 },
        created_at,
        created_by_id,
        updated_at: settled.unwrap_or(created_at),
        updated_by_id: approved_by_id.or(created_by_id),
        archived_at: (fact.key == ARCHIVED).then(|| instant(world.as_of, -13)),
        state: fact.state,
        key: fact.key,
    };
    let mut points = vec![];
    if let (Some(from), Some(total), Some(every)) = (starts_on, amount, fact.every) {
        let mut periods = frame.between(&every, from, from + TimeDelta::days(720));
        periods.truncate(fact.points);
        let weights: Vec<i64> = RAMP.iter().cycle().take(periods.len()).copied().collect();
        for (index, (period, amount)) in periods.into_iter().zip(split(total, &weights)).enumerate() {
            row.planned_amount += amount;
            let moved = (is_slipped && index == 0).then_some("Moved by two quarters: the gateway is late.");
            let later = (is_slipped && index > 0).then_some("Moved by two quarters with the first one.");
            points.push(benefit_plan_point::Model {
                id: id("benefit_plan_point", &format!("{}:{}", row.key, period.key)),
                benefit_id: row.id,
                item_id: item.id,
                portfolio_id: item.portfolio_id,
                is_restricted: item.is_restricted,
                is_draft,
                owner_id,
                period_id: period.id,
                currency: row.currency.clone(),
                amount,
                note: moved.or(later).map(str::to_owned),
                version: if is_slipped { 2 } else { 1 },
                created_at: row.created_at,
                created_by_id: row.created_by_id,
                updated_at: if is_slipped { row.updated_at } else { row.created_at },
                updated_by_id: row.created_by_id,
            });
        }
    }
    Ok((row, points))
}
