//! Allocations of Clarity as bookings. What amounts count is said by whoever imports; hard amounts are a part of the planned
//! ones, so what stays planned is the rest of them.

use super::super::File;
use super::super::clarity;
use super::super::report::{ImportError, ImportOption};
use super::super::told::{Booked, BookingStatus, Segment as ToldSegment, Told, Xog, XogProject};
use super::spread::last_day;
use super::wanted::{Amount, Booking, Left, Place, Project, Resource, Wanted};
use super::{Options, Unit, missing, unread, wrong};
use crate::resources::allocation_told::Segment;

/// What calls the ids.
const SYSTEM: &str = "CLARITY";

/// Reads a file.
pub(super) fn read(file: &File, options: &Options) -> Result<Wanted, ImportError> {
    let told = clarity::read(&file.bytes).map_err(|fault| unread(&file.name, &fault))?;
    if options.project.is_some() {
        return Err(wrong(ImportOption::Project, "a file of Clarity names its projects itself"));
    }
    let has_segments = told.content.projects.iter().flat_map(|project| &project.resources).any(has_segments);
    let unit = match options.segment_unit {
        Some(unit) => unit,
        None if has_segments => {
            let text = "the file does not say what its amounts count: say HOURS, DAYS, FTE or PERCENT";
            return Err(missing(ImportOption::SegmentUnit, text));
        }
        None => Unit::Hours,
    };
    Ok(wanted(file, told, unit))
}

fn has_segments(booked: &Booked) -> bool {
    !booked.planned.is_empty() || !booked.hard.is_empty()
}

fn wanted(file: &File, told: Told<Xog>, unit: Unit) -> Wanted {
    let mut out = Wanted { file: file.name.clone(), system: SYSTEM, ..Wanted::default() };
    for left in told.not_carried {
        let what = format!("{} in {}", left.what, left.place);
        out.left.push(Left { what, count: left.count, reason: left.why.trim_end_matches('.').to_owned() });
    }
    for changed in told.changed {
        out.doubts.push((at(changed.line, changed.place), format!("{} was taken as {}", changed.told, changed.taken)));
    }
    let mut attributes = Counts::default();
    for project in &told.content.projects {
        attributes.custom += project.custom.len();
        out.projects.push(Project {
            place: at(project.line, format!("project {}", project.id)),
            id: project.id.clone(),
            name: project.name.clone().unwrap_or_else(|| project.id.clone()),
        });
        for booked in &project.resources {
            attributes.count(booked);
            if out.resources.iter().all(|known| known.id != booked.id) {
                out.resources.push(resource(booked));
            }
            out.bookings.extend(bookings(project, booked, unit));
        }
    }
    attributes.tell(&mut out.left);
    out
}

/// What is read and has no place here.
#[derive(Default)]
struct Counts {
    custom: usize,
    default_allocation: usize,
    availability: usize,
    status: usize,
    others: usize,
    empty: usize,
    twice: usize,
}

impl Counts {
    fn count(&mut self, booked: &Booked) {
        self.default_allocation += usize::from(booked.default_allocation.is_some());
        self.availability += usize::from(booked.available_from.is_some() || booked.available_to.is_some());
        self.status += usize::from(matches!(booked.booking, Some(BookingStatus::Other(_))));
        self.others += booked.attributes.len();
        let is_hard = matches!(booked.booking, Some(BookingStatus::Hard));
        self.twice += if is_hard && !booked.planned.is_empty() { booked.hard.len() } else { 0 };
        self.empty += usize::from(!has_segments(booked));
    }

    fn tell(&self, left: &mut Vec<Left>) {
        let kinds = [
            (self.custom, "ColumnValue in Project/CustomInformation", "there are no fields for custom attributes"),
            (
                self.default_allocation,
                "@defaultAllocation in Resource",
                "what holds outside of all segments has no days: a booking is from a day to a day",
            ),
            (
                self.availability,
                "@availFrom and @availTo in Resource",
                "the days of a booking are those of its segments",
            ),
            (self.status, "@bookingStatus in Resource", "the code is the site's own; planned amounts stay SOFT"),
            (self.others, "other attributes of Resource", "there is no place for them"),
            (
                self.twice,
                "Segment in HardAllocCurve",
                "all of the allocation is agreed, so that the planned curve says how much",
            ),
            (self.empty, "Resource without segments", "there is nothing to be booked"),
        ];
        for (count, what, reason) in kinds.into_iter().filter(|(count, ..)| *count > 0) {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            left.push(Left { what: what.to_owned(), count, reason: reason.to_owned() });
        }
    }
}

fn at(line: u64, what: String) -> Place {
    Place { line: usize::try_from(line).unwrap_or(0), what }
}

/// The file tells no more of a resource than its id.
fn resource(booked: &Booked) -> Resource {
    Resource {
        place: at(booked.line, format!("resource {}", booked.id)),
        id: booked.id.clone(),
        name: booked.id.clone(),
        kind: "GENERIC",
        email: None,
        group: None,
        calendar: None,
        fte: None,
        from: None,
        to: None,
        has_days: false,
        matches_key: true,
    }
}

/// What is planned of a resource, and what is agreed, each a booking of its own.
fn bookings(project: &XogProject, booked: &Booked, unit: Unit) -> Vec<Booking> {
    let is_hard = matches!(booked.booking, Some(BookingStatus::Hard));
    let segment = |is_agreed: bool| {
        move |told: &ToldSegment| Segment {
            is_agreed,
            start_on: told.start.date(),
            end_on: last_day(told.start, told.finish),
            start: told.start.format("%Y-%m-%dT%H:%M:%S").to_string(),
            finish: told.finish.format("%Y-%m-%dT%H:%M:%S").to_string(),
            sum: told.sum.clone(),
            unit: unit.as_str(),
        }
    };
    let name = format!("{}/{}", project.id, booked.id);
    let booking = |ending: &str, is_agreed: bool, told: &[ToldSegment], less: &[ToldSegment]| Booking {
        place: at(
            told.first().map_or(booked.line, |first| first.line),
            format!("allocation of {} to {}", booked.id, project.id),
        ),
        id: format!("{name}{ending}"),
        project: Some(project.id.clone()),
        resource: booked.id.clone(),
        is_agreed,
        note: None,
        amount: Amount::Segments {
            told: told.to_vec(),
            less: less.to_vec(),
            unit,
            shown: told.iter().map(segment(is_agreed)).collect(),
        },
    };
    let (planned, hard) = (&booked.planned, &booked.hard);
    let mut all = vec![];
    if !planned.is_empty() {
        // Where all of it is agreed, the planned curve says how much.
        all.push(booking("", is_hard, planned, if is_hard { &[] } else { hard }));
    }
    if !hard.is_empty() && (!is_hard || planned.is_empty()) {
        all.push(booking("/HARD", true, hard, &[]));
    }
    all
}
