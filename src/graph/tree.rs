//! Trees of values that a selection projects: the server's own facts, payloads of mutations, events. Where a tree names
//! a row, the read path answers it with the caller's rights; nothing of a row is ever copied into a tree.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Positioned,
    parser::types::{Field as AstField, SelectionSet},
    registry::{MetaType, MetaTypeName},
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    collect::collect,
    compile::{Compiler, sets},
    decl::{DENIED, Entity},
    id, json,
    plan::{Level, Lookup, Root},
};
use crate::{
    auth::Class,
    error::{Code, Error},
};

/// The member of an object of a union that names its type.
pub const TYPE_NAME: &str = "__typename";

/// A compiled selection over a tree.
#[derive(Default)]
pub struct Tree {
    /// Steps of writing it.
    pub steps: Vec<Projection>,
    /// What the read path answers in it.
    pub slots: Vec<Slot>,
}

/// A part that the read path answers.
pub enum Slot {
    /// A row of one entity, or of an interface's members.
    Row(Box<Level>),
    /// A row of any type, chosen by the id.
    Node(HashMap<&'static str, Level>),
    /// Root fields of the query type.
    Query(Vec<Root>),
}

/// A step of projecting a tree.
pub enum Projection {
    /// Finished JSON.
    Lit(Vec<u8>),
    /// The member of that name.
    Leaf(String),
    /// Steps over the member of that name; over each element, if it is a list; null, if it is null.
    Nested(String, Vec<Projection>),
    /// The steps of the type that the object names.
    Switch(Vec<(String, Vec<Projection>)>),
    /// The row whose id the member of that name holds, or each row of its ids, from that slot; null without one.
    Row(usize, String),
    /// The query of that slot.
    Query(usize),
    /// Null, noted as masked.
    Denied(usize),
    /// That step, or null, noted as masked, where the member of that name says what it needs.
    Guarded(String, Box<Projection>, Vec<(String, usize)>),
}

/// What the read path answered, by slot.
#[derive(Default)]
pub struct Answers {
    /// Rows by id.
    pub rows: Vec<HashMap<Uuid, Vec<u8>>>,
    /// Finished queries.
    pub queries: HashMap<usize, Vec<u8>>,
}

impl Tree {
    /// Compiles a selection over an object of that type.
    pub fn compile<'d>(
        compiler: &mut Compiler<'d>,
        type_name: &str,
        asked: &[&'d SelectionSet],
    ) -> Result<Self, Error> {
        let mut tree = Self::default();
        tree.steps = tree.composite(compiler, type_name, asked)?;
        Ok(tree)
    }

    /// Compiles one field of an object of that type, over an object with that member.
    pub fn of_field<'d>(
        compiler: &mut Compiler<'d>,
        type_name: &str,
        name: &str,
        asked: &[&'d Positioned<AstField>],
    ) -> Result<Self, Error> {
        let mut tree = Self::default();
        let step = tree.member(compiler, type_name, name, asked)?;
        tree.steps.push(step);
        Ok(tree)
    }

    fn composite<'d>(
        &mut self,
        compiler: &mut Compiler<'d>,
        type_name: &str,
        asked: &[&'d SelectionSet],
    ) -> Result<Vec<Projection>, Error> {
        let Some(MetaType::Union { possible_types, .. }) = compiler.types.get(type_name) else {
            return self.object(compiler, type_name, asked);
        };
        let mut arms = vec![];
        for member in possible_types {
            arms.push((member.clone(), self.object(compiler, member, asked)?));
        }
        Ok(vec![Projection::Switch(arms)])
    }

    fn object<'d>(
        &mut self,
        compiler: &mut Compiler<'d>,
        type_name: &str,
        asked: &[&'d SelectionSet],
    ) -> Result<Vec<Projection>, Error> {
        let mut steps = vec![];
        let mut open = "{";
        for (key, fields) in collect(compiler.model, compiler.fragments, compiler.variables, asked, type_name) {
            steps.push(Projection::Lit(format!("{open}\"{key}\":").into_bytes()));
            open = ",";
            let name = fields[0].node.name.node.as_str();
            if name == TYPE_NAME {
                steps.push(Projection::Lit(format!("\"{type_name}\"").into_bytes()));
                continue;
            }
            compiler.enter(key);
            let step = self.member(compiler, type_name, name, &fields)?;
            compiler.leave();
            steps.push(step);
        }
        steps.push(Projection::Lit(if open == "{" { b"{}".to_vec() } else { b"}".to_vec() }));
        Ok(steps)
    }

    /// The step of one member.
    fn member<'d>(
        &mut self,
        compiler: &mut Compiler<'d>,
        type_name: &str,
        name: &str,
        fields: &[&'d Positioned<AstField>],
    ) -> Result<Projection, Error> {
        let meta = compiler.types.get(type_name).and_then(|t| t.field_by_name(name));
        let ty = meta.map(|f| f.ty.clone());
        let ty = ty.ok_or_else(|| Error::internal(format!("{type_name}.{name} is not declared")))?;
        let concrete = MetaTypeName::concrete_typename(&ty);
        let is_list = ty.starts_with('[');
        if is_list {
            compiler.enter("*");
        }
        let step = if concrete == "Query" {
            self.slots.push(Slot::Query(compiler.roots(&sets(fields))?));
            Projection::Query(self.slots.len() - 1)
        } else if concrete == "Node" {
            self.slots.push(Slot::Node(compiler.node_levels(fields)?));
            Projection::Row(self.slots.len() - 1, name.to_owned())
        } else if let Some(entity) = compiler.model.find(concrete) {
            let entity: &'static Entity = entity;
            if compiler.rights.read(entity.class).is_empty() {
                Projection::Denied(compiler.deny(format!("{type_name}.{name}"), entity.class.read(), "ROLE"))
            } else {
                self.slots.push(Slot::Row(Box::new(compiler.single(entity, Lookup::Keys, fields)?)));
                Projection::Row(self.slots.len() - 1, name.to_owned())
            }
        } else if compiler.types.get(concrete).is_some_and(MetaType::is_composite) {
            Projection::Nested(name.to_owned(), self.composite(compiler, concrete, &sets(fields))?)
        } else {
            Projection::Leaf(name.to_owned())
        };
        if is_list {
            compiler.leave();
        }
        if !compiler.model.plain(type_name).is_some_and(|plain| plain.is_guarded(name)) {
            return Ok(step);
        }
        let entry = |class: Class| {
            let reason = if compiler.rights.read(class).is_empty() { "ROLE" } else { "ROW" };
            (class.read().to_string(), compiler.deny(format!("{type_name}.{name}"), class.read(), reason))
        };
        Ok(Projection::Guarded(name.to_owned(), Box::new(step), Class::ALL.map(entry).into()))
    }

    /// Whether a tree over one field shows this member of its object.
    pub fn shows(&self, member: &str) -> bool {
        self.steps.iter().any(|step| match step {
            Projection::Nested(_, steps) => steps.iter().any(|step| step.is_of(member)),
            _ => false,
        })
    }

    /// The ids that a tree names, by slot.
    pub fn ids(&self, values: &Json) -> Vec<Vec<(String, Uuid)>> {
        let mut found = vec![HashSet::new(); self.slots.len()];
        ids(&self.steps, values, &mut found);
        found.into_iter().map(|ids| ids.into_iter().collect()).collect()
    }

    /// Writes the tree's values with what the read path answered.
    pub fn write(&self, out: &mut Vec<u8>, values: &Json, answers: &Answers, masked: &mut [u32]) {
        write(out, &self.steps, values, answers, masked);
    }
}

impl Projection {
    /// Whether it shows the member of that name.
    fn is_of(&self, member: &str) -> bool {
        match self {
            Self::Leaf(name) | Self::Nested(name, _) | Self::Row(_, name) | Self::Guarded(name, ..) => name == member,
            Self::Lit(_) | Self::Switch(_) | Self::Query(_) | Self::Denied(_) => false,
        }
    }
}

fn ids(steps: &[Projection], values: &Json, found: &mut [HashSet<(String, Uuid)>]) {
    for step in steps {
        match step {
            Projection::Row(slot, member) => {
                let named = &values[member.as_str()];
                for named in named.as_array().map_or(std::slice::from_ref(named), Vec::as_slice) {
                    let id = named.as_str().and_then(id::parse);
                    found[*slot].extend(id.map(|(prefix, id)| (prefix.to_owned(), id)));
                }
            }
            Projection::Nested(name, steps) => match &values[name.as_str()] {
                Json::Array(items) => items.iter().for_each(|item| ids(steps, item, found)),
                one => ids(steps, one, found),
            },
            Projection::Switch(arms) => {
                if let Some(steps) = arm(arms, values) {
                    ids(steps, values, found);
                }
            }
            Projection::Guarded(_, step, _) => ids(std::slice::from_ref(step), values, found),
            Projection::Lit(_) | Projection::Leaf(_) | Projection::Query(_) | Projection::Denied(_) => {}
        }
    }
}

fn arm<'s>(arms: &'s [(String, Vec<Projection>)], values: &Json) -> Option<&'s [Projection]> {
    let of = values[TYPE_NAME].as_str().unwrap_or_default();
    arms.iter().find(|(name, _)| name == of).map(|(_, steps)| steps.as_slice())
}

fn write(out: &mut Vec<u8>, steps: &[Projection], values: &Json, answers: &Answers, masked: &mut [u32]) {
    for step in steps {
        match step {
            Projection::Lit(bytes) => out.extend_from_slice(bytes),
            Projection::Leaf(name) => out.extend_from_slice(values[name.as_str()].to_string().as_bytes()),
            Projection::Nested(name, steps) => match &values[name.as_str()] {
                Json::Array(items) => {
                    out.push(b'[');
                    for (i, item) in items.iter().enumerate() {
                        if i > 0 {
                            out.push(b',');
                        }
                        write(out, steps, item, answers, masked);
                    }
                    out.push(b']');
                }
                Json::Null => out.extend_from_slice(b"null"),
                one => write(out, steps, one, answers, masked),
            },
            Projection::Switch(arms) => match arm(arms, values) {
                Some(steps) => write(out, steps, values, answers, masked),
                None => out.extend_from_slice(b"null"),
            },
            Projection::Row(slot, member) => {
                let row = |named: &Json| {
                    let id = named.as_str().and_then(id::parse).map(|(_, id)| id);
                    id.and_then(|id| answers.rows.get(*slot)?.get(&id)).map_or(&b"null"[..], Vec::as_slice)
                };
                match &values[member.as_str()] {
                    Json::Array(named) => {
                        let rows: Vec<&[u8]> = named.iter().map(row).collect();
                        out.push(b'[');
                        out.extend_from_slice(&rows.join(&b","[..]));
                        out.push(b']');
                    }
                    named => out.extend_from_slice(row(named)),
                }
            }
            Projection::Query(slot) => {
                out.extend_from_slice(answers.queries.get(slot).map_or(b"null", Vec::as_slice));
            }
            Projection::Denied(entry) => {
                masked[*entry] += 1;
                out.extend_from_slice(b"null");
            }
            Projection::Guarded(name, step, entries) => match values[name.as_str()][DENIED].as_str() {
                Some(needs) => {
                    entries.iter().filter(|(of, _)| of == needs).for_each(|(_, entry)| masked[*entry] += 1);
                    out.extend_from_slice(b"null");
                }
                None => write(out, std::slice::from_ref(step), values, answers, masked),
            },
        }
    }
}

/// One JSON object of finished members.
pub fn joined<'k>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'k str, &'k [u8])>) {
    out.push(b'{');
    for (i, (key, value)) in members.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::string(out, key);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
}

/// Introspection belongs at the root of a document.
pub fn no_introspection() -> Error {
    Error::new(Code::GraphqlValidationFailed, "`__schema` and `__type` are asked for at the root of a query.")
}
