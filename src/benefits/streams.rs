//! Subscriptions to what is had of benefits.

use crate::{
    graph::decl::{Stream, Tells},
    write::{Member, PlainType, Shape},
};

/// The subscriptions.
pub fn streams() -> Vec<Stream> {
    vec![Stream {
        name: "benefitMeasured",
        doc: "What was measured of benefits: as it is recorded, corrected, validated, returned and reversed, for who reads it. At least once, in order, as `kpiChanged`; each is told as it is by then.",
        args: vec![],
        ty: "BenefitMeasuredStream",
        tells: Tells::Rows {
            entity: "BenefitActual",
            event: "BenefitMeasuredEvent",
            member: "benefitActual",
            is_new: false,
        },
    }]
}

/// Their types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "BenefitMeasuredStream",
            doc: "An event, or the word that some are missing.",
            shape: Shape::Union(vec!["BenefitMeasuredEvent", "StreamReset"]),
        },
        PlainType {
            name: "BenefitMeasuredEvent",
            doc: "A measurement that was recorded or changed.",
            shape: Shape::Object(vec![
                member("cursor", "Cursor!", "Where to go on after this event."),
                member("at", "DateTime!", "When it was written."),
                member(
                    "benefitActual",
                    "BenefitActual",
                    "The measurement, as it is by then; one that was removed is told no more.",
                ),
                member("causedBy", "EventCause", "The request that wrote it."),
            ]),
        },
    ]
}
