//! An allocation: a resource booked for a project, and the days of it.

use entity::{
    allocation::{self, Column as C},
    allocation_period::{self, Column as P},
    allocation_segment::Column as S,
};

use super::screens;
use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// Rows of a project that are about a resource.
pub(super) const ROWS: RowScope = RowScope::OfItem(OfItem::USUAL.about_resource());

/// `AllocationState`.
static STATE: EnumDecl = EnumDecl {
    name: "AllocationState",
    doc: "How far a booking is.",
    values: &[
        ("PROPOSED", "Suggested in answer to a request; it takes no capacity."),
        ("SOFT", "Planned, and not confirmed: it may exceed the capacity, which is told."),
        ("HARD", "Confirmed by whoever manages the resource: within its capacity, unless she accepted the excess."),
        ("COMPLETED", "Done."),
        ("DECLINED", "Refused by whoever manages the resource."),
        ("RELEASED", "Given up."),
    ],
};

/// `AllocationCurve`.
static CURVE: EnumDecl = EnumDecl {
    name: "AllocationCurve",
    doc: "How minutes lie over the days that have capacity.",
    values: &[
        ("FLAT", "In proportion to the capacity of each day."),
        ("FRONT_LOADED", "Most at the beginning, less from day to day."),
        ("BACK_LOADED", "Most at the end, more from day to day."),
        ("BELL", "Most in the middle."),
        ("BY_DAY", "As it was said day by day."),
    ],
};

/// `Allocation`.
pub fn declare() -> Entity {
    let plan = |field: Field| field.written_by(Step::AllocationPlan);
    Entity::new(
        "Allocation",
        &allocation::Entity,
        Class::Work,
        ROWS,
        "A resource booked for a project for some days. SOFT at first; whoever manages the resource confirms it, which makes it HARD. What is HARD exceeds the capacity of no day unless that was accepted with a reason.",
    )
    .node("alc", "allocation", "allocations")
    .fields([
        plan(Field::one("project", C::ItemId, "Project", "The project.")).once(),
        plan(Field::one("resource", C::ResourceId, "Resource", "The resource.")).once(),
        plan(Field::one("request", C::RequestId, "ResourceRequest", "The request that it answers; null where nobody asked.")).once().defaulted(),
        plan(Field::one("role", C::RoleId, "ResourceRole", "The role in which the resource works there; null for its own.")),
        Field::choice("state", &STATE, C::State, "How far it is.").required(),
        plan(Field::date("startOn", C::StartOn, "The first day; a change of what is HARD by who may not confirm it is kept as a proposal.").required()),
        plan(Field::date("endOn", C::EndOn, "The last day, within the employment of the resource; likewise.").required()),
        plan(
            Field::scalar("minutes", Scalar::Int, C::Minutes, "Minutes of work on all its days together, above 0; likewise.").summed()
                .required(),
        ),
        plan(Field::choice("curve", &CURVE, C::Curve, "How they lie over the days that have capacity; FLAT if not said.").required()).defaulted(),
        plan(Field::scalar("note", Scalar::String, C::Note, "What it is for; null when nobody said.").unordered()).longest(2_000),
        Field::date("proposedStartOn", C::ProposedStartOn, "The first day that is asked for instead; null where no change is asked for."),
        Field::date("proposedEndOn", C::ProposedEndOn, "The last day that is asked for instead."),
        Field::scalar("proposedMinutes", Scalar::Int, C::ProposedMinutes, "The minutes that are asked for instead."),
        Field::one("confirmedBy", C::ConfirmedById, "Person", "Who confirmed it; null while nobody did."),
        Field::scalar("confirmedAt", Scalar::DateTime, C::ConfirmedAt, "When it was confirmed; null while it is not."),
        Field::scalar(
            "excessReason",
            Scalar::String,
            C::ExcessReason,
            "Why it was confirmed although it exceeds the capacity; null where nobody accepted that.",
        )
        .unordered()
        .written_by(Step::AllocationConfirm)
        .longest(2_000),
        Field::many("periods", "AllocationPeriod", P::AllocationId, "Its days, in runs of equally many minutes."),
        Field::answer(screens::curve()),
        Field::many("segments", "AllocationSegment", S::AllocationId, "What the system that it came from says of it, as it says it; none where it was entered here."),
    ])
    .named_outside(plan)
    .audited()
}

/// `AllocationPeriod`.
pub fn declare_period() -> Entity {
    Entity::new(
        "AllocationPeriod",
        &allocation_period::Entity,
        Class::Work,
        ROWS,
        "Days on which an allocation has equally many minutes. They follow from its minutes, its curve and the capacity of its resource when it was written last.",
    )
    .node("alp", "allocationPeriod", "allocationPeriods")
    .fields([
        Field::one("allocation", P::AllocationId, "Allocation", "The allocation."),
        Field::one("project", P::ItemId, "Project", "Its project."),
        Field::one("resource", P::ResourceId, "Resource", "Its resource."),
        Field::choice("state", &STATE, P::State, "How far it is.").required(),
        Field::date("startOn", P::StartOn, "The first of the days.").required(),
        Field::date("endOn", P::EndOn, "The last of them.").required(),
        Field::scalar("minutesPerDay", Scalar::Int, P::MinutesPerDay, "Minutes of each of them, above 0.").required(),
    ])
    .unfollowed()
}
