//! The write path: each mutation is one transaction that holds the data, its audit entry and its event. Nothing is
//! acknowledged before it is committed, and a row that would stay as it is writes nothing.

mod decl;
mod user_error;

pub use decl::{Member, Mutation, Run, Verb, usual};
pub use user_error::{Path, UserCode, UserError};

/// a.
pub struct Work<'a>(&'a ());
/// b.
pub struct Done;
