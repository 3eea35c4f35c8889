//! How far a task was on a day, and which part of its cost was earned by then.

use entity::progress_measurement::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `ProgressMeasurement`.
pub fn declare() -> Entity {
    Entity::new(
        "ProgressMeasurement",
        &progress_measurement::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "How far a task was at the end of a day. A task has one measurement for a day; the latest one says how far it is.",
    )
    .node("pms", "progressMeasurement", "progressMeasurements")
    .fields([
        Field::one("task", C::TaskId, "Task", "The task; no SUMMARY.").written().once(),
        Field::one("project", C::ItemId, "Project", "The project."),
        Field::date("statusOn", C::StatusOn, "The day, not after today.").required().written().once(),
        Field::scalar("percentComplete", Scalar::Percent, C::PercentComplete, "How far it was, 0 to 1; null where it was measured by something else. Not written where other tasks decide.").written(),
        Field::scalar("physicalPercentComplete", Scalar::Percent, C::PhysicalPercentComplete, "How much of its result was there, 0 to 1; null when not said.").written(),
        Field::scalar(
            "earnedFraction",
            Scalar::Percent,
            C::EarnedFraction,
            "Which part of its cost was earned, 0 to 1, by the technique of the task (earned value techniques of ISO 21508). Where a value was measured, that divided by the cost in the baseline in force.",
        )
        .required(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of its money: the project's base currency.").required().grouped(),
        Field::money("measuredEarnedValue", Class::Fin, (C::MeasuredAmount, C::Currency), true, "The earned value as it was measured elsewhere; it counts in place of cost times `earnedFraction`, and is at most the task's cost in the baseline in force. Null where the technique decides.")
            .written_by(Step::ProgressMeasure),
        Field::scalar("source", Scalar::String, C::Source, "What the figures come from; null when not said.").grouped().written(),
        Field::scalar("note", Scalar::String, C::Note, "What explains them; null for nothing.").unordered().written().longest(4_000),
        Field::scalar("isDerived", Scalar::Boolean, C::IsDerived, "Whether it was written because the task was finished, a milestone of it was reached, or the task that it earns with was measured. It gives way to one that is written for the day.").required().grouped(),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The project's nearest portfolio when it was measured; it stays when the project moves."),
    ])
    .named_outside(Field::written)
    .audited()
    .archivable()
}
