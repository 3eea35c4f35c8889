//! A version of what an item is planned to cost, line by line. Once submitted its lines stand; the approved one is the plan
//! of record.

use entity::{
    cost_plan::{self, Column as C},
    cost_plan_line,
};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `CostPlanState`.
static STATE: EnumDecl = EnumDecl {
    name: "CostPlanState",
    doc: "Where a version of a cost plan stands.",
    values: &[
        ("DRAFT", "Being made."),
        ("SUBMITTED", "Handed in for approval; its lines no longer change."),
        ("APPROVED", "The item's plan of record."),
        ("REJECTED", "Not approved."),
        ("SUPERSEDED", "Was the plan of record until a later version was approved."),
    ],
};

/// `CostPlan`.
pub fn declare() -> Entity {
    Entity::new(
        "CostPlan",
        &cost_plan::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A version of what an item is planned to cost, line by line. At most one version of an item is the plan of record.",
    )
    .node("cpl", "costPlan", "costPlans")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "What it is for.").written().once(),
        Field::scalar("revision", Scalar::Int, C::Revision, "Counts the versions of the item's cost plan, from 1.").required(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::scalar("isPlanOfRecord", Scalar::Boolean, C::IsPlanOfRecord, "Whether the item is measured by it: from its approval until a later version is approved.")
            .required()
            .grouped(),
        Field::scalar("name", Scalar::String, C::Name, "What the version is called; null for nothing.").written(),
        Field::scalar("description", Scalar::String, C::Description, "What it assumes; null when nobody wrote it.")
            .unordered()
            .written()
            .longest(20_000),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of all its money: the item's base currency.").required().grouped(),
        Field::money("amount", Class::Fin, (C::Amount, C::Currency), true, "The sum over its lines.").required(),
        Field::many("lines", "CostPlanLine", cost_plan_line::Column::CostPlanId, "Its lines."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the version was made; it stays when the item moves."),
        Field::scalar("submittedAt", Scalar::DateTime, C::SubmittedAt, "When it was submitted; null before."),
        Field::one("submittedBy", C::SubmittedById, "Person", "Who submitted it; null before, and for API keys."),
        Field::scalar("decidedAt", Scalar::DateTime, C::DecidedAt, "When it was approved or rejected; null before.").grouped(),
        Field::one("decidedBy", C::DecidedById, "Person", "Who decided; null before."),
        Field::scalar("decisionNote", Scalar::String, C::DecisionNote, "Why it was decided so; null for nothing.").unordered(),
    ])
    .audited()
    .archivable()
}

#[cfg(test)]
mod tests {
    use super::{super::rules::VersionState, STATE};

    #[test]
    fn the_schema_names_the_states_that_the_rules_know() {
        let shown: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, VersionState::ALL.map(VersionState::as_str));
    }
}
