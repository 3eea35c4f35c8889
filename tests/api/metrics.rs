//! `/metrics`: a page that any scraper reads, figures that say what happened, and nobody who reads it uninvited.

mod access;
mod requests;
mod server;

use crate::support::Test;

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [access::list(), requests::list(), server::list()].into_iter().flatten().collect()
}
