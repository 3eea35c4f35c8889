//! Who does the work, and when.

pub mod allocation;
pub mod allocation_period;
pub mod allocation_segment;
pub mod calendar_exception;
pub mod certification;
pub mod certification_held;
pub mod overbooking;
pub mod pool_week;
pub mod rate;
pub mod rate_card;
pub mod request_skill;
pub mod resource;
pub mod resource_pool;
pub mod resource_request;
pub mod resource_role;
pub mod resource_skill;
pub mod skill;
pub mod time_category;
pub mod time_entry;
pub mod time_off;
pub mod timesheet;
pub mod work_calendar;
