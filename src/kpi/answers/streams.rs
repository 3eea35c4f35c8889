//! Subscriptions to values of KPIs.

use async_graphql_value::ConstValue;

use super::{ids, keys};
use crate::{
    error::Error,
    graph::{
        decl::{Model, Stream, Tells},
        input,
    },
    kpi::stream::Selection,
    write::{Member, PlainType, Shape},
};

/// The subscriptions.
pub fn streams() -> Vec<Stream> {
    let filter = || Member { name: "filter", ty: "KpiFilter", doc: "What to follow; everything if not said." };
    let initial = Member {
        name: "initial",
        ty: "Boolean",
        doc: "Whether the values of now come first, all with the cursor of the beginning. Without effect where `after` is given.",
    };
    vec![
        Stream {
            name: "kpiChanged",
            doc: "Values of KPIs as they change, over the rows that count for the caller. At least once, in order: whoever keeps the cursor of the last event and goes on after it misses nothing and sees nothing twice. Several changes that are derived together are one event.",
            args: vec![filter(), initial],
            ty: "KpiStream",
            tells: Tells::Values { is_crossing: false },
        },
        Stream {
            name: "kpiThresholdCrossed",
            doc: "The same, only where the color is another one than before.",
            args: vec![filter()],
            ty: "KpiStream",
            tells: Tells::Values { is_crossing: true },
        },
        Stream {
            name: "alertRaised",
            doc: "Alerts as they are raised, for who may know of them. At least once, in order, as `kpiChanged`; an alert that was closed meanwhile is told as it is then.",
            args: vec![],
            ty: "AlertStream",
            tells: Tells::Rows { entity: "Alert", event: "AlertEvent", member: "alert", is_new: true },
        },
    ]
}

/// Their types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "KpiFilter",
            doc: "What to follow. All given must hold.",
            shape: Shape::Input(vec![
                member(
                    "kpis",
                    "[String!]",
                    "Only these KPIs, by their keys, at most 100. One that does not exist is refused, and so is one that the caller may read of no item: FILTER_FORBIDDEN.",
                ),
                member("scopes", "[ID!]", "Only these portfolios, programs and projects, at most 100."),
                member("includeDescendants", "Boolean", "And all below them; so if not said."),
                member("status", "[Rag!]", "Only values with one of these colors."),
            ]),
        },
        PlainType {
            name: "AlertStream",
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec!["AlertEvent", "StreamReset"]),
        },
        PlainType {
            name: "AlertEvent",
            doc: "An alert that was raised.",
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", "When it was raised."),
                member("alert", "Alert", "The alert."),
                member(
                    "causedBy",
                    "EventCause",
                    "The request whose change raised it; derived in the name of the system.",
                ),
            ]),
        },
        PlainType {
            name: "KpiStream",
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec!["KpiChangeEvent", "StreamReset"]),
        },
        PlainType {
            name: "KpiChangeEvent",
            doc: "A value that changed.",
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", "When it was derived."),
                member("kpi", "KpiValue!", "The value."),
                member(
                    "previous",
                    "Decimal",
                    "The value before, over the same rows; null where there was none, or where it is not told: another formula made it, or rows of it are the caller's no longer.",
                ),
                member("previousStatus", "Rag", "Its color; null where it had none."),
                member(
                    "causedBy",
                    "EventCause",
                    "What did it, the last of several; null for a value that comes first.",
                ),
            ]),
        },
    ]
}

/// What a subscription's arguments select.
pub fn selection(model: &Model, args: &ConstValue, is_crossing: bool) -> Result<Selection, Error> {
    let ConstValue::Object(args) = args else { return Ok(Selection::all(is_crossing).named()) };
    let mut selection = Selection::all(is_crossing);
    selection.is_initial = args.get("initial") == Some(&ConstValue::Boolean(true));
    if let Some(ConstValue::Object(filter)) = args.get("filter") {
        let null = ConstValue::Null;
        let given = |name: &str| filter.get(name).unwrap_or(&null);
        selection.kpis = keys(given("kpis"))?;
        selection.includes_descendants = *given("includeDescendants") != ConstValue::Boolean(false);
        if *given("scopes") != ConstValue::Null {
            selection.scopes = Some(ids(model, given("scopes"))?.into());
        }
        if *given("status") != ConstValue::Null {
            selection.status = Some(input::listed(given("status")).iter().filter_map(|v| input::text(v)).collect());
        }
    }
    Ok(selection.named())
}
