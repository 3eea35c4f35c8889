//! What may happen to some items, what is done about it, and what has happened.

use chrono::TimeDelta;
use entity::{issue, risk, risk_response};
use serde::Deserialize;
use uuid::Uuid;

use super::shape::{PER_UNIT, WHOLE, World, at, facts, id};
use crate::{error::Error, raid};

/// The risk, the response and the issue that are in the archive.
const ARCHIVED: [&str; 3] = ["RSK-011", "RSK-009", "ISU-008"];

/// Dates are days from the day of the demonstration, parts are percent.
#[derive(Deserialize)]
struct RiskFact {
    key: String,
    item: String,
    kind: String,
    state: String,
    category: String,
    title: String,
    cause: Option<String>,
    event: Option<String>,
    effect: Option<String>,
    probability: Option<i64>,
    impact: Option<String>,
    units: Option<i64>,
    days: Option<i32>,
    rprob: Option<i64>,
    runits: Option<i64>,
    rdays: Option<i32>,
    why: Option<String>,
    near: Option<i64>,
    owner: String,
    to: Option<String>,
    found: i64,
    closed: Option<i64>,
}

#[derive(Deserialize)]
struct ResponseFact {
    risk: String,
    strategy: String,
    state: String,
    title: String,
    owner: String,
    units: Option<i64>,
    written: i64,
    due: Option<i64>,
    began: Option<i64>,
    done: Option<i64>,
}

#[derive(Deserialize)]
struct IssueFact {
    key: String,
    item: String,
    severity: String,
    state: String,
    category: String,
    title: String,
    description: Option<String>,
    risk: Option<String>,
    owner: String,
    to: Option<String>,
    units: Option<i64>,
    days: Option<i32>,
    resolution: Option<String>,
    raised: i64,
    due: Option<i64>,
    resolved: Option<i64>,
    closed: Option<i64>,
}

/// Risks and what belongs to them.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Raid {
    pub risks: Vec<risk::Model>,
    pub responses: Vec<risk_response::Model>,
    pub issues: Vec<issue::Model>,
}

/// Makes them.
pub(super) fn raid(world: &World<'_>) -> Result<Raid, Error> {
    let mut made = Raid::default();
    for fact in facts::<RiskFact>(include_str!("risks.csv"))? {
        made.risks.push(risk(world, fact)?);
    }
    for fact in facts::<ResponseFact>(include_str!("responses.csv"))? {
        let of = made.risks.iter().find(|risk| risk.key == fact.risk);
        let of = of.ok_or_else(|| Error::internal(format!("there is no risk {}", fact.risk)))?;
        made.responses.push(response(world, of, fact)?);
    }
    for fact in facts::<IssueFact>(include_str!("issues.csv"))? {
        made.issues.push(issue(world, fact)?);
    }
    Ok(made)
}

fn risk(world: &World<'_>, fact: RiskFact) -> Result<risk::Model, Error> {
    let item = world.item(&fact.item)?;
    let day = |days: i64| world.as_of + TimeDelta::days(days);
    let part = |percent: i64| percent * (WHOLE / 100);
    let to = fact.to.as_deref().map(|key| world.item(key)).transpose()?;
    let (found, by) = (day(fact.found), World::author(item));
    let last = fact.closed.map_or(found, day);
    let is_archived = ARCHIVED[0] == fact.key;
    let mut row = risk::Model {
        id: id("risk", &fact.key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        category: Some(fact.category),
        kind: fact.kind,
        state: fact.state,
        level: to.unwrap_or(item).kind.clone(),
        cause: fact.cause,
        event: fact.event,
        effect: fact.effect,
        probability: fact.probability.map(part),
        impact_level: fact.impact,
        rating: None,
        currency: item.base_currency.clone(),
        impact_amount: fact.units.map(|units| units * PER_UNIT),
        impact_days: fact.days,
        exposure_amount: None,
        exposure_days: None,
        residual_probability: fact.rprob.map(part),
        residual_impact_amount: fact.runits.map(|units| units * PER_UNIT),
        residual_impact_days: fact.rdays,
        residual_exposure_amount: None,
        residual_exposure_days: None,
        residual_justification: fact.why,
        proximity_on: fact.near.map(day),
        owner_id: Some(world.person(&fact.owner)?),
        escalated_to_id: to.map(|item| item.id),
        identified_on: found,
        closed_on: fact.closed.map(day),
        reported_portfolio_id: world.portfolio_on(item, found),
        version: if fact.closed.is_some() { 3 } else { 1 },
        created_at: at(found, 9),
        created_by_id: by,
        updated_at: at(last, 11),
        updated_by_id: by,
        archived_at: is_archived.then(|| at(found + TimeDelta::days(1), 10)),
        key: fact.key,
    };
    raid::keep(&mut row);
    Ok(row)
}

fn response(world: &World<'_>, of: &risk::Model, fact: ResponseFact) -> Result<risk_response::Model, Error> {
    let day = |days: i64| world.as_of + TimeDelta::days(days);
    let written = day(fact.written);
    let is_archived = ARCHIVED[1] == fact.risk;
    Ok(risk_response::Model {
        id: id("risk_response", &format!("{}:{}", fact.risk, fact.title)),
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        risk_id: of.id,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        strategy: fact.strategy,
        state: fact.state,
        owner_id: Some(world.person(&fact.owner)?),
        currency: of.currency.clone(),
        cost_amount: fact.units.map(|units| units * PER_UNIT),
        due_on: fact.due.map(day),
        started_on: fact.began.map(day),
        completed_on: fact.done.map(day),
        reported_portfolio_id: of.reported_portfolio_id,
        version: 1 + i64::from(fact.began.is_some()) + i64::from(fact.done.is_some()),
        created_at: at(written, 9),
        created_by_id: of.created_by_id,
        updated_at: at(fact.done.or(fact.began).map_or(written, day), 14),
        updated_by_id: of.created_by_id,
        archived_at: is_archived.then(|| at(written + TimeDelta::days(2), 10)),
    })
}

fn issue(world: &World<'_>, fact: IssueFact) -> Result<issue::Model, Error> {
    let item = world.item(&fact.item)?;
    let day = |days: i64| world.as_of + TimeDelta::days(days);
    let (raised, by) = (day(fact.raised), World::author(item));
    let above: Option<Uuid> = fact.to.as_deref().map(|key| world.item(key)).transpose()?.map(|item| item.id);
    let is_archived = ARCHIVED[2] == fact.key;
    Ok(issue::Model {
        id: id("issue", &fact.key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        description: fact.description,
        category: Some(fact.category),
        severity: fact.severity,
        state: fact.state,
        owner_id: Some(world.person(&fact.owner)?),
        risk_id: fact.risk.as_ref().map(|key| id("risk", key)),
        escalated_to_id: above,
        currency: item.base_currency.clone(),
        impact_amount: fact.units.map(|units| units * PER_UNIT),
        impact_days: fact.days,
        resolution: fact.resolution,
        raised_on: raised,
        due_on: fact.due.map(day),
        resolved_on: fact.resolved.map(day),
        closed_on: fact.closed.map(day),
        reported_portfolio_id: world.portfolio_on(item, raised),
        version: 1 + i64::from(fact.resolved.is_some()) + i64::from(fact.closed.is_some()),
        created_at: at(raised, 9),
        created_by_id: by,
        updated_at: at(fact.closed.or(fact.resolved).map_or(raised, day), 15),
        updated_by_id: by,
        archived_at: is_archived.then(|| at(raised + TimeDelta::days(1), 10)),
        key: fact.key,
    })
}
