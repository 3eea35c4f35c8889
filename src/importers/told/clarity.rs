//! What an XOG file of Clarity says of who is allocated to which project. A sum stands here as its text: what it counts
//! is not in the file and is asked for when it is carried.

use chrono::NaiveDateTime;

/// The allocations of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Xog {
    /// What the file is for.
    pub header: Header,
    /// Its projects, in the order of the file. No id is there twice.
    pub projects: Vec<XogProject>,
}

/// What the file is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `write` or `read`.
    pub action: Option<String>,
    /// `project`.
    pub object_type: Option<String>,
    /// The version of the format.
    pub version: Option<String>,
    /// Where it came from.
    pub external_source: Option<String>,
}

/// A project with those allocated to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XogProject {
    /// The line of the file, from 1.
    pub line: u64,
    /// `projectID`, never empty.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Those allocated to it, in the order of the file. No id is there twice.
    pub resources: Vec<Booked>,
    /// Its custom values, in the order of the file.
    pub custom: Vec<CustomValue>,
}

/// A custom attribute with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomValue {
    /// The name of the attribute.
    pub name: String,
    /// Its value; None where it is empty.
    pub value: Option<String>,
}

/// A resource allocated to a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The line of the file, from 1.
    pub line: u64,
    /// `resourceID`, never empty.
    pub id: String,
    /// `defaultAllocation` as told, which holds outside of the segments; None where it is not told.
    pub default_allocation: Option<String>,
    /// How it is booked. With None, segments of `planned` are soft and those of `hard` hard.
    pub booking: Option<BookingStatus>,
    /// When it comes to the project.
    pub available_from: Option<NaiveDateTime>,
    /// When it leaves, to the last second.
    pub available_to: Option<NaiveDateTime>,
    /// Planned allocation (`AllocCurve`), in the order of time.
    pub planned: Curve,
    /// Hard allocation (`HardAllocCurve`), in the order of time. It is a part of what is planned, not more of it.
    pub hard: Curve,
    /// The other attributes of the element, in the order of the file.
    pub attributes: Vec<CustomValue>,
}

/// How a resource is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingStatus {
    /// Planned only.
    Soft,
    /// Agreed.
    Hard,
    /// Some of it agreed.
    Mixed,
    /// A code of the site that no reader knows.
    Other(String),
}

/// Segments in the order of time, none of which overlaps another.
pub type Curve = Vec<Segment>;

/// An amount for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The line of the file, from 1.
    pub line: u64,
    /// When it begins.
    pub start: NaiveDateTime,
    /// When it ends, to the last second: 17:59:59 is that day and not the next.
    pub finish: NaiveDateTime,
    /// The amount as it stands there: a decimal number, 0 or more. Its unit is not told.
    pub sum: String,
}
