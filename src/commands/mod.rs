//! Commands that are more than a call of the library, one a file. What a command answers goes to stdout, all else to stderr.

pub mod documents;
pub mod import;
pub mod key;
