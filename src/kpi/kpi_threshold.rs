//! Bounds of a KPI for an item and all below it.

use entity::kpi_threshold::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `KpiThreshold`. What an item may not exceed tells of its money, whatever the KPI: so bounds are class FIN.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::KpiSetUp);
    let bound = |name, column: C, doc| {
        let field = Field::scalar(name, Scalar::Decimal, column, doc).unordered();
        set_up(Field { class: Some(Class::Fin), ..field })
    };
    Entity::new(
        "KpiThreshold",
        &kpi_threshold::Entity,
        Class::Basic,
        RowScope::OF_ITEM,
        "Bounds of a KPI for an item and all below it, in place of those of its definition, until the next ones of the same item begin. The nearest item above that has any decides. They stand in the order of the KPI's direction; archived ones do not count.",
    )
    .node("kth", "kpiThreshold", "kpiThresholds")
    .fields([
        set_up(Field::one("item", C::ItemId, "PortfolioItem", "The item.")).once(),
        set_up(Field::one("kpi", C::KpiId, "KpiDefinition", "The KPI.")).once(),
        set_up(Field::date("validFromOn", C::ValidFromOn, "The first day on which they hold; one set of bounds an item, a KPI and a day.").required()),
        bound("greenFrom", C::GreenFrom, "Green from here on; null for no such bound."),
        bound("greenTo", C::GreenTo, "Green up to here; null for no such bound."),
        bound("amberFrom", C::AmberFrom, "Amber from here on, where it is not green; null for no such bound."),
        bound("amberTo", C::AmberTo, "Amber up to here, where it is not green; null for no such bound."),
        set_up(
            Field::scalar("hysteresis", Scalar::Decimal, C::Hysteresis, "How far beyond a bound a stored color changes; 0 or more, 0.01 if not said.")
                .required()
                .unordered(),
        )
        .defaulted(),
        set_up(Field::scalar("note", Scalar::String, C::Note, "Why; null when nobody wrote it.").unordered()).longest(4_000),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
    .archivable()
}
