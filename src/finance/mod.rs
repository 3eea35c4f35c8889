//! Money: the periods and categories that it is counted by, budgets and forecasts.

mod budget;
mod budget_line;
mod cost_category;
mod fiscal_calendar;
mod fiscal_period;
mod forecast;
mod forecast_line;
pub mod rules;

use crate::graph::decl::{Entity, EnumDecl};

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
