//! What this format has brought in so far, held in memory while the rows of a call are applied, and written once at
//! the end: a project that three files speak of is one write, and one that ends as it began is none.

use std::collections::{HashMap, HashSet};

use entity::{external_link, portfolio_item};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::normalized;
use crate::error::Error;
use crate::graph::decl::Entity;
use crate::importers::Format;
use crate::portfolios::external_link as links;
use crate::write::{Row, Work, ancestors, rows};

/// A row as it is stored, if it is, and as it is to be.
pub(super) struct Slot<M> {
    stored: Option<M>,
    pub(super) now: M,
}

impl<M: PartialEq> Slot<M> {
    /// The row that is to be written; none where it stays as it is.
    fn changed(self, entity: &'static Entity) -> Option<Row<M>> {
        match self.stored {
            Some(stored) if stored == self.now => None,
            Some(stored) => Some(Row::derived(entity, stored, self.now)),
            None => Some(Row::made(entity, self.now)),
        }
    }
}

/// Portfolios and projects that have a name in this format, and those names.
pub(super) struct Ledger {
    pub(super) items: Vec<Slot<portfolio_item::Model>>,
    links: Vec<Slot<external_link::Model>>,
    /// Kind and external id, to the item and the link.
    by_external_id: HashMap<(String, String), (usize, usize)>,
    by_name: HashMap<String, usize>,
    keys: HashSet<(String, String)>,
    /// The latest year that spoke of an item.
    years: HashMap<usize, i32>,
}

impl Ledger {
    /// Reads what is stored and keeps others from changing it until the transaction ends.
    pub(super) async fn load(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let links = external_link::Entity::find()
            .filter(external_link::Column::System.eq(Format::UkGmpp.as_str()))
            .filter(external_link::Column::ItemId.is_not_null())
            .filter(external_link::Column::ArchivedAt.is_null())
            .lock_exclusive()
            .all(txn)
            .await?;
        let linked = external_link::Entity::find()
            .select_only()
            .column(external_link::Column::ItemId)
            .filter(external_link::Column::System.eq(Format::UkGmpp.as_str()))
            .filter(external_link::Column::ItemId.is_not_null())
            .into_query();
        let items = portfolio_item::Entity::find()
            .filter(portfolio_item::Column::Id.in_subquery(linked))
            .lock_exclusive()
            .all(txn)
            .await?;
        let keys = portfolio_item::Entity::find()
            .select_only()
            .columns([portfolio_item::Column::Kind, portfolio_item::Column::Key])
            .filter(portfolio_item::Column::Key.starts_with("GMPP-"))
            .into_tuple()
            .all(txn)
            .await?;

        let mut ledger = Self {
            items: items.into_iter().map(|row| Slot { now: row.clone(), stored: Some(row) }).collect(),
            links: Vec::new(),
            by_external_id: HashMap::new(),
            by_name: HashMap::new(),
            keys: keys.into_iter().collect(),
            years: HashMap::new(),
        };
        let position: HashMap<_, _> = ledger.items.iter().enumerate().map(|(at, slot)| (slot.now.id, at)).collect();
        for (at, slot) in ledger.items.iter().enumerate().filter(|(_, slot)| slot.now.kind == "PROJECT") {
            ledger.by_name.insert(normalized(&slot.now.name), at);
        }
        for row in links {
            let Some(&item) = row.item_id.as_ref().and_then(|id| position.get(id)) else { continue };
            let link = ledger.links.len();
            ledger.by_external_id.insert((row.target_type.clone(), row.external_id.clone()), (item, link));
            if let Some(year) = year_of(&row) {
                ledger.note_year(item, year);
            }
            ledger.links.push(Slot { now: row.clone(), stored: Some(row) });
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

    /// Lets a project be found by the name that it was just given.
    pub(super) fn note_name(&mut self, item: usize, name: &str) {
        self.by_name.entry(normalized(name)).or_insert(item);
    }

    /// The latest year that spoke of an item.
    pub(super) fn year(&self, item: usize) -> Option<i32> {
        self.years.get(&item).copied()
    }

    fn note_year(&mut self, item: usize, year: i32) {
        let latest = self.years.entry(item).or_insert(year);
        *latest = year.max(*latest);
    }

    /// A project number of an item.
    pub(super) fn number(&self, item: usize) -> Option<&str> {
        let id = self.items[item].now.id;
        self.links
            .iter()
            .filter(|link| link.now.item_id == Some(id))
            .map(|link| link.now.external_id.as_str())
            .find(|external_id| !external_id.starts_with("name:"))
    }

    /// Adds an item.
    pub(super) fn add(&mut self, item: portfolio_item::Model) -> usize {
        self.keys.insert((item.kind.clone(), item.key.clone()));
        self.items.push(Slot { stored: None, now: item });
        self.items.len() - 1
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

    /// Makes sure that the item has this external id, last seen in `year`.
    pub(super) fn link(&mut self, item: usize, external_id: &str, year: Option<i32>, work: &Work<'_>) {
        let kind = self.items[item].now.kind.clone();
        let id = self.items[item].now.id;
        if let Some(year) = year {
            self.note_year(item, year);
        }
        if let Some(&(_, link)) = self.by_external_id.get(&(kind.clone(), external_id.to_owned())) {
            let known = &mut self.links[link].now;
            if year > year_of(known) {
                known.etag = year.map(|year| year.to_string());
            }
            return;
        }
        self.by_external_id.insert((kind.clone(), external_id.to_owned()), (item, self.links.len()));
        self.links.push(Slot {
            stored: None,
            now: external_link::Model {
                target_type: kind,
                system: Format::UkGmpp.as_str().to_owned(),
                external_id: external_id.to_owned(),
                etag: year.map(|year| year.to_string()),
                direction: "IN".to_owned(),
                item_id: Some(id),
                ..links::blank(work)
            },
        });
    }

    /// Writes what is new and what has changed.
    pub(super) async fn write(mut self, work: &mut Work<'_>) -> Result<(), Error> {
        let scopes: HashMap<_, _> =
            self.items.iter().map(|slot| (slot.now.id, (slot.now.portfolio_id, slot.now.is_restricted))).collect();
        // Links that are there follow their item by themselves.
        for link in self.links.iter_mut().filter(|link| link.stored.is_none()) {
            if let Some(&(portfolio_id, is_restricted)) = link.now.item_id.as_ref().and_then(|id| scopes.get(id)) {
                (link.now.portfolio_id, link.now.is_restricted) = (portfolio_id, is_restricted);
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
        let (portfolios, projects): (Vec<_>, Vec<_>) =
            self.items.into_iter().partition(|slot| slot.now.kind == "PORTFOLIO");
        let model = work.lens.model;
        for (entity, slots) in [("Portfolio", portfolios), ("Project", projects)] {
            let changed = slots.into_iter().filter_map(|slot| slot.changed(model.entity(entity))).collect();
            rows::follow::<portfolio_item::Entity>(work, changed).await?;
        }
        ancestors::keep(work.txn, &new, &moved).await?;
        let links = self.links.into_iter().filter_map(|slot| slot.changed(model.entity("ExternalLink"))).collect();
        rows::follow::<external_link::Entity>(work, links).await
    }
}

fn year_of(link: &external_link::Model) -> Option<i32> {
    link.etag.as_ref().and_then(|year| year.parse().ok())
}
