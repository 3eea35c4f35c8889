//! What changed in an object, as an audit entry tells it: each value only to who may read its field on that object.
//! Links to items are not in the entry's text; the read path joins them, so that a hidden item stays hidden.

use serde_json::Value as Json;

use super::{
    compile::Compiler,
    decl::{Column, Entity, KIND},
    id,
    limit::{Limit, limit},
    plan::{ColumnType, Source},
};
use crate::auth::{Class, Scopes};

/// The schema's type of one change.
pub const CHANGE: &str = "AuditChange";

/// A compiled selection over the changes of an entry.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The column of the entry's text.
    pub changes: usize,
    /// Response keys with the members that they ask for.
    pub members: Vec<(String, Member)>,
    /// For each class, where its values may be read.
    pub classes: Vec<(&'static str, Reading)>,
    /// The item that a changed link led to, and the one that it leads to.
    pub links: [Option<Link>; 2],
}

/// A member of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// `__typename`.
    TypeName,
    /// The field.
    Field,
    /// What reading it needs.
    Needs,
    /// The value before.
    Before,
    /// The value after.
    After,
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

impl Compiler<'_> {
    /// Where the values of changes may be read, by class.
    pub(super) fn classes_of_trail(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &Entity,
        rows: Scopes,
    ) -> Vec<(&'static str, Reading)> {
        let mut out = vec![];
        for class in Class::ALL {
            let scopes = self.rights.read(class);
            let coordinate = || format!("{CHANGE}.before");
            out.push((
                class.as_str(),
                match limit(entity, class, scopes, rows) {
                    Limit::Free => Reading::Free,
                    Limit::Where(scopes) => {
                        let entry = self.deny(coordinate(), class.read(), "ROW");
                        Reading::Where(source.flag(alias, entity.rows, scopes), entry)
                    }
                    Limit::Never => Reading::Never(self.deny(coordinate(), class.read(), "ROLE")),
                },
            ));
        }
        out
    }

    /// The item behind a column of the entry; none where the caller sees no items.
    pub(super) fn link_of_trail(&self, source: &mut Source, alias: usize, column: Column) -> Option<Link> {
        let items = self.model.entity("PortfolioItem");
        let scopes = self.rights.read(items.class);
        if scopes.is_empty() {
            return None;
        }
        let joined = source.join((alias, column), items, scopes);
        let members = self.model.concrete(items);
        let prefixes = members.iter().filter_map(|m| Some((m.kind?, m.prefix?))).collect();
        Some(Link {
            id: source.column(joined, "id", ColumnType::Id),
            kind: source.column(joined, KIND, ColumnType::Text),
            prefixes,
        })
    }
}

/// A joined item as a row shows it.
pub type Shown = Option<(&'static str, [u8; 16])>;

impl Trail {
    /// Every column that it names.
    pub fn columns(&mut self) -> impl Iterator<Item = &mut usize> {
        let flags = self.classes.iter_mut().filter_map(|(_, reading)| match reading {
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
            let reading = self.classes.iter().find(|(name, _)| *name == class).map(|(_, reading)| *reading);
            let denied = match reading {
                Some(Reading::Free) => None,
                Some(Reading::Where(column, entry)) => (!holds(column)).then_some(Some(entry)),
                Some(Reading::Never(entry)) => Some(Some(entry)),
                None => Some(None),
            };
            let mut value = |out: &mut Vec<u8>, name: &str, link: Shown| {
                if let Some(entry) = denied {
                    if let Some(entry) = entry {
                        masked[entry] += 1;
                    }
                    out.extend_from_slice(b"null");
                } else if change["item"] == true {
                    match link {
                        Some((prefix, id)) => {
                            out.push(b'"');
                            id::write(out, prefix, &id);
                            out.push(b'"');
                        }
                        None => out.extend_from_slice(b"null"),
                    }
                } else {
                    out.extend_from_slice(change[name].to_string().as_bytes());
                }
            };
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
                    Member::Before => value(out, "before", links[0]),
                    Member::After => value(out, "after", links[1]),
                }
            }
            out.push(b'}');
        }
        out.push(b']');
    }
}
