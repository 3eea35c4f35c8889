//! A version of what an item is expected to cost. Once published it never changes; the next one supersedes it.

use entity::{
    forecast::{self, Column as C},
    forecast_line,
};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `ForecastState`.
static STATE: EnumDecl = EnumDecl {
    name: "ForecastState",
    doc: "Where a version of a forecast stands.",
    values: &[
        ("DRAFT", "Being made."),
        ("PUBLISHED", "The item's current forecast; never changed again."),
        ("SUPERSEDED", "Was current until a later version was published."),
    ],
};

/// `Forecast`.
pub fn declare() -> Entity {
    Entity::new(
        "Forecast",
        &forecast::Entity,
        Class::Fin,
        RowScope::OF_ITEM,
        "A version of what an item is expected to cost. At most one version of an item is current at a time.",
    )
    .node("fct", "forecast", "forecasts")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "What it is for.").written().once(),
        Field::scalar("revision", Scalar::Int, C::Revision, "Counts the versions of the item's forecast, from 1.").required(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::date("asOfOn", C::AsOfOn, "The day for which it was made. On a day the version in force is the one that was published with the latest `asOfOn` until then.").required().written(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of all its money: the item's base currency.").required().grouped(),
        Field::money("amount", Class::Fin, (C::Amount, C::Currency), true, "The estimate at completion: all that the item will have cost; null where it was not given as a number, see `note`.")
            .written(),
        Field::scalar("note", Scalar::String, C::Note, "What stands in place of the amount, or explains it; null for nothing.")
            .unordered()
            .written()
            .longest(20_000),
        Field::money("allocated", Class::Fin, (C::AllocatedAmount, C::Currency), true, "The sum over its lines."),
        Field::many("lines", "ForecastLine", forecast_line::Column::ForecastId, "Its lines."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the version was made; it stays when the item moves."),
        Field::scalar("source", Scalar::String, C::Source, "The import that it came with; null where it was entered here.").grouped(),
        Field::scalar("publishedAt", Scalar::DateTime, C::PublishedAt, "When it was published; null before.").grouped(),
        Field::one("publishedBy", C::PublishedById, "Person", "Who published it; null before, and for imports."),
    ])
    .audited()
    .archivable()
}
