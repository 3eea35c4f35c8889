//! Tools of others over our schema: the linter's rules, Relay's compiler, the code generator's typed client, and the inspector
//! that keeps what was released.

mod dashboard;
mod lint;
mod relay;
mod released;

use crate::support::Test;

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [dashboard::list(), lint::list(), relay::list(), released::list()].into_iter().flatten().collect()
}
