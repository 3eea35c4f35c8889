//! A pool: resources that are managed together.

use entity::{
    resource,
    resource_pool::{self, Column as C},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `ResourcePool`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "ResourcePool",
        &resource_pool::Entity,
        Class::Basic,
        RowScope::Reference,
        "Resources that are managed together. A request asks a pool, and its manager answers.",
    )
    .node("rpl", "resourcePool", "resourcePools")
    .keyed_by(Step::ResourceSetUp, C::Key, "The human key; unique.")
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        set_up(Field::one(
            "manager",
            C::ManagerId,
            "Person",
            "Who manages its resources, unless one of them has a manager of its own; null when nobody does.",
        )),
        set_up(Field::one(
            "serves",
            C::ServesId,
            "Portfolio",
            "The portfolio that it serves: in whose figures its people count, and in those above; null while they count in none.",
        )),
        set_up(
            Field::scalar("description", Scalar::String, C::Description, "What it is; null when nobody wrote it.")
                .unordered(),
        )
        .longest(4_000),
        set_up(Field::scalar(
            "mostWeekMinutes",
            Scalar::Int,
            C::MostWeekMinutes,
            "The most minutes that one of its people records in a week, 1 to 10,080; null for no limit but that of the days.",
        )),
        Field::many("resources", "Resource", resource::Column::PoolId, "What is in it."),
    ])
    .audited()
    .archivable()
}
