//! The write path: each mutation is one transaction that holds the data, its audit entry and its event. Nothing is
//! acknowledged before it is committed, and a row that would stay as it is writes nothing.

pub mod ancestors;
mod decl;
pub mod duty;
pub mod hierarchy;
mod idempotency;
pub mod input;
pub mod insert;
mod keyed;
mod links;
pub mod of_item;
pub mod outside;
mod perform;
mod refusal;
pub mod rows;
mod save;
mod scope;
pub mod trace;
mod user_error;
pub mod value;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

pub use decl::{InputType, Member, Mutation, PlainType, Run, Shape, Verb, delete, upsert, usual, written};
pub use input::Batch;
pub use keyed::write_keyed;
pub use perform::{Performed, Wish, Writer};
pub use rows::Row;
pub use trace::{Action, FieldChange, LinkChange};
pub use user_error::{Path, UserCode, UserError};

use crate::{
    clock::Clock,
    graph::{Lens, encode_id},
    kpi::{derivation::Owners, ledger::Touched},
};

/// One mutation under way.
pub struct Work<'a> {
    /// Its transaction.
    pub txn: &'a DatabaseTransaction,
    /// What the caller sees and may do.
    pub lens: Lens<'a>,
    /// What is done.
    pub mutation: &'static Mutation,
    /// Time and ids.
    pub clock: &'a dyn Clock,
    /// When it is done; one instant for all of it.
    pub now: DateTime<Utc>,
    /// The request that asked for it.
    pub request_id: &'a str,
    /// The credential.
    pub principal: String,
    /// What is wrong, by the position of the item.
    pub errors: Vec<(usize, UserError)>,
    /// What will be left behind.
    pub traces: Vec<trace::Trace>,
    /// Items whose scope changed: what belongs to them follows.
    pub rescoped: Vec<Uuid>,
    /// Items whose figures may be others though no fact of theirs changed: all of them, or those of one measure or KPI.
    pub refigured: Touched,
    /// What is to be derived again though no fact of its own changed: of what a row left.
    pub outdated: Owners,
    /// Whether the change may alter anybody's rights or rows.
    pub touches_rights: bool,
    /// Whether another writer was faster since this one looked: all of it is done again.
    pub lost_race: bool,
}

impl<'a> Work<'a> {
    /// One that begins.
    pub fn new(
        txn: &'a DatabaseTransaction,
        lens: Lens<'a>,
        mutation: &'static Mutation,
        clock: &'a dyn Clock,
        request_id: &'a str,
    ) -> Self {
        let (now, principal) = (clock.now(), lens.caller.principal());
        Self {
            txn,
            lens,
            mutation,
            clock,
            now,
            request_id,
            principal,
            errors: vec![],
            traces: vec![],
            rescoped: vec![],
            refigured: Touched::new(),
            outdated: Owners::new(),
            touches_rights: false,
            lost_race: false,
        }
    }

    /// Whether one bad item keeps all from being written.
    pub fn rejects(&self, batch: &Batch) -> bool {
        !self.errors.is_empty() && !batch.keeps_good
    }
}

/// The member of a payload that names the row that is gone.
const DELETED: &str = "deletedId";

/// Rows or ids of one statement; databases bound the number of parameters.
const CHUNK: usize = 400;

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its position in the list.
    pub index: usize,
    /// Its row.
    pub id: Option<Uuid>,
    /// The prefix of the row's type.
    pub prefix: &'static str,
    /// `CREATED`, `UPDATED`, `UNCHANGED`, `FAILED` or `NOT_WRITTEN`.
    pub status: &'static str,
}

/// What a mutation did.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// How many items there were.
    pub count: usize,
    /// What became of those that have a row.
    pub rows: Vec<Written>,
    /// Members of the payload besides the usual ones.
    pub beside: Map<String, Json>,
}

impl Done {
    /// The payload's values; the read path adds the rows.
    pub fn payload(&self, mutation: &Mutation, single: &str, errors: &[(usize, Json)], is_dry_run: bool) -> Json {
        let mut payload = Map::new();
        let told = |index: Option<usize>| -> Vec<Json> {
            errors.iter().filter(|(at, _)| index.is_none_or(|i| i == *at)).map(|(_, e)| e.clone()).collect()
        };
        let shown = |row: &Written| {
            let is_there = !(is_dry_run && row.status == "CREATED");
            row.id.filter(|_| is_there).map_or(Json::Null, |id| json!(encode_id(row.prefix, id)))
        };
        if mutation.verb.is_bulk() {
            let mut counts = [
                ("createdCount", "CREATED", 0),
                ("updatedCount", "UPDATED", 0),
                ("unchangedCount", "UNCHANGED", 0),
                ("failedCount", "FAILED", 0),
            ];
            let results: Vec<Json> = (0..self.count)
                .map(|index| {
                    let row = self.rows.iter().find(|row| row.index == index);
                    let status = match row {
                        Some(row) => row.status,
                        None if errors.iter().any(|(at, _)| *at == index) => "FAILED",
                        None => "NOT_WRITTEN",
                    };
                    counts.iter_mut().filter(|(_, s, _)| *s == status).for_each(|(.., n)| *n += 1);
                    let row = row.map_or(Json::Null, shown);
                    json!({ "index": index, "status": status, single: row, "userErrors": told(Some(index)) })
                })
                .collect();
            payload.insert("results".into(), results.into());
            payload.extend(counts.iter().map(|(name, _, n)| ((*name).to_owned(), json!(n))));
            payload.insert("isDryRun".into(), is_dry_run.into());
        } else if errors.is_empty() {
            let name = if mutation.verb == Verb::Delete { DELETED } else { single };
            payload.insert(name.to_owned(), self.rows.first().map_or(Json::Null, shown));
        }
        payload.extend(self.beside.clone());
        payload.insert("userErrors".into(), told(None).into());
        payload.into()
    }
}
