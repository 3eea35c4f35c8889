//! What was measured of a benefit, with what shows it, and to which item it is attributed.

use entity::benefit_actual::{self, Column as C};

use super::benefit::ROWS;
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, Scalar},
};

/// `BenefitActualState`.
static STATE: EnumDecl = EnumDecl {
    name: "BenefitActualState",
    doc: "Where something that was measured stands: RECORDED, then VALIDATED, or RETURNED and recorded again. REVERSED takes back what was validated.",
    values: &[
        ("RECORDED", "Written; waits for validation."),
        ("RETURNED", "Given back with a note; counts as not measured until it is written again."),
        ("VALIDATED", "Confirmed; never changes again."),
        ("REVERSED", "Taken back after it was validated; it counts no longer, and stays readable."),
    ],
};

/// `BenefitActual`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitActual",
        &benefit_actual::Entity,
        Class::BenActual,
        ROWS,
        "What was measured on a day, as far as it is attributed to one item. Several items share one measurement: their shares sum to at most 1, and all of them tell the same value and amount.",
    )
    .node("bac", "benefitActual", "benefitActuals")
    .fields([
        Field::one("measure", C::MeasureId, "BenefitMeasure", "What was measured.").written().once(),
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit."),
        // Before the item that it is of: of links to items the trail tells the first that changed.
        Field::one(
            "attributedItem",
            C::AttributedItemId,
            "PortfolioItem",
            "The item to which it is attributed: the benefit's own if not said, or one that helps to bring it. Null when the caller cannot see it.",
        )
        .written()
        .due()
        .defaulted(),
        Field::one("item", C::ItemId, "PortfolioItem", "The item that is to bring the benefit."),
        Field::scalar("attributionShare", Scalar::Percent, C::AttributionShare, "How much of what was measured that item brought, above 0 to 1; 1 if not said.")
            .required()
            .written()
            .defaulted(),
        Field::date("measuredOn", C::MeasuredOn, "The day whose level it tells, and the last one of the period that its money is of; not in the future.")
            .required()
            .written(),
        Field::date(
            "dueOn",
            C::DueOn,
            "The due date of the measure's calendar that it answers; null for one beside the calendar. If not said, that of the other actuals of the same day, else the measure's next one, if that is not after `measuredOn`.",
        )
        .written(),
        Field::scalar("value", Scalar::Decimal, C::Value, "The level that was measured, in the measure's unit.").required().written(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The benefit's currency.").required().grouped(),
        Field::money(
            "amount",
            Class::BenActual,
            (C::Amount, C::Currency),
            false,
            "All the money that was had since the measurement before, for financial kinds of benefits; below 0 where it was worse than without. A dis-benefit's is positive, its polarity says which way it counts. Not summed: each item that shares the measurement tells all of it. Null where none is told.",
        )
        .written(),
        Field::money(
            "attributedAmount",
            Class::BenActual,
            (C::AttributedAmount, C::Currency),
            true,
            "`amount` times `attributionShare`, rounded half to even at 1/10,000; null where there is no amount.",
        ),
        Field::scalar("evidence", Scalar::String, C::Evidence, "What shows it; null when nobody wrote it.").unordered().written().longest(20_000),
        Field::scalar("evidenceUrl", Scalar::Url, C::EvidenceUrl, "Where that can be seen; null for nowhere.").written().longest(2_000),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::scalar("recordedAt", Scalar::DateTime, C::RecordedAt, "When what it says was written last.").required(),
        Field::one("recordedBy", C::RecordedById, "Person", "Who wrote that; null for a key."),
        Field::scalar("decisionNote", Scalar::String, C::DecisionNote, "Why it was returned or reversed; null otherwise.").unordered(),
        Field::scalar("validatedAt", Scalar::DateTime, C::ValidatedAt, "When it was validated; null before."),
        Field::one("validatedBy", C::ValidatedById, "Person", "Who validated it; null before."),
        Field::scalar("reversedAt", Scalar::DateTime, C::ReversedAt, "When it was reversed; null unless it was."),
        Field::one("reversedBy", C::ReversedById, "Person", "Who reversed it; null unless somebody did."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when it was recorded first; it stays when the item moves."),
    ])
    .named_outside(Field::written)
    .audited()
}
