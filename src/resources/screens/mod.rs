//! The screens of resourcing: questions that one request answers for many people and periods. Each is a few statements over
//! the rows that the caller reads, and arithmetic of [`super::load`] over what they give; none of them tells of money.

mod asked;
mod bench;
mod candidate_reasons;
mod candidates;
mod certificates;
mod chosen;
mod conflicts;
mod curve;
mod demand;
mod gap;
mod heatmap;
mod holdings;
mod line;
mod page;
mod people;
mod rows;
mod skills;
mod stock;
mod utilization;
mod worked;

pub use candidates::answer as candidates;
pub use curve::answer as curve;

use crate::{graph::decl::Answer, write::PlainType};

/// What the root answers.
pub fn roots() -> Vec<Answer> {
    vec![
        heatmap::answer(),
        utilization::answer(),
        conflicts::answer(),
        gap::answer(),
        bench::answer(),
        skills::answer(),
        certificates::answer(),
    ]
}

/// The types of all of it.
pub fn types() -> Vec<PlainType> {
    [
        chosen::types(),
        rows::types(),
        line::types(),
        heatmap::types(),
        utilization::types(),
        conflicts::types(),
        gap::types(),
        bench::types(),
        skills::types(),
        certificates::types(),
        candidates::types(),
        curve::types(),
    ]
    .concat()
}
