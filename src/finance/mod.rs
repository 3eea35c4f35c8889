//! Money: the periods and categories that it is counted by, budgets and forecasts.

mod approval;
mod budget;
mod budget_line;
mod budget_write;
mod cost_category;
mod fiscal_calendar;
mod fiscal_period;
mod forecast;
mod forecast_line;
mod forecast_write;
mod lines;
pub mod rules;
mod set_up;
mod transfer;
pub mod versions;

pub use approval::note_fits as decision_note;
pub use budget_write::{blank as blank_budget, blank_line as blank_budget_line};
pub use forecast_write::{blank as blank_forecast, blank_line as blank_forecast_line};
pub use lines::periods_are_open;
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

/// The declarations of this domain.
pub fn declarations() -> Vec<Entity> {
    vec![
        fiscal_calendar::declare(),
        fiscal_period::declare(),
        cost_category::declare(),
        budget::declare(),
        budget_line::declare(),
        forecast::declare(),
        forecast_line::declare(),
    ]
}

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    let transfer = vec![transfer::mutation()];
    [set_up::mutations(), budget_write::mutations(), transfer, forecast_write::mutations()]
        .into_iter()
        .flatten()
        .collect()
}
