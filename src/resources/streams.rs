//! Subscriptions to what resources are booked for.

use crate::{
    graph::decl::{Stream, Tells},
    write::{Member, PlainType, Shape},
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
    vec![
        PlainType {
            name: "AllocationStream",
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec!["AllocationChangedEvent", "StreamReset"]),
        },
        PlainType {
            name: "AllocationChangedEvent",
            doc: "A booking that was made or changed.",
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", "When it was written."),
                member(
                    "allocation",
                    "Allocation",
                    "The booking, as it is by then; one that was removed is told no more.",
                ),
                member("causedBy", "EventCause", "The request that wrote it."),
            ]),
        },
        PlainType {
            name: "AllocationConflictStream",
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec!["AllocationConflictRaisedEvent", "StreamReset"]),
        },
        PlainType {
            name: "AllocationConflictRaisedEvent",
            doc: "More is booked on a resource than it can do.",
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", "When it was found."),
                member("overbooking", "Overbooking", "The days and what is too much on them, as it is by then."),
                member("causedBy", "EventCause", "The request that led to it; a day that began is no request."),
            ]),
        },
    ]
}
