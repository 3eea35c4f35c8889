//! Subscriptions to what is had of benefits.

use crate::{
    graph::decl::{Stream, Tells, row_event},
    write::{Member, PlainType},
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
    let row = Member {
        name: "benefitActual",
        ty: "BenefitActual",
        doc: "The measurement, as it is by then; one that was removed is told no more.",
    };
    let docs = ["A measurement that was recorded or changed.", "When it was written.", "The request that wrote it."];
    row_event("BenefitMeasuredStream", "BenefitMeasuredEvent", docs, row).into()
}
