//! A rate of exchange: it holds from a day on, until the next one of its pair. No pair is turned around or guessed.

use entity::fx_rate::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `FxRate`.
pub fn declare() -> Entity {
    Entity::new(
        "FxRate",
        &fx_rate::Entity,
        Class::Basic,
        RowScope::Reference,
        "A rate of exchange between two currencies, in this direction only. It holds until the next one of the same set and pair begins; archived ones do not count.",
    )
    .node("fxr", "fxRate", "fxRates")
    .fields([
        Field::one("rateSet", C::RateSetId, "FxRateSet", "The set.").written_by(Step::FinanceSetUp).once(),
        Field::scalar("fromCurrency", Scalar::CurrencyCode, C::FromCurrency, "What is converted.")
            .required()
            .grouped()
            .written_by(Step::FinanceSetUp)
            .once(),
        Field::scalar("toCurrency", Scalar::CurrencyCode, C::ToCurrency, "What it becomes; another currency.")
            .required()
            .grouped()
            .written_by(Step::FinanceSetUp)
            .once(),
        Field::scalar(
            "rate",
            Scalar::Decimal,
            C::Rate,
            "Units of `toCurrency` for one unit of `fromCurrency`; above 0, at most nine decimals.",
        )
        .required()
        .written_by(Step::FinanceSetUp),
        Field::date("validFromOn", C::ValidFromOn, "The first day on which it holds; one rate of a set and pair a day.")
            .required()
            .written_by(Step::FinanceSetUp),
    ])
    .named_outside(|field| field.written_by(Step::FinanceSetUp))
    .audited()
    .archivable()
}
