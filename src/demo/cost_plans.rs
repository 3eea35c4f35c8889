//! Cost plans: the plan of record of some items, what was it before, and what waits for a decision or was refused.

use chrono::TimeDelta;
use entity::{cost_plan, cost_plan_line, fiscal_period, portfolio_item};
use serde::Deserialize;

use super::{
    calendar::{Frame, category_id},
    money::{mix, plan},
    shape::{PER_UNIT, WHOLE, World, at, facts, id, split, who},
};
use crate::{error::Error, finance::rules::VersionState};

/// The head of the office, who decides.
const OFFICE: &str = "anna.keller";
/// What an hour of work is planned at, in units of money.
const HOUR: i64 = 120;
/// The project of which a superseded version is in the archive.
const ARCHIVED: &str = "PR-044";

/// A version.
#[derive(Deserialize)]
struct Fact {
    item: String,
    state: String,
    days: i64,
    /// Of a hundred parts of the budget.
    part: i64,
    name: String,
    description: String,
    note: Option<String>,
}

/// Cost plans and their lines.
pub(super) fn cost_plans(
    world: &World<'_>,
    frame: &Frame,
) -> Result<(Vec<cost_plan::Model>, Vec<cost_plan_line::Model>), Error> {
    let (mut plans, mut lines): (Vec<cost_plan::Model>, Vec<_>) = (vec![], vec![]);
    for fact in facts::<Fact>(include_str!("cost_plans.csv"))? {
        let item = world.item(&fact.item)?;
        let revision = plans.iter().filter(|plan| plan.item_id == item.id).count() + 1;
        let mut row = header(world, item, &fact, i32::try_from(revision).unwrap_or_default());
        let parts = parts(frame, item, &row, fact.part);
        row.amount = parts.iter().map(|line| line.amount).sum();
        lines.extend(parts);
        plans.push(row);
    }
    Ok((plans, lines))
}

fn header(world: &World<'_>, item: &portfolio_item::Model, fact: &Fact, revision: i32) -> cost_plan::Model {
    let day = world.as_of + TimeDelta::days(fact.days);
    let is = |state: VersionState| fact.state == state.as_str();
    let is_submitted = !is(VersionState::Draft);
    let is_decided = is_submitted && !is(VersionState::Submitted);
    let submitter = World::author(item).unwrap_or_else(|| who(OFFICE));
    let made = at(day - TimeDelta::days(3), 9);
    let submitted_at = is_submitted.then(|| at(day, 10));
    let decided_at = is_decided.then(|| at(day + TimeDelta::days(3), 15));
    cost_plan::Model {
        id: id("cost_plan", &format!("{}:{revision}", item.key)),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        revision,
        state: fact.state.clone(),
        is_plan_of_record: is(VersionState::Approved),
        name: Some(fact.name.clone()),
        description: Some(fact.description.clone()),
        currency: item.base_currency.clone(),
        amount: 0,
        reported_portfolio_id: world.portfolio_on(item, day),
        submitted_at,
        submitted_by_id: is_submitted.then_some(submitter),
        submitted_principal: is_submitted.then(|| world.principal(submitter)),
        decided_at,
        decided_by_id: is_decided.then(|| who(OFFICE)),
        decision_note: fact.note.clone().filter(|_| is_decided),
        version: 1 + i64::from(is_submitted) + i64::from(is_decided) + i64::from(is(VersionState::Superseded)),
        created_at: made,
        created_by_id: Some(submitter),
        updated_at: decided_at.or(submitted_at).unwrap_or(made),
        updated_by_id: Some(if is_decided { who(OFFICE) } else { submitter }),
        archived_at: (item.key == ARCHIVED && is(VersionState::Superseded)).then(|| at(day + TimeDelta::days(400), 9)),
    }
}

fn parts(
    frame: &Frame,
    item: &portfolio_item::Model,
    version: &cost_plan::Model,
    part: i64,
) -> Vec<cost_plan_line::Model> {
    let span = item.planned_start_on.zip(item.planned_finish_on);
    let (Some(span), Some(budget)) = (span, item.budget_amount) else { return vec![] };
    let is_fine = version.is_plan_of_record && item.kind == "PROJECT";
    let (mut parts, known) = plan(frame, item, span, !is_fine);
    if !is_fine {
        parts.retain(|part| part.1 == mix(item)[0].0);
    }
    let total = budget / PER_UNIT * part / 100 * known.min(1_000) / 1_000 * PER_UNIT;
    let weights: Vec<i64> = parts.iter().map(|part| part.3).collect();
    let amounts = split(total, &weights);
    parts.into_iter().zip(amounts).map(|(part, amount)| line(item, version, part, amount)).collect()
}

fn line(
    item: &portfolio_item::Model,
    version: &cost_plan::Model,
    (period, category, expenditure, _): (&fiscal_period::Model, &'static str, &'static str, i64),
    amount: i64,
) -> cost_plan_line::Model {
    let is_labor = category.starts_with("LABOR");
    let hours = amount / PER_UNIT / HOUR;
    let name = if is_labor { format!("Work in {}", period.name) } else { "By offer".to_owned() };
    cost_plan_line::Model {
        id: id("cost_plan_line", &format!("{}:{}:{}:{category}", item.key, version.revision, period.key)),
        cost_plan_id: version.id,
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        period_id: period.id,
        category_id: category_id(category),
        name: Some(name),
        source: if is_labor { "LABOR" } else { "NON_LABOR" }.to_owned(),
        expenditure: expenditure.to_owned(),
        currency: version.currency.clone(),
        quantity: is_labor.then_some(hours * WHOLE),
        unit_cost: is_labor.then_some(HOUR * PER_UNIT),
        amount: if is_labor { hours * HOUR * PER_UNIT } else { amount },
        note: (!is_labor).then(|| "Vendors have been asked.".to_owned()),
        reported_portfolio_id: version.reported_portfolio_id,
        version: 1,
        created_at: version.created_at,
        created_by_id: version.created_by_id,
        updated_at: version.created_at,
        updated_by_id: version.created_by_id,
    }
}
