//! Who does the work, and when: what resources are described by, and the calendars that they work by.

mod calendar_exception;
mod calendar_write;
mod certification;
mod frame_write;
mod resource_role;
mod skill;
pub mod stored_time;
mod work_calendar;
mod working_days;
pub mod worktime;

pub use working_days::types;

use crate::{graph::decl::Entity, write::Mutation};

/// The declarations of this room.
pub fn declarations() -> Vec<Entity> {
    vec![
        resource_role::declare(),
        skill::declare(),
        certification::declare(),
        work_calendar::declare(),
        calendar_exception::declare(),
    ]
}

/// The mutations of this room.
pub fn mutations() -> Vec<Mutation> {
    [frame_write::mutations(), calendar_write::mutations()].into_iter().flatten().collect()
}
