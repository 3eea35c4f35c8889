//! The API suite: one binary, every test on `SQLite` and on a real `PostgreSQL` that this command starts and removes.
//!
//! `cargo test --workspace` runs it with the unit tests; `cargo test --test api -- people` runs one file's tests;
//! `--long` or `FOLIOGRAPH_TEST_LONG=1` runs the longer forms. How to write a test: `support/mod.rs`.

use std::process::ExitCode;

#[macro_use]
mod support;

mod abuse;
mod audits;
mod benefits;
mod bookings;
mod bulk;
mod changes;
mod clients;
mod commands;
mod connections;
mod contract;
mod credentials;
mod deprecations;
mod differential;
mod documents;
mod durability;
mod ecosystem;
mod examples;
mod export;
mod figures;
mod filters;
mod finance;
mod gmpp;
mod graphql_js;
mod guide;
mod headers;
mod hostile;
mod house;
mod http;
mod idempotency;
mod import;
mod imports;
mod inputs;
mod issuers;
mod itself;
mod key_addresses;
mod key_writes;
mod keys;
mod kpi;
mod language;
mod leaks;
mod limits;
mod metrics;
mod migrations;
mod overbookings;
mod pages;
mod parts;
mod permissions;
mod plan_cache;
mod plans;
mod protocol;
mod proxies;
mod published;
mod raid;
mod refused;
mod reporting;
mod resources;
mod revoked;
mod rollups;
mod schedule;
mod screens;
mod secrets;
mod staff;
mod steps;
mod storm;
mod strategy;
mod timesheets;
mod tree;
mod us_it;
mod websocket;
mod writes;

/// Every file of tests; a file that is missing here does not compile without a warning, and `house` says so too.
const FILES: &[fn() -> Vec<support::Test>] = &[
    abuse::list,
    audits::list,
    benefits::list,
    bookings::list,
    bulk::list,
    changes::list,
    clients::list,
    commands::list,
    connections::list,
    contract::list,
    credentials::list,
    deprecations::list,
    differential::list,
    documents::list,
    durability::list,
    ecosystem::list,
    examples::list,
    export::list,
    figures::list,
    filters::list,
    finance::list,
    gmpp::list,
    graphql_js::list,
    guide::list,
    headers::list,
    hostile::list,
    house::list,
    http::list,
    idempotency::list,
    import::list,
    imports::list,
    inputs::list,
    issuers::list,
    itself::list,
    key_writes::list,
    key_addresses::list,
    keys::list,
    kpi::list,
    limits::list,
    metrics::list,
    language::list,
    leaks::list,
    migrations::list,
    overbookings::list,
    pages::list,
    parts::list,
    permissions::list,
    plan_cache::list,
    plans::list,
    protocol::list,
    proxies::list,
    published::list,
    reporting::list,
    resources::list,
    refused::list,
    rollups::list,
    raid::list,
    revoked::list,
    schedule::list,
    screens::list,
    secrets::list,
    staff::list,
    steps::list,
    storm::list,
    strategy::list,
    timesheets::list,
    tree::list,
    us_it::list,
    websocket::list,
    writes::list,
];

fn main() -> ExitCode {
    support::run(FILES)
}
