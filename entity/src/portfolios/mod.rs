//! What is managed: portfolios, programs, projects.

pub mod item_ancestor;
pub mod portfolio_item;
pub mod portfolio_tree_node;
