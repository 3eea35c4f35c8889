//! The API suite: one binary, every test on `SQLite` and on a real `PostgreSQL` that this command starts and removes.
//!
//! `cargo test --workspace` runs it with the unit tests; `cargo test --test api -- people` runs one file's tests;
//! `--long` or `FOLIOGRAPH_TEST_LONG=1` runs the longer forms. How to write a test: `support/mod.rs`.

use std::process::ExitCode;

#[macro_use]
mod support;

mod graphql_js;
mod house;
mod itself;
mod migrations;
mod permissions;

/// Every file of tests; a file that is missing here does not compile without a warning, and `house` says so too.
const FILES: &[fn() -> Vec<support::Test>] =
    &[graphql_js::list, house::list, itself::list, migrations::list, permissions::list];

fn main() -> ExitCode {
    support::run(FILES)
}
