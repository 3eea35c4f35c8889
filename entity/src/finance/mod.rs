//! Money and the periods that it is counted by.

pub mod actual;
pub mod budget;
pub mod budget_line;
pub mod commitment;
pub mod cost_category;
pub mod cost_plan;
pub mod cost_plan_line;
pub mod fiscal_calendar;
pub mod fiscal_period;
pub mod forecast;
pub mod forecast_line;
pub mod fx_rate;
pub mod fx_rate_set;
