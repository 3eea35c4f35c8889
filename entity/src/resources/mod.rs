//! Who does the work, and when.

pub mod calendar_exception;
pub mod certification;
pub mod resource_role;
pub mod skill;
pub mod work_calendar;
