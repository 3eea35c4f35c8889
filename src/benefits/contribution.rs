//! A further item that helps to bring a benefit, and its part of it.

use entity::benefit_contribution::{self, Column as C};

use super::benefit::ROWS;
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, Scalar},
};

/// `BenefitContribution`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitContribution",
        &benefit_contribution::Entity,
        Class::Ben,
        ROWS,
        "A further item's part of a benefit. The parts of all of them sum to at most 1; the rest is the benefit's own item's.",
    )
    .node("bcn", "benefitContribution", "benefitContributions")
    .fields([
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring the benefit."),
        Field::one("contributor", C::ContributorId, "PortfolioItem", "The item that helps; null when the caller cannot see it.")
            .written()
            .once(),
        Field::scalar("share", Scalar::Percent, C::Share, "Its part, 0 to 1.").required().written(),
        Field::scalar("rationale", Scalar::String, C::Rationale, "Why; null when nobody wrote it.").unordered().written().longest(4_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The nearest portfolio of the benefit's item now."),
    ])
    .audited()
}
