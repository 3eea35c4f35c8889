//! What is told of items: status reports and the ratings in them.

mod computed;
mod measures;
pub mod rag_assessment;
mod rating_write;
mod report_write;
pub mod rules;
mod status_report;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::portfolio_item;

pub use measures::measures;
pub use rating_write::blank as blank_rating;
pub use report_write::blank as blank_report;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![status_report::declare(), rag_assessment::declare()]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [report_write::mutations(), rating_write::mutations()].into_iter().flatten().collect()
}

/// The item with the overall rating of a report that is published for a period: the independent one, else the sponsor's,
/// else the project manager's. None where a later report decides, or nothing changes.
pub fn rated(
    item: &portfolio_item::Model,
    period_end_on: NaiveDate,
    overall: &BTreeMap<&str, &str>,
) -> Option<portfolio_item::Model> {
    if item.rag_on.is_some_and(|on| on > period_end_on) {
        return None;
    }
    let rag = ["INDEPENDENT", "SPONSOR", "PROJECT_MANAGER"].iter().find_map(|by| overall.get(by));
    let rag = rag.map(|rag| (*rag).to_owned());
    let after = portfolio_item::Model { rag_on: rag.is_some().then_some(period_end_on), rag, ..item.clone() };
    (after != *item).then_some(after)
}
