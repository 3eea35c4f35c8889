//! What an answer of a function costs: known from its arguments and the number of rows that it is asked about, before
//! anything is read.

use async_graphql_value::ConstValue;
use chrono::NaiveDate;

use super::super::input;

/// What an answer costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// The answer itself.
    pub own: usize,
    /// How many rows of a type it may name, which are read besides.
    pub names: usize,
}

impl Price {
    /// An answer that names no more rows than it is asked about.
    pub fn of(question: &Question<'_>, own: usize) -> Self {
        Self { own, names: question.parents }
    }
}

/// The function that says what an answer costs. Arguments that are wrong may cost anything: they are refused.
pub type Pricing = fn(&Question<'_>) -> Price;

/// What an answer is priced by.
pub struct Question<'q> {
    /// The arguments, coerced; an object.
    pub args: &'q ConstValue,
    /// How many rows it is asked about; one at the root.
    pub parents: usize,
    /// The day on which it is asked.
    pub today: NaiveDate,
}

impl Question<'_> {
    /// An argument; null where it was not given.
    pub fn argument(&self, name: &str) -> &ConstValue {
        match self.args {
            ConstValue::Object(members) => members.get(name).unwrap_or(&ConstValue::Null),
            _ => &ConstValue::Null,
        }
    }

    /// How many rows are asked for.
    pub fn first(&self, usual: usize) -> usize {
        match self.argument("first") {
            ConstValue::Number(first) => first.as_u64().and_then(|first| usize::try_from(first).ok()).unwrap_or(0),
            _ => usual,
        }
    }

    /// How many values a list has; none where it was not given.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.argument(name) {
            ConstValue::Null => None,
            given => Some(input::listed(given).len()),
        }
    }

    /// A day among the arguments.
    pub fn day(&self, name: &str) -> Option<NaiveDate> {
        input::text(self.argument(name))?.parse().ok()
    }
}
