//! Benefits.

/// Every test of this folder.
pub fn list() -> Vec<crate::support::Test> {
    vec![]
}
