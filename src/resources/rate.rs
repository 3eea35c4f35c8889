//! Cards and their rates: what an hour of a resource, a role or a pool costs, for a time.

use entity::{
    rate::{self, Column as R},
    rate_card::{self, Column as C},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `RateCard`.
pub fn declare_card() -> Entity {
    let plain = |field: Field| field.written_by(Step::FinanceSetUp);
    Entity::new(
        "RateCard",
        &rate_card::Entity,
        Class::Basic,
        RowScope::Reference,
        "Rates that go together, such as those of a year or of a customer.",
    )
    .node("rcd", "rateCard", "rateCards")
    .keyed_by(Step::FinanceSetUp, C::Key, "The human key; unique.")
    .fields([
        plain(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        plain(
            Field::scalar(
                "precedence",
                Scalar::Int,
                C::Precedence,
                "Of several cards with a rate for the same, the least goes first, 0 to 1,000; 100 if not said.",
            )
            .required(),
        )
        .defaulted(),
        plain(
            Field::scalar("description", Scalar::String, C::Description, "What it is for; null when nobody wrote it.")
                .unordered(),
        )
        .longest(2_000),
        plain(Field::one(
            "laborCategory",
            C::LaborCategoryId,
            "CostCategory",
            "What work at its rates is accounted as; null while nobody said, and then no such work is posted.",
        )),
        plain(Field::one(
            "calendar",
            C::CalendarId,
            "FiscalCalendar",
            "The calendar by whose periods such work is posted; likewise.",
        )),
        Field::many("rates", "Rate", R::CardId, "Its rates, as far as the caller reads them."),
    ])
    .audited()
    .archivable()
}

/// `Rate`.
pub fn declare() -> Entity {
    Entity::new(
        "Rate",
        &rate::Entity,
        Class::Rate,
        RowScope::OfResource { resource: "resource_id" },
        "What an hour of one resource, of a role or of a pool costs, for a time. That of a resource goes before that of its role, that before the one of its pool; the rate of the day of the work holds, never that of the day on which it is posted.",
    )
    .node("rat", "rate", "rates")
    .fields([
        Field::one("card", R::CardId, "RateCard", "The card.").written().once(),
        Field::one("resource", R::ResourceId, "Resource", "The resource that it is of; null where it is of a role or a pool.").written().once().defaulted(),
        Field::one("role", R::RoleId, "ResourceRole", "The role that it is of; null where it is of a resource or a pool.").written().once().defaulted(),
        Field::one("pool", R::PoolId, "ResourcePool", "The pool that it is of; null where it is of a resource or a role.").written().once().defaulted(),
        Field::date("startOn", R::StartOn, "The first day on which it holds.").required().written(),
        Field::date("endOn", R::EndOn, "The last day; null for no end. On a day one rate of a card holds for the same.").written(),
        Field::money("hourly", Class::Rate, (R::Amount, R::Currency), true, "What an hour costs, 0 or more.").written(),
        Field::scalar("note", Scalar::String, R::Note, "What it is about; null when nobody said.").unordered().written().longest(2_000),
    ])
    .audited()
    .archivable()
}
