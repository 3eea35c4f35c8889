//! Subscriptions to what resources are booked for.

use crate::{
    graph::decl::{Stream, Tells, row_event},
    write::{Member, PlainType},
};

/// The subscriptions.
pub fn streams() -> Vec<Stream> {
    vec![
        Stream {
            name: "allocationChanged",
            doc: "What resources are booked for: as it is made, changed, confirmed and given up, for who reads it. At least once, in order, as `kpiChanged`; each is told as it is by then.",
            args: vec![],
            ty: "AllocationStream",
            tells: Tells::Rows {
                entity: "Allocation",
                event: "AllocationChangedEvent",
                member: "allocation",
                is_new: false,
            },
        },
        Stream {
            name: "allocationConflictRaised",
            doc: "Resources on which too much is booked, once when it comes to that: by a booking, time off or a calendar, for who may know what a resource can do. Bookings of confidential items count in none. At least once, in order, as `kpiChanged`.",
            args: vec![],
            ty: "AllocationConflictStream",
            tells: Tells::Rows {
                entity: "Overbooking",
                event: "AllocationConflictRaisedEvent",
                member: "overbooking",
                is_new: true,
            },
        },
    ]
}

/// Their types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    [
        row_event(
            "AllocationStream",
            "AllocationChangedEvent",
            ["A booking that was made or changed.", "When it was written.", "The request that wrote it."],
            member("allocation", "Allocation", "The booking, as it is by then; one that was removed is told no more."),
        ),
        row_event(
            "AllocationConflictStream",
            "AllocationConflictRaisedEvent",
            [
                "More is booked on a resource than it can do.",
                "When it was found.",
                "The request that led to it; a day that began is no request.",
            ],
            member("overbooking", "Overbooking", "The days and what is too much on them, as it is by then."),
        ),
    ]
    .concat()
}
