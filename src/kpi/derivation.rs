//! Tables that sources read and that are made of other rows, such as the weeks of a pool. Making one may take longer than a
//! write should: whoever writes such rows notes what is outdated by them in her transaction, and the deriver makes that
//! again before it makes figures. Between its turns tables and ledger say the same.

use std::collections::{BTreeMap, BTreeSet};

use entity::outdated::{ActiveModel, Column as C, Entity as Outdated, Model as Note};
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveValue::NotSet, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};
use uuid::Uuid;

use super::{
    ledger::{self, Cause, Changed},
    measure::Fact,
};
use crate::{
    clock::Clock,
    error::Error,
    graph::{Lens, decl::Model},
    write::insert::insert,
};

/// Ids of one statement; databases bound the number of parameters.
const CHUNK: usize = 400;

/// What rows are made with.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The turn's transaction.
    pub txn: &'a DatabaseTransaction,
    /// What the system sees: all.
    pub lens: Lens<'a>,
    /// Time and ids.
    pub clock: &'a dyn Clock,
    /// The request that outdated them; empty for a day that began.
    pub request_id: &'a str,
}

/// Makes rows of a table again: those of these owners, as of today.
pub type Make = for<'a> fn(Making<'a>, &'a [Uuid]) -> BoxFuture<'a, Result<(), Error>>;

/// A table that is made of other rows; a source of measures may read it.
#[derive(Debug, Clone)]
pub struct Derivation {
    /// Its name: that of the source, where one reads it.
    pub source: &'static str,
    /// Rows whose change outdates what their owner has.
    pub facts: Vec<Fact>,
    /// A SELECT of all owners as `id`: each new day outdates them.
    pub owners: &'static str,
    /// Makes it again.
    pub make: Make,
}

/// Owners with their source.
pub type Owners = BTreeSet<(&'static str, Uuid)>;

/// Notes what changed rows outdate, and what else is outdated.
pub async fn note(
    txn: &DatabaseTransaction,
    model: &'static Model,
    changed: &BTreeSet<Changed>,
    mut outdated: Owners,
    cause: &Cause<'_>,
) -> Result<(), Error> {
    for derivation in &model.measures.derivations {
        let owners = ledger::owners(txn, &derivation.facts, changed).await?;
        outdated.extend(owners.into_iter().map(|owner| (derivation.source, owner)));
    }
    write(txn, &outdated, cause).await
}

/// Notes that a day began, which outdates everything.
pub async fn note_all(txn: &DatabaseTransaction, model: &'static Model, cause: &Cause<'_>) -> Result<(), Error> {
    let mut outdated = Owners::new();
    for derivation in &model.measures.derivations {
        let all = Statement::from_string(txn.get_database_backend(), derivation.owners);
        for row in txn.query_all_raw(all).await? {
            outdated.insert((derivation.source, row.try_get("", "id")?));
        }
    }
    write(txn, &outdated, cause).await
}

async fn write(txn: &DatabaseTransaction, outdated: &Owners, cause: &Cause<'_>) -> Result<(), Error> {
    let notes: Vec<ActiveModel> = outdated
        .iter()
        .map(|(source, owner)| ActiveModel {
            seq: NotSet,
            source: Set((*source).to_owned()),
            owner_id: Set(*owner),
            at: Set(cause.at),
            request_id: Set(cause.request_id.to_owned()),
            mutation: Set(cause.mutation.to_owned()),
            actor_id: Set(cause.actor),
        })
        .collect();
    insert::<Outdated>(txn, notes, &[]).await
}

/// Whether anything is outdated.
pub async fn is_due(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(Outdated::find().limit(1).one(db).await?.is_some())
}

/// Makes what is outdated again, with the amounts that it gives; figures that this touches have the last cause.
pub async fn remake(txn: &DatabaseTransaction, lens: Lens<'_>, clock: &dyn Clock) -> Result<(), Error> {
    let notes = Outdated::find().order_by_asc(C::Seq).all(txn).await?;
    for derivation in &lens.model.measures.derivations {
        let of: BTreeMap<Uuid, &Note> =
            notes.iter().filter(|note| note.source == derivation.source).map(|note| (note.owner_id, note)).collect();
        let mut by_request: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for (owner, note) in &of {
            by_request.entry(&note.request_id).or_default().push(*owner);
        }
        for (request_id, owners) in by_request {
            (derivation.make)(Making { txn, lens, clock, request_id }, &owners).await?;
        }
        for (owner, note) in of {
            let cause =
                Cause { at: note.at, request_id: &note.request_id, mutation: &note.mutation, actor: note.actor_id };
            ledger::keep_owner(txn, lens.model, derivation.source, owner, &cause).await?;
        }
    }
    let done: Vec<i64> = notes.iter().map(|note| note.seq).collect();
    for some in done.chunks(CHUNK) {
        Outdated::delete_many().filter(C::Seq.is_in(some.iter().copied())).exec(txn).await?;
    }
    Ok(())
}
