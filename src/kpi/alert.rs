//! A KPI that has left its bounds: told once, until it is back.

use entity::alert::{self, Column as C};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// Classes of KPIs. An alert is about a figure over all rows: who reads those of its KPI on every row may know of it; of a
/// project, below which nothing is, who reads them there.
pub const EVERYWHERE: &[Class] = &[Class::Basic, Class::Work, Class::Fin, Class::Ben];

/// `AlertState`.
static STATE: EnumDecl = EnumDecl {
    name: "AlertState",
    doc: "Where an alert stands.",
    values: &[
        ("OPEN", "It was raised, and nobody took note."),
        ("ACKNOWLEDGED", "Somebody took note; the KPI is not back yet."),
        ("CLOSED", "The KPI is better again, or the rule no longer watches it."),
    ],
};

/// `Alert`.
pub fn declare() -> Entity {
    Entity::new(
        "Alert",
        &alert::Entity,
        Class::Basic,
        RowScope::OF_ITEM,
        "A KPI of an item that is as bad as its rule says, over all rows: for who sees the item and reads the classes of the KPI everywhere; of a project, for who reads them on it. Of a rule and an item one at most is not closed.",
    )
    .everywhere_naming(C::Classes, C::IsAlone, EVERYWHERE)
    .node("alr", "alert", "alerts")
    .fields([
        Field::one("rule", C::RuleId, "AlertRule", "The rule that raised it."),
        Field::one("item", C::ItemId, "PortfolioItem", "The item."),
        Field::one("kpi", C::KpiId, "KpiDefinition", "The KPI."),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::choice("status", &super::alert_rule::STATUS, C::Status, "The color that raised it.").required(),
        Field::scalar("value", Scalar::String, C::Value, "The value that raised it, as a decimal; null where there was none.").unordered(),
        Field::scalar("unit", Scalar::String, C::Unit, "The unit of the value; a currency's code for money.").required().grouped(),
        Field::date("periodEndOn", C::PeriodEndOn, "The day that the value is about.").required(),
        Field::scalar("openedAt", Scalar::DateTime, C::OpenedAt, "When it was raised.").required().grouped(),
        Field::scalar("acknowledgedAt", Scalar::DateTime, C::AcknowledgedAt, "When somebody took note; null before."),
        Field::one("acknowledgedBy", C::AcknowledgedById, "Person", "Who did; null before, and for an API key."),
        Field::scalar("note", Scalar::String, C::Note, "What she said; null when she said nothing.").unordered(),
        Field::scalar("closedAt", Scalar::DateTime, C::ClosedAt, "When it was closed; null while it lasts."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
}
