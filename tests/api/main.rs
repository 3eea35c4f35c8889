//! The API suite: one binary, every test on `SQLite` and on a real `PostgreSQL` that this command starts and removes.
//!
//! `cargo test --workspace` runs it with the unit tests; `cargo test --test api -- people` runs one file's tests;
//! `--long` or `FOLIOGRAPH_TEST_LONG=1` runs the longer forms. How to write a test: `support/mod.rs`.

use std::process::ExitCode;

#[macro_use]
mod support;

mod changes;
mod commands;
mod connections;
mod contract;
mod credentials;
mod differential;
mod figures;
mod filters;
mod gmpp;
mod graphql_js;
mod hostile;
mod house;
mod http;
mod inputs;
mod itself;
mod migrations;
mod pages;
mod permissions;
mod plans;
mod websocket;

/// Every file of tests; a file that is missing here does not compile without a warning, and `house` says so too.
const FILES: &[fn() -> Vec<support::Test>] = &[
    changes::list,
    commands::list,
    connections::list,
    contract::list,
    credentials::list,
    differential::list,
    figures::list,
    filters::list,
    gmpp::list,
    graphql_js::list,
    hostile::list,
    house::list,
    http::list,
    inputs::list,
    itself::list,
    migrations::list,
    pages::list,
    permissions::list,
    plans::list,
    websocket::list,
];

fn main() -> ExitCode {
    support::run(FILES)
}
