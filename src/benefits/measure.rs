//! How it is told whether a benefit is had: a level with its baseline and target, when it is due to be measured, and which
//! level is planned for when.

use entity::{
    benefit_actual,
    benefit_measure::{self, Column as C},
    benefit_measure_point::{self, Column as P},
};
use serde_json::json;

use super::benefit::ROWS;
use crate::{
    auth::Class,
    graph::decl::{DAY, DayList, Entity, EnumDecl, Field, Scalar},
};

/// `BenefitDirection`.
static DIRECTION: EnumDecl = EnumDecl {
    name: "BenefitDirection",
    doc: "Which way of a level is wanted.",
    values: &[("UP", "More of it is wanted."), ("DOWN", "Less of it is wanted.")],
};

/// `MeasureFrequency`.
static FREQUENCY: EnumDecl = EnumDecl {
    name: "MeasureFrequency",
    doc: "How often something is measured.",
    values: &[
        ("ONCE", "Once."),
        ("MONTHLY", "Each month."),
        ("QUARTERLY", "Each three months."),
        ("SEMIANNUAL", "Each six months."),
        ("ANNUAL", "Each year."),
    ],
};

/// `benefitsDue`.
const DUE: DayList = DayList {
    name: "benefitsDue",
    doc: "Measures that are to be measured by a day: their next due date has come or passed, and their benefit is not archived. Ordered by `nextDueOn`, the longest overdue come first; filtered by `owner`, it is her calendar.",
    on: "The day; today (UTC) if not given.",
    is_today: true,
    condition: || json!({ "nextDueOn": { "lte": DAY }, "benefit": { "archivedAt": { "isNull": true } } }),
};

/// `BenefitMeasure`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitMeasure",
        &benefit_measure::Entity,
        Class::BenActual,
        ROWS,
        "How it is told whether a benefit is had: what is measured, from which level to which, and when. What it promises stands once the benefit is approved.",
    )
    .node("bme", "benefitMeasure", "benefitMeasures")
    .keyed(C::Key, "The human key; unique.")
    .day_list(DUE)
    .fields([
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring it."),
        Field::one("owner", C::OwnerId, "Person", "The benefit's owner: she answers for its being measured; null where the benefit has none."),
        Field::text("title", C::Title, C::TitleFold, "What is measured.").required().written(),
        Field::scalar("unit", Scalar::String, C::Unit, "What it is counted in, such as `hours`, `%` or `tickets`; for money the currency.")
            .required()
            .grouped()
            .written()
            .longest(64),
        Field::choice("direction", &DIRECTION, C::Direction, "Which way is wanted, of a dis-benefit too.").required().written(),
        Field::scalar("baselineValue", Scalar::Decimal, C::BaselineValue, "The level before, in `unit`; null while nobody said.").written(),
        Field::date("baselineOn", C::BaselineOn, "The day of that level; null while nobody said.").written(),
        Field::scalar(
            "targetValue",
            Scalar::Decimal,
            C::TargetValue,
            "The level to be reached, in `unit`: from the baseline the way that `direction` says. Of a dis-benefit, the level that is not to be passed: the other way. Null while nobody said.",
        )
        .written(),
        Field::date("targetOn", C::TargetOn, "The day by which; null while nobody said.").written(),
        Field::scalar("method", Scalar::String, C::Method, "How it is measured; null when nobody wrote it.").unordered().written().longest(4_000),
        Field::scalar("source", Scalar::String, C::Source, "Where its figures come from; null when nobody wrote it.").grouped().written(),
        Field::choice("frequency", &FREQUENCY, C::Frequency, "How often it is measured.").required().written(),
        Field::date("firstDueOn", C::FirstDueOn, "The first day on which it is due; the others follow at its frequency.").required().written(),
        Field::date("lastDueOn", C::LastDueOn, "Nothing is due after this day; null for as long as the benefit is not settled.").written(),
        Field::date(
            "nextDueOn",
            C::NextDueOn,
            "The first due date that no actual answers, one that was returned or reversed apart; null where nothing is due any more, before the benefit is approved, and once it is settled or withdrawn.",
        ),
        Field::scalar("kpiKey", Scalar::String, C::KpiKey, "The key of the KPI that measures it; null for none.").grouped().written().longest(64),
        Field::many("points", "BenefitMeasurePoint", P::MeasureId, "The levels that are planned, by due date."),
        Field::many("actuals", "BenefitActual", benefit_actual::Column::MeasureId, "What was measured."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
    ])
    .audited()
}

/// `BenefitMeasurePoint`.
pub fn declare_point() -> Entity {
    Entity::new(
        "BenefitMeasurePoint",
        &benefit_measure_point::Entity,
        Class::Ben,
        ROWS,
        "Which level of a measure is planned for a due date. It stands once the benefit is approved.",
    )
    .node("bmp", "benefitMeasurePoint", "benefitMeasurePoints")
    .fields([
        Field::one("measure", P::MeasureId, "BenefitMeasure", "The measure.").written().once(),
        Field::one("benefit", P::BenefitId, "Benefit", "The benefit."),
        Field::one("item", P::ItemId, "PortfolioItem", "The item that is to bring it."),
        Field::date("dueOn", P::DueOn, "The due date, of the measure's calendar when it was written.")
            .required()
            .written()
            .once(),
        Field::scalar("value", Scalar::Decimal, P::Value, "The level, in the measure's unit.").required().written(),
        Field::scalar("note", Scalar::String, P::Note, "What explains it; null for nothing.")
            .unordered()
            .written()
            .longest(4_000),
        Field::one("portfolio", P::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
    ])
    .audited()
}
