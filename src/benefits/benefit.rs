//! A benefit's profile: what an item is to bring, who answers for it in the business, and how sure it is.

use entity::{
    benefit::{self, Column as C},
    benefit_actual, benefit_contribution, benefit_measure, benefit_plan_point, benefit_review, benefits_map_node,
};

use super::realization;
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// Where benefits and what belongs to them stand among scopes: drafts until approved, and their owner's own.
pub(super) const ROWS: RowScope = RowScope::OfItem(OfItem::USUAL.with_drafts().own_of("owner_id"));

/// `BenefitKind`.
static KIND: EnumDecl = EnumDecl {
    name: "BenefitKind",
    doc: "What kind of value a benefit is.",
    values: &[
        ("FINANCIAL_CASHABLE", "Money that leaves a budget or comes in."),
        ("FINANCIAL_NON_CASHABLE", "Worth money, but no budget gets smaller."),
        ("QUANTIFIABLE", "Counted in something else than money."),
        ("QUALITATIVE", "Told, not counted."),
    ],
};

/// `BenefitPolarity`.
static POLARITY: EnumDecl = EnumDecl {
    name: "BenefitPolarity",
    doc: "Whether it is wanted.",
    values: &[("BENEFIT", "Wanted."), ("DISBENEFIT", "Not wanted, and accepted.")],
};

/// `BenefitState`.
static STATE: EnumDecl = EnumDecl {
    name: "BenefitState",
    doc: "Where a benefit stands: IDENTIFIED, PROFILED, APPROVED, ENABLED, REALIZING, then REALIZED, PARTLY_REALIZED or NOT_REALIZED; or WITHDRAWN.",
    values: &[
        ("IDENTIFIED", "Named."),
        ("PROFILED", "Described and planned; waits for approval."),
        ("APPROVED", "Promised: its profile and plan stand."),
        ("ENABLED", "What it needs is delivered."),
        ("REALIZING", "Being had."),
        ("REALIZED", "Had as planned."),
        ("PARTLY_REALIZED", "Had in part."),
        ("NOT_REALIZED", "Not had."),
        ("WITHDRAWN", "Given up."),
    ],
};

/// `Benefit`.
pub fn declare() -> Entity {
    Entity::new("Benefit", &benefit::Entity, Class::Ben, ROWS, "Something that an item is to bring. It lives on after the item has closed.")
        .node("ben", "benefit", "benefits")
        .keyed(C::Key, "The human key; unique.")
        .fields([
            Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring it.").written().once(),
            Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
            Field::scalar("description", Scalar::String, C::Description, "What it is; null when nobody wrote it.")
                .unordered()
                .written()
                .longest(20_000),
            Field::choice("kind", &KIND, C::Kind, "What kind of value it is.").required().written(),
            Field::choice("polarity", &POLARITY, C::Polarity, "Whether it is wanted; BENEFIT if not said.")
                .required()
                .written()
                .defaulted(),
            Field::choice("state", &STATE, C::State, "Where it stands.").required(),
            Field::one(
                "owner",
                C::OwnerId,
                "Person",
                "Who answers for it in the business, never the item's project manager; null only where an import named nobody.",
            )
            .written()
            .due(),
            Field::one("sponsor", C::SponsorId, "Person", "Who wants it; null when nobody does.").written(),
            Field::scalar("beneficiary", Scalar::String, C::Beneficiary, "Who has it; null when not said.").grouped().written(),
            Field::scalar("confidence", Scalar::Percent, C::Confidence, "How sure it is, 0 to 1; null when nobody said.").written(),
            Field::scalar("startsAfter", Scalar::String, C::StartsAfter, "What it begins after, such as a milestone; null when not said.").written(),
            Field::date("startsOn", C::StartsOn, "The first day on which it can be had; null when not said.").written(),
            Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of its money: the item's base currency.").required().grouped(),
            Field::money("amount", Class::Ben, (C::Amount, C::Currency), true, "The planned money over its life; null where it is not known as a number, see `amountNote`.").written(),
            Field::scalar("amountNote", Scalar::String, C::AmountNote, "What stands in place of the amount, or explains it; null for nothing.")
                .unordered()
                .written()
                .longest(20_000),
            Field::money("plannedAmount", Class::Ben, (C::PlannedAmount, C::Currency), true, "The sum over its plan points."),
            Field::date("asOfOn", C::AsOfOn, "The day for which the figures were given; null when not said.").written(),
            Field::scalar("source", Scalar::String, C::Source, "The import that it came with; null where it was entered here.").grouped(),
            Field::scalar("approvedAt", Scalar::DateTime, C::ApprovedAt, "When its profile was approved; null before."),
            Field::one("approvedBy", C::ApprovedById, "Person", "Who approved its profile; null before, and for imports."),
            Field::many("planPoints", "BenefitPlanPoint", benefit_plan_point::Column::BenefitId, "Its plan, by period."),
            Field::many("contributions", "BenefitContribution", benefit_contribution::Column::BenefitId, "Further items that help to bring it."),
            Field::many("measures", "BenefitMeasure", benefit_measure::Column::BenefitId, "How it is told whether it is had."),
            Field::many("actuals", "BenefitActual", benefit_actual::Column::BenefitId, "What was measured of it, by all its measures."),
            Field::many("reviews", "BenefitReview", benefit_review::Column::BenefitId, "What was found when somebody looked at it."),
            Field::many("benefitsMapNodes", "BenefitsMapNode", benefits_map_node::Column::BenefitId, "Where it stands on benefits maps."),
            Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
            Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the benefit was written; it stays when the item moves."),
            Field::answer(realization::of_benefit()),
        ])
        .audited()
        .archivable()
}

#[cfg(test)]
mod tests {
    use super::{super::rules::BenefitState, STATE};

    #[test]
    fn the_schema_names_the_states_that_the_rules_know() {
        let shown: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, BenefitState::ALL.map(BenefitState::as_str));
    }
}
