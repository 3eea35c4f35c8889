//! A resource: who or what does the work. The directory of resources is readable to whoever reads anything; what is known of
//! one beyond its name is for those it relates to.

use entity::{
    allocation, certification_held, overbooking,
    resource::{self, Column as C},
    resource_skill, time_entry, time_off, timesheet,
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `ResourceKind`.
static KIND: EnumDecl = EnumDecl {
    name: "ResourceKind",
    doc: "What does the work.",
    values: &[
        ("PERSON", "A human, named by `person`."),
        ("GENERIC", "A place for somebody of a role who is not known yet."),
        ("TEAM", "Several people who are booked as one."),
        ("EQUIPMENT", "A machine, a room, a vehicle: it has hours, too."),
        ("MATERIAL", "What is used up: it has pieces and no hours."),
    ],
};

/// `Resource`.
pub fn declare() -> Entity {
    let manage = |field: Field| field.written_by(Step::ResourceManage);
    let of = |class: Class, field: Field| Field { class: Some(class), ..manage(field) };
    Entity::new(
        "Resource",
        &resource::Entity,
        Class::Basic,
        RowScope::Resource,
        "Who or what does the work. Its capacity on a day is the time of its calendar × its full-time people, less time off.",
    )
    .node("res", "resource", "resources")
    .keyed_by(Step::ResourceManage, C::Key, "The human key; unique among resources.")
    .fields([
        manage(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        manage(Field::choice("kind", &KIND, C::Kind, "What it is; settled when it is made.").required()).once(),
        manage(Field::one("person", C::PersonId, "Person", "The human, of a PERSON alone; one human is one resource at most.").grouped()),
        manage(Field::one("role", C::RoleId, "ResourceRole", "The role that it mostly has; null when it has none.")),
        manage(Field::one("pool", C::PoolId, "ResourcePool", "The pool that it is in; null when it is in none.")),
        manage(Field::one("manager", C::ManagerId, "Person", "Who manages it; null where the manager of its pool does.")),
        manage(Field::one("orgUnit", C::OrgUnitId, "OrgUnit", "The unit that it belongs to; null when none is known.")),
        manage(Field::scalar("location", Scalar::String, C::Location, "Where it works, such as `Zürich`; null when not said.").grouped()),
        of(
            Class::Work,
            Field::scalar("fte", Scalar::Decimal, C::Fte, "How many full-time people it is worth, above 0 and at most 10; null for material, which has no hours."),
        ),
        manage(Field::one("calendar", C::CalendarId, "WorkCalendar", "The calendar that it works by; without one its capacity is not known.")),
        of(Class::Person, Field::date("employedFromOn", C::EmployedFromOn, "The first day of its employment, before which it has no capacity; null for since ever.")),
        of(Class::Person, Field::date("employedToOn", C::EmployedToOn, "The last day of its employment; null for no end.")),
        Field::many("skills", "ResourceSkill", resource_skill::Column::ResourceId, "What it can do."),
        Field::many("certificationsHeld", "CertificationHeld", certification_held::Column::ResourceId, "What is attested to it."),
        Field::many("allocations", "Allocation", allocation::Column::ResourceId, "What it is booked for, as far as the caller sees it."),
        Field::many("timeOff", "TimeOff", time_off::Column::ResourceId, "When it does not work."),
        Field::many("overbookings", "Overbooking", overbooking::Column::ResourceId, "When more is booked on it than it can do."),
        Field::many("timesheets", "Timesheet", timesheet::Column::ResourceId, "Its weeks, of a PERSON."),
        Field::many("timeEntries", "TimeEntry", time_entry::Column::ResourceId, "What it has worked, as far as the caller sees it."),
    ])
    .named_outside(manage)
    .audited()
    .archivable()
}
