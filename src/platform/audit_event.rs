//! The audit trail: who changed what, when, by which request. It is written with the change and never again.

use entity::audit_event;

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
    kpi::alert,
};

/// `AuditAction`.
static ACTION: EnumDecl = EnumDecl {
    name: "AuditAction",
    doc: "What was done with an object.",
    values: &[
        ("CREATED", "It was made."),
        ("UPDATED", "It was changed."),
        ("ARCHIVED", "It was archived."),
        ("UNARCHIVED", "It was taken out of the archive."),
        ("DELETED", "It was removed, having been no more than a draft."),
    ],
};

/// `AuditEvent`.
pub fn declare() -> Entity {
    use audit_event::Column as C;
    Entity::new(
        "AuditEvent",
        &audit_event::Entity,
        Class::Aud,
        RowScope::OF_ITEM,
        "One change of one object. Entries of a transaction share its id; they follow their object's confidentiality and are never changed otherwise.",
    )
    // That there is an alert tells of figures over all rows.
    .everywhere_where(C::TargetType, "Alert", alert::EVERYWHERE)
    .node("aud", "auditEvent", "auditTrail")
    .fields([
        Field::scalar("at", Scalar::DateTime, C::At, "When it was written.").required().grouped(),
        Field::choice("action", &ACTION, C::Action, "What was done.").required(),
        Field::scalar("targetType", Scalar::String, C::TargetType, "The object's type, such as `Project`.")
            .required()
            .grouped(),
        Field::scalar("targetId", Scalar::Id, C::TargetRef, "The object's id.").required(),
        Field::scalar("targetVersion", Scalar::Version, C::TargetVersion, "The object's version after the change.")
            .required()
            .unfiltered(),
        Field::scalar("mutation", Scalar::String, C::Mutation, "The mutation or command.").required().grouped(),
        Field::scalar("requestId", Scalar::String, C::RequestId, "The request that asked for it.").required(),
        Field::one("actor", C::ActorId, "Person", "Who did it; null for an API key and for the system."),
        // Who may log in as whom is class SEC wherever it stands.
        Field {
            class: Some(Class::Sec),
            ..Field::scalar(
                "principal",
                Scalar::String,
                C::Principal,
                "The credential: issuer and subject of a token, or `key:` and the id of an API key.",
            )
        },
        Field::one(
            "item",
            C::ItemId,
            "PortfolioItem",
            "The portfolio, program or project that the object is or belongs to; null for none, or when the caller cannot see it.",
        ),
        Field::trail(
            "changes",
            C::Changes,
            (C::BeforeItemId, C::AfterItemId),
            "What changed. A value is masked where the caller may not read its field on this object.",
        )
        .required(),
    ])
    .unfollowed()
}
