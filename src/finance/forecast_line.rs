//! A line of a forecast: so much in a period, for a category. It changes only while its forecast is a draft.

use entity::forecast_line::{self, Column as C};

use super::EXPENDITURE;
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `ForecastLine`.
pub fn declare() -> Entity {
    Entity::new(
        "ForecastLine",
        &forecast_line::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A line of a forecast: so much in a period, for a category. A forecast has one line for each period, category and expenditure.",
    )
    .node("fln", "forecastLine", "forecastLines")
    .fields([
        Field::one("forecast", C::ForecastId, "Forecast", "The forecast.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "What the forecast is for."),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period.").written().once(),
        Field::one("category", C::CategoryId, "CostCategory", "What it is spent on; null where the money is not divided.").written(),
        Field::choice("expenditure", &EXPENDITURE, C::Expenditure, "How it is accounted for; null where the money is not divided.").written(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The forecast's currency.").required().grouped(),
        Field::money("amount", Class::Fin, (C::Amount, C::Currency), true, "The money of the whole period: where it begins after the forecast's `asOfOn`, what is still to be spent (ETC); else what was or will be spent in it. Null where it is not known as a number, see `note`.").written(),
        Field::scalar("note", Scalar::String, C::Note, "What stands in place of the amount, or explains it; null for nothing.")
            .unordered()
            .written()
            .longest(20_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the forecast was made; it stays when the item moves."),
    ])
    .audited()
}
