//! A role of resources: what they do, such as developer or tester. Roles of callers are another thing.

use entity::resource_role::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `ResourceRole`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "ResourceRole",
        &resource_role::Entity,
        Class::Basic,
        RowScope::Reference,
        "What resources do, such as developer or tester. It gives no rights: `RoleAssignment` does.",
    )
    .node("rrl", "resourceRole", "resourceRoles")
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
