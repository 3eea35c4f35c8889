//! Rows onto portfolios and projects. What a row says of a day never overwrites what was said of a later day, so the
//! order in which files come does not matter; its period's history is kept all the same.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::portfolio_item;

use super::cells::normalized;
use super::history::{History, Standing};
use super::ledger::{Ledger, Source, by_name};
use super::mapping::{Mapping, ProjectField};
use super::report::{CellFault, ImportError, NoteKind, Phase, Progress, Report};
use super::sheet::{Field, PortfolioName, Record, Sheet, note};
use super::slots::Writing;
use crate::portfolios;
use crate::portfolios::rules::ItemState;
use crate::write::Work;

/// Rows between two reports of progress.
const PROGRESS_ROWS: usize = 50;

/// What is told of an id that leads to something that the caller may not know of.
const TAKEN: &str = "the source gives this id to something else already";

/// A call under way.
struct Applying<'a, 'w> {
    work: &'a Work<'w>,
    mapping: &'a Mapping,
    ledger: Ledger,
    history: History,
    /// Other ids of projects, with the row that had each last.
    aliases: HashMap<String, usize>,
}

/// What became of a row.
#[derive(Default)]
struct Applied {
    is_new: bool,
    changes: Vec<String>,
    notes: Vec<(NoteKind, String)>,
}

/// Why a row has no effect, or no file has.
enum Stop {
    Skip(String),
    Refuse(String),
}

/// Applies the sheets in their order, and writes what came of it.
pub(super) async fn apply(
    work: &mut Work<'_>,
    mapping: &Mapping,
    sheets: Vec<Sheet>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    // Projects may move to another portfolio.
    work.alone().await?;
    let source =
        Source { system: &mapping.system, key_prefix: &mapping.key_prefix, matches_names: mapping.matches_names };
    let (ledger, history) = (Ledger::load(work, &source).await?, History::load(work, mapping).await?);
    let mut applying = Applying { work, mapping, ledger, history, aliases: HashMap::new() };
    let mut report = Report::default();
    let mut touched: Vec<usize> = vec![];
    for sheet in sheets {
        touched.extend(applying.sheet(sheet, &mut report, progress)?);
    }
    touched.sort_unstable();
    touched.dedup();
    let Applying { mut ledger, mut history, .. } = applying;
    for item in touched {
        history.settle(work, &mut ledger.items[item]);
    }
    let mut writing = Writing::of(ledger.changes() + history.changes(), progress);
    // Years and categories first, then items, then what refers to both.
    ledger.write(work, &mut writing).await?;
    history.write(work, &ledger, &mut writing).await?;
    Ok(report)
}

impl Applying<'_, '_> {
    /// Applies one file's rows; the projects that they are about.
    fn sheet(
        &mut self,
        sheet: Sheet,
        report: &mut Report,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Vec<usize>, ImportError> {
        let (total, file) = (sheet.rows.len(), sheet.file);
        let mut tell = |done: usize| progress(Progress { phase: Phase::Match, file: file.clone(), done, total });
        let mut notes = sheet.notes;
        let blank = notes.iter().filter(|note| note.kind == NoteKind::Skipped).count();
        report.read += total + blank;
        report.skipped += blank;
        let mut rows_of: HashMap<usize, usize> = HashMap::new();
        tell(0);
        for (index, record) in sheet.rows.iter().enumerate() {
            let told = |kind, text: String| note(&file, record.row, kind, None, text);
            match self.row(record, &mut rows_of) {
                Err(Stop::Refuse(text)) => {
                    let faults = vec![CellFault { row: record.row, column: None, text }];
                    return Err(ImportError::Cells { file, faults });
                }
                Err(Stop::Skip(text)) => {
                    report.skipped += 1;
                    notes.push(told(NoteKind::Skipped, text));
                }
                Ok(applied) => {
                    notes.extend(applied.notes.into_iter().map(|(kind, text)| told(kind, text)));
                    if applied.is_new {
                        report.created += 1;
                    } else if applied.changes.is_empty() {
                        report.unchanged += 1;
                    } else {
                        report.updated += 1;
                        notes.push(told(NoteKind::Changed, applied.changes.join("; ")));
                    }
                }
            }
            if (index + 1) % PROGRESS_ROWS == 0 || index + 1 == total {
                tell(index + 1);
            }
        }
        notes.sort_by_key(|note| note.row);
        report.rows.extend(notes);
        Ok(rows_of.into_keys().collect())
    }

    fn row(&mut self, record: &Record, rows_of: &mut HashMap<usize, usize>) -> Result<Applied, Stop> {
        let external_id = record.id.clone().unwrap_or_else(|| by_name(&record.name));
        let day = record.period.map(|period| period.end_on);
        let known = self.ledger.named("PROJECT", &external_id);
        let found = known.or_else(|| {
            let by_name = self.ledger.named("PROJECT", &by_name(&record.name));
            by_name.or_else(|| self.ledger.called(&record.name)).filter(|_| self.mapping.matches_names)
        });
        let mut out = Applied { is_new: found.is_none(), ..Applied::default() };
        if let Some(item) = found {
            self.may_write(item)?;
            if let Some(earlier) = rows_of.get(&item) {
                return Err(Stop::Skip(format!("the same project as row {earlier}")));
            }
        }
        let portfolio = self.portfolio(&record.portfolios, &mut out)?;
        let place = match &record.program {
            Some(program) => Some(self.program(program, portfolio)?),
            None => portfolio,
        };
        let item = match found {
            None => {
                if self.ledger.had_projects {
                    out.notes.push((NoteKind::Created, format!("a new project: {}", record.name)));
                }
                self.create(record, place, &mut out)
            }
            Some(item) => {
                let other = record.id.as_ref().filter(|_| known.is_none()).and_then(|_| self.ledger.id_of(item));
                if let Some(other) = other {
                    let text = format!("taken as project {other}, which has the same name");
                    out.notes.push((NoteKind::Doubtful, text));
                }
                if self.ledger.latest(item) <= day {
                    self.update(item, record, place, &mut out);
                }
                item
            }
        };
        if let Some(alias) = &record.alias {
            match self.aliases.insert(alias.clone(), record.row) {
                Some(row) if row != record.row => {
                    let text = format!("the id {alias} stands in row {row}, too: it finds no project");
                    out.notes.push((NoteKind::Doubtful, text));
                }
                _ => {}
            }
        }
        if self.mapping.matches_names {
            self.ledger.note_name(item, &record.name);
        }
        rows_of.insert(item, record.row);
        self.ledger.link(item, &external_id, day, self.work);
        if let Some(period) = record.period {
            let standing = self.standing(item, portfolio, record);
            let outcome = self.history.apply(self.work, &standing, record, period).map_err(Stop::Refuse)?;
            out.changes.extend(outcome.changes);
            out.notes.extend(outcome.doubts.into_iter().map(|text| (NoteKind::Doubtful, text)));
        }
        Ok(out)
    }

    /// What is there must be seen by the caller, open and of the same currency.
    fn may_write(&self, item: usize) -> Result<(), Stop> {
        let found = &self.ledger.items[item];
        if self.ledger.is_hidden(item) {
            return Err(Stop::Skip(TAKEN.to_owned()));
        }
        if found.archived_at.is_some() {
            return Err(Stop::Skip(format!("{} is archived", found.key)));
        }
        if found.base_currency != self.mapping.currency {
            let (ours, theirs) = (&found.base_currency, &self.mapping.currency);
            return Err(Stop::Refuse(format!("{} is kept in {ours}, the file in {theirs}", found.key)));
        }
        Ok(())
    }

    fn standing(&self, item: usize, portfolio: Option<usize>, record: &Record) -> Standing {
        let found = &self.ledger.items[item];
        let reported_type = record.fields.iter().find_map(|(field, value)| match (field, value) {
            (ProjectField::Type, Field::Text(text)) => Some(text.clone()),
            _ => None,
        });
        Standing {
            item_id: found.id,
            item_key: found.key.clone(),
            reported_portfolio_id: portfolio.map(|at| self.ledger.items[at].id),
            reported_type: reported_type.flatten(),
        }
    }

    fn create(&mut self, record: &Record, portfolio: Option<usize>, out: &mut Applied) -> usize {
        let name = record.id.clone().unwrap_or_else(|| normalized(&record.name));
        let wish = format!("{}-{}", self.mapping.key_prefix, name.replace(' ', "-"));
        let key = self.ledger.free_key("PROJECT", &wish);
        let blank = self.blank("PROJECT");
        let item = self.ledger.add(portfolio_item::Model { key, ..blank });
        fill(&mut self.ledger.items[item], record, out);
        if let Some(portfolio) = portfolio {
            self.place(item, portfolio);
        }
        item
    }

    /// Brings a project to what the row says. People, key and whatever else the file does not speak of stay.
    fn update(&mut self, item: usize, record: &Record, portfolio: Option<usize>, out: &mut Applied) {
        let before = self.ledger.items[item].clone();
        fill(&mut self.ledger.items[item], record, out);
        // A project that was put below a program of its portfolio stays there, unless the file names one.
        let stands = |at: &usize| {
            let above = &self.ledger.items[*at];
            if above.kind == "PROGRAM" {
                before.program_id == Some(above.id)
            } else {
                before.portfolio_id == above.portfolio_id
            }
        };
        if let Some(place) = portfolio.filter(|at| !stands(at)) {
            self.place(item, place);
        }
        let after = &self.ledger.items[item];
        let fields = differing(&before, after);
        if !fields.is_empty() {
            out.changes.push(fields.join(", "));
        }
    }

    fn place(&mut self, item: usize, portfolio: usize) {
        let above = &self.ledger.items[portfolio];
        let (id, portfolio_id, is_restricted) = (above.id, above.portfolio_id, above.is_restricted);
        let program_id = (above.kind == "PROGRAM").then_some(id);
        let item = &mut self.ledger.items[item];
        item.parent_id = Some(id);
        item.portfolio_id = portfolio_id;
        item.program_id = program_id;
        item.is_restricted = is_restricted || item.confidentiality == "CONFIDENTIAL";
    }

    /// The portfolio that a row names, made if it is new, below those that it names above it.
    fn portfolio(&mut self, names: &[PortfolioName], out: &mut Applied) -> Result<Option<usize>, Stop> {
        let mut above: Option<usize> = None;
        for name in names {
            let at = match self.ledger.named("PORTFOLIO", &name.id) {
                Some(known) => {
                    self.may_write(known)?;
                    if let Some(above) = above {
                        self.stand_below(known, above, out);
                    }
                    known
                }
                None => self.new_portfolio(name, above),
            };
            above = Some(at);
        }
        Ok(above)
    }

    /// The program that a row names, made if it is new, below the portfolio that the row names. One that stands elsewhere
    /// stays.
    fn program(&mut self, name: &PortfolioName, portfolio: Option<usize>) -> Result<usize, Stop> {
        if let Some(known) = self.ledger.named("PROGRAM", &name.id) {
            self.may_write(known)?;
            return Ok(known);
        }
        let code = normalized(&name.id).to_uppercase().replace(' ', "-");
        let key = self.ledger.free_key("PROGRAM", &format!("{}-{code}", self.mapping.key_prefix));
        let blank = self.blank("PROGRAM");
        let above = portfolio.map(|at| (self.ledger.items[at].id, self.ledger.items[at].is_restricted));
        let item = self.ledger.add(portfolio_item::Model {
            portfolio_id: above.map(|(id, _)| id),
            parent_id: above.map(|(id, _)| id),
            is_restricted: above.is_some_and(|(_, is_restricted)| is_restricted),
            key,
            name_fold: name.name.to_lowercase(),
            name: name.name.clone(),
            ..blank
        });
        self.ledger.link(item, &name.id, None, self.work);
        Ok(item)
    }

    fn new_portfolio(&mut self, name: &PortfolioName, above: Option<usize>) -> usize {
        let code = normalized(&name.id).to_uppercase().replace(' ', "-");
        let key = self.ledger.free_key("PORTFOLIO", &format!("{}-{code}", self.mapping.key_prefix));
        let above = above.map(|at| (self.ledger.items[at].id, self.ledger.items[at].is_restricted));
        let blank = self.blank("PORTFOLIO");
        let item = self.ledger.add(portfolio_item::Model {
            portfolio_id: Some(blank.id),
            parent_id: above.map(|(id, _)| id),
            is_restricted: above.is_some_and(|(_, is_restricted)| is_restricted),
            key,
            name_fold: name.name.to_lowercase(),
            name: name.name.clone(),
            ..blank
        });
        self.ledger.link(item, &name.id, None, self.work);
        item
    }

    /// A portfolio that stood alone goes below the one that a file names above it. One that stands elsewhere stays.
    fn stand_below(&mut self, portfolio: usize, above: usize, out: &mut Applied) {
        let above_id = self.ledger.items[above].id;
        let (parent, id) = (self.ledger.items[portfolio].parent_id, self.ledger.items[portfolio].id);
        if parent == Some(above_id) {
            return;
        }
        let is_free = !self.ledger.items[above].is_restricted && !self.is_below(above, id);
        if parent.is_none() && is_free {
            self.ledger.items[portfolio].parent_id = Some(above_id);
            return;
        }
        let [name, above] = [portfolio, above].map(|at| self.ledger.items[at].name.clone());
        out.notes
            .push((NoteKind::Doubtful, format!("{name} does not stand below {above} here, and stays where it is")));
    }

    /// Whether an item stands below another, as far as the source's own items go.
    fn is_below(&self, item: usize, other: uuid::Uuid) -> bool {
        let mut at = Some(item);
        while let Some(here) = at {
            if self.ledger.items[here].id == other {
                return true;
            }
            at = self.ledger.items[here].parent_id.and_then(|id| self.ledger.at(id));
        }
        false
    }

    /// An item of the source.
    fn blank(&self, kind: &str) -> portfolio_item::Model {
        portfolio_item::Model {
            state: if kind == "PROJECT" { self.mapping.state.clone() } else { "ACTIVE".to_owned() },
            base_currency: self.mapping.currency.clone(),
            ..portfolios::blank(self.work, kind)
        }
    }
}

fn fill(item: &mut portfolio_item::Model, record: &Record, out: &mut Applied) {
    item.name_fold = record.name.to_lowercase();
    item.name.clone_from(&record.name);
    for (field, value) in &record.fields {
        match value {
            Field::Date(date) => put_date(item, *field, *date),
            Field::Text(text) => put_text(item, *field, text.as_ref(), out),
        }
    }
}

fn put_date(item: &mut portfolio_item::Model, field: ProjectField, date: Option<NaiveDate>) {
    let place = match field {
        ProjectField::PlannedStart => &mut item.planned_start_on,
        ProjectField::PlannedFinish => &mut item.planned_finish_on,
        ProjectField::ForecastStart => &mut item.forecast_start_on,
        ProjectField::ForecastFinish => &mut item.forecast_finish_on,
        ProjectField::ActualStart => &mut item.actual_start_on,
        ProjectField::ActualFinish => &mut item.actual_finish_on,
        ProjectField::Description
        | ProjectField::Type
        | ProjectField::State
        | ProjectField::Category
        | ProjectField::Priority
        | ProjectField::Phase
        | ProjectField::Methodology => return,
    };
    *place = date;
}

fn put_text(item: &mut portfolio_item::Model, field: ProjectField, text: Option<&String>, out: &mut Applied) {
    match field {
        ProjectField::Description => {
            item.description_fold = text.map(|text| text.to_lowercase());
            item.description = text.cloned();
        }
        ProjectField::Type => item.project_type = text.cloned(),
        ProjectField::Category => item.category = text.cloned(),
        ProjectField::Phase => item.phase = text.cloned(),
        ProjectField::Methodology => item.methodology = text.cloned(),
        ProjectField::Priority => item.priority = text.and_then(|text| text.parse().ok()),
        ProjectField::State => {
            let Some(state) = text.filter(|state| **state != item.state) else { return };
            // Version 0: the item is being made.
            let stands = ItemState::parse(&item.state);
            if item.version > 0 && stands == Some(ItemState::Proposed) {
                let text = format!("the project waits for approval here and stays so, although the file says {state}");
                out.notes.push((NoteKind::Doubtful, text));
            } else if item.version > 0 && stands.is_some_and(ItemState::is_final) {
                let text = format!("the project is {} here and stays so, although the file says {state}", item.state);
                out.notes.push((NoteKind::Doubtful, text));
            } else {
                item.state.clone_from(state);
            }
        }
        ProjectField::PlannedStart
        | ProjectField::PlannedFinish
        | ProjectField::ForecastStart
        | ProjectField::ForecastFinish
        | ProjectField::ActualStart
        | ProjectField::ActualFinish => {}
    }
}

/// The fields in which a project is another one than before, as the schema calls them.
fn differing(before: &portfolio_item::Model, after: &portfolio_item::Model) -> Vec<&'static str> {
    [
        ("name", before.name != after.name),
        ("portfolio", before.portfolio_id != after.portfolio_id),
        ("description", before.description != after.description),
        ("projectType", before.project_type != after.project_type),
        ("state", before.state != after.state),
        ("category", before.category != after.category),
        ("priority", before.priority != after.priority),
        ("phase", before.phase != after.phase),
        ("methodology", before.methodology != after.methodology),
        ("plannedStartOn", before.planned_start_on != after.planned_start_on),
        ("plannedFinishOn", before.planned_finish_on != after.planned_finish_on),
        ("forecastStartOn", before.forecast_start_on != after.forecast_start_on),
        ("forecastFinishOn", before.forecast_finish_on != after.forecast_finish_on),
        ("actualStartOn", before.actual_start_on != after.actual_start_on),
        ("actualFinishOn", before.actual_finish_on != after.actual_finish_on),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
