//! Versions of money, budgets and forecasts alike: of an item, a source and a day one counts, and the latest day's is
//! current. One that was corrected is superseded and archived, so that a day's sums are those that are not archived.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::periods::Periods;
use super::{Outcome, Scope, Standing, of};
use crate::error::Error;
use crate::graph::decl::Entity;
use crate::importers::ledger::linked;
use crate::importers::sheet::Figures;
use crate::importers::slots::{Slots, Writing};
use crate::write::{Work, value};

/// A table of versions, and that of their lines.
pub(super) trait Version: Clone + PartialEq + Sized {
    /// The table of its lines.
    type Line: VersionLine;
    /// What notes call it.
    const NAME: &'static str;
    /// The declarations of version and line.
    const ENTITIES: [&'static str; 2];

    fn id(&self) -> Uuid;
    fn item_id(&self) -> Uuid;
    fn revision(&self) -> i32;
    fn source(&self) -> Option<&str>;
    fn as_of(&self) -> Option<NaiveDate>;
    fn amount(&self) -> Option<i64>;
    /// Whether it is in force.
    fn is_current(&self) -> bool;
    /// Whether a later one replaced it for its own day.
    fn is_archived(&self) -> bool;
    fn set_current(&mut self, is_current: bool);
    fn archive(&mut self, work: &Work<'_>);
    fn stand(&mut self, scope: (Option<Uuid>, bool));
    /// Whether it says what is given, lines apart.
    fn says(&self, standing: &Standing, given: &Given<'_>) -> bool;
    fn make(work: &Work<'_>, source: &str, revision: i32, standing: &Standing, given: &Given<'_>) -> Self;
}

/// A table of lines.
pub(super) trait VersionLine: Clone + PartialEq + Sized {
    fn version_id(&self) -> Uuid;
    fn item_id(&self) -> Uuid;
    fn content(&self) -> LineContent;
    fn stand(&mut self, scope: (Option<Uuid>, bool));
    fn make(work: &Work<'_>, version_id: Uuid, standing: &Standing, currency: &str, content: LineContent) -> Self;
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LineContent {
    pub period_id: Uuid,
    pub category_id: Option<Uuid>,
    pub amount: Option<i64>,
    pub note: Option<String>,
}

/// What a row says of a version.
pub(super) struct Given<'r> {
    pub day: NaiveDate,
    pub currency: &'r str,
    pub figures: Option<&'r Figures>,
    pub lines: Vec<LineContent>,
    /// The period of the lines, if it is closed.
    pub closed: Option<String>,
}

impl<'r> Given<'r> {
    /// What a row says, with its lines in their period; or why they cannot stand there.
    pub(super) fn new(
        work: &Work<'_>,
        periods: &mut Periods,
        currency: &'r str,
        day: NaiveDate,
        figures: Option<&'r Figures>,
    ) -> Result<Self, String> {
        let (mut lines, mut closed) = (vec![], None);
        for line in figures.into_iter().flat_map(|figures| &figures.lines) {
            let category_id = line.category.as_ref().map(|category| periods.category(work, category)).transpose()?;
            let period = periods.year(work, day)?;
            let period_id = period.id;
            closed = (period.state == "CLOSED").then(|| period.key.clone());
            lines.push(LineContent { period_id, category_id, amount: line.amount, note: line.note.clone() });
        }
        lines.sort();
        Ok(Self { day, currency, figures, lines, closed })
    }

    /// The sum over the lines; the rows were checked to have one that is kept.
    pub(super) fn allocated(&self) -> i64 {
        self.lines.iter().filter_map(|line| line.amount).sum()
    }
}

/// The versions of a source's items.
pub(super) struct Versions<V: Version> {
    rows: Slots<V>,
    lines: Slots<V::Line>,
    of_item: HashMap<Uuid, Vec<usize>>,
    of_version: HashMap<Uuid, Vec<usize>>,
}

impl<V: Version> Versions<V> {
    /// Reads all versions of the items that the source has names for, and the lines of those that came with it.
    pub(super) async fn load<E, L>(work: &Work<'_>, system: &str) -> Result<Self, Error>
    where
        E: EntityTrait<Model = V>,
        V: Send + Sync,
        L: EntityTrait<Model = V::Line>,
        V::Line: Send + Sync,
        <E::PrimaryKey as PrimaryKeyTrait>::ValueType: Send,
    {
        let versions = E::find()
            .filter(value::column::<E>("item_id").in_subquery(linked(system)))
            .order_by_asc(value::column::<E>("id"))
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let lines = L::find()
            .filter(value::column::<L>("item_id").in_subquery(linked(system)))
            .order_by_asc(value::column::<L>("id"))
            .all(work.txn)
            .await?;
        let mut of_item: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (at, version) in versions.iter().enumerate() {
            of_item.entry(version.item_id()).or_default().push(at);
        }
        let mut of_version: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            of_version.entry(line.version_id()).or_default().push(at);
        }
        Ok(Self { rows: Slots::stored(versions), lines: Slots::stored(lines), of_item, of_version })
    }

    /// Takes what a row says of its day.
    pub(super) fn apply(
        &mut self,
        work: &Work<'_>,
        system: &str,
        standing: &Standing,
        given: &Given<'_>,
        out: &mut Outcome,
    ) -> Result<(), String> {
        let all = self.of_item.get(&standing.item_id).cloned().unwrap_or_default();
        let is_same = |version: &V| {
            !version.is_archived() && version.source() == Some(system) && version.as_of() == Some(given.day)
        };
        let same: Vec<usize> = all.iter().copied().filter(|at| is_same(&self.rows[*at])).collect();
        let what = format!("{} {}", V::NAME, of(given.day));
        if same.is_empty() {
            // A blank cell says nothing where nothing was said before.
            if given.figures.is_none() {
                return Ok(());
            }
            out.changes.push(format!("{what} added"));
        } else {
            if same.iter().all(|at| self.holds(*at, standing, given)) {
                return Ok(());
            }
            let amounts: Vec<_> = same.iter().map(|at| self.rows[*at].amount()).collect();
            let after = given.figures.and_then(|figures| figures.amount);
            let money = |amount: Option<i64>| match amount {
                Some(amount) => Decimal::new(amount, 4).normalize().to_string(),
                None => "no amount".to_owned(),
            };
            let before = amounts.first().copied().flatten();
            let how = if before == after {
                "other lines, notes or portfolio".to_owned()
            } else {
                format!("{} becomes {}", money(before), money(after))
            };
            out.changes.push(format!("{what} superseded: {how}"));
            for at in same {
                self.rows[at].set_current(false);
                self.rows[at].archive(work);
            }
        }
        if let Some(period) = &given.closed {
            return Err(format!("the {what} has lines in {period}, which is closed"));
        }
        if all.iter().any(|at| is_foreign(&self.rows[*at], system)) {
            let line = format!("the current {} is not of this source; {what} is kept as history beside it", V::NAME);
            out.doubts.push(line);
        }
        let revision = all.iter().map(|at| self.rows[*at].revision()).max().unwrap_or_default() + 1;
        let made = V::make(work, system, revision, standing, given);
        let id = made.id();
        let at = self.rows.add(made);
        self.of_item.entry(standing.item_id).or_default().push(at);
        for content in &given.lines {
            let line = V::Line::make(work, id, standing, given.currency, content.clone());
            let line = self.lines.add(line);
            self.of_version.entry(id).or_default().push(line);
        }
        Ok(())
    }

    /// Whether a version says what a row says.
    fn holds(&self, at: usize, standing: &Standing, given: &Given<'_>) -> bool {
        let version = &self.rows[at];
        let lines = self.of_version.get(&version.id()).into_iter().flatten();
        let mut lines: Vec<LineContent> = lines.map(|at| self.lines[*at].content()).collect();
        lines.sort();
        version.says(standing, given) && lines == given.lines
    }

    /// Makes the latest version of the source current, unless another one is; its amount, where it is.
    #[allow(clippy::option_option)] // no version of ours, and one without an amount
    pub(super) fn settle(&mut self, system: &str, item: Uuid) -> Option<Option<i64>> {
        let all = self.of_item.get(&item)?;
        if all.iter().any(|at| is_foreign(&self.rows[*at], system)) {
            return None;
        }
        let ours =
            all.iter().copied().filter(|at| self.rows[*at].source() == Some(system) && !self.rows[*at].is_archived());
        let ours: Vec<usize> = ours.collect();
        let latest = ours.iter().copied().max_by_key(|at| self.rows[*at].as_of())?;
        for at in ours {
            if self.rows[at].is_current() != (at == latest) {
                self.rows[at].set_current(at == latest);
            }
        }
        Some(self.rows[latest].amount())
    }

    pub(super) fn changes(&self) -> usize {
        self.rows.changes() + self.lines.changes()
    }

    pub(super) async fn write<E, L>(
        &mut self,
        work: &mut Work<'_>,
        scope: Scope<'_>,
        told: &mut Writing<'_>,
    ) -> Result<(), Error>
    where
        E: EntityTrait<Model = V>,
        V: IntoActiveModel<E::ActiveModel> + Send + Sync,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
        L: EntityTrait<Model = V::Line>,
        V::Line: IntoActiveModel<L::ActiveModel> + Send + Sync,
        L::ActiveModel: ActiveModelTrait<Entity = L> + Send,
    {
        for row in self.rows.new_rows() {
            let item = row.item_id();
            row.stand(scope(&item));
        }
        for row in self.lines.new_rows() {
            let item = row.item_id();
            row.stand(scope(&item));
        }
        let [version, line]: [&'static Entity; 2] = V::ENTITIES.map(|name| work.lens.model.entity(name));
        self.rows.write::<E>(work, version, |_| true, told).await?;
        self.lines.write::<L>(work, line, |_| true, told).await
    }
}

/// Whether a version is in force that did not come with the source.
fn is_foreign<V: Version>(version: &V, system: &str) -> bool {
    version.is_current() && version.source() != Some(system)
}
