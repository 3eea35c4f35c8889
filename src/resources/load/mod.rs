//! The load of resources: capacity against what is booked and worked, day by day, and what is asked of whom.
//!
//! Everything is counted in whole minutes and nothing is a float. Free time and excess are found for each resource and
//! each day and only then summed, so that a free week never hides an overbooked one, nor a free person an overbooked
//! one. A ratio is an exact fraction of two sums. Minutes of a booking or of capacity are at most `u32::MAX` a day;
//! sums are `u64` and stay at its greatest value where they would be above it, differences are `i64` and do the same. A
//! figure that cannot be told is a [`Reason`], never 0. Nothing here reads or writes anything.

pub mod bench;
pub mod candidates;
pub mod check;
pub mod conflicts;
pub mod daily;
pub mod flow;
pub mod fraction;
pub mod gap;
pub mod heatmap;
pub mod held;
pub mod kpis;
#[cfg(test)]
mod model;
pub mod periods;
pub mod runs;
pub mod span;
pub mod split;
mod sums;
#[cfg(test)]
pub(super) mod testing;

pub use daily::{Booked, Booking, Counting, Load};
pub use fraction::{Fraction, Known, Reason};
pub use runs::Run;
pub use span::Span;
