//! What people have worked: weeks, and entries of their days. A week is about all that somebody does, so it is hers and of who
//! manages her; an entry on a project is of who manages the project, too, and tells hours, never what they cost.

use entity::{
    time_entry::{self, Column as E},
    timesheet::{self, Column as S},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// `TimesheetState`.
static STATE: EnumDecl = EnumDecl {
    name: "TimesheetState",
    doc: "Where a week stands.",
    values: &[
        ("OPEN", "It is being written."),
        ("SUBMITTED", "It was handed in."),
        ("APPROVED", "It was found right, and is worked time from now on."),
        ("POSTED", "It has become cost of its projects and never changes again; what was wrong is reversed."),
        ("RETURNED", "It was given back and is written again."),
    ],
};

fn record(field: Field) -> Field {
    field.written_by(Step::TimeRecord)
}

/// `Timesheet`.
pub fn declare() -> Entity {
    Entity::new(
        "Timesheet",
        &timesheet::Entity,
        Class::Person,
        RowScope::OfWorker { resource: "resource_id" },
        "A week of a person, from Monday to Sunday. It is made with the first entry of the week, or by itself. Read by the person herself and by who manages her.",
    )
    .node("tsh", "timesheet", "timesheets")
    .fields([
        record(Field::one("resource", S::ResourceId, "Resource", "Whose week it is: a resource of kind PERSON.")).once(),
        record(Field::date("weekStartOn", S::WeekStartOn, "The Monday with which the week begins.").required()).once(),
        Field::choice("state", &STATE, S::State, "Where it stands.").required(),
        Field::scalar("dueAt", Scalar::DateTime, S::DueAt, "By when it is to be submitted: noon, UTC, of the Monday after it.").required(),
        Field::scalar("submittedAt", Scalar::DateTime, S::SubmittedAt, "When it was submitted last; null where it is not."),
        Field::one("submittedBy", S::SubmittedById, "Person", "Who submitted it; null where it is not."),
        Field::scalar("approvedAt", Scalar::DateTime, S::ApprovedAt, "When it was approved; null where it is not."),
        Field::one("approvedBy", S::ApprovedById, "Person", "Who approved it, never the person herself nor who submitted it; null where it is not approved."),
        Field::scalar("postedAt", Scalar::DateTime, S::PostedAt, "When it was posted; null while it is not."),
        Field::scalar("returnNote", Scalar::String, S::ReturnNote, "Why it was returned; null where it was not since it was submitted last.").unordered(),
        Field::scalar(
            "unratedMinutes",
            Scalar::Int,
            S::UnratedMinutes,
            "Minutes on projects that were posted and cost nothing, since no rate held on their day; null while it is not posted.",
        ).summed(),
        Field::many("entries", "TimeEntry", E::TimesheetId, "What was done, day by day, as far as the caller sees it."),
    ])
    .audited()
}

/// `TimeEntry`.
pub fn declare_entry() -> Entity {
    Entity::new(
        "TimeEntry",
        &time_entry::Entity,
        Class::Person,
        RowScope::OfItem(OfItem::USUAL.about_resource()),
        "Minutes that a person worked on a day, on a project or on something else. Read by the person herself, by who manages her, and where it is of a project by who manages that. Once posted it never changes; what was wrong is reversed.",
    )
    .node("ten", "timeEntry", "timeEntries")
    .fields([
        Field::one("timesheet", E::TimesheetId, "Timesheet", "The week that it stands in."),
        record(Field::one("resource", E::ResourceId, "Resource", "Who worked: a resource of kind PERSON.")).once(),
        record(Field::date("workOn", E::WorkOn, "The day of the work, not after the week that is under way, nor in a closed fiscal period.").required()).once(),
        record(Field::one("project", E::ItemId, "Project", "The project, which is not closed; null where it is of a category.")).once().defaulted(),
        record(Field::one("category", E::CategoryId, "TimeCategory", "What it was beside projects; null where it is of a project.")).once().defaulted(),
        Field::choice("state", &STATE, E::State, "Where its week stands.").required(),
        record(
            Field::scalar(
                "minutes",
                Scalar::Int,
                E::Minutes,
                "Minutes, 1 to 1,440; those of a person on a day are at most 1,440 together. Below 0 where it reverses another entry.",
            ).summed()
            .required(),
        ),
        record(Field::scalar("startTime", Scalar::String, E::StartTime, "When it began, as `HH:MM` where the person was; null when not said.")),
        record(Field::scalar(
            "endTime",
            Scalar::String,
            E::EndTime,
            "When it ended, likewise, `24:00` for the end of the day; null when not said. Entries with times do not overlap.",
        )),
        record(Field::scalar("isBillable", Scalar::Boolean, E::IsBillable, "Whether somebody else is billed for it; not if not said.").required().grouped())
            .defaulted(),
        record(
            Field::scalar("isCapex", Scalar::Boolean, E::IsCapex, "Whether it makes an asset, on a project alone; not if not said.")
                .required()
                .grouped(),
        )
        .defaulted(),
        record(Field::scalar("note", Scalar::String, E::Note, "What was done; null when nobody said.").unordered()).longest(2_000),
        Field::date("postedOn", E::PostedOn, "The day on which it was posted; null while it is not."),
        Field::scalar("isUnrated", Scalar::Boolean, E::IsUnrated, "Whether it was posted and costs nothing, since no rate held on its day.").required().grouped(),
        Field::one("reversalOf", E::ReversalOfId, "TimeEntry", "The entry that it reverses; null where it reverses none."),
        Field::scalar("reversalReason", Scalar::String, E::ReversalReason, "Why that one was reversed; null where it reverses none.").unordered(),
        Field::many("reversals", "TimeEntry", E::ReversalOfId, "What reverses it: one entry at most."),
    ])
    .named_outside(record)
    .audited()
}
