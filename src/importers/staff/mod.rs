//! Files of other tools that say who works when and for what: calendars, resources, rates, projects and bookings, in this
//! order. What several files say is one transaction, and whoever may not write all of it writes nothing.

use entity::portfolio_item;

use super::report::{ElementFault, ImportError, ImportOption, Phase, Progress, Report};
use super::{File, Format};
use crate::auth::Step;
use crate::write::Work;

mod bookings;
mod calendars;
mod from_clarity;
mod from_mspdi;
mod keys;
mod mspdi_calendars;
mod mspdi_rates;
mod projects;
mod rates;
mod resources;
mod spread;
mod tally;
mod wanted;

pub(in crate::importers) use wanted::Wanted;

use tally::Tally;

/// What is to be said beside the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// What amounts of segments count.
    pub segment_unit: Option<Unit>,
    /// The key of the project that is booked for.
    pub project: Option<String>,
    /// The currency of amounts that name none, and of new projects.
    pub currency: Option<String>,
    /// The key of the calendar of resources that name none.
    pub calendar: Option<String>,
}

/// What an amount of a segment counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Hours of work.
    Hours,
    /// Working days of the calendar.
    Days,
    /// A part of each working day, 1 for all of it.
    Fte,
    /// A part of each working day, 100 for all of it.
    Percent,
}

impl Unit {
    /// Every unit with its name and what it means.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Hours, "HOURS", "Hours of work, from the beginning of a segment to its end together."),
        (
            Self::Days,
            "DAYS",
            "Working days, each as long as the most usual one of the calendar, from the beginning to the end together.",
        ),
        (Self::Fte, "FTE", "Full-time people: a part of each working day of the calendar, 1 for all of it."),
        (Self::Percent, "PERCENT", "A part of each working day of the calendar, 100 for all of it."),
    ];

    /// The published name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(unit, ..)| *unit == self).map_or("HOURS", |(_, name, _)| name)
    }

    /// The unit of that name, in either case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)).map(|(unit, ..)| unit)
    }
}

/// Reads files whole, before the database is asked for anything.
pub(super) fn read(
    format: Format,
    files: &[File],
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Wanted>, ImportError> {
    if let Some(currency) = &options.currency
        && !(currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        return Err(wrong(ImportOption::Currency, "three capital letters, as ISO 4217 has them"));
    }
    let mut all = vec![];
    for file in files {
        let wanted = match format {
            Format::ClarityXog => from_clarity::read(file, options)?,
            _ => from_mspdi::read(file, options)?,
        };
        let total = wanted.calendars.len() + wanted.resources.len() + wanted.bookings.len();
        progress(Progress { phase: Phase::Read, file: file.name.clone(), done: total, total });
        all.push(wanted);
    }
    Ok(all)
}

fn wrong(option: ImportOption, text: &str) -> ImportError {
    ImportError::Option { option, is_missing: false, text: text.to_owned() }
}

fn missing(option: ImportOption, text: &str) -> ImportError {
    ImportError::Option { option, is_missing: true, text: text.to_owned() }
}

/// A fault of a reader.
fn unread(file: &str, fault: &super::xml::Fault) -> ImportError {
    let text = if fault.place.is_empty() { fault.why.clone() } else { format!("{}: {}", fault.place, fault.why) };
    let line = usize::try_from(fault.line).unwrap_or(0);
    if line == 0 {
        return ImportError::File { file: file.to_owned(), row: None, text };
    }
    ImportError::Elements { file: file.to_owned(), faults: vec![ElementFault { line, text }] }
}

/// Writes what the files say. `confirms` says whether whoever imports may confirm whatever she books.
pub(super) async fn apply(
    work: &mut Work<'_>,
    files: &[Wanted],
    options: &Options,
    confirms: bool,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let done = written(work, files, options, confirms, progress).await;
    if done.is_err() {
        // Of what was written so far nothing is kept: it is taken back with the transaction.
        work.traces.clear();
        work.errors.clear();
    }
    done
}

async fn written(
    work: &mut Work<'_>,
    files: &[Wanted],
    options: &Options,
    confirms: bool,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    may_write(work, files)?;
    let project = match &options.project {
        Some(key) => Some(project_of_key(work, key).await?),
        None => None,
    };
    // Calendars and projects are trees.
    work.alone().await?;
    let calendar = match &options.calendar {
        Some(key) => Some(resources::calendar_of_key(work, key).await?),
        None => None,
    };
    let mut tally = Tally::new(progress);
    for wanted in files {
        tally.begin(wanted);
    }
    let projects = projects::find(work, files, options.currency.as_deref(), &mut tally).await?;
    for wanted in files {
        tally.file.clone_from(&wanted.file);
        let calendars = calendars::write(work, wanted, &mut tally).await?;
        let resources = resources::write(work, wanted, &calendars, calendar, &mut tally).await?;
        let currency = wanted.currency.as_deref().or(options.currency.as_deref()).unwrap_or_default();
        rates::write(work, wanted, &resources, currency, &mut tally).await?;
        let around =
            bookings::Around { resources: &resources, projects: &projects, project: project.as_ref(), confirms };
        bookings::write(work, wanted, &around, &mut tally).await?;
    }
    Ok(tally.report)
}

/// Whoever imports writes what is common to all, so she has the right to it everywhere.
fn may_write(work: &Work<'_>, files: &[Wanted]) -> Result<(), ImportError> {
    let any = |of: fn(&Wanted) -> bool| files.iter().any(of);
    let due = [
        (Step::ResourceSetUp, any(|wanted| !wanted.calendars.is_empty())),
        (Step::ResourceManage, any(|wanted| !wanted.resources.is_empty())),
        (Step::AllocationPlan, any(|wanted| !wanted.bookings.is_empty())),
        (Step::ItemCreate, any(|wanted| !wanted.projects.is_empty())),
    ];
    match due.into_iter().find(|(step, is_due)| *is_due && !work.lens.caller.takes(*step).is_all()) {
        Some((step, _)) => Err(ImportError::Forbidden { needs: step.as_str().to_owned() }),
        None => Ok(()),
    }
}

async fn project_of_key(work: &Work<'_>, key: &str) -> Result<portfolio_item::Model, ImportError> {
    match projects::of_key(work, key).await? {
        Some(project) if project.archived_at.is_some() => {
            Err(wrong(ImportOption::Project, &format!("{key} is archived")))
        }
        Some(project) => Ok(project),
        None => Err(wrong(ImportOption::Project, &format!("there is no project {key} that you can see"))),
    }
}
