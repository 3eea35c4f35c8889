//! A risk: what may happen to an item, for worse or for better, how likely it is and what it would mean.

use entity::{
    issue,
    risk::{self, Column as C},
    risk_response,
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `RiskKind`.
static KIND: EnumDecl = EnumDecl {
    name: "RiskKind",
    doc: "Whether a risk is feared or hoped for.",
    values: &[("THREAT", "For worse."), ("OPPORTUNITY", "For better.")],
};

/// `RiskState`.
static STATE: EnumDecl = EnumDecl {
    name: "RiskState",
    doc: "Where a risk stands: IDENTIFIED, ASSESSED, TREATED, then CLOSED; or OCCURRED.",
    values: &[
        ("IDENTIFIED", "Named."),
        ("ASSESSED", "Its probability and its impact are known."),
        ("TREATED", "Responses are under way or done, or it is accepted."),
        ("CLOSED", "It can no longer happen."),
        ("OCCURRED", "It has happened: an issue goes on from there."),
    ],
};

/// `RiskLevel`.
static LEVEL: EnumDecl = EnumDecl {
    name: "RiskLevel",
    doc: "Where a risk is dealt with.",
    values: &[("PROJECT", "By its project."), ("PROGRAM", "By its program."), ("PORTFOLIO", "By its portfolio.")],
};

/// `RiskImpactLevel`.
static IMPACT: EnumDecl = EnumDecl {
    name: "RiskImpactLevel",
    doc: "How much a risk would mean to its item, beside money and days.",
    values: &[
        ("VERY_LOW", "Hardly noticed."),
        ("LOW", "Dealt with within the work."),
        ("MODERATE", "Felt in one of scope, time or cost."),
        ("HIGH", "A goal of the item is in danger."),
        ("VERY_HIGH", "The item is in danger."),
    ],
};

/// `RiskRating`.
static RATING: EnumDecl = EnumDecl {
    name: "RiskRating",
    doc: "How much a risk deserves to be looked at.",
    values: &[
        ("LOW", "Dealt with by routine."),
        ("MODERATE", "Somebody is named for it."),
        ("HIGH", "Needs the attention of who steers."),
        ("EXTREME", "Needs action at once."),
    ],
};

/// `Risk`.
pub fn declare() -> Entity {
    let text =
        |name, column: C, doc| Field::scalar(name, Scalar::String, column, doc).unordered().written().longest(20_000);
    let money = |name, column: C, doc| Field::money(name, Class::Fin, (column, C::Currency), true, doc);
    Entity::new("Risk", &risk::Entity, Class::Work, RowScope::OF_ITEM, "Something that may happen to an item, for worse or for better.")
        .node("rsk", "risk", "risks")
        .keyed(C::Key, "The human key; unique. Made from the id if not said.")
        .with_default_key()
        .fields([
            Field::one("item", C::ItemId, "PortfolioItem", "The item that it may happen to. It stays there where it is escalated.").written().once(),
            Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
            Field::scalar("category", Scalar::String, C::Category, "What kind of thing it is about, in the organization's own words; null when not said.").grouped().written(),
            Field::choice("kind", &KIND, C::Kind, "Whether it is feared or hoped for; THREAT if not said.").required().written().defaulted().once(),
            Field::choice("state", &STATE, C::State, "Where it stands.").required(),
            Field::choice("level", &LEVEL, C::Level, "Where it is dealt with: the kind of its item, or of that to which it is escalated.").required(),
            text("cause", C::Cause, "Why it may happen; null when not said."),
            text("event", C::Event, "What may happen; null when not said."),
            text("effect", C::Effect, "What would follow from it; null when not said."),
            Field::scalar("probability", Scalar::Percent, C::Probability, "How likely it is, 0 to 1; null before it is assessed.").written(),
            Field::choice("impactLevel", &IMPACT, C::ImpactLevel, "How much it would mean; null before it is assessed.").written(),
            Field::choice("rating", &RATING, C::Rating, "By probability, in fifths of 1, and impact level: the qualitative matrix of AS/NZS 4360:1999, table E3. Null where one of both is missing."),
            Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of its money: the item's base currency.").required().grouped(),
            money("impactCost", C::ImpactAmount, "What it would cost, or bring where it is hoped for; 0 or more, null when not said.").written_by(Step::RiskAppraise),
            Field::scalar("impactDays", Scalar::Int, C::ImpactDays, "Working days that it would take, or save; 0 or more, null when not said.").written(),
            money("exposure", C::ExposureAmount, "`probability` times `impactCost`, its expected monetary value without a sign; rounded half to even. Null where one of both is missing."),
            Field::scalar("exposureDays", Scalar::Decimal, C::ExposureDays, "`probability` times `impactDays`. Null where one of both is missing."),
            Field::scalar("residualProbability", Scalar::Percent, C::ResidualProbability, "How likely it is once its responses are done, 0 to 1; null where it stays as it is.").written(),
            money("residualImpactCost", C::ResidualImpactAmount, "What it would cost or bring then; 0 or more, null where it stays as it is.").written_by(Step::RiskAppraise),
            Field::scalar("residualImpactDays", Scalar::Int, C::ResidualImpactDays, "Working days that it would take or save then; 0 or more, null where it stays as it is.").written(),
            money("residualExposure", C::ResidualExposureAmount, "The exposure once its responses are done. Null where no residual value is given, or nothing is known before."),
            Field::scalar("residualExposureDays", Scalar::Decimal, C::ResidualExposureDays, "The same in working days."),
            text("residualJustification", C::ResidualJustification, "Why it is worse once its responses are done: required where the residual exposure is above that of a threat, or below that of an opportunity. Null for nothing."),
            Field::date("proximityOn", C::ProximityOn, "The day on which it may happen; null when not said.").written(),
            Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.").written(),
            Field::one("escalatedTo", C::EscalatedToId, "PortfolioItem", "The item above to which it was handed up; null for none."),
            Field::date("identifiedOn", C::IdentifiedOn, "The day on which it was found, not after today; today if not said.").required().written().defaulted(),
            Field::date("closedOn", C::ClosedOn, "The day on which it was closed or happened; null before."),
            Field::many("responses", "RiskResponse", risk_response::Column::RiskId, "What is done about it."),
            Field::many("issues", "Issue", issue::Column::RiskId, "The issue that it became: none before it happened."),
            Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
            Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the risk was written; it stays when the item moves."),
        ])
        .audited()
        .archivable()
}

#[cfg(test)]
mod tests {
    use super::{
        super::rules::{LEVELS, RATINGS, RISK},
        IMPACT, RATING, STATE,
    };

    #[test]
    fn the_schema_names_what_the_rules_know() {
        let shown = |names: &[(&'static str, &str)]| names.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(shown(STATE.values), RISK.states().collect::<Vec<_>>());
        assert_eq!((shown(IMPACT.values), shown(RATING.values)), (LEVELS.to_vec(), RATINGS.to_vec()));
    }
}
