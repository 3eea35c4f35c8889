//! Money: the periods, categories and rates that it is counted by, budgets, cost plans and forecasts, and what is promised and
//! spent.

mod actual;
mod actual_write;
mod approval;
mod budget;
mod budget_line;
mod budget_write;
mod commitment;
mod commitment_write;
mod cost_category;
mod cost_plan;
mod cost_plan_line;
mod cost_plan_write;
mod decisions;
mod fiscal_calendar;
mod fiscal_period;
mod forecast;
mod forecast_line;
mod forecast_write;
mod fx_rate;
mod fx_rate_set;
mod fx_write;
pub mod labor;
mod lines;
mod measures;
mod of_project;
mod posting;
pub mod rules;
mod set_up;
pub mod summary;
mod transfer;
pub mod versions;

pub use budget_write::{blank as blank_budget, blank_line as blank_budget_line};
pub use decisions::check_note;
pub use forecast_write::{blank as blank_forecast, blank_line as blank_forecast_line};
pub use lines::periods_are_open;
pub use measures::measures;
pub use set_up::{blank_calendar, blank_category, blank_period};

use crate::{
    graph::decl::{Entity, EnumDecl},
    write::Mutation,
};

/// `Expenditure`.
static EXPENDITURE: EnumDecl = EnumDecl {
    name: "Expenditure",
    doc: "How money is accounted for.",
    values: &[("CAPEX", "Capital expenditure: it makes an asset."), ("OPEX", "Operating expenditure: it is used up.")],
};

/// `CostSource`.
static SOURCE: EnumDecl = EnumDecl {
    name: "CostSource",
    doc: "What kind of cost money pays for.",
    values: &[("LABOR", "People's work."), ("NON_LABOR", "Anything else.")],
};

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![
        fiscal_calendar::declare(),
        fiscal_period::declare(),
        cost_category::declare(),
        fx_rate_set::declare(),
        fx_rate::declare(),
        budget::declare(),
        budget_line::declare(),
        forecast::declare(),
        forecast_line::declare(),
        cost_plan::declare(),
        cost_plan_line::declare(),
        commitment::declare(),
        actual::declare(),
    ]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    let transfer = vec![transfer::mutation()];
    [
        set_up::mutations(),
        fx_write::mutations(),
        budget_write::mutations(),
        transfer,
        forecast_write::mutations(),
        cost_plan_write::mutations(),
        commitment_write::mutations(),
        actual_write::mutations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
