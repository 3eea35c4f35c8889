//! Who does the work, and when: what resources are described by, and the calendars that they work by.

mod allocation;
mod allocation_segment;
mod allocation_steps;
pub mod allocation_told;
mod allocation_write;
pub mod booking;
mod calendar_exception;
mod calendar_write;
mod certification;
mod frame_write;
pub mod load;
mod parts_write;
mod rate;
mod rate_write;
mod request;
mod request_write;
mod resource;
mod resource_parts;
mod resource_pool;
mod resource_role;
mod resource_write;
mod skill;
pub mod staff;
pub mod stored_time;
mod streams;
mod work_calendar;
mod working_days;
pub mod worktime;

pub use calendar_write::{blank_calendar, blank_exception};
pub use rate_write::{blank as blank_rate, blank_card};
pub use resource_write::blank as blank_resource;
pub use streams::streams;

use crate::{
    graph::decl::Entity,
    write::{Mutation, PlainType},
};

/// The declarations of this room.
pub fn declarations() -> Vec<Entity> {
    vec![
        resource_role::declare(),
        skill::declare(),
        certification::declare(),
        work_calendar::declare(),
        calendar_exception::declare(),
        resource_pool::declare(),
        resource::declare(),
        resource_parts::declare_skill(),
        resource_parts::declare_certification(),
        resource_parts::declare_time_off(),
        request::declare(),
        request::declare_skill(),
        allocation::declare(),
        allocation::declare_period(),
        allocation_segment::declare(),
        rate::declare_card(),
        rate::declare(),
    ]
}

/// The mutations of this room.
pub fn mutations() -> Vec<Mutation> {
    [
        frame_write::mutations(),
        calendar_write::mutations(),
        resource_write::mutations(),
        parts_write::mutations(),
        allocation_write::mutations(),
        allocation_steps::mutations(),
        request_write::mutations(),
        rate_write::mutations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The types of its answers and subscriptions.
pub fn types() -> Vec<PlainType> {
    [working_days::types(), streams::types()].concat()
}
