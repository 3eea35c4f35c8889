//! Values of KPIs that scripts post.

use entity::kpi_posting::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `KpiPosting`. Whether a value tells of money only its KPI knows: so rows are class WORK and values class FIN, which
/// together are nobody's who might not read the figure.
pub fn declare() -> Entity {
    let record = |field: Field| field.written_by(Step::KpiRecord);
    let value = Field::scalar(
        "value",
        Scalar::Decimal,
        C::Value,
        "The value from that day on, until the next; at most nine decimals. 0 is a value like any other.",
    );
    Entity::new(
        "KpiPosting",
        &kpi_posting::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "A value of a KPI of kind POSTED, for one item, from a day on. Figures of an item above sum those of all below it.",
    )
    .node("kpo", "kpiPosting", "kpiPostings")
    .fields([
        record(Field::one("item", C::ItemId, "PortfolioItem", "The item.")).once(),
        record(Field::one("kpi", C::KpiId, "KpiDefinition", "The KPI; of kind POSTED.")).once(),
        record(Field::date("effectiveOn", C::EffectiveOn, "The first day on which it holds; one value an item, a KPI and a day.").required()).once(),
        record(Field { class: Some(Class::Fin), ..value }).due(),
        record(Field::scalar("note", Scalar::String, C::Note, "What explains it; null when nobody wrote it.").unordered()).longest(4_000),
        record(Field::scalar("source", Scalar::String, C::Source, "Where it comes from, such as `SonarQube`; null when not said.").grouped()),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
}
