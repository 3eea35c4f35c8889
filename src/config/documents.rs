//! Which documents are answered: any that holds, or those alone that an operator registered.

use clap::ValueEnum;

/// Which documents are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DocumentsAccepted {
    /// Any document within the limits.
    #[default]
    Any,
    /// Documents that an operator registered (`foliograph documents add`), and no other.
    Trusted,
}
