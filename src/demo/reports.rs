//! Status reports at the end of each month, with their ratings: three stories told by hand, the others from sentences that
//! fit the item's figures at the time.

use std::collections::HashMap;

use chrono::{Months, NaiveDate, TimeDelta};
use entity::{portfolio_item, rag_assessment, status_report};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    ratings::{self, Rated},
    shape::{World, at, dice, facts, id, month_end, month_start},
};
use crate::{
    error::Error,
    reporting::rules::{self, Computed},
};

/// The item whose reports of these months ago were published twice, and the reason for the second time.
const TWICE: [(&str, usize, &str); 2] = [
    ("PG-ERP", 3, "Corrected: the first version named the wrong company. "),
    ("PR-044", 4, "Corrected: the acceptance was signed a week later. "),
];
/// The one of them whose first version is in the archive, and whose first reports came from the tool used before.
const OLD: &str = "PR-044";
/// Days before the end of a month on which work must have begun for a report.
const NEW: i64 = 7;

/// A month of a story.
#[derive(Deserialize)]
pub(super) struct Chapter {
    item: String,
    ago: usize,
    pub overall: String,
    pub schedule: String,
    pub cost: String,
    slip: i64,
    pub sponsor: Option<String>,
    pub independent: Option<String>,
    narrative: String,
    achievements: String,
    next: String,
}

/// A sentence for a tone (how things stand) and a part of a report.
#[derive(Deserialize)]
pub(super) struct Phrase {
    tone: String,
    part: String,
    text: String,
}

/// What reports are written from.
pub(super) struct Texts {
    chapters: Vec<Chapter>,
    phrases: Vec<Phrase>,
}

impl Texts {
    pub(super) fn read() -> Result<Self, Error> {
        Ok(Self { chapters: facts(include_str!("stories.csv"))?, phrases: facts(include_str!("phrases.csv"))? })
    }

    fn has_story(&self, item: &str) -> bool {
        self.chapters.iter().any(|chapter| chapter.item == item)
    }

    fn chapter(&self, item: &str, ago: usize) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.item == item && chapter.ago == ago)
    }

    /// The sentence of an item for the month that is the `turn`th one; the next month has another one.
    pub(super) fn phrase(&self, item: &str, turn: usize, tone: &str, part: &str) -> Option<String> {
        let pool: Vec<&Phrase> = self.phrases.iter().filter(|p| p.tone == tone && p.part == part).collect();
        let first = usize::try_from(dice(&format!("{item}:{part}"), 60)).unwrap_or_default();
        pool.get((first + turn) % pool.len().max(1)).map(|phrase| phrase.text.clone())
    }
}

/// What the figures said of an item at the end of a month.
pub(super) struct Figures {
    pub schedule: Computed,
    pub cost: Computed,
    pub overall: Computed,
}

/// A month of an item that is told of.
#[derive(Clone, Copy)]
pub(super) struct Month<'m> {
    pub item: &'m portfolio_item::Model,
    pub end: NaiveDate,
    /// Months before the last one; the current one is 0 too.
    pub ago: usize,
    /// Months since the first one.
    pub turn: usize,
    pub state: &'static str,
    /// 2 is the second report of the same month.
    pub edition: usize,
}

/// Reports and ratings; `forecasts` are the published amounts of each item, from the first day on.
pub(super) fn reports(
    world: &World<'_>,
    forecasts: &HashMap<Uuid, Vec<(NaiveDate, Option<i64>)>>,
) -> Result<(Vec<status_report::Model>, Vec<rag_assessment::Model>), Error> {
    let texts = Texts::read()?;
    for chapter in &texts.chapters {
        world.item(&chapter.item)?;
    }
    let (mut reports, mut all) = (vec![], vec![]);
    for item in world.items.iter().filter(|item| item.kind != "PORTFOLIO") {
        let ends = ends(world, item);
        let known = forecasts.get(&item.id).map(Vec::as_slice).unwrap_or_default();
        for month in months(world, item, &ends) {
            let chapter = texts.chapter(&item.key, month.ago);
            let slip = slip(item, chapter, (month.turn + 1).min(ends.len()), ends.len());
            let figures = figures(item, slip, month.end, known);
            let report = report(world, &texts, chapter, month, &figures);
            let (has_story, of) = (texts.has_story(&item.key), &report);
            all.extend(ratings::of(&texts, chapter, &Rated { month, figures: &figures, report: of, has_story }));
            reports.push(report);
        }
    }
    Ok((reports, all))
}

/// The ends of the months that an item was at work in, up to the day.
fn ends(world: &World<'_>, item: &portfolio_item::Model) -> Vec<NaiveDate> {
    let Some(start) = item.actual_start_on else { return vec![] };
    let finish = item.actual_finish_on.unwrap_or(world.as_of);
    let from = start.max(world.as_of - Months::new(24));
    (0..40)
        .map(|month| month_end(month_start(from) + Months::new(month)))
        .filter(|end| *end < world.as_of && month_start(*end) <= finish && (*end - start).num_days() >= NEW)
        .collect()
}

fn months<'m>(world: &World<'_>, item: &'m portfolio_item::Model, ends: &[NaiveDate]) -> Vec<Month<'m>> {
    let mut months = vec![];
    for (turn, end) in ends.iter().enumerate() {
        let ago = ends.len() - 1 - turn;
        let month = Month { item, end: *end, ago, turn, state: "PUBLISHED", edition: 1 };
        if TWICE.iter().any(|(key, months, _)| *key == item.key && *months == ago) {
            months.push(Month { state: "SUPERSEDED", ..month });
            months.push(Month { edition: 2, ..month });
        } else {
            months.push(month);
        }
    }
    let current = match dice(&format!("{}:current", item.key), 5) {
        0 => Some("DRAFT"),
        1 => Some("SUBMITTED"),
        _ => None,
    };
    if let Some(state) = current.filter(|_| item.state == "ACTIVE" && !ends.is_empty()) {
        let end = month_end(world.as_of);
        months.push(Month { item, end, ago: 0, turn: ends.len(), state, edition: 1 });
    }
    months
}

/// How many days behind the plan the finish was expected in the `step`th of so many months.
fn slip(item: &portfolio_item::Model, chapter: Option<&Chapter>, step: usize, steps: usize) -> i64 {
    let expected = item.actual_finish_on.or(item.forecast_finish_on);
    let last = item.planned_finish_on.zip(expected).map_or(0, |(planned, expected)| (expected - planned).num_days());
    if step == steps {
        return last;
    }
    let square = |count: usize| i64::try_from(count * count).unwrap_or(1).max(1);
    chapter.map_or(last.max(-10) * square(step) / square(steps), |chapter| chapter.slip)
}

fn figures(item: &portfolio_item::Model, slip: i64, end: NaiveDate, known: &[(NaiveDate, Option<i64>)]) -> Figures {
    let planned = item.planned_start_on.zip(item.planned_finish_on);
    let has_finish = item.actual_finish_on.or(item.forecast_finish_on).is_some();
    let expected = item.planned_finish_on.filter(|_| has_finish).map(|finish| finish + TimeDelta::days(slip));
    let schedule = rules::schedule(planned, expected);
    let forecast = known.iter().rev().find(|(on, _)| *on <= end).and_then(|(_, amount)| *amount);
    let cost = rules::cost(item.budget_amount, forecast);
    let overall = rules::overall(&[("SCHEDULE", &schedule), ("COST", &cost)]);
    Figures { schedule, cost, overall }
}

/// Which sentences fit.
pub(super) fn tone(month: Month<'_>, figures: &Figures) -> &'static str {
    let is_last = month.ago == 0;
    match month.item.state.as_str() {
        "ON_HOLD" if month.ago < 2 => "HOLD",
        "CLOSED" | "CLOSING" if is_last => "END",
        "CANCELLED" if is_last => "STOP",
        _ => match figures.overall.as_ref().map(|(rag, _)| rag.as_str()) {
            Ok("RED") => "RED",
            Ok("AMBER") => "AMBER",
            _ => "GREEN",
        },
    }
}

fn report(
    world: &World<'_>,
    texts: &Texts,
    chapter: Option<&Chapter>,
    month: Month<'_>,
    figures: &Figures,
) -> status_report::Model {
    let Month { item, end, turn, state, edition, .. } = month;
    let is_current = matches!(state, "DRAFT" | "SUBMITTED");
    let tone = tone(month, figures);
    let text = |part: &str| texts.phrase(&item.key, turn, tone, part);
    let told = chapter.filter(|_| !is_current);
    let narrative = told.map(|chapter| chapter.narrative.clone()).or_else(|| text("N"));
    let again = TWICE.iter().find(|(key, ..)| *key == item.key && edition == 2).map_or("", |(.., why)| *why);
    let is_imported = item.key == OLD && turn < 2;
    let by = World::author(item).filter(|_| !is_imported);
    // The current month is written on the eve of the day; what is told of the month before is out by then.
    let eve = world.as_of - TimeDelta::days(1);
    let days = i64::try_from(edition).unwrap_or(1) * 3;
    let written = if is_current { eve } else { (end + TimeDelta::days(days - 1)).min(eve) };
    let out = (end + TimeDelta::days(days)).min(eve);
    let (made, submitted) = (at(written, 9), at(written, 14));
    let published = (!is_current).then(|| at(out, 17));
    let teller = if dice(&format!("{}:publisher", item.key), 3) == 0 { by } else { World::steward(item) };
    let is_submitted = state != "DRAFT";
    let latest = published.or(is_submitted.then_some(submitted)).unwrap_or(made);
    let is_superseded = state == "SUPERSEDED";
    let archived = (is_superseded && item.key == OLD).then(|| latest + TimeDelta::days(60));
    status_report::Model {
        id: id("status_report", &format!("{}:{end}:{edition}", item.key)),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        is_draft: is_current,
        state: state.to_owned(),
        period_start_on: Some(month_start(end)),
        period_end_on: end,
        narrative: narrative.map(|text| format!("{again}{text}")),
        achievements: told.map(|chapter| chapter.achievements.clone()).or_else(|| text("A")).filter(|_| is_submitted),
        next_steps: told.map(|chapter| chapter.next.clone()).or_else(|| text("X")).filter(|_| is_submitted),
        reported_portfolio_id: world.portfolio_on(item, end),
        reported_type: item.project_type.clone(),
        source: is_imported.then(|| "CLARITY".to_owned()),
        submitted_at: is_submitted.then_some(submitted),
        submitted_by_id: by.filter(|_| is_submitted),
        published_at: published,
        published_by_id: teller.filter(|_| !is_current && !is_imported),
        version: 1 + i64::from(is_submitted) + i64::from(!is_current) + i64::from(is_superseded),
        created_at: made,
        created_by_id: by,
        updated_at: latest,
        updated_by_id: by,
        archived_at: archived,
    }
}
