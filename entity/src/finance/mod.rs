//! Money and the periods that it is counted by.

pub mod budget;
pub mod budget_line;
pub mod cost_category;
pub mod fiscal_calendar;
pub mod fiscal_period;
pub mod forecast;
pub mod forecast_line;
