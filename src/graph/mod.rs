//! The read compiler: declarations -> schema types, document -> plan, plan -> SQL, rows -> JSON bytes.

mod answer;
mod cell;
mod changes;
mod collect;
mod compile;
mod cursor;
mod database;
pub mod decl;
mod document;
mod engine;
mod execute;
mod filter;
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
mod tree;
mod value;

pub use answer::{Answer, Outcome};
pub(crate) use cell::{Cell, Row, micros};
pub(crate) use cursor::Signer;
pub use database::Database;
pub use engine::{Engine, Request, needs, sdl};
pub(crate) use engine::{CURSOR_SECRET, shared_secret};
pub use id::{encode as encode_id, parse as parse_id};
pub(crate) use limit::{Limit, limit};
pub(crate) use plan::ColumnType;
pub use sql::Dialect;
pub(crate) use sql::{Eyes, Param, Sql};
pub(crate) use value::{DbValue, ListType};
