//! What the organization wants to reach.

pub mod alignment_cell;
pub mod objective_contribution;
pub mod strategic_objective;
