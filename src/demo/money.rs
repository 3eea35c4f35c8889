//! Budgets: the approved version, what was in force before it, and what waits for a decision or was refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{budget, budget_line, fiscal_period, portfolio_item};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    calendar::{Frame, category_id},
    shape::{PER_UNIT, World, at, dice, facts, id, roll, split, who},
};
use crate::{error::Error, finance::rules::VersionState};

/// Who submits where nobody manages, and transfers.
const CONTROLLER: &str = "stefan.brunner";
/// The head of the office, who decides above a sponsor's limit.
const OFFICE: &str = "anna.keller";
/// Days between handing in and the decision.
const DECIDED_AFTER: i64 = 6;
/// The budget of which a superseded version is in the archive.
const ARCHIVED: &str = "PR-044";

/// A version that is not simply the approved one.
#[derive(Deserialize)]
struct Fact {
    item: String,
    place: Place,
    state: String,
    units: Option<i64>,
    contingency: Option<i64>,
    reserve: Option<i64>,
    days: Option<i64>,
    transfer: Option<String>,
    source: Option<String>,
    funding: Option<String>,
    name: Option<String>,
    note: Option<String>,
}

/// Where it stands to the approved one.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Place {
    Before,
    Now,
    After,
}

/// How the money of a kind of project is divided: category, expenditure, parts of a hundred. The first runs all the time.
pub(super) fn mix(item: &portfolio_item::Model) -> [(&'static str, &'static str, i64); 3] {
    match item.project_type.as_deref().unwrap_or_default() {
        "Construction" => [("BUILDING", "CAPEX", 60), ("HARDWARE", "CAPEX", 25), ("SERVICES", "OPEX", 15)],
        "Infrastructure" | "Procurement" => {
            [("LABOR-EXTERNAL", "OPEX", 40), ("HARDWARE", "CAPEX", 50), ("TRAVEL", "OPEX", 10)]
        }
        "Product Development" | "Research" => {
            [("LABOR-INTERNAL", "OPEX", 60), ("HARDWARE", "CAPEX", 30), ("SERVICES", "OPEX", 10)]
        }
        "Compliance" => [("LABOR-INTERNAL", "OPEX", 50), ("SERVICES", "OPEX", 40), ("TRAVEL", "OPEX", 10)],
        "Software Implementation" | "Data Migration" | "Process Automation" | "Information Security" => {
            [("LABOR-EXTERNAL", "CAPEX", 55), ("SOFTWARE", "CAPEX", 30), ("CLOUD", "OPEX", 15)]
        }
        _ => [("LABOR-INTERNAL", "OPEX", 65), ("LABOR-EXTERNAL", "CAPEX", 25), ("TRAVEL", "OPEX", 10)],
    }
}

/// Budgets and their lines.
pub(super) fn budgets(
    world: &World<'_>,
    frame: &Frame,
    limits: &dyn Fn(Uuid, &str) -> Option<i64>,
) -> Result<(Vec<budget::Model>, Vec<budget_line::Model>), Error> {
    let given = facts::<Fact>(include_str!("budgets.csv"))?;
    for fact in &given {
        world.item(&fact.item)?;
    }
    let (mut budgets, mut lines) = (vec![], vec![]);
    for item in world.items {
        let Some(approved) = item.budget_amount.filter(|_| item.kind != "PORTFOLIO") else { continue };
        let of: Vec<&Fact> = given.iter().filter(|fact| fact.item == item.key).collect();
        for (index, version) in versions(world, item, approved, &of).into_iter().enumerate() {
            let mut row = version.row(world, item, i32::try_from(index).unwrap_or_default() + 1, limits);
            let parts = parts(frame, item, &row);
            row.allocated_amount = parts.iter().filter_map(|line| line.amount).sum();
            lines.extend(parts);
            budgets.push(row);
        }
    }
    Ok((budgets, lines))
}

/// A version before it is a row.
struct Version<'f> {
    state: VersionState,
    amount: i64,
    days: i64,
    fact: Option<&'f Fact>,
}

fn versions<'f>(
    world: &World<'_>,
    item: &portfolio_item::Model,
    approved: i64,
    given: &[&'f Fact],
) -> Vec<Version<'f>> {
    let first = world.days_to(item.created_at.date_naive()) + 5;
    let end = item.actual_finish_on.map_or(0, |day| world.days_to(day)).min(-DECIDED_AFTER - 2);
    let at = |place: Place| given.iter().copied().filter(move |fact| fact.place == place);
    let mut all = vec![];
    for fact in at(Place::Before) {
        let amount = fact.units.unwrap_or_default() * PER_UNIT;
        all.push(Version {
            state: VersionState::Superseded,
            amount,
            days: fact.days.unwrap_or(first),
            fact: Some(fact),
        });
    }
    if given.is_empty() && first < -180 && dice(&format!("{}:revised", item.key), 5) < 2 {
        let part = 86 + roll(&format!("{}:first", item.key), 12);
        let amount = approved / PER_UNIT * part / 100_000 * 1_000 * PER_UNIT;
        all.push(Version { state: VersionState::Superseded, amount, days: first, fact: None });
    }
    let now = at(Place::Now).next();
    let later = if all.is_empty() { first } else { first + (end - first) / 2 };
    let days = now.and_then(|fact| fact.days).unwrap_or(later);
    all.push(Version { state: VersionState::Approved, amount: approved, days, fact: now });
    for fact in at(Place::After) {
        let state = VersionState::ALL.into_iter().find(|state| state.as_str() == fact.state);
        let amount = fact.units.map_or(approved, |units| units * PER_UNIT);
        let state = state.unwrap_or(VersionState::Draft);
        all.push(Version { state, amount, days: fact.days.unwrap_or(-5), fact: Some(fact) });
    }
    all
}

impl Version<'_> {
    fn row(
        &self,
        world: &World<'_>,
        item: &portfolio_item::Model,
        revision: i32,
        limits: &dyn Fn(Uuid, &str) -> Option<i64>,
    ) -> budget::Model {
        let fact = self.fact;
        let day = world.as_of + TimeDelta::days(self.days);
        let money = |units: Option<i64>| units.map(|units| units * PER_UNIT);
        // A twentieth is held for known risks where nothing else is said and the project is not small.
        let usual = (fact.is_none() && self.amount > 1_000_000 * PER_UNIT)
            .then(|| self.amount / PER_UNIT / 20_000 * 1_000 * PER_UNIT);
        let contingency = money(fact.and_then(|fact| fact.contingency)).or(usual);
        let reserve = money(fact.and_then(|fact| fact.reserve));
        let is_submitted = self.state != VersionState::Draft;
        let is_decided = is_submitted && self.state != VersionState::Submitted;
        let transfer = fact.and_then(|fact| fact.transfer.as_deref());
        let submitter = if transfer.is_some() { None } else { item.project_manager_id };
        let submitter = submitter.unwrap_or_else(|| who(CONTROLLER));
        let total = self.amount + contingency.unwrap_or_default() + reserve.unwrap_or_default();
        let sponsor = item.sponsor_id.filter(|sponsor| *sponsor != submitter);
        let within = |sponsor: &Uuid| {
            item.is_restricted || limits(*sponsor, &item.base_currency).is_some_and(|limit| total <= limit)
        };
        let decider = sponsor.filter(within).unwrap_or_else(|| who(OFFICE));
        let made = at(day - TimeDelta::days(2), 9);
        let submitted_at = is_submitted.then(|| at(day, 10));
        let decided_at = is_decided.then(|| at(day + TimeDelta::days(DECIDED_AFTER), 15));
        let (updated_at, updated_by): (DateTime<Utc>, Uuid) = match (decided_at, submitted_at) {
            (Some(at), _) => (at, decider),
            (_, Some(at)) => (at, submitter),
            _ => (made, submitter),
        };
        let is_old = self.state == VersionState::Superseded;
        budget::Model {
            id: id("budget", &format!("{}:{revision}", item.key)),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            revision,
            state: self.state.as_str().to_owned(),
            name: fact
                .and_then(|fact| fact.name.clone())
                .or_else(|| (is_old && fact.is_none()).then(|| "First budget".to_owned())),
            currency: item.base_currency.clone(),
            amount: Some(self.amount),
            amount_note: contingency.map(|_| "Without contingency, which the sponsor releases.".to_owned()),
            allocated_amount: 0,
            contingency_amount: contingency,
            reserve_amount: reserve,
            funding_source: fact.and_then(|fact| fact.funding.clone()).or_else(|| funding(item).map(str::to_owned)),
            as_of_on: Some(day - TimeDelta::days(2)),
            reported_portfolio_id: world.portfolio_on(item, day),
            transfer_id: transfer.map(|key| id("transfer", key).to_string()),
            source: fact.and_then(|fact| fact.source.clone()),
            submitted_at,
            submitted_by_id: is_submitted.then_some(submitter),
            submitted_principal: is_submitted.then(|| world.principal(submitter)),
            decided_at,
            decided_by_id: is_decided.then_some(decider),
            decision_note: fact.filter(|_| is_decided).and_then(|fact| fact.note.clone()),
            version: 1 + i64::from(is_submitted) + i64::from(is_decided) + i64::from(is_old),
            created_at: made,
            created_by_id: Some(submitter),
            updated_at,
            updated_by_id: Some(updated_by),
            archived_at: (item.key == ARCHIVED && is_old).then_some(updated_at + TimeDelta::days(30)),
        }
    }
}

fn funding(item: &portfolio_item::Model) -> Option<&'static str> {
    match item.category.as_deref()? {
        "RUN" => Some("Operating budget of the unit"),
        "GROW" => Some("Product development"),
        _ => Some("Group investment plan"),
    }
}

/// Part of a plan: period, category, expenditure, weight.
type Part<'f> = (&'f fiscal_period::Model, &'static str, &'static str, i64);

/// The parts of an item's money from day to day: by year where `is_rough`, else by quarter; and which part of a thousand
/// of the time the calendar has.
pub(super) fn plan<'f>(
    frame: &'f Frame,
    item: &portfolio_item::Model,
    (from, to): (NaiveDate, NaiveDate),
    is_rough: bool,
) -> (Vec<Part<'f>>, i64) {
    let periods = frame.between(if is_rough { "YEAR" } else { "QUARTER" }, from, to);
    let (Some(first), Some(last)) = (periods.first(), periods.last()) else { return (vec![], 0) };
    let known = (to.min(last.end_on) - from.max(first.start_on)).num_days() + 1;
    let known = known * 1_000 / ((to - from).num_days() + 1).max(1);
    let mut parts: Vec<Part<'f>> = vec![];
    for (rank, (category, expenditure, percent)) in mix(item).into_iter().enumerate() {
        let step = [1, 4, 6][rank];
        let steps = if is_rough { 1 } else { step };
        let chosen: Vec<_> = periods.iter().skip(rank % periods.len()).step_by(steps).collect();
        let count = i64::try_from(chosen.len()).unwrap_or(1).max(1);
        parts.extend(chosen.into_iter().map(|period| (*period, category, expenditure, percent * 1_000 / count)));
    }
    parts.sort_by_key(|part| part.0.start_on);
    (parts, known)
}

fn parts(frame: &Frame, item: &portfolio_item::Model, version: &budget::Model) -> Vec<budget_line::Model> {
    let (Some(span), Some(amount)) = (item.planned_start_on.zip(item.planned_finish_on), version.amount) else {
        return vec![];
    };
    let is_current = version.state == VersionState::Approved.as_str();
    let (mut parts, known) = plan(frame, item, span, !is_current || item.kind == "PROGRAM");
    if !is_current {
        parts.retain(|part| part.1 == mix(item)[0].0);
    }
    let allocated = amount / PER_UNIT * known / 1_000 * PER_UNIT;
    let allocated = if known >= 1_000 { amount } else { allocated };
    let weights: Vec<i64> = parts.iter().map(|part| part.3).collect();
    let amounts = split(allocated, &weights);
    let line = |((period, category, expenditure, _), amount): (Part<'_>, i64)| {
        let key = format!("{}:{}:{}:{category}", item.key, version.revision, period.key);
        let is_large = amount > 1_000_000 * PER_UNIT;
        budget_line::Model {
            id: id("budget_line", &key),
            budget_id: version.id,
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            period_id: period.id,
            category_id: is_current.then(|| category_id(category)),
            expenditure: is_current.then(|| expenditure.to_owned()),
            currency: version.currency.clone(),
            amount: Some(amount),
            note: (is_large && is_current).then(|| "Ordered in stages; each needs the gate before it.".to_owned()),
            reported_portfolio_id: version.reported_portfolio_id,
            version: 1,
            created_at: version.created_at,
            created_by_id: version.created_by_id,
            updated_at: version.created_at,
            updated_by_id: version.created_by_id,
        }
    };
    parts.into_iter().zip(amounts).map(line).collect()
}
