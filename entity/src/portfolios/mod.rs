//! What is managed: portfolios, programs, projects.

pub mod portfolio_item;
