//! From an [`Identity`] to a [`Caller`]: the person behind it, her assigned roles, and the rows that relate to her.
//! Rows never come from the token.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    allocation, api_key_grant, benefit, person, person_identity, portfolio_item, resource, resource_pool,
    role_assignment,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::{AccessMode, Caller, Class, Identity, KeyFacts, Role, api_keys};
use crate::{clock::Clock, error::Error};

/// The rows that relate to a caller: what the scopes of the policy mean for her.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Projects that she manages (OWN).
    pub own: Arc<[Uuid]>,
    /// What she sponsors (SPON).
    pub sponsored: Subtrees,
    /// Portfolios that she owns, and whatever an assignment of hers names (PF).
    pub given: Subtrees,
    /// Items that use her team (USED).
    pub used: Arc<[Uuid]>,
    /// Resources that relate to her.
    pub resources: Resources,
    /// What is granted to the key (GRANT).
    pub granted: Subtrees,
    /// Items whose benefits she owns, or for which she works (LINKED).
    pub linked: Arc<[Uuid]>,
    /// Whether she owns a benefit.
    pub owns_benefits: bool,
    /// Confidential items that she is named on, or that are granted to the key, all the way up.
    pub named: Arc<[Uuid]>,
}

/// Items and everything below them. Portfolios stand for what is in them, so that the lists stay short: a database
/// plans a condition on two portfolios faster than one on their two hundred projects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subtrees {
    /// Portfolios, all the way down.
    pub portfolios: Arc<[Uuid]>,
    /// Programs and projects that are in none of them.
    pub items: Arc<[Uuid]>,
}

/// Resources that relate to a caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    /// Those whose manager she is, herself or as the manager of their pool (TEAM).
    pub managed: Arc<[Uuid]>,
    /// Pools that she manages (TEAM).
    pub pools: Arc<[Uuid]>,
    /// Those that work on her projects (OWN).
    pub on_own: Arc<[Uuid]>,
    /// Those that work on what is granted to the key (GRANT).
    pub on_granted: Arc<[Uuid]>,
    /// The one that she is (SELF).
    pub herself: Arc<[Uuid]>,
}

/// A set of rows of the caller that a scope compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RowSet {
    /// Projects she manages.
    Own,
    /// Portfolios that she sponsors, all the way down.
    SponsoredPortfolios,
    /// Programs and projects that she sponsors elsewhere.
    SponsoredItems,
    /// Portfolios that she owns or was given, all the way down.
    GivenPortfolios,
    /// Programs and projects that she was given elsewhere.
    GivenItems,
    /// Items that use her team.
    Used,
    /// Portfolios granted to the key, all the way down.
    GrantedPortfolios,
    /// Programs and projects granted to the key elsewhere.
    GrantedItems,
    /// Items whose benefits she owns.
    Linked,
    /// Restricted items that name her.
    Named,
    /// Resources that she manages.
    ManagedResources,
    /// Pools that she manages.
    ManagedPools,
    /// Resources that work on her projects.
    ResourcesOnOwn,
    /// Resources that work on what is granted to the key.
    ResourcesOnGranted,
    /// The resource that she is.
    Herself,
}

impl RowSet {
    /// Every set.
    pub const ALL: [Self; 15] = [
        Self::Own,
        Self::SponsoredPortfolios,
        Self::SponsoredItems,
        Self::GivenPortfolios,
        Self::GivenItems,
        Self::Used,
        Self::GrantedPortfolios,
        Self::GrantedItems,
        Self::Linked,
        Self::Named,
        Self::ManagedResources,
        Self::ManagedPools,
        Self::ResourcesOnOwn,
        Self::ResourcesOnGranted,
        Self::Herself,
    ];
}

/// Which sets of a caller have any rows. A condition on an empty set is not even in the SQL, so this is part of what
/// a plan is made for, as the rights are; the rows themselves never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reach(u16);

impl Reach {
    /// Whether the set has rows.
    pub fn has(self, set: RowSet) -> bool {
        self.0 & (1 << set as u8) != 0
    }
}

impl Rows {
    /// The rows of a set.
    pub fn of(&self, set: RowSet) -> &Arc<[Uuid]> {
        match set {
            RowSet::Own => &self.own,
            RowSet::SponsoredPortfolios => &self.sponsored.portfolios,
            RowSet::SponsoredItems => &self.sponsored.items,
            RowSet::GivenPortfolios => &self.given.portfolios,
            RowSet::GivenItems => &self.given.items,
            RowSet::Used => &self.used,
            RowSet::GrantedPortfolios => &self.granted.portfolios,
            RowSet::GrantedItems => &self.granted.items,
            RowSet::Linked => &self.linked,
            RowSet::Named => &self.named,
            RowSet::ManagedResources => &self.resources.managed,
            RowSet::ManagedPools => &self.resources.pools,
            RowSet::ResourcesOnOwn => &self.resources.on_own,
            RowSet::ResourcesOnGranted => &self.resources.on_granted,
            RowSet::Herself => &self.resources.herself,
        }
    }

    /// Which sets have any.
    pub fn reach(&self) -> Reach {
        let bits = RowSet::ALL.into_iter().filter(|set| !self.of(*set).is_empty()).map(|set| 1 << set as u8);
        Reach(bits.fold(0, |all, bit| all | bit))
    }
}

/// How long what is known of a caller may be used before it is read again.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How many callers are remembered.
const REMEMBERED: usize = 10_000;

/// Callers seen in the last seconds, so that a busy dashboard does not read its own rights for each request.
#[derive(Debug, Default)]
pub struct Callers {
    /// Classes that resource managers read of their teams besides.
    opened: Vec<Class>,
    seen: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// When it was read, by what the credential says.
    callers: HashMap<Arc<Identity>, (DateTime<Utc>, Arc<Caller>)>,
    /// How often all were forgotten.
    forgotten: u64,
}

impl Callers {
    /// Nobody yet; resource managers read these classes of their teams besides.
    pub fn new(opened: Vec<Class>) -> Self {
        Self { opened, seen: Mutex::default() }
    }

    /// The caller of this identity, read again when what is known is older than five seconds.
    pub async fn of(
        &self,
        db: &DatabaseConnection,
        clock: &dyn Clock,
        identity: Arc<Identity>,
    ) -> Result<Arc<Caller>, Error> {
        let now = clock.now();
        let forgotten = {
            let seen = self.lock();
            if let Some((at, caller)) = seen.callers.get(&identity)
                && now - *at < FRESH
                && now >= *at
            {
                return Ok(caller.clone());
            }
            seen.forgotten
        };
        let mut caller = load(db, clock, identity.clone()).await?;
        caller.rights = caller.rights.of_opened(&caller.roles, &self.opened);
        let caller = Arc::new(caller);
        let mut seen = self.lock();
        // What was read before all were forgotten may be what they were forgotten for.
        if seen.forgotten == forgotten {
            if seen.callers.len() >= REMEMBERED {
                seen.callers.retain(|_, (at, _)| now - *at < FRESH);
                if seen.callers.len() >= REMEMBERED {
                    seen.callers.clear();
                }
            }
            seen.callers.insert(identity, (now, caller.clone()));
        }
        Ok(caller)
    }

    /// Reads every caller again when she asks next: for whoever changes roles, grants or what names people.
    pub fn forget_all(&self) {
        let mut seen = self.lock();
        seen.callers.clear();
        seen.forgotten += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server's own commands, run by whoever can run them: every role, every row, nobody's person.
pub async fn system(db: &impl ConnectionTrait) -> Result<Caller, Error> {
    let identity = Identity {
        issuer: "foliograph-command".to_owned(),
        subject: "system".to_owned(),
        roles: Role::ALL.to_vec(),
        expires_at: DateTime::<Utc>::MAX_UTC,
        key: None,
        signer: None,
    };
    let restricted = items(db, Condition::all().add(portfolio_item::Column::IsRestricted.eq(true))).await?;
    let rows = Rows { named: restricted.iter().map(|item| item.id).collect(), ..Rows::default() };
    Ok(Caller::new(Arc::new(identity), None, Role::ALL.to_vec(), rows))
}

/// Reads the person of an identity, the roles assigned to her and her rows; of a key, its roles and grants as they are now.
pub async fn load(db: &DatabaseConnection, clock: &dyn Clock, identity: Arc<Identity>) -> Result<Caller, Error> {
    if let Some(key) = identity.key {
        return load_key(db, clock, identity, key).await;
    }
    let found: Option<Uuid> = person_identity::Entity::find()
        .select_only()
        .column(person_identity::Column::PersonId)
        .filter(person_identity::Column::Issuer.eq(&identity.issuer))
        .filter(person_identity::Column::Subject.eq(&identity.subject))
        .into_tuple()
        .one(db)
        .await?;
    let person = match found {
        Some(id) => {
            let here =
                Condition::all().add(person::Column::IsActive.eq(true)).add(person::Column::ArchivedAt.is_null());
            person::Entity::find_by_id(id).filter(here).one(db).await?
        }
        None => None,
    };
    // A person who was deactivated or archived keeps no rights, whatever her token still says.
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
        .filter(role_assignment::Column::ArchivedAt.is_null())
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

/// A key has no person: nothing names it but its grants. Fails once it was revoked, rotated or has expired.
async fn load_key(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    identity: Arc<Identity>,
    key: KeyFacts,
) -> Result<Caller, Error> {
    let row = api_keys::current(db, clock.now(), &key).await?;
    let grants: Vec<Uuid> = api_key_grant::Entity::find()
        .select_only()
        .column(api_key_grant::Column::ItemId)
        .filter(api_key_grant::Column::ApiKeyId.eq(key.id))
        .into_tuple()
        .all(db)
        .await?;
    let given = items_by(db, portfolio_item::Column::Id, &grants).await?;
    let granted = below(db, given).await?;
    let on_granted = at_work(db, &granted).await?.into();
    let rows = Rows {
        granted: subtrees(&granted),
        resources: Resources { on_granted, ..Resources::default() },
        named: named(db, None, &grants).await?.into(),
        ..Rows::default()
    };
    let access_mode = AccessMode::parse(&row.access_mode).unwrap_or(AccessMode::Error);
    Ok(Caller { access_mode, ..Caller::new(identity, None, api_keys::roles(&row), rows) })
}

/// One item of the tree, as far as scopes need it.
#[derive(Debug, Clone, FromQueryResult)]
struct Item {
    id: Uuid,
    kind: String,
    parent_id: Option<Uuid>,
    portfolio_id: Option<Uuid>,
    confidentiality: String,
    owner_id: Option<Uuid>,
    sponsor_id: Option<Uuid>,
    project_manager_id: Option<Uuid>,
}

impl Item {
    fn is_portfolio(&self) -> bool {
        self.kind == "PORTFOLIO"
    }
}

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
    let own: Vec<Item> = mine.iter().filter(|i| i.project_manager_id == Some(me)).cloned().collect();
    let sponsored = mine.iter().filter(|i| i.sponsor_id == Some(me)).cloned().collect();
    let given = mine
        .iter()
        .filter(|i| scopes.contains(&i.id) || (i.is_portfolio() && i.owner_id == Some(me)))
        .cloned()
        .collect();
    let mut resources = managed(db, me).await?;
    resources.on_own = at_work(db, &own).await?.into();
    let benefits = owned_benefits(db, me).await?;
    let owns_benefits = !benefits.is_empty();
    let linked: BTreeSet<Uuid> = benefits.into_iter().chain(items_using(db, &resources.herself).await?).collect();
    Ok(Rows {
        own: own.iter().map(|i| i.id).collect(),
        sponsored: subtrees(&below(db, sponsored).await?),
        given: subtrees(&below(db, given).await?),
        used: items_using(db, &resources.managed).await?.into(),
        resources,
        granted: Subtrees::default(),
        linked: linked.into_iter().collect(),
        owns_benefits,
        named: named(db, Some(me), scopes).await?.into(),
    })
}

/// The items whose benefits the person owns.
async fn owned_benefits(db: &DatabaseConnection, me: Uuid) -> Result<Vec<Uuid>, Error> {
    let items = benefit::Entity::find().select_only().column(benefit::Column::ItemId).distinct();
    Ok(items.filter(benefit::Column::OwnerId.eq(me)).into_tuple().all(db).await?)
}

/// A resource, its person, its manager and its pool.
type Managed = (Uuid, Option<Uuid>, Option<Uuid>, Option<Uuid>);

/// The resources and pools that the person manages, and the resource that she is.
async fn managed(db: &DatabaseConnection, me: Uuid) -> Result<Resources, Error> {
    use resource::Column as C;
    let pools = resource_pool::Entity::find().select_only().column(resource_pool::Column::Id);
    let pools: Vec<Uuid> = pools.filter(resource_pool::Column::ManagerId.eq(me)).into_tuple().all(db).await?;
    let of_pools = Condition::all().add(C::ManagerId.is_null()).add(C::PoolId.is_in(pools.iter().copied()));
    let hers = Condition::any().add(C::ManagerId.eq(me)).add(C::PersonId.eq(me)).add(of_pools);
    let found: Vec<Managed> = resource::Entity::find()
        .select_only()
        .columns([C::Id, C::PersonId, C::ManagerId, C::PoolId])
        .filter(hers)
        .into_tuple()
        .all(db)
        .await?;
    let is_managed = |manager: Option<Uuid>, pool: Option<Uuid>| match manager {
        Some(manager) => manager == me,
        None => pool.is_some_and(|pool| pools.contains(&pool)),
    };
    Ok(Resources {
        managed: found.iter().filter(|(.., manager, pool)| is_managed(*manager, *pool)).map(|(id, ..)| *id).collect(),
        herself: found.iter().filter(|(_, person, ..)| *person == Some(me)).map(|(id, ..)| *id).collect(),
        pools: pools.into(),
        ..Resources::default()
    })
}

/// The resources that work on these items: what was declined or released is no work.
async fn at_work(db: &DatabaseConnection, items: &[Item]) -> Result<Vec<Uuid>, Error> {
    let items: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    booked(db, allocation::Column::ResourceId, allocation::Column::ItemId, &items).await
}

/// The items that these resources work on.
async fn items_using(db: &DatabaseConnection, resources: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    booked(db, allocation::Column::ItemId, allocation::Column::ResourceId, resources).await
}

async fn booked(
    db: &DatabaseConnection,
    asked: allocation::Column,
    by: allocation::Column,
    of: &[Uuid],
) -> Result<Vec<Uuid>, Error> {
    let mut found = BTreeSet::new();
    for some in of.chunks(500) {
        let rows = allocation::Entity::find().select_only().column(asked).distinct();
        let rows = rows.filter(by.is_in(some.iter().copied()));
        let rows = rows.filter(allocation::Column::State.is_not_in(["DECLINED", "RELEASED"]));
        found.extend(rows.into_tuple::<Uuid>().all(db).await?);
    }
    Ok(found.into_iter().collect())
}

fn subtrees(all: &[Item]) -> Subtrees {
    let portfolios: Arc<[Uuid]> = all.iter().filter(|i| i.is_portfolio()).map(|i| i.id).collect();
    let is_inside = |i: &&Item| i.portfolio_id.is_some_and(|p| portfolios.contains(&p));
    let items = all.iter().filter(|i| !is_inside(i)).map(|i| i.id).collect();
    Subtrees { portfolios, items }
}

/// The items and everything below them.
async fn below(db: &DatabaseConnection, roots: Vec<Item>) -> Result<Vec<Item>, Error> {
    let mut seen: HashSet<Uuid> = roots.iter().map(|i| i.id).collect();
    let mut all = roots.clone();
    let mut front = roots;
    while !front.is_empty() {
        let parents: Vec<Uuid> = front.iter().map(|i| i.id).collect();
        let mut children = items_by(db, portfolio_item::Column::ParentId, &parents).await?;
        children.retain(|i: &Item| seen.insert(i.id));
        all.extend(children.iter().cloned());
        front = children;
    }
    Ok(all)
}

/// The restricted items on which the person is named, and so is she on every confidential item above them. An assignment
/// and a grant name their item.
async fn named(db: &DatabaseConnection, me: Option<Uuid>, scopes: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let restricted = items(db, Condition::all().add(portfolio_item::Column::IsRestricted.eq(true))).await?;
    let by_id: HashMap<Uuid, &Item> = restricted.iter().map(|i| (i.id, i)).collect();
    let names = |i: &Item| {
        me.is_some() && [i.owner_id, i.sponsor_id, i.project_manager_id].contains(&me) || scopes.contains(&i.id)
    };
    let open = |start: &Item| {
        let mut at = Some(start);
        // A tree has no cycle, but a wrong row must not hang a request: no path is longer than the set.
        for _ in 0..=by_id.len() {
            let Some(item) = at else { return true };
            if item.confidentiality == "CONFIDENTIAL" && !names(item) {
                return false;
            }
            at = item.parent_id.and_then(|parent| by_id.get(&parent).copied());
        }
        false
    };
    Ok(restricted.iter().filter(|i| open(i)).map(|i| i.id).collect())
}

/// The items with one of these ids in that column.
async fn items_by(db: &DatabaseConnection, column: portfolio_item::Column, ids: &[Uuid]) -> Result<Vec<Item>, Error> {
    let mut found = vec![];
    for some in ids.chunks(500) {
        found.extend(items(db, Condition::all().add(column.is_in(some.iter().copied()))).await?);
    }
    Ok(found)
}

async fn items(db: &impl ConnectionTrait, which: Condition) -> Result<Vec<Item>, Error> {
    use portfolio_item::Column as C;
    Ok(portfolio_item::Entity::find()
        .select_only()
        .columns([
            C::Id,
            C::Kind,
            C::ParentId,
            C::PortfolioId,
            C::Confidentiality,
            C::OwnerId,
            C::SponsorId,
            C::ProjectManagerId,
        ])
        .filter(which)
        .into_model()
        .all(db)
        .await?)
}
