//! Rights, exhaustively: every field, row and input against the policy, for every role. What is due is worked out in
//! `permissions/expected.rs` from `decide` and the rows; `permissions.txt` is the table that people review.

mod answers;
pub mod cast;
mod duties;
pub mod expected;
mod fields;
mod inputs;
mod made;
mod plain;
mod planned;
mod random;
mod ready;
mod refusals;
mod rows;
mod scope;
mod sharing;
mod spelling;
mod stock;
mod table;
mod trail;
mod viewer_access;
mod writes;

use crate::support::Test;

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [
        table::list(),
        fields::list(),
        answers::list(),
        scope::list(),
        inputs::list(),
        sharing::list(),
        random::list(),
        viewer_access::list(),
        writes::list(),
        duties::list(),
        trail::list(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
