//! The portfolios and projects that a source has brought in so far, and what it calls them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use entity::{external_link, portfolio_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::SelectStatement};
use uuid::Uuid;

use super::cells::normalized;
use super::slots::{Slots, Writing};
use crate::error::Error;
use crate::portfolios::external_link as links;
use crate::write::{Work, ancestors};

/// What the external id of a project without an id begins with.
const BY_NAME: &str = "name:";

/// Whose names are looked up.
pub(super) struct Source<'s> {
    /// The other system.
    pub system: &'s str,
    /// What keys of new items begin with.
    pub key_prefix: &'s str,
    /// Whether a project without a known id is the one with the same name.
    pub matches_names: bool,
}

/// Portfolios and projects that have a name in the source, and those names.
pub(super) struct Ledger {
    pub items: Slots<portfolio_item::Model>,
    links: Slots<external_link::Model>,
    /// Kind and external id, to the item and the link.
    by_external_id: HashMap<(String, String), (usize, usize)>,
    by_name: HashMap<String, usize>,
    by_id: HashMap<Uuid, usize>,
    /// An id that the source gives a project.
    ids: HashMap<usize, String>,
    keys: HashSet<(String, String)>,
    /// The latest day that the source has told of an item.
    latest: HashMap<usize, NaiveDate>,
    hidden: HashSet<usize>,
    /// Whether the source had projects before this call.
    pub had_projects: bool,
    system: String,
}

/// The items that a source has names for, as a subquery.
pub(super) fn linked(system: &str) -> SelectStatement {
    external_link::Entity::find()
        .select_only()
        .column(external_link::Column::ItemId)
        .filter(external_link::Column::System.eq(system))
        .filter(external_link::Column::ItemId.is_not_null())
        .into_query()
}

/// The external id of a project without one.
pub(super) fn by_name(name: &str) -> String {
    format!("{BY_NAME}{}", normalized(name))
}

impl Ledger {
    /// Reads what is stored and keeps others from changing it until the transaction ends.
    pub(super) async fn load(work: &Work<'_>, source: &Source<'_>) -> Result<Self, Error> {
        let system = source.system;
        let links = external_link::Entity::find()
            .filter(external_link::Column::System.eq(system))
            .filter(external_link::Column::ItemId.is_not_null())
            .filter(external_link::Column::ArchivedAt.is_null())
            .order_by_asc(external_link::Column::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let items = portfolio_item::Entity::find()
            .filter(portfolio_item::Column::Id.in_subquery(linked(system)))
            .order_by_asc(portfolio_item::Column::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let keys = portfolio_item::Entity::find()
            .select_only()
            .columns([portfolio_item::Column::Kind, portfolio_item::Column::Key])
            .filter(portfolio_item::Column::Key.starts_with(format!("{}-", source.key_prefix)))
            .into_tuple()
            .all(work.txn)
            .await?;
        let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
        let seen = work.lens.by_id(work.lens.model.entity("PortfolioItem"), &ids).await?;
        let mut ledger = Self {
            by_id: ids.iter().enumerate().map(|(at, id)| (*id, at)).collect(),
            hidden: ids.iter().enumerate().filter(|(_, id)| !seen.contains_key(id)).map(|(at, _)| at).collect(),
            had_projects: items.iter().any(|item| item.kind == "PROJECT"),
            items: Slots::stored(items),
            links: Slots::stored(vec![]),
            by_external_id: HashMap::new(),
            by_name: HashMap::new(),
            ids: HashMap::new(),
            keys: keys.into_iter().collect(),
            latest: HashMap::new(),
            system: system.to_owned(),
        };
        for (at, slot) in ledger.items.iter().enumerate().filter(|(_, slot)| slot.now.kind == "PROJECT") {
            if source.matches_names && !ledger.hidden.contains(&at) {
                ledger.by_name.insert(normalized(&slot.now.name), at);
            }
        }
        let links: Vec<_> =
            links.into_iter().filter(|row| row.item_id.is_some_and(|id| ledger.by_id.contains_key(&id))).collect();
        ledger.links = Slots::stored(links);
        for link in 0..ledger.links.iter().count() {
            let row = &ledger.links[link];
            let Some(&item) = row.item_id.as_ref().and_then(|id| ledger.by_id.get(id)) else { continue };
            ledger.by_external_id.insert((row.target_type.clone(), row.external_id.clone()), (item, link));
            let (day, external_id) = (day_of(row), row.external_id.clone());
            if !external_id.starts_with(BY_NAME) {
                ledger.ids.entry(item).or_insert(external_id);
            }
            if let Some(day) = day {
                ledger.note_day(item, day);
            }
        }
        Ok(ledger)
    }

    /// The item with that external id.
    pub(super) fn named(&self, kind: &str, external_id: &str) -> Option<usize> {
        self.by_external_id.get(&(kind.to_owned(), external_id.to_owned())).map(|&(item, _)| item)
    }

    /// The project that is called so now.
    pub(super) fn called(&self, name: &str) -> Option<usize> {
        self.by_name.get(&normalized(name)).copied()
    }

    /// Lets a project be found by a name that the source has for it.
    pub(super) fn note_name(&mut self, item: usize, name: &str) {
        self.by_name.entry(normalized(name)).or_insert(item);
    }

    /// Whether the caller may not know of the item.
    pub(super) fn is_hidden(&self, item: usize) -> bool {
        self.hidden.contains(&item)
    }

    /// The latest day that the source has told of an item.
    pub(super) fn latest(&self, item: usize) -> Option<NaiveDate> {
        self.latest.get(&item).copied()
    }

    fn note_day(&mut self, item: usize, day: NaiveDate) {
        let latest = self.latest.entry(item).or_insert(day);
        *latest = day.max(*latest);
    }

    /// An id that the source gives the project.
    pub(super) fn id_of(&self, item: usize) -> Option<&str> {
        self.ids.get(&item).map(String::as_str)
    }

    /// The item of that id.
    pub(super) fn at(&self, id: Uuid) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// Adds an item.
    pub(super) fn add(&mut self, item: portfolio_item::Model) -> usize {
        self.keys.insert((item.kind.clone(), item.key.clone()));
        let id = item.id;
        let at = self.items.add(item);
        self.by_id.insert(id, at);
        at
    }

    /// A key for a new item: the wish, or the wish with a number behind where it is taken.
    pub(super) fn free_key(&self, kind: &str, wish: &str) -> String {
        let mut key = (kind.to_owned(), wish.to_owned());
        let mut count = 1_u32;
        while self.keys.contains(&key) {
            count += 1;
            key.1 = format!("{wish}-{count}");
        }
        key.1
    }

    /// Makes sure that the item has this external id, last told of on `day`.
    pub(super) fn link(&mut self, item: usize, external_id: &str, day: Option<NaiveDate>, work: &Work<'_>) {
        let (kind, id) = (self.items[item].kind.clone(), self.items[item].id);
        if let Some(day) = day {
            self.note_day(item, day);
        }
        if let Some(&(_, link)) = self.by_external_id.get(&(kind.clone(), external_id.to_owned())) {
            let known = &mut self.links[link];
            if day > day_of(known) {
                known.etag = day.map(|day| day.to_string());
            }
            return;
        }
        if kind == "PROJECT" && !external_id.starts_with(BY_NAME) {
            self.ids.entry(item).or_insert_with(|| external_id.to_owned());
        }
        let link = self.links.add(external_link::Model {
            target_type: kind.clone(),
            system: self.system.clone(),
            external_id: external_id.to_owned(),
            etag: day.map(|day| day.to_string()),
            direction: "IN".to_owned(),
            item_id: Some(id),
            ..links::blank(work)
        });
        self.by_external_id.insert((kind, external_id.to_owned()), (item, link));
    }

    /// Where each item stands: its portfolio, and whether it is restricted.
    pub(super) fn scopes(&self) -> HashMap<Uuid, (Option<Uuid>, bool)> {
        self.items.iter().map(|slot| (slot.now.id, (slot.now.portfolio_id, slot.now.is_restricted))).collect()
    }

    /// How many rows are to be written.
    pub(super) fn changes(&self) -> usize {
        self.items.changes() + self.links.changes()
    }

    /// Writes what is new and what has changed.
    pub(super) async fn write(&mut self, work: &mut Work<'_>, told: &mut Writing<'_>) -> Result<(), Error> {
        let scopes = self.scopes();
        // Links that are there follow their item by themselves.
        for link in self.links.new_rows() {
            if let Some(&(portfolio_id, is_restricted)) = link.item_id.as_ref().and_then(|id| scopes.get(id)) {
                (link.portfolio_id, link.is_restricted) = (portfolio_id, is_restricted);
            }
        }
        let scope = |item: &portfolio_item::Model| (item.portfolio_id, item.program_id, item.is_restricted);
        let rescoped =
            self.items.iter().filter(|slot| slot.stored.as_ref().is_some_and(|s| scope(s) != scope(&slot.now)));
        work.rescoped.extend(rescoped.map(|slot| slot.now.id));
        let new: Vec<_> = self.items.iter().filter(|slot| slot.stored.is_none()).map(|slot| slot.now.id).collect();
        let moved = self.items.iter().filter(|s| s.stored.as_ref().is_some_and(|b| b.parent_id != s.now.parent_id));
        let moved: Vec<_> = moved.map(|slot| slot.now.id).collect();
        // What is new comes before what refers to it: portfolios first, and links last.
        let model = work.lens.model;
        for (entity, kind) in [("Portfolio", "PORTFOLIO"), ("Program", "PROGRAM"), ("Project", "PROJECT")] {
            let which = |item: &portfolio_item::Model| item.kind == kind;
            self.items.write::<portfolio_item::Entity>(work, model.entity(entity), which, told).await?;
        }
        let above = ancestors::keep(work.txn, &new, &moved, work.now).await?;
        work.refigured.extend(above.into_iter().map(|item| (item, None)));
        self.links.write::<external_link::Entity>(work, model.entity("ExternalLink"), |_| true, told).await
    }
}

/// The latest day that the source told of what the link leads to. Imports before there were mappings noted the year.
fn day_of(link: &external_link::Model) -> Option<NaiveDate> {
    let day = link.etag.as_ref()?;
    day.parse().ok().or_else(|| NaiveDate::from_ymd_opt(day.parse().ok()?, 1, 1))
}
