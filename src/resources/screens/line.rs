//! A line of figures of one resource or of many. What is free is found for each resource and each day, and the line of many
//! is the sum of theirs; those whose capacity is not known or not told are left out of what needs one, and counted.

use serde_json::{Value as Json, json};

use super::{page, people::Member, stock::Stock};
use crate::{
    auth::Class,
    error::Error,
    graph::decl::denied,
    resources::load::heatmap::{Heatmap, Row},
    write::{Member as SchemaMember, PlainType, Shape},
};

/// Why a figure is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// There is no calendar.
    NoCalendar,
    /// Its capacity is not counted in time.
    NoHours,
    /// There is nobody.
    Nobody,
}

impl Why {
    /// As the schema names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoCalendar => "NO_CALENDAR",
            Self::NoHours => "NO_HOURS",
            Self::Nobody => "NOBODY",
        }
    }

    /// Why nobody knows the capacity of a resource.
    pub fn of(member: &Member) -> Self {
        if member.fte.is_none() { Self::NoHours } else { Self::NoCalendar }
    }
}

/// The type of such reasons.
pub fn types() -> Vec<PlainType> {
    vec![PlainType {
        name: "ResourcingNullReason",
        doc: "Why a figure of resourcing is null though the caller may read it.",
        shape: Shape::Choice(vec![
            ("NO_CALENDAR", "The resource has no calendar, so that nobody knows its capacity."),
            ("NO_HOURS", "The resource is not counted in time, as material."),
            ("NOBODY", "There is nobody."),
            ("NO_CAPACITY", "There is no minute of capacity to divide by."),
            ("NO_DEMAND", "There is no minute of demand to divide by."),
            ("NO_TIMESHEETS", "Nothing is recorded of what was worked in that time."),
        ]),
    }]
}

/// The member that says what a line counts.
pub fn coverage() -> SchemaMember {
    SchemaMember {
        name: "coverage",
        ty: "Coverage!",
        doc: "Of how many resources the capacity is counted, of how many the caller may not be told it, and of how many nobody knows it.",
    }
}

/// Figures of some resources.
#[derive(Debug, Clone)]
pub struct Line {
    /// Of those whose capacity is known and told.
    pub within: Row,
    /// Of all others: what they are booked for.
    pub rest: Row,
    /// How many the caller may not be told of.
    no_access: usize,
    /// The class that she lacks.
    lacks: Option<Class>,
    /// The capacity of how many is not known.
    unknown: usize,
    /// Why not.
    why: Option<Why>,
    /// Whether there is a resource whose bookings she reads.
    reads_work: bool,
    /// Whether anything is recorded of any of them.
    records: bool,
}

impl Line {
    /// The line of these resources.
    pub fn of<'m>(heatmap: &mut Heatmap<'_>, stock: &Stock, members: impl IntoIterator<Item = &'m Member>) -> Self {
        let mut line = Self {
            within: heatmap.empty(),
            rest: heatmap.empty(),
            no_access: 0,
            lacks: None,
            unknown: 0,
            why: None,
            reads_work: false,
            records: false,
        };
        for member in members {
            let row = heatmap.row(&stock.load(member));
            line.reads_work |= member.reads_work || stock.is_booked(member);
            line.records |= stock.worked().of(member.id).is_some();
            if let Some(class) = member.lacks() {
                line.no_access += 1;
                line.lacks = line.lacks.map_or(Some(class), |before| Some(before.min(class)));
                line.rest.add(&row);
            } else if row.measured.is_err() {
                line.unknown += 1;
                line.why = Some(line.why.map_or(Why::of(member), |before| before.min(Why::of(member))));
                line.rest.add(&row);
            } else {
                line.within.add(&row);
            }
        }
        line
    }

    /// Whether figures that need a capacity are there: if not, what stands for them.
    pub fn measured(&self) -> Result<(), Json> {
        match (self.within.resources, self.lacks) {
            (0, Some(class)) => Err(denied(class.read())),
            (0, None) => Err(Json::Null),
            _ => Ok(()),
        }
    }

    /// Why they are null; null where they are not, or are masked.
    pub fn why(&self) -> Json {
        match (self.within.resources, self.no_access) {
            (0, 0) => self.why.unwrap_or(Why::Nobody).as_str().into(),
            _ => Json::Null,
        }
    }

    /// What is told of bookings, where the caller reads any: if not, what stands for it.
    pub fn work(&self) -> Result<(), Json> {
        if self.reads_work { Ok(()) } else { Err(denied(Class::Work.read())) }
    }

    /// Whether what was worked is known: if not, what stands for it.
    pub fn worked(&self) -> Result<(), Json> {
        if self.records { Ok(()) } else { Err(Json::Null) }
    }

    /// What it counts, as the schema shows it.
    pub fn coverage(&self) -> Json {
        json!({ "included": self.within.resources, "excludedNoAccess": self.no_access, "excludedNull": self.unknown })
    }

    /// Bookings or work of all together, period by period.
    pub fn all(&self, of: impl Fn(&Row) -> &Vec<u64>) -> Vec<u64> {
        of(&self.within).iter().zip(of(&self.rest)).map(|(one, other)| one.saturating_add(*other)).collect()
    }
}

/// A list of minutes, or what stands for it.
pub fn list_or(may: &Result<(), Json>, all: &[u64]) -> Result<Json, Error> {
    match may {
        Ok(()) => page::list(all),
        Err(instead) => Ok(instead.clone()),
    }
}

/// The sum of minutes, or what stands for it.
pub fn sum_or(may: &Result<(), Json>, all: &[u64]) -> Result<Json, Error> {
    match may {
        Ok(()) => page::minutes(all.iter().fold(0, |sum, more| sum.saturating_add(*more))),
        Err(instead) => Ok(instead.clone()),
    }
}
