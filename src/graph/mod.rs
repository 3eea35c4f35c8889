//! The read compiler: declarations -> schema types, document -> plan, plan -> SQL, rows -> JSON bytes.

mod answer;
mod cell;
mod collect;
mod compile;
mod cursor;
mod database;
pub mod decl;
mod document;
mod engine;
mod execute;
mod filter;
pub mod flat;
mod id;
pub mod input;
mod json;
mod lens;
mod limit;
mod plan;
mod run;
pub mod schema;
mod sql;
mod statement;
mod system;
mod trail;
mod tree;
pub mod value;

pub use answer::{Answer, Outcome};
pub use database::Database;
pub use engine::{Engine, Request, needs, sdl};
pub use id::{encode as encode_id, parse as parse_id};
pub use lens::{Found, Lens};
pub use sql::Dialect;
