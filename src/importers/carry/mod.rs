//! From what a file told to what is kept: weeks and exceptions, rates, and minutes by the day. Pure, exact, and refusing
//! rather than guessing: a unit is given by the caller, and minutes of days add up to what was told.

mod columns;
mod exceptions;
mod minutes;
mod presence;
mod rates;
mod segments;
#[cfg(test)]
mod tests;

pub use columns::{Columns, columns};
pub use exceptions::{Carried, Uncarried, exceptions, shifts, week};
pub use minutes::{ByDay, Run, Work, WorkFault, assignment, runs};
pub use presence::{Presence, presence};
pub use rates::{CarriedRate, RateFault, hundredths, per_hour, rates};
pub use segments::{SegmentFault, SegmentFaultKind, Unit, curve};
