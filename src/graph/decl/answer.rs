//! Fields that a function answers: figures that no table holds. The function is asked once for all rows of a list, and
//! gives trees of values; rows that a tree names are read by the read path.

use async_graphql_value::ConstValue;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    super::{Session, cursor::Signer, tree::Tree},
    Model, Pricing,
};
use crate::{auth::Permission, error::Error, write::Member};

/// A field that a function answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Name in the schema.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// Its arguments.
    pub args: Vec<Member>,
    /// Its type, as written in the schema.
    pub ty: &'static str,
    /// What it costs.
    pub price: Pricing,
    /// What answers it.
    pub run: Compute,
}

/// The function behind a field: for each parent in turn its value, and one value where there are no parents (the root).
pub type Compute = for<'a> fn(&'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>>;

/// What such a function is asked.
pub struct Asking<'s, 'a> {
    /// Reads for the caller.
    pub session: &'s mut Session<'a>,
    /// The declarations.
    pub model: &'static Model,
    /// The rows that are asked about; none at the root.
    pub parents: Option<&'s [Uuid]>,
    /// The arguments, coerced; an object.
    pub args: ConstValue,
    /// The day on which it is asked.
    pub today: NaiveDate,
    /// When it is asked.
    pub now: DateTime<Utc>,
    /// What the document shows of the answer.
    pub(in crate::graph) tree: &'s Tree,
    /// Signs cursors.
    pub(in crate::graph) signer: &'s Signer,
}

impl Asking<'_, '_> {
    /// An argument; null where it was not given.
    pub fn argument(&self, name: &str) -> &ConstValue {
        match &self.args {
            ConstValue::Object(members) => members.get(name).unwrap_or(&ConstValue::Null),
            _ => &ConstValue::Null,
        }
    }

    /// Whether the document shows this member of the answer: what nobody looks at need not be found out.
    pub fn shows(&self, member: &str) -> bool {
        self.tree.shows(member)
    }
}

/// The member of an object that stands for a value that the caller may not read.
pub const DENIED: &str = "@denied";

/// What stands for a value that the caller may not read.
pub fn denied(needs: Permission) -> Json {
    json!({ DENIED: needs.to_string() })
}
