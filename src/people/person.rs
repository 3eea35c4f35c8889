//! A human that rows name: manager, sponsor, owner. The directory of people is readable to whoever reads anything.

use entity::{person, person_identity, portfolio_item};

use crate::{
    auth::Class,
    graph::decl::{Entity, Field, List, RowScope, Scalar},
    write::Member,
};

/// `Person`.
pub fn declare() -> Entity {
    use person::Column as C;
    use portfolio_item::Column as Item;
    Entity::new(
        "Person",
        &person::Entity,
        Class::Basic,
        RowScope::Directory,
        "A human: whoever manages, sponsors, owns or does something.",
    )
    .node("per", "person", "people")
    .keyed(C::Key, "The human key, such as `anna.keller`; unique among people.")
    .external(entity::external_link::Column::PersonId, "PERSON")
    .fields([
        Field::text("displayName", C::DisplayName, C::DisplayNameFold, "The name that is shown.").required().written(),
        Field::scalar("email", Scalar::Email, C::Email, "The e-mail address; null when none is known.").written(),
        Field::scalar(
            "isActive",
            Scalar::Boolean,
            C::IsActive,
            "Whether the person still works here. Someone who left stays named where she was.",
        )
        .required()
        .written()
        .defaulted(),
        Field::one("orgUnit", C::OrgUnitId, "OrgUnit", "The unit that the person belongs to; null when none is known.")
            .written(),
        Field::many(
            "managedProjects",
            "Project",
            Item::ProjectManagerId,
            "Projects that this person manages, as far as the caller sees them.",
        ),
        Field::many(
            "sponsoredItems",
            "PortfolioItem",
            Item::SponsorId,
            "Portfolios, programs and projects that this person sponsors, as far as the caller sees them.",
        ),
        Field::many(
            "ownedItems",
            "PortfolioItem",
            Item::OwnerId,
            "Portfolios, programs and projects that this person owns, as far as the caller sees them.",
        ),
        Field::many(
            "identities",
            "PersonIdentity",
            person_identity::Column::PersonId,
            "Subjects of tokens that mean this person.",
        ),
        Field::many(
            "roleAssignments",
            "RoleAssignment",
            entity::role_assignment::Column::PersonId,
            "Roles given to this person.",
        ),
        Field::many(
            "externalLinks",
            "ExternalLink",
            entity::external_link::Column::PersonId,
            "What other systems call this person.",
        ),
    ])
    .list(List {
        name: "identities",
        item: "PersonIdentity",
        members: vec![
            Member { name: "issuer", ty: "String!", doc: "The issuer of the tokens (`iss`)." },
            Member { name: "subject", ty: "String!", doc: "The subject there (`sub`)." },
        ],
        class: Class::Sec,
        doc: "Subjects of tokens that mean this person.",
    })
    .audited()
    .archivable()
}

/// `PersonIdentity`.
pub fn declare_identity() -> Entity {
    use person_identity::Column as C;
    Entity::new(
        "PersonIdentity",
        &person_identity::Entity,
        Class::Sec,
        RowScope::Directory,
        "A subject of tokens that means a person.",
    )
    .fields([
        Field::scalar("issuer", Scalar::String, C::Issuer, "The issuer of the tokens (`iss`).").required(),
        Field::scalar("subject", Scalar::String, C::Subject, "The subject there (`sub`).").required(),
        Field::one("person", C::PersonId, "Person", "The person."),
    ])
}
