//! A view: what decides which rows a caller sees, without who she is. Equal views have equal hashes, so that watermarks
//! name them in a few bytes and callers with the same rights share one.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::feed_view;
use lru::LruCache;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    auth::{Caller, Class, RowSet, Rows, Scopes},
    error::{Code, Error},
    graph::{
        Database, Eyes, Limit,
        decl::{Entity, Kind, Model, RowScope, Which},
        limit,
    },
};

/// Raised whenever equal rights come to mean other rows: whoever has old rows is brought in step.
const POLICY: u32 = 1;

/// Names a view.
pub type ViewHash = [u8; 16];

/// What decides what a caller sees.
#[derive(Debug)]
pub struct View {
    /// Its name.
    pub hash: ViewHash,
    /// Its rows and its person.
    pub eyes: Eyes,
    content: String,
}

/// A view as it is kept.
#[derive(Serialize, Deserialize, Default)]
struct Content {
    /// The rules by which the program reads the rest.
    #[serde(default)]
    policy: u32,
    /// Scopes by class; a class without any is not there.
    read: BTreeMap<String, String>,
    /// The rows that these scopes compare with.
    rows: BTreeMap<String, Vec<Uuid>>,
    /// The person, if a scope is about her.
    person: Option<Uuid>,
}

/// What of a view matters for the rows of an entity and their fields.
#[derive(PartialEq, Eq)]
pub struct Lens {
    rows: Reading,
    drafts: Option<Reading>,
    everywhere: Vec<Reading>,
    fields: Vec<(Class, Option<Reading>)>,
    links: Vec<(Class, bool)>,
    named: Arc<[Uuid]>,
}

/// Scopes with the rows that they mean.
type Reading = (Scopes, Vec<Arc<[Uuid]>>, Option<Uuid>);

impl View {
    /// What a caller sees now.
    pub fn of(caller: &Caller) -> Self {
        let mut content = Content { policy: POLICY, ..Content::default() };
        let mut used = Scopes::NONE;
        for class in Class::ALL {
            let scopes = caller.rights.read(class);
            used = used.or(scopes);
            if !scopes.is_empty() {
                content.read.insert(class.as_str().to_owned(), scopes.to_string());
            }
        }
        for set in RowSet::ALL.into_iter().filter(|set| uses(used, *set)) {
            let mut rows = caller.rows.of(set).to_vec();
            rows.sort_unstable();
            rows.dedup();
            if !rows.is_empty() {
                content.rows.insert(format!("{set:?}"), rows);
            }
        }
        content.person = caller.person.filter(|_| used.has(Scopes::SELF));
        Self::new(&content)
    }

    /// The view of who sees nothing; everything is new to her.
    pub fn empty() -> Self {
        Self::new(&Content::default())
    }

    fn new(content: &Content) -> Self {
        // Maps of text and ids always have a JSON form.
        let text = serde_json::to_string(content).unwrap_or_default();
        let mut hash = ViewHash::default();
        hash.copy_from_slice(&Sha256::digest(&text)[..16]);
        let rows = |set: RowSet| content.rows.get(&format!("{set:?}")).cloned().unwrap_or_default().into();
        let rows = Rows {
            own: rows(RowSet::Own),
            sponsored: crate::auth::rows::Subtrees {
                portfolios: rows(RowSet::SponsoredPortfolios),
                items: rows(RowSet::SponsoredItems),
            },
            given: crate::auth::rows::Subtrees {
                portfolios: rows(RowSet::GivenPortfolios),
                items: rows(RowSet::GivenItems),
            },
            used: rows(RowSet::Used),
            resources: crate::auth::rows::Resources {
                managed: rows(RowSet::ManagedResources),
                pools: rows(RowSet::ManagedPools),
                on_own: rows(RowSet::ResourcesOnOwn),
                on_granted: rows(RowSet::ResourcesOnGranted),
                herself: rows(RowSet::Herself),
            },
            granted: crate::auth::rows::Subtrees {
                portfolios: rows(RowSet::GrantedPortfolios),
                items: rows(RowSet::GrantedItems),
            },
            linked: rows(RowSet::Linked),
            owns_benefits: false,
            named: rows(RowSet::Named),
        };
        let reads = Class::ALL.map(|class| content.read.get(class.as_str()).map_or(Scopes::NONE, |text| scopes(text)));
        Self { hash, eyes: Eyes { rows, person: content.person, reads }, content: text }
    }

    /// On which rows fields of this class can be read.
    pub fn read(&self, class: Class) -> Scopes {
        self.eyes.reads[class as usize]
    }

    /// Where a class of fields can be read on the visible rows of an entity.
    pub fn limit(&self, entity: &Entity, class: Class) -> Limit {
        limit(entity, class, self.read(class), self.read(entity.class))
    }

    /// What matters for an entity: with equal lenses nothing can differ.
    pub fn lens(&self, model: &Model, entity: &Entity) -> Lens {
        let field = |class: Class| match self.limit(entity, class) {
            Limit::Never => (class, None),
            Limit::Free => (class, Some((Scopes::ALL, vec![], None))),
            Limit::Where(scopes) => (class, Some(self.reading(entity, scopes))),
        };
        let named = if entity.rows.item().is_some() { self.eyes.rows.named.clone() } else { Arc::default() };
        Lens {
            rows: self.reading(entity, self.read(entity.class)),
            drafts: entity.drafts.map(|class| self.reading(entity, self.read(class))),
            everywhere: self.everywhere(entity),
            fields: field_classes(entity).into_iter().map(field).collect(),
            links: links(model, entity).into_iter().map(|class| (class, self.read(class).is_empty())).collect(),
            named,
        }
    }

    /// What decides over rows that tell of all rows.
    fn everywhere(&self, entity: &Entity) -> Vec<Reading> {
        let Some(of) = entity.everywhere else { return vec![] };
        let read = |class: &Class| match of.which {
            Which::Naming { .. } => self.reading(entity, self.read(*class)),
            Which::With(..) => (if self.read(*class).is_all() { Scopes::ALL } else { Scopes::NONE }, vec![], None),
        };
        of.classes.iter().map(read).collect()
    }

    fn reading(&self, entity: &Entity, scopes: Scopes) -> Reading {
        if entity.rows.is_common() {
            let others = if entity.rows == RowScope::Reference { scopes.without(Scopes::SELF) } else { scopes };
            return (if others.is_empty() { others } else { Scopes::ALL }, vec![], None);
        }
        let sets = RowSet::ALL.into_iter().filter(|set| *set != RowSet::Named && uses(scopes, *set));
        let person = self.eyes.person.filter(|_| scopes.has(Scopes::SELF));
        (scopes, sets.map(|set| self.eyes.rows.of(set).clone()).collect(), person)
    }

    /// Whether links of this entity are shown under both views alike.
    pub fn has_same_links(&self, other: &Self, model: &Model, entity: &Entity) -> bool {
        links(model, entity).into_iter().all(|class| self.read(class).is_empty() == other.read(class).is_empty())
    }
}

/// Classes of an entity's own fields that are not the entity's.
pub fn field_classes(entity: &Entity) -> Vec<Class> {
    let own = |kind: &Kind| !matches!(kind, Kind::One { .. } | Kind::Many { .. } | Kind::Union { .. });
    let mut classes: Vec<Class> =
        entity.fields.iter().filter(|f| own(&f.kind)).filter_map(|f| f.class).filter(|c| *c != entity.class).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Classes of what an entity links to, which are masked as a whole.
fn links(model: &Model, entity: &Entity) -> Vec<Class> {
    let to = |kind: &Kind| match kind {
        Kind::One { to, .. } | Kind::Many { to, .. } => Some(model.entity(to).class),
        _ => None,
    };
    let mut classes: Vec<Class> = entity.fields.iter().filter_map(|f| to(&f.kind)).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Whether a scope compares with a set. Restricted rows are compared with who is named on them, whatever the scope.
fn uses(scopes: Scopes, set: RowSet) -> bool {
    match set {
        RowSet::Own | RowSet::ResourcesOnOwn => {
            [Scopes::OWN, Scopes::OWN_DRAFT, Scopes::OWN_NON_LABOR].iter().any(|own| scopes.has(*own))
        }
        RowSet::SponsoredPortfolios | RowSet::SponsoredItems => scopes.has(Scopes::SPON),
        RowSet::GivenPortfolios | RowSet::GivenItems => scopes.has(Scopes::PF),
        RowSet::Used => scopes.has(Scopes::USED),
        RowSet::ManagedResources | RowSet::ManagedPools => scopes.has(Scopes::TEAM),
        RowSet::GrantedPortfolios | RowSet::GrantedItems | RowSet::ResourcesOnGranted => scopes.has(Scopes::GRANT),
        RowSet::Herself => scopes.has(Scopes::SELF),
        RowSet::Linked => scopes.has(Scopes::LINKED),
        RowSet::Named => true,
    }
}

fn scopes(text: &str) -> Scopes {
    let known = |name: &str| Scopes::NAMES.iter().find(|(_, n)| *n == name).map_or(Scopes::NONE, |(s, _)| *s);
    text.split('|').map(known).fold(Scopes::NONE, Scopes::or)
}

/// Views kept in memory.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// How often a use is noted.
const NOTED: TimeDelta = TimeDelta::days(1);

/// Views with the instant at which their use was noted.
type Known = LruCache<ViewHash, (Arc<View>, DateTime<Utc>)>;

/// Views by their hash.
pub struct Views {
    database: Database,
    known: Mutex<Known>,
}

impl Views {
    /// The views of a database.
    pub fn new(database: Database) -> Self {
        Self { database, known: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// Keeps a view that a watermark is about to name.
    pub async fn keep(&self, view: &Arc<View>, now: DateTime<Utc>) -> Result<(), Error> {
        if self.known().get(&view.hash).is_some_and(|(_, noted)| now - *noted < NOTED) {
            return Ok(());
        }
        let row = feed_view::ActiveModel {
            hash: Set(name(&view.hash)),
            content: Set(view.content.clone()),
            used_at: Set(now),
        };
        let again = OnConflict::column(feed_view::Column::Hash).update_column(feed_view::Column::UsedAt).to_owned();
        feed_view::Entity::insert(row).on_conflict(again).exec_without_returning(&self.database.orm).await?;
        self.known().put(view.hash, (view.clone(), now));
        Ok(())
    }

    /// The view of that name.
    pub async fn recall(&self, hash: ViewHash) -> Result<Arc<View>, Error> {
        if let Some((view, _)) = self.known().get(&hash) {
            return Ok(view.clone());
        }
        let empty = View::empty();
        if hash == empty.hash {
            return Ok(Arc::new(empty));
        }
        let row = feed_view::Entity::find_by_id(name(&hash)).one(&self.database.orm).await?.ok_or_else(expired)?;
        let content: Content = serde_json::from_str(&row.content).map_err(Error::internal)?;
        let view = Arc::new(View::new(&content));
        self.known().put(hash, (view.clone(), row.used_at));
        Ok(view)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error for a cursor of what is no longer kept.
pub fn expired() -> Error {
    Error::new(Code::CursorExpired, "Changes since this cursor are no longer kept. Start again without it.")
}

fn name(hash: &ViewHash) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
