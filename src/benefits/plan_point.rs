//! How much of a benefit is planned for a period.

use entity::benefit_plan_point::{self, Column as C};

use super::benefit::ROWS;
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, Scalar},
};

/// `BenefitPlanPoint`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitPlanPoint",
        &benefit_plan_point::Entity,
        Class::Ben,
        ROWS,
        "How much of a benefit is planned for a period.",
    )
    .node("bpp", "benefitPlanPoint", "benefitPlanPoints")
    .fields([
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring it."),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period.").written().once(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The benefit's currency.").required().grouped(),
        Field::money(
            "amount",
            Class::Ben,
            (C::Amount, C::Currency),
            true,
            "The money; a dis-benefit's is positive too, its polarity says which way it counts.",
        )
        .required()
        .written(),
        Field::scalar("note", Scalar::String, C::Note, "What explains it; null for nothing.")
            .unordered()
            .written()
            .longest(4_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
    ])
    .audited()
}
