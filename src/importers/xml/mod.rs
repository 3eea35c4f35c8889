//! XML of people's files, read in one pass and within limits. There is no document type, no entity but the five of XML,
//! and no character that XML forbids; whatever is wrong is a [`Fault`] with its line, never a panic.

mod charset;
mod element;
mod fault;
mod left;
#[cfg(test)]
mod tests;
mod walk;

pub use charset::decode;
pub use element::{Element, Expected};
pub use fault::{Fault, shown};
pub use left::Left;
pub use walk::{Head, Walk};

/// The most bytes that a file may have.
pub const MOST_BYTES: usize = 256 << 20;
/// The most elements that a file may have.
pub const MOST_ELEMENTS: u64 = 8_000_000;
/// The most elements that may stand in each other.
pub const MOST_DEPTH: usize = 40;
/// The most attributes that an element may have.
pub const MOST_ATTRIBUTES: usize = 64;
/// The most bytes that a text or a value of an attribute may have.
pub const MOST_TEXT: usize = 1 << 20;
/// The most elements that one row, such as a calendar with all its exceptions, may have.
pub const MOST_IN_ROW: u64 = 500_000;
