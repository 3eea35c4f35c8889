//! A certificate that people can hold, such as PMP or PRINCE2.

use entity::certification::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `Certification`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "Certification",
        &certification::Entity,
        Class::Basic,
        RowScope::Reference,
        "A certificate that people can hold, such as PMP or PRINCE2. Who holds it is told elsewhere.",
    )
    .node("crt", "certification", "certifications")
    .keyed_by(Step::ResourceSetUp, C::Key, "The human key; unique.")
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        set_up(Field::scalar("issuer", Scalar::String, C::Issuer, "Who gives it; null when not said.").grouped()),
        set_up(Field::scalar(
            "validMonths",
            Scalar::Int,
            C::ValidMonths,
            "For how many months it holds from the day on which it is given, 1 to 1,200; null is for ever.",
        )),
        set_up(
            Field::scalar("description", Scalar::String, C::Description, "What it is; null when nobody wrote it.")
                .unordered(),
        )
        .longest(4_000),
    ])
    .audited()
    .archivable()
}
