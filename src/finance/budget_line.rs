//! A line of a budget: so much in a period, for a category. It changes only while its budget is a draft.

use entity::budget_line::{self, Column as C};

use super::EXPENDITURE;
use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `BudgetLine`.
pub fn declare() -> Entity {
    Entity::new(
        "BudgetLine",
        &budget_line::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A line of a budget: so much in a period, for a category. A budget has one line for each period, category and expenditure.",
    )
    .node("bln", "budgetLine", "budgetLines")
    .fields([
        Field::one("budget", C::BudgetId, "Budget", "The budget.").written_by(Step::BudgetSubmit).once(),
        Field::one("item", C::ItemId, "PortfolioItem", "What the budget is for."),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period.").written_by(Step::BudgetSubmit).once(),
        Field::one("category", C::CategoryId, "CostCategory", "What it is spent on; null where the money is not divided.")
            .written_by(Step::BudgetSubmit),
        Field::choice("expenditure", &EXPENDITURE, C::Expenditure, "How it is accounted for; null where the money is not divided.")
            .written_by(Step::BudgetSubmit),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The budget's currency.").required().grouped(),
        Field::money("amount", Class::Fin, (C::Amount, C::Currency), true, "The money; null where it is not known as a number, see `note`.")
            .written_by(Step::BudgetSubmit),
        Field::scalar("note", Scalar::String, C::Note, "What stands in place of the amount, or explains it; null for nothing.")
            .unordered()
            .written_by(Step::BudgetSubmit)
            .longest(20_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the budget was made; it stays when the item moves."),
    ])
    .audited()
}
