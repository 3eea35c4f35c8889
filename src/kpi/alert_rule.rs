//! When somebody is to be told that a KPI has left its bounds.

use entity::{
    alert,
    alert_rule::{self, Column as C},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `AlertStatus`.
pub(super) static STATUS: EnumDecl = EnumDecl {
    name: "AlertStatus",
    doc: "How bad it is.",
    values: &[("AMBER", "Outside of what is green."), ("RED", "Outside of what is amber.")],
};

/// `AlertRule`. Alerts are about figures over all rows, so who reads those sets up what is watched.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::KpiSetUp);
    Entity::new(
        "AlertRule",
        &alert_rule::Entity,
        Class::Basic,
        RowScope::OF_ITEM,
        "When an alert is raised: as soon as a stored color of a KPI is as bad as this, and not again before it was better. Stored colors are over all rows and change only beyond a bound by the margin.",
    )
    .node("arl", "alertRule", "alertRules")
    .keyed_by(Step::KpiSetUp, C::Key, "The human key; unique. Made from the id if not said.")
    .with_default_key()
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "What it is called.").required()),
        set_up(Field::one("item", C::ItemId, "PortfolioItem", "The item that is watched.")).once(),
        set_up(Field::one("kpi", C::KpiId, "KpiDefinition", "The KPI.")).once(),
        set_up(Field::scalar("hasDescendants", Scalar::Boolean, C::HasDescendants, "Whether all below the item are watched too, each by itself; not so if not said.").required().grouped())
            .defaulted(),
        set_up(Field::choice("status", &STATUS, C::Status, "From which color on; RED if not said.").required()).defaulted(),
        set_up(Field::scalar("isEnabled", Scalar::Boolean, C::IsEnabled, "Whether it is watched; so if not said. Its alerts close when it is not.").required().grouped())
            .defaulted(),
        set_up(Field::scalar("note", Scalar::String, C::Note, "Why; null when nobody wrote it.").unordered()).longest(4_000),
        Field::many("alerts", "Alert", alert::Column::RuleId, "What it raised."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
    .archivable()
}
