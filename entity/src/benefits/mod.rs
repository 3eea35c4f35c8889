//! What items are to bring.

pub mod benefit;
pub mod benefit_contribution;
pub mod benefit_plan_point;
