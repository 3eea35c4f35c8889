//! The ratings in a report: declared by who runs the item, by its sponsor and from outside, beside what the figures say.

use std::collections::HashMap;

use entity::{portfolio_item, rag_assessment, status_report};
use uuid::Uuid;

use super::{
    reports::{Chapter, Figures, Month, Texts},
    shape::{dice, id, who},
};
use crate::reporting::{
    self,
    rules::{Computed, Rag},
};

/// Months back for which schedule and cost are rated too.
const DETAILED: usize = 6;
/// Who rates from outside.
const REVIEWER: &str = "jonas.weber";
/// Sides that have no figures, rated by some.
const OTHER_SIDES: [&str; 5] = ["SCOPE", "RESOURCE", "RISK", "BENEFIT", "QUALITY"];

/// What is rated.
pub(super) struct Rated<'r> {
    pub month: Month<'r>,
    pub figures: &'r Figures,
    pub report: &'r status_report::Model,
    pub has_story: bool,
}

/// The ratings of a report.
pub(super) fn of(texts: &Texts, chapter: Option<&Chapter>, rated: &Rated<'_>) -> Vec<rag_assessment::Model> {
    let &Rated { month, figures, report, has_story } = rated;
    let item = month.item;
    let key = &item.key;
    let is_draft = report.state == "DRAFT";
    let told = chapter.filter(|_| !report.is_draft);
    let near = dice(&format!("{key}:{}", month.turn / 3), 6);
    let overall = told.map_or_else(|| declared(&figures.overall, near), |chapter| chapter.overall.clone());
    let mut all = vec![];
    let mut add =
        |dimension: &str, assessor: &str, declared: String, figure: Option<&Computed>, reason: Option<String>| {
            let computed = figure.filter(|_| !is_draft);
            let (rag, why) = match computed {
                Some(Ok((rag, why))) => (Some(rag.as_str().to_owned()), Some(why.clone())),
                Some(Err(why)) => (None, Some((*why).to_owned())),
                None => (None, None),
            };
            let by = match assessor {
                "SPONSOR" => item.sponsor_id,
                "INDEPENDENT" => Some(who(REVIEWER)),
                _ => report.created_by_id,
            };
            all.push(rag_assessment::Model {
                id: id("rag_assessment", &format!("{}:{dimension}:{assessor}", report.id)),
                report_id: report.id,
                item_id: item.id,
                portfolio_id: report.portfolio_id,
                is_restricted: report.is_restricted,
                is_draft: report.is_draft,
                period_end_on: report.period_end_on,
                dimension: dimension.to_owned(),
                assessor: assessor.to_owned(),
                declared,
                computed: rag,
                reason,
                computed_reason: why,
                reported_portfolio_id: report.reported_portfolio_id,
                reported_type: report.reported_type.clone(),
                version: if is_draft { 1 } else { 2 },
                created_at: report.created_at,
                created_by_id: by,
                updated_at: report.submitted_at.unwrap_or(report.created_at),
                updated_by_id: by,
            });
        };
    let why = |color: &str| {
        let tone = if color.starts_with("GREEN") {
            "GREEN"
        } else if color.starts_with("AMBER") {
            "AMBER"
        } else {
            color
        };
        texts.phrase(key, month.turn, "REASON", tone)
    };
    let manager = "PROJECT_MANAGER";
    let early = month.turn == 0 && near == 5 && told.is_none() && month.ago > 0;
    if early {
        let reason = Some("Too early to say.".to_owned());
        add("OVERALL", manager, "NOT_RATED".to_owned(), Some(&figures.overall), reason);
    } else {
        let reason = why(&overall);
        add("OVERALL", manager, overall.clone(), Some(&figures.overall), reason);
    }
    if has_story || month.ago < DETAILED {
        for (side, figure, told) in [
            ("SCHEDULE", &figures.schedule, told.map(|chapter| &chapter.schedule)),
            ("COST", &figures.cost, told.map(|chapter| &chapter.cost)),
        ] {
            let color = told.cloned().unwrap_or_else(|| declared(figure, 2));
            let reason = texts.phrase(key, month.turn, "REASON", side).filter(|_| figure.is_ok());
            let reason = reason.or_else(|| figure.as_ref().err().map(|_| "There is nothing to rate it by.".to_owned()));
            add(side, manager, color, Some(figure), reason);
        }
    }
    let turns = (month.ago % 6 == 1, month.ago % 6 == 2);
    let some = dice(&format!("{key}:judges"), 4);
    let (sponsor, independent) = match told {
        Some(chapter) => (chapter.sponsor.clone(), chapter.independent.clone()),
        None if has_story || report.is_draft => (None, None),
        None => (
            (turns.0 && some == 0 || month.ago == 0 && some == 1).then(|| declared(&figures.overall, 2)),
            (turns.1 && item.kind == "PROGRAM" || month.ago == 0 && some == 2).then(|| declared(&figures.overall, 4)),
        ),
    };
    for (assessor, color) in [("SPONSOR", sponsor.filter(|_| item.sponsor_id.is_some())), ("INDEPENDENT", independent)]
    {
        if let Some(color) = color {
            let reason = why(&color);
            add("OVERALL", assessor, color, Some(&figures.overall), reason);
        }
    }
    if month.ago == 0 && some == 3 {
        let side = OTHER_SIDES[usize::try_from(dice(key, 5)).unwrap_or_default()];
        let reason = why(&overall);
        add(side, manager, overall, None, reason);
    }
    all
}

/// What somebody declares who knows the figures: them, or the shade that her temper gives.
fn declared(figure: &Computed, temper: u64) -> String {
    let Ok((rag, _)) = figure else { return "NOT_RATED".to_owned() };
    let color = match (rag, temper) {
        (Rag::Green, 4) | (Rag::Amber, 0 | 1) => Rag::AmberGreen,
        (Rag::Amber, 4) | (Rag::Red, 0 | 1) => Rag::AmberRed,
        _ => *rag,
    };
    color.as_str().to_owned()
}

/// The items with the rating of their latest published report.
pub(super) fn rate(
    items: &mut [portfolio_item::Model],
    reports: &[status_report::Model],
    ratings: &[rag_assessment::Model],
) {
    let mut latest: HashMap<Uuid, &status_report::Model> = HashMap::new();
    for report in reports.iter().filter(|report| report.state == "PUBLISHED") {
        let known = latest.entry(report.item_id).or_insert(report);
        if known.period_end_on < report.period_end_on {
            *known = report;
        }
    }
    for item in items {
        let Some(report) = latest.get(&item.id) else { continue };
        let overall = ratings.iter().filter(|rating| rating.report_id == report.id && rating.dimension == "OVERALL");
        let given = overall.map(|rating| (rating.assessor.as_str(), rating.declared.as_str())).collect();
        if let Some(after) = reporting::rated(item, report.period_end_on, &given) {
            *item = after;
        }
    }
}
