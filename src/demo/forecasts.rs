//! Forecasts: one at each end of a quarter for what has begun, the last one current, and drafts of the next.

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use entity::{forecast, forecast_line, portfolio_item};
use uuid::Uuid;

use super::{
    calendar::{Frame, category_id},
    money::plan,
    shape::{PER_UNIT, World, at, dice, id, month_end, month_start, roll, split},
};

/// Projects whose next forecast is being made.
const DRAFTS: [&str; 2] = ["PR-016", "PR-043"];
/// The project with a forecast in the archive and with one that came from the tool used before.
const OLD: &str = "PR-044";
/// Versions of an item at most, drafts apart.
const MOST: usize = 4;

/// Forecasts and their lines.
pub(super) fn forecasts(world: &World<'_>, frame: &Frame) -> (Vec<forecast::Model>, Vec<forecast_line::Model>) {
    let (mut forecasts, mut lines) = (vec![], vec![]);
    for item in world.items.iter().filter(|item| item.kind != "PORTFOLIO") {
        let (Some(start), Some(budget)) = (item.actual_start_on, item.budget_amount) else { continue };
        let days = days(world, item, start);
        let drift = drift(item);
        for (index, day) in days.iter().enumerate() {
            let count = |count: usize| i64::try_from(count).unwrap_or(1);
            let (step, steps) = (count(index + 1), count(days.len()));
            // Bad news comes late: a cube.
            let reached = drift * step.pow(3) / steps.pow(3);
            let amount = budget + budget / PER_UNIT * reached / 1_000 * PER_UNIT;
            let is_last = index + 1 == days.len();
            let state = if is_last { "PUBLISHED" } else { "SUPERSEDED" };
            add(world, frame, item, (index + 1, state, *day, amount), &mut forecasts, &mut lines);
        }
        if DRAFTS.contains(&item.key.as_str()) {
            let amount = budget + budget / PER_UNIT * (drift + 8) / 1_000 * PER_UNIT;
            let version = (days.len() + 1, "DRAFT", world.as_of, amount);
            add(world, frame, item, version, &mut forecasts, &mut lines);
        }
    }
    (forecasts, lines)
}

/// The current amount of each item's forecast as it was known on a day: published versions in their order.
pub(super) fn known(forecasts: &[forecast::Model]) -> HashMap<Uuid, Vec<(NaiveDate, Option<i64>)>> {
    let mut known: HashMap<Uuid, Vec<_>> = HashMap::new();
    for version in forecasts.iter().filter(|version| version.state != "DRAFT") {
        known.entry(version.item_id).or_default().push((version.as_of_on, version.amount));
    }
    known
}

/// How far the forecast lies above the budget in the end, in parts of a thousand.
fn drift(item: &portfolio_item::Model) -> i64 {
    let key = item.key.as_str();
    match key {
        "PG-ERP" => 72,
        "PR-020" => 110,
        "PR-015" => 18,
        _ => match dice(&format!("{key}:drift"), 10) {
            0..=6 => roll(&format!("{key}:small"), 60) - 20,
            7 | 8 => 55 + roll(&format!("{key}:middle"), 40),
            _ => 110 + roll(&format!("{key}:large"), 60),
        },
    }
}

/// The ends of quarters on which it was made; of a month where no quarter has ended yet.
fn days(world: &World<'_>, item: &portfolio_item::Model, start: NaiveDate) -> Vec<NaiveDate> {
    let end = item.actual_finish_on.unwrap_or(world.as_of).min(world.as_of - TimeDelta::days(1));
    let ends: Vec<NaiveDate> = (0..40)
        .map(|month| month_end(month_start(start) + Months::new(month)))
        .filter(|day| *day <= end && (*day - start).num_days() >= 20)
        .collect();
    let quarters: Vec<NaiveDate> = ends.iter().copied().filter(|day| day.month().is_multiple_of(3)).collect();
    let chosen = if quarters.is_empty() { ends.last().copied().into_iter().collect() } else { quarters };
    let most = if item.kind == "PROGRAM" { 2 } else { MOST };
    chosen[chosen.len().saturating_sub(most)..].to_vec()
}

fn add(
    world: &World<'_>,
    frame: &Frame,
    item: &portfolio_item::Model,
    (revision, state, day, amount): (usize, &str, NaiveDate, i64),
    forecasts: &mut Vec<forecast::Model>,
    lines: &mut Vec<forecast_line::Model>,
) {
    let author = World::author(item);
    let is_draft = state == "DRAFT";
    let made = at(day - TimeDelta::days(1), 16);
    let published = (!is_draft).then(|| at(day, 17));
    let key = format!("{}:{revision}", item.key);
    let is_imported = item.key == OLD && revision == 2;
    let more = amount > item.budget_amount.unwrap_or_default();
    let mut row = forecast::Model {
        id: id("forecast", &key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        revision: i32::try_from(revision).unwrap_or_default(),
        state: state.to_owned(),
        as_of_on: day,
        currency: item.base_currency.clone(),
        amount: Some(amount),
        note: more.then(|| "Higher than the budget; see the status report for the reasons.".to_owned()),
        allocated_amount: 0,
        reported_portfolio_id: world.portfolio_on(item, day),
        source: is_imported.then(|| "CLARITY".to_owned()),
        published_at: published,
        published_by_id: author.filter(|_| !is_draft && !is_imported),
        version: if is_draft { 1 } else { 2 },
        created_at: made,
        created_by_id: author,
        updated_at: published.unwrap_or(made),
        updated_by_id: author,
        archived_at: (item.key == OLD && revision == 1).then(|| at(day + TimeDelta::days(120), 9)),
    };
    let finish = item.actual_finish_on.or(item.forecast_finish_on).or(item.planned_finish_on);
    let Some((from, to)) = item.actual_start_on.zip(finish) else {
        forecasts.push(row);
        return;
    };
    let is_current = state == "PUBLISHED";
    let (mut parts, known) = plan(frame, item, (from, to.max(from)), !is_current || item.kind == "PROGRAM");
    let main = super::money::mix(item)[0].0;
    parts.retain(|part| part.1 == main);
    if !is_current {
        parts.truncate(2);
    }
    let known = if is_current { known } else { known.min(900) };
    let total = if known >= 1_000 { amount } else { amount / PER_UNIT * known / 1_000 * PER_UNIT };
    let weights: Vec<i64> = parts.iter().map(|part| part.3).collect();
    for ((period, category, expenditure, _), amount) in parts.into_iter().zip(split(total, &weights)) {
        let is_past = period.end_on <= day;
        row.allocated_amount += amount;
        lines.push(forecast_line::Model {
            id: id("forecast_line", &format!("{key}:{}", period.key)),
            forecast_id: row.id,
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            period_id: period.id,
            category_id: is_current.then(|| category_id(category)),
            expenditure: is_current.then(|| expenditure.to_owned()),
            currency: row.currency.clone(),
            amount: Some(amount),
            note: (is_past && is_current).then(|| "Spent.".to_owned()),
            reported_portfolio_id: row.reported_portfolio_id,
            version: 1,
            created_at: made,
            created_by_id: author,
            updated_at: made,
            updated_by_id: author,
        });
    }
    forecasts.push(row);
}
