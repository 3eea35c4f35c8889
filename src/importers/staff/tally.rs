//! What an import of this kind did, kind by kind, and the one way in which rows are written and counted.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::wanted::{Place, Wanted};
use crate::{
    error::Error,
    importers::report::{ElementFault, ImportError, KindCount, LeftOut, NoteKind, Phase, Progress, Report, RowNote},
    write::{Action, Batch, Row, Work, rows::save},
};

/// Rows between two reports of progress.
const PART: usize = 1_000;

/// A report under way.
pub(super) struct Tally<'p> {
    pub report: Report,
    /// The file being worked on.
    pub file: String,
    progress: &'p mut (dyn FnMut(Progress) + Send),
}

/// A row on its way, with what stands in the file.
pub(super) struct Wish<M> {
    pub place: Place,
    pub row: Row<M>,
}

impl<'p> Tally<'p> {
    pub(super) fn new(progress: &'p mut (dyn FnMut(Progress) + Send)) -> Self {
        Self { report: Report::default(), file: String::new(), progress }
    }

    /// The counts of a kind, in the order in which kinds came first.
    fn kind(&mut self, kind: &'static str) -> &mut KindCount {
        let kinds = &mut self.report.kinds;
        let at = kinds.iter().position(|count| count.kind == kind).unwrap_or_else(|| {
            kinds.push(KindCount { kind, ..KindCount::default() });
            kinds.len() - 1
        });
        &mut kinds[at]
    }

    /// So many were read; a kind of which there is nothing is not told.
    pub(super) fn read(&mut self, kind: &'static str, count: usize) {
        if count == 0 {
            return;
        }
        self.kind(kind).read += count;
        self.report.read += count;
    }

    /// What became of one, as the write path calls it.
    pub(super) fn count(&mut self, kind: &'static str, status: &str) {
        let of = self.kind(kind);
        match status {
            "CREATED" => of.created += 1,
            "UPDATED" => of.updated += 1,
            _ => of.unchanged += 1,
        }
        match status {
            "CREATED" => self.report.created += 1,
            "UPDATED" => self.report.updated += 1,
            _ => self.report.unchanged += 1,
        }
    }

    /// One had no effect, and why.
    pub(super) fn skipped(&mut self, kind: &'static str, place: &Place, why: &str) {
        self.kind(kind).skipped += 1;
        self.report.skipped += 1;
        self.note(place, NoteKind::Skipped, why);
    }

    pub(super) fn note(&mut self, place: &Place, kind: NoteKind, text: &str) {
        let text = if place.what.is_empty() { text.to_owned() } else { format!("{}: {text}", place.what) };
        self.report.rows.push(RowNote { file: self.file.clone(), row: place.line, kind, column: None, text });
    }

    /// Things are left in the file.
    pub(super) fn left(&mut self, what: &str, count: u64, reason: &str) {
        let (file, what, reason) = (self.file.clone(), what.to_owned(), reason.to_owned());
        self.report.left.push(LeftOut { file, what, count, reason });
    }

    /// What was found out while the file was read.
    pub(super) fn begin(&mut self, wanted: &Wanted) {
        self.file.clone_from(&wanted.file);
        for left in &wanted.left {
            self.left(&left.what, left.count, &left.reason);
        }
        for (place, text) in &wanted.doubts {
            self.note(place, NoteKind::Doubtful, text);
        }
    }

    /// So many of a file are done.
    pub(super) fn tell(&mut self, phase: Phase, done: usize, total: usize) {
        (self.progress)(Progress { phase, file: self.file.clone(), done, total });
    }

    /// What is wrong with elements; nothing of the import is kept.
    pub(super) fn refuse(&self, faults: Vec<ElementFault>) -> ImportError {
        ImportError::Elements { file: self.file.clone(), faults }
    }

    /// What the write path refused, at the elements that asked for it.
    pub(super) fn refused<'a>(&self, work: &mut Work<'_>, places: impl Fn(usize) -> Option<&'a Place>) -> ImportError {
        let errors = std::mem::take(&mut work.errors);
        let fault = |(index, error): (usize, crate::write::UserError)| {
            let place = places(index).cloned().unwrap_or_default();
            ElementFault { line: place.line, text: format!("{}: {}", place.what, error.message.trim_end_matches('.')) }
        };
        self.refuse(errors.into_iter().map(fault).collect())
    }

    /// Writes rows and counts them. What changed is told.
    pub(super) async fn save<E>(
        &mut self,
        work: &mut Work<'_>,
        kind: &'static str,
        wishes: Vec<Wish<E::Model>>,
    ) -> Result<(), ImportError>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Clone + Send + Sync + PartialEq,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    {
        let total = wishes.len();
        let mut done = 0;
        let mut wishes = wishes.into_iter().peekable();
        while wishes.peek().is_some() {
            let some: Vec<Wish<E::Model>> = wishes.by_ref().take(PART).collect();
            let places: Vec<Place> = some.iter().map(|wish| wish.place.clone()).collect();
            for (at, status) in statuses::<E>(work, some, Action::Written).await? {
                self.count(kind, status);
                if status == "UPDATED" {
                    self.note(&places[at], NoteKind::Changed, "changed");
                }
            }
            done += places.len();
            self.tell(Phase::Write, done, total);
        }
        Ok(())
    }

    /// Archives rows that the file no longer has; each is a change of its kind beside those that were read.
    pub(super) async fn archive<E>(
        &mut self,
        work: &mut Work<'_>,
        wishes: Vec<Wish<E::Model>>,
    ) -> Result<(), ImportError>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Clone + Send + Sync + PartialEq,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    {
        for wish in &wishes {
            self.note(&wish.place, NoteKind::Changed, "archived: the file no longer has it");
        }
        statuses::<E>(work, wishes, Action::Archived).await?;
        Ok(())
    }
}

async fn statuses<E>(
    work: &mut Work<'_>,
    wishes: Vec<Wish<E::Model>>,
    action: Action,
) -> Result<HashMap<usize, &'static str>, Error>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Clone + Send + Sync + PartialEq,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let batch = Batch { items: vec![], count: wishes.len(), keeps_good: false };
    let rows = wishes.into_iter().enumerate().map(|(index, wish)| Row { index, ..wish.row }).collect();
    let done = save::<E>(work, rows, &batch, action).await?;
    Ok(done.rows.into_iter().map(|row| (row.index, row.status)).collect())
}
