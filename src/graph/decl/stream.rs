//! Subscriptions besides `changes`: what is told, and from where it comes.

use crate::write::{Member, PlainType, Shape};

/// A subscription.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Name in the schema.
    pub name: &'static str,
    /// What it tells.
    pub doc: &'static str,
    /// Its arguments besides `after`.
    pub args: Vec<Member>,
    /// Its type: a union of the event and `StreamReset`.
    pub ty: &'static str,
    /// What it tells.
    pub tells: Tells,
}

/// What a subscription tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Values of KPIs; only those whose color changed, where it is about crossings.
    Values {
        /// Whether only other colors are told.
        is_crossing: bool,
    },
    /// Rows of an entity.
    Rows {
        /// The entity.
        entity: &'static str,
        /// The event's type.
        event: &'static str,
        /// The member of the event that holds the row.
        member: &'static str,
        /// Whether only new rows are told.
        is_new: bool,
    },
}

/// The types of a subscription that tells rows: its union, and its event, which holds the row. `docs` say what the event is,
/// when it was, and what led to it.
pub fn row_event(stream: &'static str, event: &'static str, docs: [&'static str; 3], row: Member) -> [PlainType; 2] {
    let member = |name, ty, doc| Member { name, ty, doc };
    let [doc, at, cause] = docs;
    [
        PlainType {
            name: stream,
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec![event, "StreamReset"]),
        },
        PlainType {
            name: event,
            doc,
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", at),
                row,
                member("causedBy", "EventCause", cause),
            ]),
        },
    ]
}
