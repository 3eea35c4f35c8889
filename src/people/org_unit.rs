//! A unit of the organization; units form a tree.

use entity::{org_unit, person, portfolio_item};

use crate::{
    auth::Class,
    graph::decl::{Entity, Field, RowScope},
};

/// `OrgUnit`.
pub fn declare() -> Entity {
    use org_unit::Column as C;
    Entity::new(
        "OrgUnit",
        &org_unit::Entity,
        Class::Basic,
        RowScope::Directory,
        "A unit of the organization, part of a tree.",
    )
    .node("org", "orgUnit", "orgUnits")
    .keyed(C::Key, "The human key; unique among units.")
    .external(entity::external_link::Column::OrgUnitId, "ORG_UNIT")
    .fields([
        Field::text("name", C::Name, C::NameFold, "The unit's name.").required().written(),
        Field::one("parent", C::ParentId, "OrgUnit", "The unit above; null at the top.").written(),
        Field::many("children", "OrgUnit", C::ParentId, "The units right below."),
        Field::many("people", "Person", person::Column::OrgUnitId, "People of this unit itself, not of units below."),
        Field::many(
            "items",
            "PortfolioItem",
            portfolio_item::Column::OrgUnitId,
            "Portfolios, programs and projects of this unit, as far as the caller sees them.",
        ),
        Field::many(
            "externalLinks",
            "ExternalLink",
            entity::external_link::Column::OrgUnitId,
            "What other systems call this unit.",
        ),
    ])
    .audited()
    .archivable()
}
