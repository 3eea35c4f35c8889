//! A skill: what resources can do, and requests ask for.

use entity::skill::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `Skill`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "Skill",
        &skill::Entity,
        Class::Basic,
        RowScope::Reference,
        "What resources can do, and requests ask for.",
    )
    .node("skl", "skill", "skills")
    .keyed_by(Step::ResourceSetUp, C::Key, "The human key; unique.")
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        set_up(
            Field::scalar(
                "category",
                Scalar::String,
                C::Category,
                "What it is part of, such as `Engineering`; null when not said.",
            )
            .grouped(),
        ),
        set_up(
            Field::scalar("description", Scalar::String, C::Description, "What it is; null when nobody wrote it.")
                .unordered(),
        )
        .longest(4_000),
    ])
    .audited()
    .archivable()
}
