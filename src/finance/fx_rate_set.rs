//! A set of rates of exchange: what money of other currencies is converted by.

use entity::{
    fx_rate,
    fx_rate_set::{self, Column as C},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `FxRateType`.
static TYPE: EnumDecl = EnumDecl {
    name: "FxRateType",
    doc: "What kind of rates a set has.",
    values: &[
        ("BUDGET", "Rates that are fixed for planning, usually for a year."),
        ("SPOT", "Rates of a day."),
        ("AVERAGE", "Rates averaged over a period."),
    ],
};

/// `FxRateSet`.
pub fn declare() -> Entity {
    Entity::new(
        "FxRateSet",
        &fx_rate_set::Entity,
        Class::Basic,
        RowScope::Reference,
        "A set of rates of exchange, by which money of several currencies is brought into one.",
    )
    .node("fxs", "fxRateSet", "fxRateSets")
    .keyed_by(Step::FinanceSetUp, C::Key, "The human key, such as `BUDGET-2027`; unique.")
    .fields([
        Field::text("name", C::Name, C::NameFold, "The name.").required().written_by(Step::FinanceSetUp),
        Field::scalar("description", Scalar::String, C::Description, "What it is for; null when nobody wrote it.")
            .unordered()
            .written_by(Step::FinanceSetUp)
            .longest(4_000),
        Field::choice("rateType", &TYPE, C::RateType, "What kind of rates it has.")
            .required()
            .written_by(Step::FinanceSetUp),
        Field::scalar(
            "isDefault",
            Scalar::Boolean,
            C::IsDefault,
            "Whether it holds for items that name no set, they or any item above; one set at most. Not if not said.",
        )
        .required()
        .grouped()
        .written_by(Step::FinanceSetUp)
        .defaulted(),
        Field::many("rates", "FxRate", fx_rate::Column::RateSetId, "Its rates."),
    ])
    .audited()
    .archivable()
}
