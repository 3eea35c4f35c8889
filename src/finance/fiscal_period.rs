//! A fiscal period: a span of days that money is planned, booked and reported by.

use entity::fiscal_period::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `PeriodKind`.
static KIND: EnumDecl = EnumDecl {
    name: "PeriodKind",
    doc: "How long a period is. Periods of one kind and calendar do not overlap.",
    values: &[("YEAR", "A fiscal year."), ("QUARTER", "A quarter of it."), ("MONTH", "A month of it.")],
};

/// `PeriodState`.
static STATE: EnumDecl = EnumDecl {
    name: "PeriodState",
    doc: "Whether figures of a period may still change.",
    values: &[("OPEN", "They may."), ("CLOSED", "They may not.")],
};

/// `FiscalPeriod`.
pub fn declare() -> Entity {
    Entity::new(
        "FiscalPeriod",
        &fiscal_period::Entity,
        Class::Basic,
        RowScope::Reference,
        "A span of days that money is planned, booked and reported by.",
    )
    .node("fpd", "fiscalPeriod", "fiscalPeriods")
    .keyed_by(Step::FinanceSetUp, C::Key, "The human key, such as `FY2027-04`; unique in all calendars.")
    .fields([
        Field::one("calendar", C::CalendarId, "FiscalCalendar", "The calendar.").written_by(Step::FinanceSetUp).once(),
        Field::scalar("name", Scalar::String, C::Name, "The name.").required().written_by(Step::FinanceSetUp),
        Field::choice("kind", &KIND, C::Kind, "How long it is.").required().written_by(Step::FinanceSetUp).once(),
        Field::date("startOn", C::StartOn, "The first day.").required().written_by(Step::FinanceSetUp),
        Field::date("endOn", C::EndOn, "The last day.").required().written_by(Step::FinanceSetUp),
        Field::choice("state", &STATE, C::State, "Whether its figures may still change.").required(),
        Field::one("parent", C::ParentId, "FiscalPeriod", "The longer period that it is part of; null for none.")
            .written_by(Step::FinanceSetUp),
        Field::many("parts", "FiscalPeriod", C::ParentId, "The shorter periods in it."),
    ])
    .audited()
    .archivable()
}
