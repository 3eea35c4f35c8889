//! From an [`Identity`] to a [`Caller`]: the person behind it, her assigned roles, and the rows that relate to her.
//! Rows never come from the token.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{person, person_identity, portfolio_item, role_assignment};
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Caller, Identity, Role};
use crate::{clock::Clock, error::Error};

/// The rows that relate to a caller: what the scopes of the policy mean for her.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Projects that she manages (OWN).
    pub own: Arc<[Uuid]>,
    /// Items that she sponsors and everything below (SPON).
    pub sponsored: Arc<[Uuid]>,
    /// Portfolios of the subtrees that she owns or that an assignment names (PF).
    pub portfolios: Arc<[Uuid]>,
    /// Programs and projects, with what is below, that an assignment names (PF).
    pub assigned: Arc<[Uuid]>,
    /// Items that use her team (TEAM); nothing books people yet.
    pub team: Arc<[Uuid]>,
    /// Items granted to the key (GRANT); there are no keys yet.
    pub granted: Arc<[Uuid]>,
    /// Confidential items that she is named on, all the way up.
    pub named: Arc<[Uuid]>,
}

/// How long what is known of a caller may be used before it is read again.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How many callers are remembered.
const REMEMBERED: usize = 10_000;

/// Callers seen in the last seconds, so that a busy dashboard does not read its own rights for each request.
#[derive(Debug, Default)]
pub struct Callers {
    seen: Mutex<Known>,
}

/// When it was read, by what the credential says.
type Known = HashMap<Arc<Identity>, (DateTime<Utc>, Arc<Caller>)>;

impl Callers {
    /// The caller of this identity, read again when what is known is older than five seconds.
    pub async fn of(
        &self,
        db: &DatabaseConnection,
        clock: &dyn Clock,
        identity: Arc<Identity>,
    ) -> Result<Arc<Caller>, Error> {
        let now = clock.now();
        if let Some((at, caller)) = self.lock().get(&identity)
            && now - *at < FRESH
            && now >= *at
        {
            return Ok(caller.clone());
        }
        let caller = Arc::new(load(db, clock, identity.clone()).await?);
        let mut seen = self.lock();
        if seen.len() >= REMEMBERED {
            seen.retain(|_, (at, _)| now - *at < FRESH);
            if seen.len() >= REMEMBERED {
                seen.clear();
            }
        }
        seen.insert(identity, (now, caller.clone()));
        Ok(caller)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the person of an identity, the roles assigned to her and her rows.
pub async fn load(db: &DatabaseConnection, clock: &dyn Clock, identity: Arc<Identity>) -> Result<Caller, Error> {
    let found: Option<Uuid> = person_identity::Entity::find()
        .select_only()
        .column(person_identity::Column::PersonId)
        .filter(person_identity::Column::Issuer.eq(&identity.issuer))
        .filter(person_identity::Column::Subject.eq(&identity.subject))
        .into_tuple()
        .one(db)
        .await?;
    let person = match found {
        Some(id) => person::Entity::find_by_id(id).filter(person::Column::IsActive.eq(true)).one(db).await?,
        None => None,
    };
    // A person who was deactivated keeps no rights, whatever her token still says.
    if found.is_some() && person.is_none() {
        return Ok(Caller::new(identity, None, vec![], Rows::default()));
    }
    let Some(person) = person else {
        let roles = identity.roles.clone();
        return Ok(Caller::new(identity, None, roles, Rows::default()));
    };
    let today = clock.today();
    let assignments = role_assignment::Entity::find()
        .filter(role_assignment::Column::PersonId.eq(person.id))
        .filter(role_assignment::Column::ValidFromOn.lte(today))
        .filter(
            Condition::any()
                .add(role_assignment::Column::ValidToOn.is_null())
                .add(role_assignment::Column::ValidToOn.gte(today)),
        )
        .all(db)
        .await?;
    let mut roles = identity.roles.clone();
    roles.extend(assignments.iter().filter_map(|a| Role::parse(&a.role)));
    roles.sort_unstable();
    roles.dedup();
    let scopes: Vec<Uuid> = assignments.iter().filter_map(|a| a.item_id).collect();
    let rows = related(db, person.id, &scopes).await?;
    Ok(Caller::new(identity, Some(person.id), roles, rows))
}

/// One item of the tree, as far as scopes need it.
type Item = (Uuid, Option<Uuid>, String, String, Option<Uuid>, Option<Uuid>, Option<Uuid>);

/// Walks down from what names the person. Each step reads one generation; trees are a handful deep.
async fn related(db: &DatabaseConnection, me: Uuid, scopes: &[Uuid]) -> Result<Rows, Error> {
    use portfolio_item::Column as C;
    let mine = items(
        db,
        Condition::any()
            .add(C::ProjectManagerId.eq(me))
            .add(C::SponsorId.eq(me))
            .add(C::OwnerId.eq(me))
            .add(C::Id.is_in(scopes.iter().copied())),
    )
    .await?;
    let is_portfolio = |item: &Item| item.2 == "PORTFOLIO";
    let own = mine.iter().filter(|i| i.6 == Some(me)).map(|i| i.0).collect();
    let sponsored: Vec<Item> = mine.iter().filter(|i| i.5 == Some(me)).cloned().collect();
    let given: Vec<Item> =
        mine.iter().filter(|i| scopes.contains(&i.0) || (is_portfolio(i) && i.4 == Some(me))).cloned().collect();
    let sponsored = subtree(db, sponsored).await?;
    let given = subtree(db, given).await?;
    let portfolios = given.iter().filter(|i| is_portfolio(i)).map(|i| i.0).collect();
    let assigned = given.iter().filter(|i| !is_portfolio(i)).map(|i| i.0).collect();
    let named = named(db, me, scopes).await?;
    Ok(Rows {
        own,
        sponsored: sponsored.iter().map(|i| i.0).collect(),
        portfolios,
        assigned,
        team: Arc::default(),
        granted: Arc::default(),
        named: named.into(),
    })
}

/// The items and everything below them.
async fn subtree(db: &DatabaseConnection, roots: Vec<Item>) -> Result<Vec<Item>, Error> {
    let mut seen: HashSet<Uuid> = roots.iter().map(|i| i.0).collect();
    let mut all = roots.clone();
    let mut front = roots;
    while !front.is_empty() {
        let parents: Vec<Uuid> = front.iter().map(|i| i.0).collect();
        let mut below = vec![];
        for some in parents.chunks(500) {
            below.extend(
                items(db, Condition::all().add(portfolio_item::Column::ParentId.is_in(some.iter().copied()))).await?,
            );
        }
        below.retain(|i| seen.insert(i.0));
        all.extend(below.iter().cloned());
        front = below;
    }
    Ok(all)
}

/// The restricted items on which the person is named, and so is she on every confidential item above them.
async fn named(db: &DatabaseConnection, me: Uuid, scopes: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let restricted = items(db, Condition::all().add(portfolio_item::Column::IsRestricted.eq(true))).await?;
    let by_id: HashMap<Uuid, &Item> = restricted.iter().map(|i| (i.0, i)).collect();
    let names = |i: &Item| i.4 == Some(me) || i.5 == Some(me) || i.6 == Some(me) || scopes.contains(&i.0);
    let open = |start: &Item| {
        let mut at = Some(start);
        // A tree has no cycle, but a wrong row must not hang a request: no path is longer than the set.
        for _ in 0..=by_id.len() {
            let Some(item) = at else { return true };
            if item.3 == "CONFIDENTIAL" && !names(item) {
                return false;
            }
            at = item.1.and_then(|parent| by_id.get(&parent).copied());
        }
        false
    };
    Ok(restricted.iter().filter(|i| open(i)).map(|i| i.0).collect())
}

async fn items(db: &DatabaseConnection, which: Condition) -> Result<Vec<Item>, Error> {
    use portfolio_item::Column as C;
    Ok(portfolio_item::Entity::find()
        .select_only()
        .columns([C::Id, C::ParentId, C::Kind, C::Confidentiality, C::OwnerId, C::SponsorId, C::ProjectManagerId])
        .filter(which)
        .into_tuple()
        .all(db)
        .await?)
}
