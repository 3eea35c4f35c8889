//! How much an item contributes to an objective, and from when to when.

use entity::objective_contribution::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `ContributionRating`.
pub(super) static RATING: EnumDecl = EnumDecl {
    name: "ContributionRating",
    doc: "How much an item contributes to an objective, in words.",
    values: &[
        ("NONE", "Looked at, and it contributes nothing."),
        ("LOW", "A little."),
        ("MODERATE", "Something."),
        ("STRONG", "Much."),
        ("EXTREME", "It stands or falls with it."),
    ],
};

/// `ObjectiveContribution`.
pub fn declare() -> Entity {
    Entity::new(
        "ObjectiveContribution",
        &objective_contribution::Entity,
        Class::Basic,
        RowScope::OF_ITEM,
        "What an item contributes to an objective, by rating, by share or both. The shares of an item sum to at most 1 on every day.",
    )
    .node("ocn", "objectiveContribution", "objectiveContributions")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "The item.").written_by(Step::StrategySteer).once(),
        Field::one("objective", C::ObjectiveId, "StrategicObjective", "The objective.")
            .written_by(Step::StrategySteer)
            .once(),
        Field::choice("rating", &RATING, C::Rating, "How much, in words; null where only the share is known.")
            .written_by(Step::StrategySteer),
        Field::scalar(
            "share",
            Scalar::Percent,
            C::Share,
            "The part of the item that serves the objective, 0 to 1; null where only the rating is known.",
        )
        .written_by(Step::StrategySteer),
        Field::scalar("rationale", Scalar::String, C::Rationale, "Why; null when nobody wrote it.")
            .unordered()
            .written_by(Step::StrategySteer)
            .longest(4_000),
        Field::date("validFromOn", C::ValidFromOn, "The first day on which it holds; null for always.")
            .written_by(Step::StrategySteer),
        Field::date("validToOn", C::ValidToOn, "The last day on which it holds; null for no end.")
            .written_by(Step::StrategySteer),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
    .archivable()
}
