//! One function for whoever follows changes, by pulling or by subscribing: what comes after a watermark, for this caller,
//! with the rights that she has now. It decides; the read path shows the rows with the same rights.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    compare::Turn,
    page::Event,
    sequencer::read_head,
    view::{View, ViewHash, Views, expired},
    watermark::{Place, Watermark},
};
use crate::{
    auth::Caller,
    clock::Clock,
    error::{Code, Error},
    graph::{
        CURSOR_SECRET, Database, Param, Row, Signer, Sql,
        decl::{Entity, Model},
        digest, shared_secret,
    },
};

/// What is followed.
#[derive(Debug)]
pub struct Selection {
    /// The types, in the order of the declarations.
    pub entities: Vec<&'static Entity>,
    /// Only these rows; all if none are named.
    pub ids: Option<Arc<[Uuid]>>,
    /// Names it.
    pub(super) hash: [u8; 8],
}

impl Selection {
    /// Everything of some types, or some rows of them.
    pub fn new(entities: Vec<&'static Entity>, ids: Option<Arc<[Uuid]>>) -> Self {
        let names = entities.iter().map(|e| e.name.to_owned());
        let rows = ids.iter().flat_map(|ids| ids.iter()).map(Uuid::to_string);
        let hash = digest::short_of_parts(names.chain(rows));
        Self { entities, ids, hash }
    }
}

/// Something that came, changed or went, for one caller.
#[derive(Debug)]
pub struct Change {
    /// Where to go on after it.
    pub cursor: Watermark,
    /// When.
    pub at: DateTime<Utc>,
    /// The object's type.
    pub entity: &'static Entity,
    /// The object.
    pub id: Uuid,
    /// Its version now; none if it is no longer there for her.
    pub version: Option<i64>,
    /// The version that the event brought; none where `version` is none.
    pub(super) brought: Option<i64>,
    /// What did it; none for what went, and for a change of rights.
    pub cause: Option<Cause>,
}

/// What was behind an event.
#[derive(Debug)]
pub struct Cause {
    /// The request.
    pub request_id: String,
    /// The mutation or command.
    pub mutation: String,
    /// The person.
    pub actor: Option<Uuid>,
}

/// Changes in order.
#[derive(Debug)]
pub struct Page {
    /// The changes, each object once.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub watermark: Watermark,
    /// Whether there is more now.
    pub has_more: bool,
}

/// Changes for callers.
pub struct Feed {
    pub(super) database: Database,
    pub(super) model: &'static Model,
    /// Seals watermarks.
    pub(crate) signer: Signer,
    clock: Arc<dyn Clock>,
    views: Views,
}

impl Feed {
    /// The feed of a migrated database.
    pub async fn open(database: Database, clock: Arc<dyn Clock>, model: &'static Model) -> Result<Self, Error> {
        let signer = Signer::new(&shared_secret(&database, CURSOR_SECRET).await?);
        Ok(Self { model, signer, clock, views: Views::new(database.clone()), database })
    }

    /// Where whoever has nothing yet begins: everything that she can see is new to her.
    pub async fn start(&self) -> Result<Watermark, Error> {
        static EMPTY: OnceLock<ViewHash> = OnceLock::new();
        let empty = EMPTY.get_or_init(|| View::empty().hash);
        Ok(Watermark::at(read_head(&self.database.orm).await?.position, *empty))
    }

    /// Where whoever wants only what is to come begins.
    pub async fn live(&self, caller: &Caller) -> Result<Watermark, Error> {
        let view = self.view(caller).await?;
        Ok(Watermark::at(read_head(&self.database.orm).await?.position, view.hash))
    }

    /// The text of [`Self::live`].
    pub async fn now(&self, caller: &Caller) -> Result<String, Error> {
        self.live(caller).await?.fresh_text(&self.signer)
    }

    /// The watermark of a text.
    pub fn read(&self, text: &str) -> Result<Watermark, Error> {
        Watermark::read(text, &self.signer)
    }

    async fn view(&self, caller: &Caller) -> Result<Arc<View>, Error> {
        let view = Arc::new(View::of(caller));
        self.views.keep(&view, self.clock.now()).await?;
        Ok(view)
    }

    /// The changes after a watermark for this caller, at most `limit`.
    pub async fn advance(
        &self,
        caller: &Caller,
        from: &Watermark,
        selection: &Selection,
        limit: usize,
    ) -> Result<Page, Error> {
        let view = self.view(caller).await?;
        let head = read_head(&self.database.orm).await?.position;
        // After a database was put back to an older state, a cursor may be of a future that never was.
        if from.position > head {
            return Err(expired());
        }
        let mut page = Page { changes: vec![], watermark: Self::turned(from, &view, selection)?, has_more: false };
        self.tell_turn(&mut page, &view, selection, limit).await?;
        if !page.has_more {
            self.tell_events(&mut page, &view, selection, head, limit).await?;
        }
        // Asked for last: what was removed while the events were read is missed by nobody.
        if from.position < read_head(&self.database.orm).await?.purged {
            return Err(expired());
        }
        Ok(page)
    }

    /// The same place, on the way to the view of now.
    fn turned(from: &Watermark, view: &View, selection: &Selection) -> Result<Watermark, Error> {
        let mut watermark = from.clone();
        if watermark.place.as_ref().is_some_and(|place| place.selection != selection.hash) {
            let line = "This cursor stands in the middle of other types or rows; go on with those first.";
            return Err(Error::new(Code::CursorMismatch, line));
        }
        if watermark.views.last() != Some(&view.hash) {
            if !watermark.has_room() {
                return Err(expired());
            }
            watermark.views.push(view.hash);
            // When rows were told last is kept: those told under the view before are judged by it.
            let at = watermark.place.as_ref().map_or(DateTime::UNIX_EPOCH, |place| place.at);
            watermark.place = Some(Place { selection: selection.hash, entity: 0, id: Uuid::nil(), at });
        }
        Ok(watermark)
    }

    /// Tells what a change of rights shows and hides.
    async fn tell_turn(
        &self,
        page: &mut Page,
        view: &Arc<View>,
        selection: &Selection,
        limit: usize,
    ) -> Result<(), Error> {
        let Some(place) = page.watermark.place.clone() else { return Ok(()) };
        let now = self.clock.now();
        let mut old = vec![];
        for hash in &page.watermark.views[..page.watermark.views.len() - 1] {
            old.push(self.views.recall(*hash).await?);
        }
        let turn = Turn { old: &old, new: view, position: page.watermark.position, told_at: Some(place.at) };
        for (number, entity) in selection.entities.iter().enumerate().skip(place.entity.into()) {
            if !turn.touches(self, entity) {
                continue;
            }
            let after = if number == usize::from(place.entity) { place.id } else { Uuid::nil() };
            let due = limit + 1 - page.changes.len();
            for (id, version) in self.differing(&turn, entity, selection, after, due).await? {
                if page.changes.len() == limit {
                    page.has_more = true;
                    page.watermark = page.changes.last().map_or(page.watermark.clone(), |last| last.cursor.clone());
                    return Ok(());
                }
                let entity_number = u16::try_from(number).unwrap_or(u16::MAX);
                let place = Place { entity: entity_number, id, at: now, ..place.clone() };
                let cursor = Watermark { place: Some(place), ..page.watermark.clone() };
                page.changes.push(Change { cursor, at: now, entity, id, version, brought: version, cause: None });
            }
        }
        page.watermark = Watermark::at(page.watermark.position, view.hash);
        Ok(())
    }

    /// Tells events.
    async fn tell_events(
        &self,
        page: &mut Page,
        view: &View,
        selection: &Selection,
        head: i64,
        limit: usize,
    ) -> Result<(), Error> {
        let room = limit - page.changes.len();
        let mut events = self.events(view, selection, (page.watermark.position, head), room + 1).await?;
        page.has_more = events.len() > room;
        events.truncate(room);
        let told = if page.has_more { events.last().map_or(page.watermark.position, |e| e.position) } else { head };
        page.changes.extend(events.into_iter().map(|event| change(event, view.hash)));
        page.watermark = Watermark::at(told, view.hash);
        Ok(())
    }

    /// Runs a statement whose values are all known.
    pub(super) async fn fetch(
        &self,
        sql: Sql,
        mut each: impl FnMut(&Row) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let statement = sql.finish();
        let values = statement.params.iter().map(|param| match param {
            Param::Const(value) => Ok(value.clone()),
            other => Err(Error::internal(format!("{other:?} has no value outside a request"))),
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let mut reader = self.database.reader().await?;
        reader.fetch(&self.database, &statement.text, &values, &mut |row| each(&row)).await?;
        Ok(())
    }
}

fn change(event: Event, view: ViewHash) -> Change {
    let Event { position, entity, id, version, brought, at, request_id, mutation, actor } = event;
    // Who did what is told of what she can see, never of what she lost.
    let cause = version.map(|_| Cause { request_id, mutation, actor });
    Change { cursor: Watermark::at(position, view), at, entity, id, version, brought: version.map(|_| brought), cause }
}

impl Page {
    /// For who wants rows: each at its last change, as it is now.
    #[must_use]
    pub fn by_row(mut self) -> Self {
        self.keep_last(|_| true);
        self
    }

    /// For who follows: each event, with the version that it brought. What she lost is told once.
    #[must_use]
    pub fn by_event(mut self) -> Self {
        self.keep_last(|change| change.version.is_none());
        for change in &mut self.changes {
            change.version = change.brought;
        }
        self
    }

    /// Leaves out what is told again later, among the changes of some kind.
    fn keep_last(&mut self, of: impl Fn(&Change) -> bool) {
        let last: HashMap<(&str, Uuid), usize> =
            self.changes.iter().enumerate().map(|(at, change)| ((change.entity.name, change.id), at)).collect();
        let mut at = 0;
        self.changes.retain(|change| {
            at += 1;
            !of(change) || last[&(change.entity.name, change.id)] == at - 1
        });
    }
}
