//! What contributions give to measures: which share of an item serves objectives, day by day.

use crate::{
    auth::Class::Basic,
    kpi::measure::{Absence, Fact, Measure, Measures, Source},
};

/// The measures of strategy.
pub fn measures() -> Measures {
    let alignment = Measure::number(
        "ALIGNMENT",
        Basic,
        "The shares with which the item contributes to objectives, from the first to the last day of each; 1 for all of it.",
    );
    Measures {
        measures: vec![Measure { absence: Absence::Zero, ..alignment }],
        sources: vec![contributions()],
        derivations: vec![],
    }
}

fn contributions() -> Source {
    let select = |on: &str, sign: &str, only: &str| {
        format!(
            "SELECT id AS source_id, item_id, 'ALIGNMENT' AS measure, {on} AS effective_on, CAST(NULL AS text) AS currency, {sign}share AS amount \
             FROM objective_contribution WHERE id{{ids}} AND share IS NOT NULL AND archived_at IS NULL{only}"
        )
    };
    let always = "COALESCE(valid_from_on, {day:created_at})";
    Source {
        name: "CONTRIBUTION",
        owner: "ObjectiveContribution",
        facts: vec![Fact::owner("ObjectiveContribution")],
        selects: vec![select(always, "", ""), select("{next_day:valid_to_on}", "-", " AND valid_to_on IS NOT NULL")],
    }
}
