//! Values as these formats write them. Nothing is a float, and what is not exactly of its kind is refused.

mod moment;
mod number;
mod span;

pub use moment::{Moment, minute_from, minute_to, moment};
pub use number::{decimal, decimal_text, flag, natural, whole};
pub use span::{span, tenths_of_a_minute};

use super::xml::Expected;

/// What a reader of a value gives.
pub type Read<T> = Result<T, Expected>;
