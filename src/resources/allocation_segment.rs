//! What another system said of an allocation, kept as it said it: only imports write it.

use entity::allocation_segment::{self, Column as C};

use super::allocation::ROWS;
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, Scalar},
};

/// `SegmentBooking`.
static BOOKING: EnumDecl = EnumDecl {
    name: "SegmentBooking",
    doc: "Whether the other system calls an amount agreed.",
    values: &[("SOFT", "It is planned there."), ("HARD", "It is agreed there.")],
};

/// `SegmentUnit`.
static UNIT: EnumDecl = EnumDecl {
    name: "SegmentUnit",
    doc: "What the amount of a segment counts. Files do not say it: whoever imports one does.",
    values: &[
        ("HOURS", "Hours of work, from its beginning to its end together."),
        (
            "DAYS",
            "Working days, each as long as the most usual one of the calendar in that time, from its beginning to its end together.",
        ),
        ("FTE", "Full-time people: a part of each working day of the calendar, 1 for all of it."),
        ("PERCENT", "A part of each working day of the calendar, 100 for all of it."),
    ],
};

/// `AllocationSegment`.
pub fn declare() -> Entity {
    Entity::new(
        "AllocationSegment",
        &allocation_segment::Entity,
        Class::Work,
        ROWS,
        "An amount of work from when to when, as another system told it of an allocation. The days of the allocation follow from it; it is changed by the next import alone.",
    )
    .node("als", "allocationSegment", "allocationSegments")
    .fields([
        Field::one("allocation", C::AllocationId, "Allocation", "The allocation."),
        Field::one("project", C::ItemId, "Project", "Its project."),
        Field::one("resource", C::ResourceId, "Resource", "Its resource."),
        Field::scalar("position", Scalar::Int, C::Position, "Its place among those of the allocation, from 1.").required(),
        Field::choice("booking", &BOOKING, C::Booking, "Whether it is agreed there; the allocation says how far it is here.").required(),
        Field::date("startOn", C::StartOn, "The first of its days.").required(),
        Field::date("endOn", C::EndOn, "The last of its days.").required(),
        Field::scalar("toldStart", Scalar::String, C::ToldStart, "When it begins, as told: a civil time such as `2009-11-01T08:00:00`.")
            .required()
            .unordered(),
        Field::scalar("toldFinish", Scalar::String, C::ToldFinish, "When it ends, to the last second, as told: `2009-11-30T17:59:59` is that day and not the next.")
            .required()
            .unordered(),
        Field::scalar("toldSum", Scalar::String, C::ToldSum, "The amount as told, a decimal number of 0 or more, such as `0.3`; `unit` says of what.")
            .required()
            .unordered(),
        Field::choice("unit", &UNIT, C::Unit, "What the amount counts, as whoever imported it said.").required(),
    ])
    .unfollowed()
}
