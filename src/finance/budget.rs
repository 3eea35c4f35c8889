//! A version of an item's budget: drafted, submitted, approved by another than its submitter up to a limit, superseded by
//! the next. Once submitted nothing of its money changes.

use entity::{
    budget::{self, Column as C},
    budget_line,
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `BudgetState`.
static STATE: EnumDecl = EnumDecl {
    name: "BudgetState",
    doc: "Where a version of a budget stands.",
    values: &[
        ("DRAFT", "Being made."),
        ("SUBMITTED", "Handed in for approval; its money no longer changes."),
        ("APPROVED", "In force: the item's current budget."),
        ("REJECTED", "Not approved."),
        ("SUPERSEDED", "Was in force until a later version was approved."),
    ],
};

/// `Budget`.
pub fn declare() -> Entity {
    let money = |name, column: C, doc| {
        Field::money(name, Class::Fin, (column, C::Currency), true, doc).written_by(Step::BudgetSubmit)
    };
    Entity::new(
        "Budget",
        &budget::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A version of an item's budget. At most one version of an item is approved at a time.",
    )
    .node("bud", "budget", "budgets")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "What it is for.").written_by(Step::BudgetSubmit).once(),
        Field::scalar("revision", Scalar::Int, C::Revision, "Counts the versions of the item's budget, from 1.").required(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::scalar("name", Scalar::String, C::Name, "What the version is called; null for nothing.").written_by(Step::BudgetSubmit),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of all its money: the item's base currency.").required().grouped(),
        money("amount", C::Amount, "All money for the item over its life, contingency and reserve apart; null where it is not known as a number, see `amountNote`."),
        Field::scalar("amountNote", Scalar::String, C::AmountNote, "What stands in place of the amount, or explains it; null for nothing.")
            .unordered()
            .written_by(Step::BudgetSubmit)
            .longest(20_000),
        Field::money("allocated", Class::Fin, (C::AllocatedAmount, C::Currency), true, "The sum over its lines; never more than `amount`, where that is known."),
        money("contingency", C::ContingencyAmount, "Held for known risks, beside `amount`; null for none."),
        money("managementReserve", C::ReserveAmount, "Held by management for what nobody knows, beside `amount`; null for none."),
        Field::scalar("fundingSource", Scalar::String, C::FundingSource, "Where the money comes from; null when not said.")
            .grouped()
            .written_by(Step::BudgetSubmit),
        Field::date("asOfOn", C::AsOfOn, "The day for which the figures were given; null when not said.").written_by(Step::BudgetSubmit),
        Field::many("lines", "BudgetLine", budget_line::Column::BudgetId, "Its lines."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the version was made; it stays when the item moves."),
        Field::scalar("transferId", Scalar::String, C::TransferId, "The transfer that made the version, the same for all versions that it made; null for none.").unordered(),
        Field::scalar("source", Scalar::String, C::Source, "The import that it came with; null where it was entered here.").grouped(),
        Field::scalar("submittedAt", Scalar::DateTime, C::SubmittedAt, "When it was submitted; null before."),
        Field::one("submittedBy", C::SubmittedById, "Person", "Who submitted it; null before, for imports and for API keys."),
        Field::scalar("decidedAt", Scalar::DateTime, C::DecidedAt, "When it was approved or rejected; null before.").grouped(),
        Field::one("decidedBy", C::DecidedById, "Person", "Who decided; null before, and for imports."),
        Field::scalar("decisionNote", Scalar::String, C::DecisionNote, "Why it was decided so; null for nothing.").unordered(),
    ])
    .audited()
    .archivable()
}
