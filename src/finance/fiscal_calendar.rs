//! A fiscal calendar: how an organization divides its years for money.

use entity::{
    fiscal_calendar::{self, Column as C},
    fiscal_period,
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `FiscalCalendar`.
pub fn declare() -> Entity {
    Entity::new(
        "FiscalCalendar",
        &fiscal_calendar::Entity,
        Class::Basic,
        RowScope::Reference,
        "How an organization divides its years for money.",
    )
    .node("fca", "fiscalCalendar", "fiscalCalendars")
    .keyed_by(Step::FinanceSetUp, C::Key, "The human key; unique.")
    .fields([
        Field::text("name", C::Name, C::NameFold, "The name.").required().grouped().written_by(Step::FinanceSetUp),
        Field::scalar("description", Scalar::String, C::Description, "What it is for; null when nobody wrote it.")
            .unordered()
            .written_by(Step::FinanceSetUp)
            .longest(4_000),
        Field::many("periods", "FiscalPeriod", fiscal_period::Column::CalendarId, "Its periods, of all lengths."),
    ])
    .audited()
    .archivable()
}
