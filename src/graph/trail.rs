//! What changed in an object, as an audit entry tells it: each value only to who may read its field on that object.
//! Links to items are not in the entry's text; the read path joins them, so that a hidden item stays hidden.

use serde_json::Value as Json;

use super::id;

/// The schema's type of one change.
pub const CHANGE: &str = "AuditChange";

/// A compiled selection over the changes of an entry.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The column of the entry's text.
    pub changes: usize,
    /// Response keys with the members that they ask for.
    pub members: Vec<(String, Member)>,
    /// The item that a changed link led to, and the one that it leads to.
    pub links: [Option<Link>; 2],
}

/// A member of a change.
#[derive(Debug, Clone)]
pub enum Member {
    /// `__typename`.
    TypeName,
    /// The field.
    Field,
    /// What reading it needs.
    Needs,
    /// The value before or after, with where it may be read by the class of its field.
    Value(Side, Vec<(&'static str, Reading)>),
}

/// Which of the two values of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What it was.
    Before,
    /// What it became.
    After,
}

impl Side {
    /// The member of a change that holds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Where values of a class may be read.
#[derive(Debug, Clone, Copy)]
pub enum Reading {
    /// On every entry that is visible.
    Free,
    /// Where the column is true; else masked as this entry says.
    Where(usize, usize),
    /// Nowhere; masked as this entry says.
    Never(usize),
}

/// A joined item: its id, its kind, and the prefixes of kinds.
#[derive(Debug, Clone)]
pub struct Link {
    /// The column of its id; null where the caller cannot see it.
    pub id: usize,
    /// The column of its kind.
    pub kind: usize,
    /// Prefixes by kind.
    pub prefixes: Vec<(&'static str, &'static str)>,
}

/// A joined item as a row shows it.
pub type Shown = Option<(&'static str, [u8; 16])>;

impl Trail {
    /// Every column that it names.
    pub fn columns(&mut self) -> impl Iterator<Item = &mut usize> {
        let readings = self.members.iter_mut().flat_map(|(_, member)| match member {
            Member::Value(_, readings) => readings.as_mut_slice(),
            Member::TypeName | Member::Field | Member::Needs => &mut [],
        });
        let flags = readings.filter_map(|(_, reading)| match reading {
            Reading::Where(column, _) => Some(column),
            Reading::Free | Reading::Never(_) => None,
        });
        let links = self.links.iter_mut().flatten().flat_map(|link| [&mut link.id, &mut link.kind]);
        std::iter::once(&mut self.changes).chain(flags).chain(links)
    }

    /// Writes the changes of one entry. `holds` says whether a column is true, `links` which items were joined.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        text: &str,
        holds: impl Fn(usize) -> bool,
        links: [Shown; 2],
        masked: &mut [u32],
    ) {
        let changes: Vec<Json> = serde_json::from_str(text).unwrap_or_default();
        out.push(b'[');
        for (i, change) in changes.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            let class = change["class"].as_str().unwrap_or_default();
            out.push(b'{');
            for (at, (key, member)) in self.members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(format!("\"{key}\":").as_bytes());
                match member {
                    Member::TypeName => out.extend_from_slice(format!("\"{CHANGE}\"").as_bytes()),
                    Member::Field => out.extend_from_slice(change["field"].to_string().as_bytes()),
                    Member::Needs => out.extend_from_slice(format!("\"{class}_READ\"").as_bytes()),
                    Member::Value(side, readings) => {
                        if may_read(readings, class, &holds, masked) {
                            value(out, change, *side, links);
                        } else {
                            out.extend_from_slice(b"null");
                        }
                    }
                }
            }
            out.push(b'}');
        }
        out.push(b']');
    }
}

/// Whether values of this class may be read on the entry; what may not is counted. A class that nobody knows is read by
/// nobody.
fn may_read(
    readings: &[(&'static str, Reading)],
    class: &str,
    holds: &impl Fn(usize) -> bool,
    masked: &mut [u32],
) -> bool {
    let entry = match readings.iter().find(|(name, _)| *name == class).map(|(_, reading)| *reading) {
        Some(Reading::Free) => return true,
        Some(Reading::Where(column, _)) if holds(column) => return true,
        Some(Reading::Where(_, entry) | Reading::Never(entry)) => entry,
        None => return false,
    };
    masked[entry] += 1;
    false
}

fn value(out: &mut Vec<u8>, change: &Json, side: Side, links: [Shown; 2]) {
    if change["item"] != true {
        out.extend_from_slice(change[side.name()].to_string().as_bytes());
        return;
    }
    let [before, after] = links;
    let link = match side {
        Side::Before => before,
        Side::After => after,
    };
    match link {
        Some((prefix, id)) => {
            out.push(b'"');
            id::write(out, prefix, &id);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}
