//! Requests made to hurt: a corpus of them, what each is answered, and what a bystander feels while they come.
//! None is answered with a fault of the server, none takes long, and none makes the process grow without end.

mod bystander;
mod corpus;
mod injection;
mod transport;

/// Every test of this folder.
pub fn list() -> Vec<crate::support::Test> {
    [corpus::list(), injection::list(), transport::list(), bystander::list()].into_iter().flatten().collect()
}
