//! How benefits are measured, what was measured of them, what reviews found, and one benefits map.

use async_graphql_value::ConstValue;
use chrono::{NaiveDate, TimeDelta};
use entity::{
    benefit, benefit_actual, benefit_measure, benefit_measure_point, benefit_review, benefits_map_edge,
    benefits_map_node,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    PMO_LEAD,
    shape::{PER_UNIT, WHOLE, World, at, facts, id, instant, who},
};
use crate::{
    benefits::{
        calendar::{Calendar, months},
        is_tracked,
        rules::attributed,
    },
    error::Error,
    graph::value::{RATIO_SCALE, decimal},
};

/// Who validates what is cash.
const CONTROLLER: &str = "stefan.brunner";
/// The node of the map that is in the archive.
const ARCHIVED: &str = "MAP-OLD";

#[derive(Deserialize)]
struct MeasureFact {
    key: String,
    benefit: String,
    unit: String,
    direction: String,
    baseline: Option<String>,
    target: Option<String>,
    frequency: String,
    first: i64,
    last: Option<i64>,
    kpi: Option<String>,
    method: Option<String>,
    source: Option<String>,
    title: String,
}

#[derive(Deserialize)]
struct PointFact {
    measure: String,
    nth: u32,
    value: String,
    note: Option<String>,
}

#[derive(Deserialize)]
struct ActualFact {
    measure: String,
    nth: u32,
    value: String,
    units: Option<i64>,
    item: Option<String>,
    percent: Option<i64>,
    state: String,
    evidence: Option<String>,
    url: Option<String>,
    note: Option<String>,
    external: Option<String>,
}

#[derive(Deserialize)]
struct ReviewFact {
    benefit: String,
    days: i64,
    reviewer: String,
    recommendation: String,
    units: Option<i64>,
    percent: Option<i64>,
    state: String,
    finding: String,
}

#[derive(Deserialize)]
struct NodeFact {
    key: String,
    item: String,
    kind: String,
    owner: Option<String>,
    benefit: Option<String>,
    objective: Option<String>,
    title: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct EdgeFact {
    from: String,
    to: String,
    weight: i64,
    note: Option<String>,
}

/// What belongs to benefits as they are had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Realization {
    pub measures: Vec<benefit_measure::Model>,
    pub points: Vec<benefit_measure_point::Model>,
    pub actuals: Vec<benefit_actual::Model>,
    pub reviews: Vec<benefit_review::Model>,
    pub nodes: Vec<benefits_map_node::Model>,
    pub edges: Vec<benefits_map_edge::Model>,
}

/// Makes it.
pub(super) fn realization(world: &World<'_>, benefits: &[benefit::Model]) -> Result<Realization, Error> {
    let measures: Vec<benefit_measure::Model> = facts::<MeasureFact>(include_str!("benefit_measures.csv"))?
        .into_iter()
        .map(|fact| measure(world.as_of, by_key(benefits, &fact.benefit)?, fact))
        .collect::<Result<_, Error>>()?;
    let points = facts::<PointFact>(include_str!("benefit_measure_points.csv"))?
        .into_iter()
        .map(|fact| point(measure_of(&measures, &fact.measure)?, fact))
        .collect::<Result<_, Error>>()?;
    let mut made = Realization { measures, points, actuals: vec![], reviews: vec![], nodes: vec![], edges: vec![] };
    for fact in facts::<ActualFact>(include_str!("benefit_actuals.csv"))? {
        let measure = measure_of(&made.measures, &fact.measure)?;
        let of = benefits.iter().find(|benefit| benefit.id == measure.benefit_id);
        let of = of.ok_or_else(|| missing(&fact.measure))?;
        made.actuals.push(actual(world, of, measure, fact)?);
    }
    for measure in &mut made.measures {
        let of = benefits.iter().find(|benefit| benefit.id == measure.benefit_id);
        let live = made.actuals.iter().filter(|a| a.measure_id == measure.id);
        let live = live.filter(|actual| matches!(actual.state.as_str(), "RECORDED" | "VALIDATED"));
        let answered = live.filter_map(|actual| actual.due_on).collect();
        measure.next_due_on = of.filter(|of| is_tracked(of)).and_then(|_| calendar(measure).next(&answered));
    }
    for fact in facts::<ReviewFact>(include_str!("benefit_reviews.csv"))? {
        made.reviews.push(review(world, by_key(benefits, &fact.benefit)?, fact)?);
    }
    for fact in facts::<NodeFact>(include_str!("map_nodes.csv"))? {
        made.nodes.push(node(world, benefits, fact)?);
    }
    for fact in facts::<EdgeFact>(include_str!("map_edges.csv"))? {
        made.edges.push(edge(&made.nodes, fact)?);
    }
    Ok(made)
}

fn missing(key: &str) -> Error {
    Error::internal(format!("there is no {key}"))
}

fn by_key<'b>(benefits: &'b [benefit::Model], key: &str) -> Result<&'b benefit::Model, Error> {
    benefits.iter().find(|benefit| benefit.key == key).ok_or_else(|| missing(key))
}

fn measure_of<'m>(measures: &'m [benefit_measure::Model], key: &str) -> Result<&'m benefit_measure::Model, Error> {
    measures.iter().find(|measure| measure.key == key).ok_or_else(|| missing(key))
}

fn number(text: &str) -> Result<i64, Error> {
    decimal(&ConstValue::String(text.to_owned()), RATIO_SCALE)
}

fn calendar(measure: &benefit_measure::Model) -> Calendar {
    Calendar { months: months(&measure.frequency), first: measure.first_due_on, last: measure.last_due_on }
}

fn due(measure: &benefit_measure::Model, nth: u32) -> Result<NaiveDate, Error> {
    calendar(measure).date(nth).ok_or_else(|| missing(&format!("due date {nth} of {}", measure.key)))
}

fn measure(as_of: NaiveDate, of: &benefit::Model, fact: MeasureFact) -> Result<benefit_measure::Model, Error> {
    let (baseline_value, target_value) =
        (fact.baseline.as_deref().map(number).transpose()?, fact.target.as_deref().map(number).transpose()?);
    let first_due_on = as_of + TimeDelta::days(fact.first);
    Ok(benefit_measure::Model {
        id: id("benefit_measure", &fact.key),
        benefit_id: of.id,
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        is_draft: of.is_draft,
        owner_id: of.owner_id,
        key: fact.key,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        unit: fact.unit,
        direction: fact.direction,
        baseline_value,
        baseline_on: baseline_value.map(|_| first_due_on - TimeDelta::days(60)),
        target_value,
        target_on: target_value.map(|_| first_due_on + TimeDelta::days(360)),
        method: fact.method,
        source: fact.source,
        frequency: fact.frequency,
        first_due_on,
        last_due_on: fact.last.map(|days| as_of + TimeDelta::days(days)),
        next_due_on: None,
        kpi_key: fact.kpi,
        version: 1,
        created_at: of.created_at,
        created_by_id: of.created_by_id,
        updated_at: of.created_at,
        updated_by_id: of.created_by_id,
    })
}

fn point(of: &benefit_measure::Model, fact: PointFact) -> Result<benefit_measure_point::Model, Error> {
    let due_on = due(of, fact.nth)?;
    Ok(benefit_measure_point::Model {
        id: id("benefit_measure_point", &format!("{}:{}", of.key, fact.nth)),
        measure_id: of.id,
        benefit_id: of.benefit_id,
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        is_draft: of.is_draft,
        owner_id: of.owner_id,
        due_on,
        value: number(&fact.value)?,
        note: fact.note,
        version: 1,
        created_at: of.created_at,
        created_by_id: of.created_by_id,
        updated_at: of.created_at,
        updated_by_id: of.created_by_id,
    })
}

fn actual(
    world: &World<'_>,
    of: &benefit::Model,
    measure: &benefit_measure::Model,
    fact: ActualFact,
) -> Result<benefit_actual::Model, Error> {
    let day = due(measure, fact.nth)?;
    let item = fact.item.as_deref().map(|key| world.item(key).map(|item| item.id)).transpose()?;
    let item = item.unwrap_or(of.item_id);
    let share = fact.percent.map_or(WHOLE, |percent| percent * (WHOLE / 100));
    let amount = fact.units.map(|units| units * PER_UNIT);
    let (written, settled, taken_back) = (at(day, 33), at(day, 82), at(day, 130));
    let is_validated = matches!(fact.state.as_str(), "VALIDATED" | "REVERSED");
    let is_reversed = fact.state == "REVERSED";
    let is_cash = of.kind == "FINANCIAL_CASHABLE";
    let decider = Some(who(if is_cash && of.owner_id != Some(who(CONTROLLER)) { CONTROLLER } else { PMO_LEAD }));
    let (system, external_id) = match fact.external.as_deref().and_then(|name| name.split_once(':')) {
        Some((system, id)) => (Some(system.to_owned()), Some(id.to_owned())),
        None => (None, None),
    };
    let (version, updated_at) = match fact.state.as_str() {
        "RECORDED" => (1, written),
        "REVERSED" => (3, taken_back),
        _ => (2, settled),
    };
    Ok(benefit_actual::Model {
        id: id("benefit_actual", &format!("{}:{}:{item}", measure.key, fact.nth)),
        measure_id: measure.id,
        benefit_id: of.id,
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        is_draft: of.is_draft,
        owner_id: of.owner_id,
        reported_portfolio_id: of.portfolio_id,
        attributed_item_id: item,
        attribution_share: share,
        measured_on: day,
        due_on: Some(day),
        value: number(&fact.value)?,
        currency: of.currency.clone(),
        amount,
        attributed_amount: amount.map(|amount| attributed(amount, share)),
        evidence: fact.evidence,
        evidence_url: fact.url,
        recorded_at: written,
        recorded_by_id: of.owner_id,
        recorded_principal: of.owner_id.map(|owner| world.principal(owner)),
        decision_note: fact.note,
        validated_at: is_validated.then_some(settled),
        validated_by_id: decider.filter(|_| is_validated),
        reversed_at: is_reversed.then_some(taken_back),
        reversed_by_id: decider.filter(|_| is_reversed),
        external_system: system,
        external_id,
        version,
        created_at: written,
        created_by_id: of.owner_id,
        updated_at,
        updated_by_id: if version == 1 { of.owner_id } else { decider },
        state: fact.state,
    })
}

fn review(world: &World<'_>, of: &benefit::Model, fact: ReviewFact) -> Result<benefit_review::Model, Error> {
    let held_on = world.as_of + TimeDelta::days(fact.days);
    let reviewer = world.person(&fact.reviewer)?;
    let (written, published) = (at(held_on, 15), at(held_on, 40));
    let is_published = fact.state == "PUBLISHED";
    let lead = Some(who(PMO_LEAD));
    Ok(benefit_review::Model {
        id: id("benefit_review", &format!("{}:{}", of.key, fact.days)),
        benefit_id: of.id,
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        is_draft: of.is_draft,
        owner_id: of.owner_id,
        reported_portfolio_id: of.portfolio_id,
        held_on,
        reviewer_id: Some(reviewer),
        finding: fact.finding,
        recommendation: fact.recommendation,
        currency: of.currency.clone(),
        forecast_amount: fact.units.map(|units| units * PER_UNIT),
        confidence: fact.percent.map(|percent| percent * (WHOLE / 100)),
        state: fact.state,
        published_at: is_published.then_some(published),
        published_by_id: lead.filter(|_| is_published),
        version: if is_published { 2 } else { 1 },
        created_at: written,
        created_by_id: lead,
        updated_at: if is_published { published } else { written },
        updated_by_id: lead,
    })
}

fn node(world: &World<'_>, benefits: &[benefit::Model], fact: NodeFact) -> Result<benefits_map_node::Model, Error> {
    let item = world.item(&fact.item)?;
    let benefit = fact.benefit.as_deref().map(|key| by_key(benefits, key)).transpose()?;
    let (written, by) = (item.created_at + TimeDelta::days(9), World::author(item));
    let archived_at = (fact.key == ARCHIVED).then(|| instant(world.as_of, -20));
    Ok(benefits_map_node::Model {
        id: id("benefits_map_node", &fact.key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        is_draft: benefit.is_none_or(|benefit| benefit.is_draft),
        key: fact.key,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        kind: fact.kind,
        description: fact.description,
        owner_id: fact.owner.as_deref().map(|key| world.person(key)).transpose()?,
        benefit_id: benefit.map(|benefit| benefit.id),
        objective_id: fact.objective.map(|key| id("strategic_objective", &key)),
        version: if archived_at.is_some() { 2 } else { 1 },
        created_at: written,
        created_by_id: by,
        updated_at: archived_at.unwrap_or(written),
        updated_by_id: by,
        archived_at,
    })
}

fn edge(nodes: &[benefits_map_node::Model], fact: EdgeFact) -> Result<benefits_map_edge::Model, Error> {
    let of = |key: &str| -> Result<&benefits_map_node::Model, Error> {
        nodes.iter().find(|node| node.key == key).ok_or_else(|| missing(key))
    };
    let (from, to) = (of(&fact.from)?, of(&fact.to)?);
    let written = from.created_at.max(to.created_at);
    let by: Option<Uuid> = from.created_by_id;
    Ok(benefits_map_edge::Model {
        id: id("benefits_map_edge", &format!("{}:{}", fact.from, fact.to)),
        from_id: from.id,
        to_id: to.id,
        weight: fact.weight * WHOLE,
        note: fact.note,
        item_id: from.item_id,
        portfolio_id: from.portfolio_id,
        is_restricted: from.is_restricted,
        is_draft: from.is_draft && to.is_draft,
        to_item_id: to.item_id,
        to_portfolio_id: to.portfolio_id,
        is_to_restricted: to.is_restricted,
        version: 1,
        created_at: written,
        created_by_id: by,
        updated_at: written,
        updated_by_id: by,
    })
}
