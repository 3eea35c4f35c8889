//! Who does the work, and when: what resources are described by, and the calendars that they work by.

mod affected;
mod allocation;
mod allocation_segment;
mod allocation_steps;
pub mod allocation_told;
mod allocation_write;
pub mod booking;
mod calendar_exception;
mod calendar_write;
mod certification;
mod dated_rates;
mod demand;
mod frame_write;
pub mod load;
mod measures;
mod overbooking;
mod parts_write;
mod pool_weeks;
mod rate;
mod rate_write;
mod request;
mod request_split;
mod request_write;
mod resource;
mod resource_parts;
mod resource_pool;
mod resource_role;
mod resource_write;
pub mod rules;
mod screens;
mod skill;
pub mod staff;
pub mod stored_time;
mod streams;
mod time_category;
mod time_entry_write;
mod time_posting;
mod time_weeks;
mod timesheet;
mod timesheet_write;
mod work_calendar;
pub mod worked;
mod working_days;
pub mod worktime;

pub use calendar_write::{blank_calendar, blank_exception};
pub use measures::measures;
pub use rate_write::{blank as blank_rate, blank_card};
pub use resource_write::blank as blank_resource;
pub use streams::streams;

use crate::{
    graph::decl::{Answer, Entity},
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
        overbooking::declare(),
        allocation_segment::declare(),
        rate::declare_card(),
        rate::declare(),
        time_category::declare(),
        timesheet::declare(),
        timesheet::declare_entry(),
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
        timesheet_write::mutations(),
        time_entry_write::mutations(),
        time_posting::mutations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The types of its answers and subscriptions.
pub fn types() -> Vec<PlainType> {
    [working_days::types(), request_split::types(), streams::types(), screens::types()].concat()
}

/// What the root answers.
pub fn answers() -> Vec<Answer> {
    screens::roots()
}
