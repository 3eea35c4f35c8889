//! An exception of a calendar: days on which other times hold, once or again and again.

use entity::calendar_exception::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `CalendarRecurrence`.
static RECURRENCE: EnumDecl = EnumDecl {
    name: "CalendarRecurrence",
    doc: "On which days an exception holds.",
    values: &[
        ("ONCE", "On each day from the first to the last; without a last one on the first alone."),
        ("DAILY", "Every so many days."),
        ("WEEKLY", "On some days of the week, every so many weeks, counted from the Sunday of the first day's week."),
        ("MONTHLY_ON_DAY", "On a day of the month, every so many months; on the month's last day where it is shorter."),
        ("MONTHLY_ON_POSITION", "On a position in the month, such as its last Friday, every so many months."),
        ("YEARLY_ON_DAY", "On a day of a month, each year; on the month's last day where it is shorter."),
        ("YEARLY_ON_POSITION", "On a position in a month, each year."),
    ],
};

/// `Weekday`.
static WEEKDAY: EnumDecl = EnumDecl {
    name: "Weekday",
    doc: "A day of the week.",
    values: &[
        ("MONDAY", "Monday."),
        ("TUESDAY", "Tuesday."),
        ("WEDNESDAY", "Wednesday."),
        ("THURSDAY", "Thursday."),
        ("FRIDAY", "Friday."),
        ("SATURDAY", "Saturday."),
        ("SUNDAY", "Sunday."),
    ],
};

/// `CalendarPosition`.
static POSITION: EnumDecl = EnumDecl {
    name: "CalendarPosition",
    doc: "Which one in a month.",
    values: &[
        ("FIRST", "The first."),
        ("SECOND", "The second."),
        ("THIRD", "The third."),
        ("FOURTH", "The fourth."),
        ("LAST", "The last."),
    ],
};

/// `CalendarPositionOf`.
static POSITION_OF: EnumDecl = EnumDecl {
    name: "CalendarPositionOf",
    doc: "What is counted in a month.",
    values: &[
        ("DAY", "Days."),
        ("WEEKDAY", "Days from Monday to Friday."),
        ("WEEKEND_DAY", "Saturdays and Sundays."),
        ("MONDAY", "Mondays."),
        ("TUESDAY", "Tuesdays."),
        ("WEDNESDAY", "Wednesdays."),
        ("THURSDAY", "Thursdays."),
        ("FRIDAY", "Fridays."),
        ("SATURDAY", "Saturdays."),
        ("SUNDAY", "Sundays."),
    ],
};

/// `CalendarException`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::ResourceSetUp);
    Entity::new(
        "CalendarException",
        &calendar_exception::Entity,
        Class::Basic,
        RowScope::Reference,
        "Days of a calendar on which other times hold than its week says: holidays, and days that are worked for once. Of several about a day, one that holds once goes before one that recurs, then the one made earlier.",
    )
    .node("cex", "calendarException", "calendarExceptions")
    .fields([
        set_up(Field::one("calendar", C::CalendarId, "WorkCalendar", "The calendar.")).once(),
        set_up(Field::text("name", C::Name, C::NameFold, "What it is called, such as `Christmas`.").required().grouped()),
        set_up(Field::choice("recurrence", &RECURRENCE, C::Recurrence, "On which days it holds; ONCE if not said.").required())
            .defaulted(),
        set_up(Field::date("startOn", C::StartOn, "The first day on which it can hold.").required()),
        set_up(Field::date("endOn", C::EndOn, "The last; null where it holds on the first day alone, or recurs without end.")),
        set_up(Field::scalar(
            "occurrences",
            Scalar::Int,
            C::Occurrences,
            "How many times it recurs at most, 1 to 9,999, where it has no last day; null for no such limit.",
        )),
        set_up(Field::scalar("every", Scalar::Int, C::Every, "Of how many days, weeks or months one counts, 1 to 999; 1 if not said.").required())
            .defaulted(),
        set_up(Field::choices("weekdays", &WEEKDAY, C::Weekdays, "Its days of the week where it is WEEKLY; null otherwise.")),
        set_up(Field::scalar("month", Scalar::Int, C::Month, "Its month, 1 to 12, where it is yearly; null otherwise.")),
        set_up(Field::scalar("monthDay", Scalar::Int, C::MonthDay, "Its day of the month, 1 to 31, where it is on a day; null otherwise.")),
        set_up(Field::choice("position", &POSITION, C::Position, "Which one in the month, where it is on a position; null otherwise.")),
        set_up(Field::choice("positionOf", &POSITION_OF, C::PositionOf, "Which one of what, where it is on a position; null otherwise.")),
        set_up(
            Field::scalar(
                "workingTimes",
                Scalar::String,
                C::WorkingTimes,
                "Working times of those days such as `08:00-12:00`; empty for none, and so if not said.",
            )
            .required()
            .unordered(),
        )
        .longest(200)
        .defaulted(),
    ])
    .named_outside(set_up)
    .audited()
    .archivable()
}
