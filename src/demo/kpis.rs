//! What the office set up about KPIs: two KPIs of its own, bounds and targets of a few items, and what it watches.

use chrono::{NaiveDate, TimeDelta};
use entity::{alert_rule, kpi_definition, kpi_posting, kpi_target, kpi_threshold};
use uuid::Uuid;

use super::{
    PMO_LEAD,
    shape::{WHOLE, World, id, instant, who},
};
use crate::{
    error::Error,
    kpi::catalogue::{HYSTERESIS, standard},
};

/// Rows of what is set up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kpis {
    pub definitions: Vec<kpi_definition::Model>,
    pub thresholds: Vec<kpi_threshold::Model>,
    pub targets: Vec<kpi_target::Model>,
    pub postings: Vec<kpi_posting::Model>,
    pub rules: Vec<alert_rule::Model>,
}

/// Values that a script posted: item, and from how many days ago on how many defects were open.
const DEFECTS: [(&str, &[(i64, i64)]); 3] = [
    ("PR-020", &[(180, 42), (150, 57), (120, 61), (90, 48), (60, 33), (30, 26)]),
    ("PR-001", &[(120, 12), (60, 19), (20, 15)]),
    ("PR-010", &[(100, 8), (50, 3), (10, 0)]),
];
/// Targets: item, KPI, days from the day, value in 1e-9, why.
const TARGETS: [(&str, &str, i64, i64, &str); 5] = [
    ("PG-ERP", "EV_CPI", -200, 950_000_000, "Start of the recovery plan."),
    ("PG-ERP", "EV_CPI", 160, WHOLE, "End of the recovery plan."),
    ("PF-IT", "EV_SPI", -30, 980_000_000, "Agreed with the board."),
    ("PR-001", "OPEN_DEFECTS", -60, 10 * WHOLE, "Before the pilot."),
    ("PR-002", "EV_CPI", -300, WHOLE, "Before the plan was changed."),
];
/// Rules: key, name, item, KPI, whether all below, from which color, whether it is watched.
const RULES: [(&str, &str, &str, &str, bool, &str, bool); 4] = [
    ("AR-CPI", "Cost performance in operations", "PF-OPERATIONS", "EV_CPI", true, "RED", true),
    ("AR-ERP", "Commitments of One ERP", "PG-ERP", "FN_COMMIT", false, "AMBER", true),
    ("AR-DEFECTS", "Open defects in products", "PF-PRODUCTS", "OPEN_DEFECTS", true, "AMBER", true),
    ("AR-BURN", "Burn rate of IT", "PF-IT", "FN_BURN", true, "RED", false),
];

/// For the day.
pub(super) fn kpis(world: &World<'_>) -> Result<Kpis, Error> {
    let as_of = world.as_of;
    let (at, by) = (instant(as_of, -400), Some(who(PMO_LEAD)));
    let archived = Some(instant(as_of, -300));
    let blank = |key: &str, name: &str, description: &str| kpi_definition::Model {
        id: id("kpi_definition", key),
        key: key.to_owned(),
        name: name.to_owned(),
        name_fold: name.to_lowercase(),
        description: description.to_owned(),
        kind: "POSTED".to_owned(),
        formula: key.to_owned(),
        tested_formula: None,
        formula_version: 1,
        unit: "COUNT".to_owned(),
        direction: "DOWN".to_owned(),
        classes: "WORK".to_owned(),
        green_from: None,
        green_to: Some(20 * WHOLE),
        amber_from: None,
        amber_to: Some(50 * WHOLE),
        hysteresis: WHOLE,
        reference: Some("Meridian quality manual".to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    };
    let definitions = vec![
        blank("OPEN_DEFECTS", "Open defects", "Defects that testers found and nobody has mended yet."),
        kpi_definition::Model {
            kind: "FORMULA".to_owned(),
            formula: "(AC + COMMITTED) / BUDGET_PHASED".to_owned(),
            unit: "RATIO".to_owned(),
            classes: "FIN".to_owned(),
            green_to: Some(WHOLE),
            amber_to: Some(WHOLE / 100 * 115),
            hysteresis: HYSTERESIS,
            ..blank(
                "BOUND_SHARE",
                "Bound money",
                "Spent and committed to what the approved budget gave to ended periods.",
            )
        },
        kpi_definition::Model {
            archived_at: archived,
            ..blank("OPEN_INCIDENTS", "Open incidents", "Counted until the service desk got figures of its own.")
        },
    ];
    Ok(Kpis {
        definitions,
        thresholds: thresholds(world, as_of)?,
        targets: targets(world, as_of)?,
        postings: postings(world, as_of)?,
        rules: rules(world, as_of)?,
    })
}

/// The id of a KPI of the catalogue or of the demonstration.
fn kpi(key: &str) -> Uuid {
    standard(key).map_or_else(|| id("kpi_definition", key), crate::kpi::catalogue::Standard::id)
}

fn thresholds(world: &World<'_>, as_of: NaiveDate) -> Result<Vec<kpi_threshold::Model>, Error> {
    let (at, by) = (instant(as_of, -390), Some(who(PMO_LEAD)));
    let of = |item: &str, key: &str, bounds: [i64; 4], note: &str, is_archived: bool| {
        let item = world.item(item)?;
        let [green_from, green_to, amber_from, amber_to] = bounds.map(|hundredths| match hundredths {
            0 => None,
            some => Some(some * (WHOLE / 100)),
        });
        Ok::<_, Error>(kpi_threshold::Model {
            id: id("kpi_threshold", &format!("{}:{key}", item.key)),
            kpi_id: kpi(key),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            valid_from_on: as_of - TimeDelta::days(390),
            green_from,
            green_to,
            amber_from,
            amber_to,
            hysteresis: 2 * HYSTERESIS,
            note: Some(note.to_owned()),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: is_archived.then(|| instant(as_of, -300)),
        })
    };
    Ok(vec![
        of("PF-IT", "FN_BURN", [85, 110, 75, 120], "Licenses are paid ahead.", false)?,
        of("PG-ERP", "EV_CPI", [98, 0, 94, 0], "Watched closely by the board.", false)?,
        of("PR-001", "FN_BURN", [80, 115, 70, 125], "Before the plan was phased by quarters.", true)?,
    ])
}

fn targets(world: &World<'_>, as_of: NaiveDate) -> Result<Vec<kpi_target::Model>, Error> {
    let (at, by) = (instant(as_of, -380), Some(who(PMO_LEAD)));
    let of = |(item, key, days, value, note): (&str, &str, i64, i64, &str)| {
        let item = world.item(item)?;
        Ok(kpi_target::Model {
            id: id("kpi_target", &format!("{}:{key}:{days}", item.key)),
            kpi_id: kpi(key),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            target_on: as_of + TimeDelta::days(days),
            value,
            note: Some(note.to_owned()),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: (item.key == "PR-002").then(|| instant(as_of, -250)),
        })
    };
    TARGETS.into_iter().map(of).collect()
}

fn postings(world: &World<'_>, as_of: NaiveDate) -> Result<Vec<kpi_posting::Model>, Error> {
    let mut all = vec![];
    for (item, values) in DEFECTS {
        let item = world.item(item)?;
        for (days, value) in values {
            let (at, by) = (instant(as_of, -days), World::author(item));
            all.push(kpi_posting::Model {
                id: id("kpi_posting", &format!("{}:{days}", item.key)),
                kpi_id: kpi("OPEN_DEFECTS"),
                item_id: item.id,
                portfolio_id: item.portfolio_id,
                is_restricted: item.is_restricted,
                effective_on: as_of - TimeDelta::days(*days),
                value: value * WHOLE,
                note: Some("Counted at the weekly meeting.".to_owned()),
                source: Some("Test register".to_owned()),
                version: 1,
                created_at: at,
                created_by_id: by,
                updated_at: at,
                updated_by_id: by,
            });
        }
    }
    Ok(all)
}

fn rules(world: &World<'_>, as_of: NaiveDate) -> Result<Vec<alert_rule::Model>, Error> {
    let (at, by) = (instant(as_of, -200), Some(who(PMO_LEAD)));
    let of = |(key, name, item, kpi_key, has_descendants, status, is_enabled): (
        &str,
        &str,
        &str,
        &str,
        bool,
        &str,
        bool,
    )| {
        let item = world.item(item)?;
        Ok(alert_rule::Model {
            id: id("alert_rule", key),
            key: key.to_owned(),
            name: name.to_owned(),
            name_fold: name.to_lowercase(),
            kpi_id: kpi(kpi_key),
            item_id: item.id,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            has_descendants,
            status: status.to_owned(),
            is_enabled,
            note: Some("For the monthly look at the portfolio.".to_owned()),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: (!is_enabled).then(|| instant(as_of, -100)),
        })
    };
    RULES.into_iter().map(of).collect()
}
