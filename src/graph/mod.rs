//! The read compiler: declarations -> schema types, document -> plan, plan -> SQL, rows -> JSON bytes.

mod cell;
mod collect;
mod compile;
mod cursor;
mod database;
pub mod decl;
mod document;
mod engine;
mod filter;
pub mod flat;
mod id;
mod input;
mod json;
mod limit;
mod plan;
mod run;
pub mod schema;
mod sql;
mod statement;
mod system;
mod value;

pub use database::Database;
pub use engine::{Answer, Engine, Outcome, Request, needs, sdl};
pub use id::{encode as encode_id, parse as parse_id};
pub use sql::Dialect;
