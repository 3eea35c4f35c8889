//! From what a file told to what is kept: weeks and exceptions, rates, and minutes by the day. Pure, exact, and
//! refusing rather than guessing: a unit is given by the caller, and minutes of days add up to what was told.

mod columns;
mod exceptions;
mod minutes;
mod presence;
mod rates;
mod segments;
#[cfg(test)]
mod tests;

pub use columns::{Columns, columns};
pub use exceptions::{Carried, exceptions, week};
pub use minutes::{ByDay, Work, WorkFault, assignment};
pub use presence::{Presence, presence};
pub use rates::rates;
#[cfg(test)]
pub use rates::{RateFault, per_hour};
#[cfg(test)]
pub use segments::SegmentFaultKind;
pub use segments::{Unit, curve, soft};
