//! A calendar of work: the times of each day of the week, over those of a base, with exceptions.

use entity::{
    calendar_exception,
    work_calendar::{self, Column as C},
};

use super::working_days;
use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `WorkCalendar`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    let day = |name, column: C, doc| set_up(Field::scalar(name, Scalar::String, column, doc).unordered()).longest(200);
    Entity::new(
        "WorkCalendar",
        &work_calendar::Entity,
        Class::Basic,
        RowScope::Reference,
        "When people work: times of each day of the week, and exceptions. Times are civil, those of wherever the work is done; a day has 24 hours. Of a day the first holds that says anything: an exception of the calendar itself, one of its base and so on up, its own week, the week of its base. What nobody says is no working time.",
    )
    .node("wcl", "workCalendar", "workCalendars")
    .keyed_by(Step::ResourceSetUp, C::Key, "The human key; unique.")
    .fields([
        set_up(Field::text("name", C::Name, C::NameFold, "The name.").required().grouped()),
        set_up(Field::one("base", C::BaseId, "WorkCalendar", "The calendar that holds where this one says nothing; null for none. No calendar is its own base, however far up.")),
        day("monday", C::Monday, "Working times of Mondays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("tuesday", C::Tuesday, "Working times of Tuesdays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("wednesday", C::Wednesday, "Working times of Wednesdays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("thursday", C::Thursday, "Working times of Thursdays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("friday", C::Friday, "Working times of Fridays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("saturday", C::Saturday, "Working times of Saturdays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        day("sunday", C::Sunday, "Working times of Sundays such as `08:00-12:00 13:00-17:00`, up to `24:00`; empty for none; null where the base says."),
        set_up(Field::scalar("description", Scalar::String, C::Description, "What it is for; null when nobody wrote it.").unordered())
            .longest(4_000),
        Field::many("exceptions", "CalendarException", calendar_exception::Column::CalendarId, "Its own exceptions, not those of its base."),
        Field::answer(working_days::answer()),
        Field::many("derived", "WorkCalendar", C::BaseId, "The calendars that it is the base of."),
    ])
    .named_outside(set_up)
    .audited()
    .archivable()
}
