//! What a KPI of an item is to be on a day.

use entity::kpi_target::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `KpiTarget`. What an item is to reach tells of its money, whatever the KPI: so the value is class FIN.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::KpiSetUp);
    let value = Field::scalar(
        "value",
        Scalar::Decimal,
        C::Value,
        "What the KPI is to be, in its unit and the item's base currency.",
    );
    Entity::new(
        "KpiTarget",
        &kpi_target::Entity,
        Class::Basic,
        RowScope::OF_ITEM,
        "What a KPI of an item is to be from a day on, until the next target; several make a series. It holds for the item alone, not for those below it. Archived ones do not count.",
    )
    .node("ktg", "kpiTarget", "kpiTargets")
    .fields([
        set_up(Field::one("item", C::ItemId, "PortfolioItem", "The item.")).once(),
        set_up(Field::one("kpi", C::KpiId, "KpiDefinition", "The KPI.")).once(),
        set_up(Field::date("targetOn", C::TargetOn, "The day by which it is to be so; one target an item, a KPI and a day.").required()),
        set_up(Field { class: Some(Class::Fin), ..value }).due(),
        set_up(Field::scalar("note", Scalar::String, C::Note, "Why; null when nobody wrote it.").unordered()).longest(4_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
    .archivable()
}
