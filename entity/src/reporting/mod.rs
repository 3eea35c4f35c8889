//! What is told of items.

pub mod rag_assessment;
pub mod status_report;
