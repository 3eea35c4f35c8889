//! Types of changes: the page that a query pulls and the stream that a subscription follows. Which types can be followed
//! is taken from the declarations.

use std::borrow::Cow;

use async_graphql::registry::{MetaField, MetaType, Registry};

use super::{
    super::decl::{Entity, Model, Stream},
    build::{enumeration, field, input, input_object, object, with_args},
    screaming,
};

const ANY: &str = "AUTHENTICATED";

/// The name of an entity in `ChangeType`.
pub fn change_type(entity: &Entity) -> String {
    screaming(entity.name).trim_start_matches('_').to_owned()
}

/// `Query.changes`.
pub(super) fn query_field() -> MetaField {
    with_args(
        field(
            "changes",
            "ChangePage!",
            ANY,
            "What came, changed or went for the caller since a watermark. Rows that leave her rights are told as gone, rows that enter them as new, also where only her rights have changed. A row's own fields are followed; what a linked row shows is told by that row.",
        ),
        vec![
            input(
                "types",
                "[ChangeType!]",
                "Only these types; all if not said. Changes of other types are not told later.",
            ),
            input(
                "since",
                "Cursor",
                "The watermark or the cursor of a change to go on from. Without it every visible row is told first. CURSOR_EXPIRED after 90 days.",
            ),
            input("first", "Int", "How many changes at most; 50 if not said."),
        ],
    )
}

/// `Subscription.changes`.
pub(super) fn subscription_field() -> MetaField {
    with_args(
        field(
            "changes",
            "ChangeStream!",
            ANY,
            "The same, as it happens. At least once, in order: whoever keeps the cursor of the last event and goes on after it misses nothing and sees nothing twice.",
        ),
        vec![
            input("filter", "ChangeFilter", "What to follow; everything if not said."),
            input("after", "Cursor", "Go on after this cursor or watermark; without it from now on."),
        ],
    )
}

/// The field of another subscription.
pub(super) fn stream_field(stream: &Stream) -> MetaField {
    let mut args: Vec<_> = stream.args.iter().map(|a| input(a.name, a.ty, a.doc)).collect();
    args.push(input("after", "Cursor", "Go on after this cursor; without it from now on."));
    with_args(field(stream.name, format!("{}!", stream.ty), ANY, stream.doc), args)
}

/// All types of changes.
pub(super) fn insert_types(r: &mut Registry, model: &Model) {
    let values = model.followed().map(|e| (change_type(e), Cow::Borrowed(e.doc)));
    enumeration(r, "ChangeType", "A type whose rows can be followed.", values);
    enumeration(
        r,
        "ChangeKind",
        "What became of a row, for this caller.",
        [
            ("UPSERT".to_owned(), "It is there: new, changed, or newly readable.".into()),
            ("TOMBSTONE".to_owned(), "It is no longer there for her; which reason it has is not said.".into()),
        ],
    );
    object(
        r,
        "ChangePage",
        "Changes in order, each row once.",
        vec![
            field("changes", "[ChangeEvent!]!", ANY, "The changes, oldest first."),
            field(
                "watermark",
                "Cursor!",
                ANY,
                "Where to go on. It is another text each time, whether or not anything happened.",
            ),
            field("hasMore", "Boolean!", ANY, "Whether there is more already."),
        ],
    );
    object(
        r,
        "ChangeEvent",
        "A row that came, changed or went.",
        vec![
            field("cursor", "Cursor!", ANY, "Where to go on after this event."),
            field("at", "DateTime!", ANY, "When it was written; for a change of rights, when it was told."),
            field("kind", "ChangeKind!", ANY, "What became of the row."),
            field("type", "ChangeType!", ANY, "The row's type."),
            field("id", "ID!", ANY, "The row's id."),
            field(
                "version",
                "Version",
                ANY,
                "In a stream the version that the event brought, while `node` may be newer already; in a page, where a row is told once, its version now. Null for a tombstone.",
            ),
            field(
                "node",
                "Node",
                ANY,
                "The row as it is now; null for a tombstone, or where a later event, still to come, hides it.",
            ),
            field("causedBy", "EventCause", ANY, "What did it; null for a tombstone and for a change of rights."),
        ],
    );
    object(
        r,
        "EventCause",
        "What was behind an event.",
        vec![
            field("requestId", "String!", ANY, "The id of the request."),
            field("mutation", "String!", ANY, "The mutation or command."),
            field("actor", "Person", "BASIC_READ", "The person; null for a key and for the system."),
        ],
    );
    object(
        r,
        "StreamReset",
        "Events before this are no longer replayed: read what you need again, for example by the query `changes`. The stream goes on with what happens from now.",
        vec![
            field("reason", "String!", ANY, "Why: `RETENTION`, the cursor is older than what is replayed."),
            field("resumeFrom", "Cursor!", ANY, "Where the stream goes on."),
        ],
    );
    let built = MetaType::Union {
        name: "ChangeStream".into(),
        description: Some("An event, or the word that some are missing.".into()),
        possible_types: ["ChangeEvent", "StreamReset"].map(str::to_owned).into_iter().collect(),
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some("declared"),
        directive_invocations: vec![],
    };
    r.types.insert("ChangeStream".into(), built);
    input_object(
        r,
        "ChangeFilter",
        "What to follow. All given must hold.",
        vec![
            input("types", "[ChangeType!]", "Only these types."),
            input("ids", "[ID!]", "Only these rows, at most 100."),
        ],
        false,
    );
}
