//! Who sends a request again with the same key gets the same answer and no second effect. The answer is written in the
//! transaction of the write itself, so that there is never one without the other.

use std::{
    collections::HashSet,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql_value::ConstValue;
use chrono::{DateTime, TimeDelta, Utc};
use entity::idempotency;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, Statement,
};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Done, Mutation, Work, Written};
use crate::{
    error::Error,
    graph::{Dialect, digest, parse_id},
};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// Whose key of which mutation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The credential.
    pub principal: String,
    /// The mutation.
    pub mutation: String,
    /// The key.
    pub key: String,
}

/// Keys whose first request has not ended, in this process.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashSet<Claim>>);

/// A key held until dropped.
#[derive(Debug)]
pub struct Held {
    running: Arc<Running>,
    claim: Claim,
}

impl Running {
    /// Holds the key, unless another request does.
    pub fn hold(self: &Arc<Self>, claim: &Claim) -> Option<Held> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(claim.clone()).then(|| Held { running: self.clone(), claim: claim.clone() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.claim);
    }
}

/// What is known of a key.
pub enum Known {
    /// Nothing: go on.
    New,
    /// It was used with this very input.
    Answered(Done, Vec<(usize, Json)>),
    /// It was used with another input.
    Reused,
    /// Another server process is at it.
    Busy,
}

/// Looks a key up, and keeps other processes from it until the transaction ends.
pub async fn look_up(
    txn: &DatabaseTransaction,
    dialect: Dialect,
    now: DateTime<Utc>,
    claim: &Claim,
    input_hash: &[u8],
) -> Result<Known, Error> {
    if dialect == Dialect::Postgres && !try_lock(txn, claim).await? {
        return Ok(Known::Busy);
    }
    let found = idempotency::Entity::find()
        .filter(idempotency::Column::Principal.eq(&claim.principal))
        .filter(idempotency::Column::Mutation.eq(&claim.mutation))
        .filter(idempotency::Column::Key.eq(&claim.key))
        .one(txn)
        .await?;
    let Some(found) = found else { return Ok(Known::New) };
    if now - found.created_at >= KEPT {
        idempotency::Entity::delete(found.into_active_model()).exec(txn).await?;
        return Ok(Known::New);
    }
    if found.input_hash != input_hash {
        return Ok(Known::Reused);
    }
    let (done, errors) = read(&found.outcome)?;
    Ok(Known::Answered(done, errors))
}

async fn try_lock(txn: &DatabaseTransaction, claim: &Claim) -> Result<bool, Error> {
    let number = i64::from_be_bytes(digest::short_of_parts([&claim.principal, &claim.mutation, &claim.key]));
    let text = "SELECT pg_try_advisory_xact_lock($1) AS held";
    let statement = Statement::from_sql_and_values(txn.get_database_backend(), text, [number.into()]);
    let row = txn.query_one_raw(statement).await?.ok_or_else(|| Error::internal("no answer to a lock"))?;
    Ok(row.try_get("", "held")?)
}

/// Keeps an answer.
pub async fn keep(
    work: &Work<'_>,
    claim: &Claim,
    input_hash: Vec<u8>,
    done: &Done,
    errors: &[(usize, Json)],
) -> Result<(), Error> {
    let answer = idempotency::Model {
        principal: claim.principal.clone(),
        mutation: claim.mutation.clone(),
        key: claim.key.clone(),
        input_hash,
        outcome: written(done, errors).to_string(),
        created_at: work.now,
    };
    idempotency::Entity::insert(answer.into_active_model()).exec_without_returning(work.txn).await?;
    Ok(())
}

/// One hash for equal inputs: members in alphabetical order, the key itself left out.
pub fn input_hash(mutation: &Mutation, input: &ConstValue) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(&mutation.name);
    let mut text = String::new();
    canonical(&mut text, input);
    hash.update(text);
    hash.finalize().to_vec()
}

fn canonical(out: &mut String, value: &ConstValue) {
    match value {
        ConstValue::Object(members) => {
            let mut all: Vec<_> = members.iter().filter(|(name, _)| name.as_str() != "clientMutationKey").collect();
            // As they are spelled: a colon comes after digits and before letters.
            all.sort_by(|(one, _), (other, _)| one.bytes().chain([b':']).cmp(other.bytes().chain([b':'])));
            out.push('{');
            for (i, (name, value)) in all.into_iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                out.push_str(name);
                out.push(':');
                canonical(out, value);
            }
            out.push('}');
        }
        ConstValue::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                canonical(out, item);
            }
            out.push(']');
        }
        // A name in a document and a text in a variable mean the same.
        ConstValue::Enum(name) => {
            let _ = write!(out, "\"{name}\"");
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn written(done: &Done, errors: &[(usize, Json)]) -> Json {
    let rows: Vec<Json> = done
        .rows
        .iter()
        .map(|row| json!({ "index": row.index, "id": row.id.map(|id| crate::graph::encode_id(row.prefix, id)), "status": row.status }))
        .collect();
    let errors: Vec<Json> = errors.iter().map(|(index, error)| json!({ "index": index, "error": error })).collect();
    json!({ "count": done.count, "rows": rows, "errors": errors })
}

fn read(text: &str) -> Result<(Done, Vec<(usize, Json)>), Error> {
    let kept: Json = serde_json::from_str(text).map_err(Error::internal)?;
    let number = |value: &Json| usize::try_from(value.as_u64().unwrap_or_default()).unwrap_or_default();
    let rows = kept["rows"].as_array().into_iter().flatten();
    let rows = rows.map(|row| {
        let id: Option<(&str, Uuid)> = row["id"].as_str().and_then(parse_id);
        Written {
            index: number(&row["index"]),
            id: id.map(|(_, id)| id),
            prefix: "",
            status: ["CREATED", "UPDATED", "UNCHANGED", "FAILED"]
                .into_iter()
                .find(|s| row["status"] == *s)
                .unwrap_or("UNCHANGED"),
        }
    });
    let errors = kept["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|e| (number(&e["index"]), e["error"].clone())).collect();
    Ok((Done { count: number(&kept["count"]), rows: rows.collect(), ..Done::default() }, errors))
}
