//! Rows held in memory while the rows of a call are applied, and written once at the end: a row that three files speak
//! of is one write, and one that ends as it began is none.

use std::ops::{Index, IndexMut};

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::report::{Phase, Progress};
use crate::error::Error;
use crate::graph::decl::Entity;
use crate::write::{Row, Work, rows};

/// Rows between two reports of progress while writing.
const PART: usize = 2_000;

/// A row as it is stored, if it is, and as it is to be.
#[derive(Debug)]
pub(super) struct Slot<M> {
    pub stored: Option<M>,
    pub now: M,
}

impl<M: PartialEq> Slot<M> {
    /// Whether it is to be written.
    pub(super) fn is_changed(&self) -> bool {
        self.stored.as_ref() != Some(&self.now)
    }
}

/// Rows of one table, by the order in which they came.
#[derive(Debug)]
pub(super) struct Slots<M>(Vec<Slot<M>>);

impl<M: Clone + PartialEq> Slots<M> {
    /// Those that are stored.
    pub(super) fn stored(rows: Vec<M>) -> Self {
        Self(rows.into_iter().map(|row| Slot { now: row.clone(), stored: Some(row) }).collect())
    }

    /// Adds a new row.
    pub(super) fn add(&mut self, row: M) -> usize {
        self.0.push(Slot { stored: None, now: row });
        self.0.len() - 1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot<M>> {
        self.0.iter()
    }

    /// The rows that are not stored yet.
    pub(super) fn new_rows(&mut self) -> impl Iterator<Item = &mut M> {
        self.0.iter_mut().filter(|slot| slot.stored.is_none()).map(|slot| &mut slot.now)
    }

    /// How many are to be written.
    pub(super) fn changes(&self) -> usize {
        self.0.iter().filter(|slot| slot.is_changed()).count()
    }

    /// Writes what is new or has changed, of the rows that `which` says.
    pub(super) async fn write<E>(
        &self,
        work: &mut Work<'_>,
        entity: &'static Entity,
        which: impl Fn(&M) -> bool,
        told: &mut Writing<'_>,
    ) -> Result<(), Error>
    where
        E: EntityTrait<Model = M>,
        M: IntoActiveModel<E::ActiveModel> + Send + Sync,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    {
        let changed: Vec<&Slot<M>> = self.0.iter().filter(|slot| slot.is_changed() && which(&slot.now)).collect();
        for part in changed.chunks(PART) {
            let rows = part.iter().map(|slot| match &slot.stored {
                Some(stored) => Row::derived(entity, stored.clone(), slot.now.clone()),
                None => Row::made(entity, slot.now.clone()),
            });
            rows::follow::<E>(work, rows.collect()).await?;
            told.done(part.len());
        }
        Ok(())
    }
}

impl<M> Index<usize> for Slots<M> {
    type Output = M;

    fn index(&self, at: usize) -> &M {
        &self.0[at].now
    }
}

impl<M> IndexMut<usize> for Slots<M> {
    fn index_mut(&mut self, at: usize) -> &mut M {
        &mut self.0[at].now
    }
}

/// How far writing has come.
pub(super) struct Writing<'p> {
    done: usize,
    total: usize,
    progress: &'p mut (dyn FnMut(Progress) + Send),
}

impl<'p> Writing<'p> {
    /// So many rows are to be written.
    pub(super) fn of(total: usize, progress: &'p mut (dyn FnMut(Progress) + Send)) -> Self {
        Self { done: 0, total, progress }
    }

    fn done(&mut self, more: usize) {
        self.done += more;
        let (done, total) = (self.done, self.total);
        (self.progress)(Progress { phase: Phase::Write, file: "all".to_owned(), done, total });
    }
}
