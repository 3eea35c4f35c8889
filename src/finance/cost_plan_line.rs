//! A line of a cost plan: so much of something in a period. It changes only while its cost plan is a draft.

use entity::cost_plan_line::{self, Column as C};

use super::{EXPENDITURE, SOURCE};
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `CostPlanLine`.
pub fn declare() -> Entity {
    Entity::new(
        "CostPlanLine",
        &cost_plan_line::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A line of a cost plan: so much of something in a period. A cost plan has one line for each period, category, source, expenditure and name.",
    )
    .node("cpn", "costPlanLine", "costPlanLines")
    .fields([
        Field::one("costPlan", C::CostPlanId, "CostPlan", "The cost plan.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "What the cost plan is for."),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period.").written().once(),
        Field::one("category", C::CategoryId, "CostCategory", "What it is spent on.").written().due(),
        Field::scalar("name", Scalar::String, C::Name, "What is paid for; null where the category says it.").grouped().written(),
        Field::choice("source", &SOURCE, C::Source, "Whether it pays for people's work.").required().written(),
        Field::choice("expenditure", &EXPENDITURE, C::Expenditure, "How it is accounted for; OPEX if not said.")
            .required()
            .written()
            .defaulted(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The cost plan's currency.").required().grouped(),
        Field::scalar("quantity", Scalar::Decimal, C::Quantity, "How many units, such as hours or pieces; 0 or more. Null where it is not counted.").written(),
        Field::money("unitCost", Class::Fin, (C::UnitCost, C::Currency), false, "What one unit costs; null where it is not counted.").written(),
        Field::money("amount", Class::Fin, (C::Amount, C::Currency), true, "The money: `quantity` times `unitCost` where both are given, rounded half up to 1/10,000; else as it was given. Required where one of them is missing.")
            .required()
            .written()
            .defaulted(),
        Field::scalar("note", Scalar::String, C::Note, "What explains it; null for nothing.")
            .unordered()
            .written()
            .longest(20_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the cost plan was made; it stays when the item moves."),
    ])
    .audited()
}
