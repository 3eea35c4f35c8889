//! The rows that links of an input lead to: found together, a statement for each type, and only where the caller sees them.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    UserCode, UserError, Work,
    input::{Assigned, Assignment, Item},
};
use crate::{
    error::Error,
    graph::{
        Found,
        decl::{Kind, Model},
        parse_id,
    },
};

/// What links lead to.
#[derive(Debug)]
pub struct Links {
    model: &'static Model,
    by_id: HashMap<Uuid, Found>,
    by_key: HashMap<(&'static str, String), Vec<Found>>,
}

/// The names of the types that a link may lead to.
fn targets(a: &Assignment) -> Vec<&'static str> {
    match &a.field.kind {
        Kind::One { to, .. } => vec![to],
        Kind::Union { arms, .. } => arms.iter().map(|(_, to)| *to).collect(),
        _ => vec![],
    }
}

impl Links {
    /// Finds all that the items link to.
    pub async fn resolve(work: &Work<'_>, items: &[Item]) -> Result<Self, Error> {
        let model = work.lens.model;
        let mut ids: HashMap<&'static str, BTreeSet<Uuid>> = HashMap::new();
        let mut keys: HashMap<&'static str, BTreeSet<String>> = HashMap::new();
        for a in items.iter().flat_map(|i| &i.assignments) {
            for to in targets(a) {
                match &a.value {
                    Assigned::LinkId(text) => {
                        if let Some((prefix, id)) = parse_id(text)
                            && has_prefix(model, to, prefix)
                        {
                            ids.entry(to).or_default().insert(id);
                        }
                    }
                    Assigned::LinkKey(key) => drop(keys.entry(to).or_default().insert(key.clone())),
                    Assigned::Clear | Assigned::Value(_) | Assigned::Money(..) => {}
                }
            }
        }
        let mut links = Self { model, by_id: HashMap::new(), by_key: HashMap::new() };
        for (to, ids) in ids {
            links.by_id.extend(work.lens.by_id(model.entity(to), &ids.into_iter().collect::<Vec<_>>()).await?);
        }
        let mut asked: Vec<_> =
            keys.into_iter().map(|(to, keys)| (model.entity(to), keys.into_iter().collect())).collect();
        // In one order: the text of the statement stays the same.
        asked.sort_by_key(|(to, _)| to.name);
        links.by_key = work.lens.by_keys(&asked).await?;
        Ok(links)
    }

    /// What a link leads to.
    pub fn find(&self, a: &Assignment) -> Result<&Found, UserError> {
        let nothing = || {
            let line = format!("There is nothing that you can see for `{}`.", a.field.name);
            UserError::new(UserCode::NotFound, a.path.clone(), line)
        };
        match &a.value {
            Assigned::LinkId(text) => match parse_id(text) {
                Some((prefix, _)) if !targets(a).iter().any(|to| has_prefix(self.model, to, prefix)) => {
                    let line = format!("This is the id of another type than `{}` leads to.", a.field.name);
                    Err(UserError::new(UserCode::Invalid, a.path.clone(), line))
                }
                Some((prefix, id)) => {
                    let found = self.by_id.get(&id).filter(|f| f.prefix == prefix);
                    found.ok_or_else(nothing)
                }
                None => Err(UserError::new(UserCode::Invalid, a.path.clone(), "This is not an id.")),
            },
            Assigned::LinkKey(key) => {
                let found = targets(a).into_iter().find_map(|to| self.by_key.get(&(to, key.clone())));
                match found.map(Vec::as_slice) {
                    Some([one]) => Ok(one),
                    Some([_, _, ..]) => {
                        let line = "Things of several types have this key; give the id.";
                        Err(UserError::new(UserCode::Invalid, a.path.clone(), line))
                    }
                    _ => Err(nothing()),
                }
            }
            Assigned::Clear | Assigned::Value(_) | Assigned::Money(..) => Err(nothing()),
        }
    }
}

fn has_prefix(model: &Model, entity: &str, prefix: &str) -> bool {
    let Some(entity) = model.find(entity) else { return false };
    if entity.members.is_empty() {
        entity.prefix == Some(prefix)
    } else {
        entity.members.iter().any(|m| model.find(m).is_some_and(|e| e.prefix == Some(prefix)))
    }
}
