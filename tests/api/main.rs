//! The API suite: one binary, every test on `SQLite` and on a real `PostgreSQL` that this command starts and removes.
//!
//! `cargo test --workspace` runs it with the unit tests; `cargo test --test api -- people` runs one file's tests;
//! `--long` or `FOLIOGRAPH_TEST_LONG=1` runs the longer forms. How to write a test: `support/mod.rs`.

use std::process::ExitCode;

#[macro_use]
mod support;

mod commands;
mod credentials;
mod gmpp;
mod graphql_js;
mod hostile;
mod house;
mod http;
mod itself;
mod migrations;

/// Every file of tests; a file that is missing here does not compile without a warning, and `house` says so too.
const FILES: &[fn() -> Vec<support::Test>] = &[
    commands::list,
    credentials::list,
    gmpp::list,
    graphql_js::list,
    hostile::list,
    house::list,
    http::list,
    itself::list,
    migrations::list,
];

fn main() -> ExitCode {
    support::run(FILES)
}
