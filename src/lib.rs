//! Foliograph: a GraphQL API server for project portfolio management.
//!
//! The rooms: `http` speaks the protocol, `auth` decides rights, `graph` compiles reads, `export` writes
//! them as files, `metrics` counts, the domain folders (`people`, `portfolios`, ...) declare entities, `importers` bring outside data in.

pub mod app;
pub mod auth;
pub mod benefits;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod events;
pub mod export;
pub mod finance;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod graph;
pub mod http;
pub mod importers;
pub mod kpi;
pub mod metrics;
pub mod people;
pub mod platform;
pub mod portfolios;
pub mod raid;
pub mod reporting;
pub mod resources;
pub mod schedule;
pub mod strategy;
pub mod telemetry;
pub mod write;
