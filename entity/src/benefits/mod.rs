//! What items are to bring.

pub mod benefit;
pub mod benefit_actual;
pub mod benefit_contribution;
pub mod benefit_measure;
pub mod benefit_measure_point;
pub mod benefit_plan_point;
pub mod benefit_review;
pub mod benefits_map_edge;
pub mod benefits_map_node;
