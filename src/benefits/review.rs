//! What somebody found who looked at a benefit, and what she expects of it.

use entity::benefit_review::{self, Column as C};

use super::benefit::ROWS;
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, Scalar},
};

/// `ReviewRecommendation`.
static RECOMMENDATION: EnumDecl = EnumDecl {
    name: "ReviewRecommendation",
    doc: "What is to become of a benefit.",
    values: &[
        ("CONTINUE", "Go on as planned."),
        ("ADJUST", "Go on, with changes."),
        ("STOP", "Give it up."),
        ("EXTEND", "Go on for longer, or in more places."),
    ],
};

/// `BenefitReviewState`.
static STATE: EnumDecl = EnumDecl {
    name: "BenefitReviewState",
    doc: "Where a review stands.",
    values: &[("DRAFT", "Being written."), ("PUBLISHED", "Out; it never changes again.")],
};

/// `BenefitReview`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitReview",
        &benefit_review::Entity,
        Class::Ben,
        ROWS,
        "What was found when somebody looked at a benefit after its approval, also once its item has closed or the benefit is settled. Of several published ones the one held last gives the forecast.",
    )
    .node("brv", "benefitReview", "benefitReviews")
    .fields([
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring it."),
        Field::date("heldOn", C::HeldOn, "The day on which it was held; not in the future.").required().written(),
        Field::one("reviewer", C::ReviewerId, "Person", "Who looked, never the benefit's owner; null when not said.").written(),
        Field::scalar("finding", Scalar::String, C::Finding, "What was found.").required().unordered().written().longest(20_000),
        Field::choice("recommendation", &RECOMMENDATION, C::Recommendation, "What is to become of the benefit.").required().written(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The benefit's currency.").required().grouped(),
        Field::money(
            "forecastAmount",
            Class::Ben,
            (C::ForecastAmount, C::Currency),
            false,
            "The money expected over the benefit's whole life, what was had already among it; a dis-benefit's is positive too. Not summed: a benefit has many reviews. Null where none is expected as a number.",
        )
        .written(),
        Field::scalar("confidence", Scalar::Percent, C::Confidence, "How sure that is, 0 to 1; null when nobody said.").written(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::scalar("publishedAt", Scalar::DateTime, C::PublishedAt, "When it was published; null before."),
        Field::one("publishedBy", C::PublishedById, "Person", "Who published it; null before."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when it was written first; it stays when the item moves."),
    ])
    .audited()
}
