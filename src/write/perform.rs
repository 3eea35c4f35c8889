//! Carries a mutation out: key, transaction, traces, commit. A transaction that lost a race is tried again; everything
//! else ends it, and then nothing of it is there.

use std::sync::Arc;

use async_graphql_value::ConstValue;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, SqlErr};
use serde_json::Value as Json;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Done, Mutation, Path, UserCode, UserError, Work,
    decl::Verb,
    idempotency::{self, Claim, Known, Running},
    input, trace,
};
use crate::{
    auth::{Caller, Callers, Scopes, Step},
    clock::Clock,
    error::{Code, Error},
    events::Events,
    graph::{Database, Dialect, Lens, begin, decl::Model},
};

/// How often a transaction that lost a race is tried.
const ATTEMPTS: usize = 5;
/// Characters of the longest key of a header.
const LONGEST_KEY: usize = 255;

/// Carries mutations out.
pub struct Writer {
    database: Database,
    model: &'static Model,
    clock: Arc<dyn Clock>,
    callers: Arc<Callers>,
    running: Arc<Running>,
    /// SQLite has one writer; those of this process queue here, in order, instead of asking it again and again.
    turn: Mutex<()>,
    /// Told after each commit that left events; a command leaves them to the servers.
    events: Option<Arc<Events>>,
}

/// What is asked.
pub struct Wish<'a> {
    /// Which mutation.
    pub mutation: &'static Mutation,
    /// Its input, coerced.
    pub input: &'a ConstValue,
    /// Who asks.
    pub caller: &'a Caller,
    /// The request.
    pub request_id: &'a str,
    /// The header Idempotency-Key.
    pub key: Option<&'a str>,
}

impl Wish<'_> {
    /// Whether nothing is to be written.
    fn is_dry_run(&self) -> bool {
        input::member(self.input, "dryRun") == Some(&ConstValue::Boolean(true))
    }
}

/// What was done.
pub struct Performed {
    /// The payload's values.
    pub payload: Json,
    /// Whether anybody's rights or rows may be others now.
    pub touches_rights: bool,
}

impl Performed {
    /// Whether it tells its user what to mend, of one item at least.
    pub fn has_user_errors(&self) -> bool {
        self.payload["userErrors"].as_array().is_some_and(|errors| !errors.is_empty())
    }
}

/// What a transaction came to, and how it is to end.
enum Tried {
    Commit {
        performed: Performed,
        /// Whether there are events to tell.
        writes: bool,
    },
    /// None where another process is at the same key.
    Rollback(Option<Performed>),
}

/// An error of an item, as the payload shows it.
type Told = Vec<(usize, Json)>;

impl Writer {
    /// A writer.
    pub fn new(
        database: Database,
        model: &'static Model,
        clock: Arc<dyn Clock>,
        callers: Arc<Callers>,
        events: Option<Arc<Events>>,
    ) -> Self {
        let (running, turn) = (Arc::default(), Mutex::default());
        Self { database, model, clock, callers, running, turn, events }
    }

    /// Does what is asked, or says why not.
    pub async fn perform(&self, wish: &Wish<'_>) -> Result<Performed, Error> {
        let refuse = |error: UserError| Ok(self.refused(wish, error));
        if let Some(needs) = wish.mutation.needs
            && wish.caller.rights.scopes(needs).is_empty()
        {
            let line = format!("`{}` needs {needs}.", wish.mutation.name);
            return refuse(UserError::new(UserCode::Forbidden, Path::input(), line).with("needs", needs));
        }
        let claim = match claim(wish) {
            Ok(claim) => claim,
            Err(error) => return refuse(error),
        };
        let busy = || {
            let line = "The first request with this key has not ended; ask again shortly.";
            UserError::new(UserCode::IdempotencyInProgress, Path::input().at("clientMutationKey"), line)
        };
        let _held = match &claim {
            Some(claim) => match self.running.hold(claim) {
                Some(held) => Some(held),
                None => return refuse(busy()),
            },
            None => None,
        };
        let mut attempt = 1;
        loop {
            let turn = match self.database.dialect {
                Dialect::Sqlite => Some(self.turn.lock().await),
                Dialect::Postgres => None,
            };
            let outcome = self.attempt(wish, claim.as_ref()).await;
            drop(turn);
            match outcome {
                Err(e) if lost_a_race(&e) && attempt < ATTEMPTS => attempt += 1,
                Err(e) if lost_a_race(&e) => {
                    let line = "Others were writing the same at the same time; send it again.";
                    return Err(Error { source: e.source, ..Error::new(Code::Unavailable, line) });
                }
                Ok(None) => return refuse(busy()),
                Ok(Some(performed)) => return Ok(performed),
                Err(e) => return Err(e),
            }
        }
    }

    /// One transaction; none where another process is at the same key.
    async fn attempt(&self, wish: &Wish<'_>, claim: Option<&Claim>) -> Result<Option<Performed>, Error> {
        let txn = begin(&self.database.orm).await?;
        if self.database.dialect == Dialect::Postgres {
            // What a write brings along is asked by id: planning it for its values took longer than doing it.
            txn.execute_unprepared("SET LOCAL plan_cache_mode = force_generic_plan").await?;
        }
        let tried = self.within(&txn, wish, claim).await;
        match tried {
            Ok(Tried::Commit { performed, writes }) => {
                txn.commit().await?;
                if performed.touches_rights {
                    self.callers.forget_all();
                }
                if writes && let Some(events) = &self.events {
                    events.nudge();
                }
                Ok(Some(performed))
            }
            // Waited for: until then it holds its locks, the key's among them, and another try would meet itself.
            Ok(Tried::Rollback(performed)) => {
                txn.rollback().await?;
                Ok(performed)
            }
            Err(e) => {
                if let Err(cause) = txn.rollback().await {
                    tracing::warn!(%cause, "a transaction was not rolled back but dropped");
                }
                Err(e)
            }
        }
    }

    /// All that happens in the transaction, up to its end.
    async fn within(&self, txn: &DatabaseTransaction, wish: &Wish<'_>, claim: Option<&Claim>) -> Result<Tried, Error> {
        let now = self.clock.now();
        let hash = claim.map(|_| idempotency::input_hash(wish.mutation, wish.input)).unwrap_or_default();
        if let Some(claim) = claim {
            match idempotency::look_up(txn, self.database.dialect, now, claim, &hash).await? {
                Known::New => {}
                Known::Busy => return Ok(Tried::Rollback(None)),
                Known::Reused => {
                    let path = Path::input().at("clientMutationKey");
                    let line = "This key was used before with another input.";
                    let error = UserError::new(UserCode::IdempotencyKeyReused, path, line);
                    return Ok(Tried::Rollback(Some(self.refused(wish, error))));
                }
                Known::Answered(done, errors) => {
                    return Ok(Tried::Rollback(Some(self.replay(wish, done, errors).await?)));
                }
            }
        }
        let lens = self.lens(wish.caller);
        let mut work = Work::new(txn, lens, wish.mutation, self.clock.as_ref(), wish.request_id);
        let done = (wish.mutation.run)(&mut work, wish.input).await?;
        if work.lost_race {
            return Err(Error::internal(LostRace));
        }
        let errors = told(&work.errors);
        let writes = !work.traces.is_empty();
        if wish.is_dry_run() || (!writes && !errors.is_empty()) {
            return Ok(Tried::Rollback(Some(self.told(wish, &done, &errors, wish.is_dry_run(), false))));
        }
        let touches_rights = work.touches_rights && writes;
        trace::leave(&mut work).await?;
        if let Some(claim) = claim {
            idempotency::keep(&work, claim, hash, &done, &errors).await?;
        }
        let performed = Performed { touches_rights, ..self.told(wish, &done, &errors, false, false) };
        Ok(Tried::Commit { performed, writes })
    }

    /// The answer of an earlier request, as things are now and as far as the caller may still do what she did then.
    async fn replay(&self, wish: &Wish<'_>, mut done: Done, mut errors: Told) -> Result<Performed, Error> {
        let entity = self.model.entity(wish.mutation.entity);
        done.rows.iter_mut().for_each(|row| row.prefix = entity.prefix.unwrap_or_default());
        // What is gone can neither be read nor written again.
        if wish.mutation.verb == Verb::Delete {
            done.rows.iter_mut().for_each(|row| row.prefix = entity.prefix.unwrap_or_default());
            return Ok(self.told(wish, &done, &errors, false, true));
        }
        // What she could not do then asks for no right now.
        let ids: Vec<Uuid> = done.rows.iter().filter(|row| row.status != "FAILED").filter_map(|row| row.id).collect();
        let scopes = self.rights(wish);
        let held = self.lens(wish.caller).holds(entity, &ids, &[scopes]).await?;
        let mut lost = vec![];
        for row in &mut done.rows {
            let Some(id) = row.id.filter(|id| ids.contains(id)) else { continue };
            let path =
                || if wish.mutation.verb.is_bulk() { Path::input().at("items").at(row.index) } else { Path::input() };
            let error = match held.get(&id).map(|held| held[0]) {
                Some(true) => continue,
                Some(false) => UserError::new(UserCode::Forbidden, path(), "You may no longer write this row."),
                None => {
                    let line = format!("There is no such {} that you can see.", entity.name);
                    UserError::new(UserCode::NotFound, path(), line)
                }
            };
            lost.push((row.index, error));
            // What became of it then stands; the row itself is not shown.
            row.id = None;
        }
        errors.extend(told(&lost));
        Ok(self.told(wish, &done, &errors, false, true))
    }

    /// The rows on which the caller may do anything of this mutation's kind.
    fn rights(&self, wish: &Wish<'_>) -> Scopes {
        let entity = self.model.entity(wish.mutation.entity);
        let rights = &wish.caller.rights;
        let mut all = wish.mutation.needs.map_or(Scopes::NONE, |needs| rights.scopes(needs)).or(entity.writes(rights));
        all = entity.lists.iter().fold(all, |all, list| all.or(rights.scopes(list.class.write())));
        if matches!(wish.mutation.verb, Verb::Act | Verb::BulkAct) {
            all = Step::ALL.iter().fold(all, |all, step| all.or(wish.caller.takes(*step)));
        }
        all
    }

    fn lens<'a>(&'a self, caller: &'a Caller) -> Lens<'a> {
        Lens { database: &self.database, model: self.model, caller }
    }

    fn refused(&self, wish: &Wish<'_>, error: UserError) -> Performed {
        self.told(wish, &Done::default(), &told(&[(0, error)]), false, false)
    }

    fn told(&self, wish: &Wish<'_>, done: &Done, errors: &Told, is_dry_run: bool, replayed: bool) -> Performed {
        let single = self.model.entity(wish.mutation.entity).single;
        let mut payload = done.payload(wish.mutation, single, errors, is_dry_run);
        payload["replayed"] = replayed.into();
        Performed { payload, touches_rights: false }
    }
}

fn told(errors: &[(usize, UserError)]) -> Told {
    errors.iter().map(|(index, error)| (*index, error.to_json())).collect()
}

/// The key of the request, from its input or its header.
fn claim(wish: &Wish<'_>) -> Result<Option<Claim>, UserError> {
    let path = Path::input().at("clientMutationKey");
    let wrong = |line: &str| UserError::new(UserCode::Invalid, path.clone(), line);
    let given = match input::text(wish.input, "clientMutationKey").map(|key| Uuid::parse_str(&key)) {
        Some(Err(_)) => return Err(wrong("The key is a UUID.")),
        // One key, however it is spelled.
        Some(Ok(key)) => Some(key.to_string()),
        None => None,
    };
    if wish.key.is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY || !key.is_ascii()) {
        return Err(wrong("The header Idempotency-Key holds up to 255 plain characters."));
    }
    let key = match (given, wish.key) {
        (Some(given), Some(header)) if given != header => {
            return Err(wrong("The input and the header Idempotency-Key hold different keys."));
        }
        (Some(key), _) => key,
        (None, Some(key)) => key.to_owned(),
        (None, None) => {
            if wish.mutation.verb.is_bulk() && !wish.is_dry_run() {
                let line = "A list is written with a key, so that it can be sent again: clientMutationKey, or the header Idempotency-Key.";
                return Err(UserError::new(UserCode::Required, path, line));
            }
            return Ok(None);
        }
    };
    Ok(Some(Claim { principal: wish.caller.principal(), mutation: wish.mutation.name.clone(), key }))
}

/// Another writer was faster, as the mutation itself found out.
#[derive(Debug)]
pub(super) struct LostRace;

impl std::fmt::Display for LostRace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another writer was faster each time")
    }
}

impl std::error::Error for LostRace {}

/// Whether a transaction failed only because another one was faster: it may be tried again.
fn lost_a_race(error: &Error) -> bool {
    let Some(source) = &error.source else { return false };
    let Some(cause) = source.downcast_ref::<sea_orm::DbErr>() else { return source.is::<LostRace>() };
    if matches!(cause.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return true;
    }
    let text = cause.to_string();
    // 40P01 and 40001: deadlock and serialization; SQLite says that it is busy.
    ["deadlock detected", "could not serialize", "database is locked"].iter().any(|sign| text.contains(sign))
}
