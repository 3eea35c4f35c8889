//! What another system calls something here: the key of imports and of two-way synchronization.

use entity::external_link;

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `LinkDirection`.
static DIRECTION: EnumDecl = EnumDecl {
    name: "LinkDirection",
    doc: "Which way data flows over a link.",
    values: &[
        ("IN", "The other system is the source."),
        ("OUT", "The other system is kept up to date from here."),
        ("BOTH", "Both ways."),
    ],
};

/// `ExternalLink`.
pub fn declare() -> Entity {
    use external_link::Column as C;
    let rows = RowScope::OfItem { item: "item_id", portfolio: "portfolio_id", restricted: "is_restricted" };
    Entity::new(
        "ExternalLink",
        &external_link::Entity,
        Class::Work,
        rows,
        "The id that another system gave to something here.",
    )
    .node("ext", "externalLink", "externalLinks")
    .fields([
        Field::scalar("system", Scalar::String, C::System, "The other system, such as `JIRA`.").required().grouped(),
        Field::scalar(
            "externalId",
            Scalar::String,
            C::ExternalId,
            "The id there; unique within system and type of thing.",
        )
        .required(),
        Field::scalar("url", Scalar::Url, C::Url, "Where it can be seen there; null when unknown."),
        Field::choice("direction", &DIRECTION, C::Direction, "Which way data flows.").required(),
        Field::union(
            "target",
            "ExternalTarget",
            vec![("item_id", "PortfolioItem"), ("person_id", "Person"), ("org_unit_id", "OrgUnit")],
            "What it is the id of; null when the caller cannot see it.",
        ),
    ])
    .audited()
}
