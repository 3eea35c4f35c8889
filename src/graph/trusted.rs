//! Documents that an operator registered, each known by the hash of its text. The table decides; what is remembered of it is
//! five seconds old at most, so that what is removed is refused and what is added is answered by every server soon.

use std::{
    fmt::Write as _,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::trusted_document::{ActiveModel, Column, Entity, Model};
use lru::LruCache;
use sea_orm::{
    ActiveValue::Set, DatabaseConnection, EntityTrait as _, QueryOrder as _, TransactionTrait as _,
    sea_query::OnConflict,
};
use sha2::{Digest as _, Sha256};

use crate::{
    config::DocumentsAccepted,
    error::{Code, Error},
};

/// What an id begins with: the name of its hash.
const PREFIX: &str = "sha256:";
/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;
/// How long a document counts without another look at the table.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(5);
/// Documents remembered.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// Bytes of text remembered.
const TEXT: usize = 4 << 20;
/// Rows written by one statement.
const ROWS: usize = 100;

/// The id of a document: the hash of its text.
pub fn id_of(text: &str) -> String {
    let mut id = PREFIX.to_owned();
    for byte in Sha256::digest(text) {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// A document that is to be registered.
pub struct Registered {
    /// Its text, to the last byte.
    pub text: String,
    /// Names of its operations, as they are listed.
    pub operations: String,
}

/// Registers documents, all of them or none. One that is registered stays as it is.
pub async fn add(db: &DatabaseConnection, documents: &[Registered], now: DateTime<Utc>) -> Result<(), Error> {
    let txn = db.begin().await?;
    for some in documents.chunks(ROWS) {
        let rows = some.iter().map(|document| ActiveModel {
            id: Set(id_of(&document.text)),
            text: Set(document.text.clone()),
            operations: Set(document.operations.clone()),
            added_at: Set(now),
        });
        let keep = OnConflict::column(Column::Id).do_nothing().to_owned();
        Entity::insert_many(rows).on_conflict(keep).exec_without_returning(&txn).await?;
    }
    Ok(txn.commit().await?)
}

/// Every registered document, by the names of its operations.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<Model>, Error> {
    Ok(Entity::find().order_by_asc(Column::Operations).order_by_asc(Column::Id).all(db).await?)
}

/// Removes a document; whether it was there.
pub async fn remove(db: &DatabaseConnection, id: &str) -> Result<bool, Error> {
    check_id(id)?;
    Ok(Entity::delete_by_id(id).exec(db).await?.rows_affected > 0)
}

/// Refuses what is no id.
fn check_id(id: &str) -> Result<(), Error> {
    let digits = id.strip_prefix(PREFIX).unwrap_or_default();
    let is_id = digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_id { Ok(()) } else { Err(refuse("The id of a document is 'sha256:' and 64 lowercase hexadecimal digits.")) }
}

fn refuse(line: &str) -> Error {
    Error::new(Code::BadRequest, line)
}

/// What is remembered of the table.
pub struct TrustedDocuments {
    accepted: DocumentsAccepted,
    remembered: Mutex<Remembered>,
}

struct Remembered {
    by_id: LruCache<String, (Arc<str>, DateTime<Utc>)>,
    bytes: usize,
}

impl Default for TrustedDocuments {
    fn default() -> Self {
        Self::new(DocumentsAccepted::default())
    }
}

impl TrustedDocuments {
    /// Nothing remembered yet.
    pub fn new(accepted: DocumentsAccepted) -> Self {
        Self { accepted, remembered: Mutex::new(Remembered { by_id: LruCache::new(DOCUMENTS), bytes: 0 }) }
    }

    /// The text that a request is about, where it may be answered: a request names a registered document, sends its text, or
    /// both.
    pub async fn settle(
        &self,
        db: &DatabaseConnection,
        now: DateTime<Utc>,
        id: Option<String>,
        text: String,
    ) -> Result<String, Error> {
        if let Some(id) = id {
            check_id(&id)?;
            if !text.is_empty() && id_of(&text) != id {
                return Err(refuse("'documentId' and 'query' are not of the same document. Send one of them."));
            }
            let known = self.find(db, &id, now).await?;
            let unknown =
                "No document is registered under this id. Its operator adds it with 'foliograph documents add'.";
            return known.map(|text| text.to_string()).ok_or_else(|| Error::new(Code::DocumentNotFound, unknown));
        }
        if self.accepted == DocumentsAccepted::Trusted && self.find(db, &id_of(&text), now).await?.is_none() {
            let line = "Only registered documents are answered here, and this is none of them.";
            return Err(Error::new(Code::DocumentNotTrusted, line));
        }
        Ok(text)
    }

    /// A registered document.
    async fn find(&self, db: &DatabaseConnection, id: &str, now: DateTime<Utc>) -> Result<Option<Arc<str>>, Error> {
        if let Some(text) = self.recall(id, now) {
            return Ok(Some(text));
        }
        let found: Option<Arc<str>> = Entity::find_by_id(id).one(db).await?.map(|row| row.text.into());
        let mut remembered = self.lock();
        match &found {
            Some(text) => remembered.keep(id, text.clone(), now),
            None => remembered.forget(id),
        }
        Ok(found)
    }

    fn recall(&self, id: &str, now: DateTime<Utc>) -> Option<Arc<str>> {
        let mut remembered = self.lock();
        let (text, since) = remembered.by_id.get(id)?;
        // A clock that was set back makes nothing last longer.
        (TimeDelta::zero()..GOOD_FOR).contains(&(now - *since)).then(|| text.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn keep(&mut self, id: &str, text: Arc<str>, now: DateTime<Utc>) {
        self.bytes += text.len();
        // What the same id had, or what had to make room.
        if let Some((_, (gone, _))) = self.by_id.push(id.to_owned(), (text, now)) {
            self.bytes -= gone.len();
        }
        while self.bytes > TEXT {
            let Some((_, (gone, _))) = self.by_id.pop_lru() else { break };
            self.bytes -= gone.len();
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some((gone, _)) = self.by_id.pop(id) {
            self.bytes -= gone.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_hash_of_the_text() {
        let id = id_of("{ __typename }");
        assert_eq!(id, "sha256:7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b");
        check_id(&id).expect("an id");
        for bad in ["", "sha256:", &id[7..], &id.to_uppercase(), &format!("{id}0"), &id.replace('7', "g")] {
            assert_eq!(check_id(bad).expect_err(bad).code, Code::BadRequest, "{bad}");
        }
    }

    #[test]
    fn what_is_remembered_has_bounds() {
        let documents = TrustedDocuments::default();
        let now = DateTime::UNIX_EPOCH;
        let text: Arc<str> = "x".repeat(1 << 20).into();
        for number in 0..10 {
            documents.lock().keep(&format!("sha256:{number}"), text.clone(), now);
            documents.lock().keep(&format!("sha256:{number}"), text.clone(), now);
        }
        let kept = |documents: &TrustedDocuments| {
            let held = documents.lock();
            (held.bytes, held.by_id.len())
        };
        assert_eq!(kept(&documents), (4 << 20, 4));
        assert!(documents.recall("sha256:9", now).is_some() && documents.recall("sha256:0", now).is_none());
        assert!(documents.recall("sha256:9", now + GOOD_FOR).is_none(), "it is looked up again");
        assert!(documents.recall("sha256:9", now - TimeDelta::seconds(1)).is_none());
        documents.lock().forget("sha256:9");
        assert_eq!(kept(&documents), (3 << 20, 3));
    }
}
