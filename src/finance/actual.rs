//! Money that a project has spent. Once posted it never changes: what was wrong is reversed, once, and posted again.

use entity::actual::{self, Column as C};

use super::{EXPENDITURE, SOURCE};
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, OfItem, RowScope, Scalar},
};

/// `Actual`.
pub fn declare() -> Entity {
    let text = |name, column: C, doc| Field::scalar(name, Scalar::String, column, doc).written();
    Entity::new(
        "Actual",
        &actual::Entity,
        Class::FinLine,
        RowScope::OfItem(OfItem::USUAL.with_labor()),
        "Money that a project has spent. Once posted it never changes; what was wrong is reversed and posted again.",
    )
    .node("act", "actual", "actuals")
    .keyed(C::Key, "The human key, such as the number of the posting; unique. Made from the id if not said.")
    .with_default_key()
    .fields([
        Field::one("item", C::ItemId, "Project", "The project.").written(),
        Field::date("occurredOn", C::OccurredOn, "The day on which it arose.").required().written(),
        Field::date("postingOn", C::PostingOn, "The day on which it counts: `occurredOn`, or where the period of that day was closed, the first day of the earliest open period after it.").required(),
        Field::one("calendar", C::CalendarId, "FiscalCalendar", "The calendar by whose periods it is posted.").written(),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period in which it was posted: the shortest one of the calendar with the day `postingOn`."),
        Field::one("category", C::CategoryId, "CostCategory", "What it was spent on.").written(),
        Field::choice("source", &SOURCE, C::Source, "Whether it pays for people's work.").required().written(),
        Field::choice("expenditure", &EXPENDITURE, C::Expenditure, "How it is accounted for; OPEX if not said.")
            .required()
            .written()
            .defaulted(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of `amount`; it may be another than the project's.").required().grouped(),
        Field::money("amount", Class::FinLine, (C::Amount, C::Currency), true, "The money, never 0. Below 0 for a credit note, which needs its number in `invoice`, and for what is reversed.")
            .required()
            .written(),
        Field::scalar("quantity", Scalar::Decimal, C::Quantity, "How many units it pays for, such as hours or pieces; null where they are not counted.").written(),
        text("vendor", C::Vendor, "To whom it was paid; null when not said.").grouped(),
        text("invoice", C::Invoice, "The number of the invoice or the credit note; null when there is none."),
        text("description", C::Description, "What it pays for; null when nobody wrote it.").unordered().longest(4_000),
        Field::scalar("isAccrual", Scalar::Boolean, C::IsAccrual, "Whether the money is owed and no invoice has come; not if not said.")
            .required()
            .grouped()
            .written()
            .defaulted(),
        Field::one("commitment", C::CommitmentId, "Commitment", "The commitment of the same project and currency that it draws on; null for none.")
            .written()
            .defaulted(),
        Field::one("reversalOf", C::ReversalOfId, "Actual", "The actual that it reverses; null where it reverses nothing."),
        Field::scalar("reversalReason", Scalar::String, C::ReversalReason, "Why that one was reversed; null where it reverses nothing.").unordered(),
        Field::many("reversals", "Actual", C::ReversalOfId, "What reverses it: one actual at most."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The project's nearest portfolio when it was posted; it stays when the project moves."),
    ])
    .named_outside(Field::written)
    .settled()
    .audited()
}
