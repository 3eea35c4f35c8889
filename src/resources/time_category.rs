//! A category of time: what people do beside projects.

use entity::time_category::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `TimeCategory`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "TimeCategory",
        &time_category::Entity,
        Class::Basic,
        RowScope::Reference,
        "What people do beside projects, such as training or administration.",
    )
    .node("tct", "timeCategory", "timeCategories")
    .keyed_by(Step::ResourceSetUp, C::Key, "The human key; unique.")
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        set_up(
            Field::scalar("description", Scalar::String, C::Description, "What it is; null when nobody wrote it.")
                .unordered(),
        )
        .longest(4_000),
    ])
    .audited()
    .archivable()
}
