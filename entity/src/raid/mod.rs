//! What may go wrong or right, what is done about it, and what has gone wrong.

pub mod issue;
pub mod risk;
pub mod risk_response;
