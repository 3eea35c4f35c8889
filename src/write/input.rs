//! From a mutation's input to rows that are to be written: which row, at which version, what changes. Each value keeps
//! its path into the input, so that an error can name the leaf.

use async_graphql_value::{ConstValue, indexmap::IndexMap};

use super::{Mutation, Path, UserCode, UserError, Verb};
use crate::graph::{
    decl::{Entity, Field, Kind, Model, Pen},
    input::{self, listed},
    value::{DbValue, Leaf, amount},
};

/// Most items of one list.
pub const MAX_ITEMS: usize = 1_000;

/// Which row an item means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One that is to be made.
    New,
    /// By its id.
    Id(String),
    /// By its human key.
    Key(String),
    /// By the id that another system gave it.
    External {
        /// The system.
        system: String,
        /// The id there.
        id: String,
    },
}

/// Which version a row must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfVersion {
    /// Any.
    Any,
    /// This one.
    Is(i64),
}

/// What a field is to become.
#[derive(Debug, Clone, PartialEq)]
pub enum Assigned {
    /// Nothing.
    Clear,
    /// A value.
    Value(DbValue),
    /// An amount in 1/10,000 of a currency.
    Money(i64, String),
    /// The row with this id.
    LinkId(String),
    /// The row with this human key.
    LinkKey(String),
}

/// A field with what it is to become.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The field.
    pub field: &'static Field,
    /// Who may write it.
    pub pen: Pen,
    /// Where in the input.
    pub path: Path,
    /// What it is to become.
    pub value: Assigned,
}

/// A row that is to be written.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its position in the list.
    pub index: usize,
    /// Where it stands in the input.
    pub root: Path,
    /// Where its row is named, down to the leaf.
    pub at: Path,
    /// Where its fields are.
    pub path: Path,
    /// Which row.
    pub target: Target,
    /// Whether it is made when it is not there.
    pub upserts: bool,
    /// Its version.
    pub if_version: IfVersion,
    /// What changes.
    pub assignments: Vec<Assignment>,
    /// The input object that holds its fields, for lists that are written with it.
    pub given: ConstValue,
}

/// All that one mutation is to write.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The rows.
    pub items: Vec<Item>,
    /// How many the input has, those with errors too.
    pub count: usize,
    /// Whether the good ones are written when others are bad.
    pub keeps_good: bool,
}

impl Batch {
    /// Whether a row that may be there is given a place in a tree.
    pub fn moves(&self) -> bool {
        let existing = self.items.iter().filter(|item| item.target != Target::New);
        existing.flat_map(|item| &item.assignments).any(|a| a.field.name == "parent")
    }
}

/// A member of an input object; none where it is absent.
pub fn member<'v>(value: &'v ConstValue, name: &str) -> Option<&'v ConstValue> {
    match value {
        ConstValue::Object(members) => members.get(name),
        _ => None,
    }
}

/// A member that is text or an enumeration's name.
pub fn text(value: &ConstValue, name: &str) -> Option<String> {
    member(value, name).and_then(input::text)
}

/// What an input changes in a list that is written with a row.
#[derive(Debug, Clone, Default)]
pub struct ListChange {
    /// What the list is to be, before the others.
    pub set: Option<Vec<ConstValue>>,
    /// What is to be in it.
    pub add: Vec<ConstValue>,
    /// What is not.
    pub remove: Vec<ConstValue>,
}

/// What an input says of a list; none where it says nothing.
pub fn list_change(given: &ConstValue, name: &str) -> Option<ListChange> {
    let change = member(given, name).filter(|v| **v != ConstValue::Null)?;
    let of = |name| match member(change, name) {
        Some(ConstValue::List(items)) => Some(items.clone()),
        _ => None,
    };
    Some(ListChange { set: of("set"), add: of("add").unwrap_or_default(), remove: of("remove").unwrap_or_default() })
}

/// Reads a mutation's input. What is wrong with one item is told at that item; the others go on.
pub fn read(
    model: &'static Model,
    mutation: &Mutation,
    input: &ConstValue,
    errors: &mut Vec<(usize, UserError)>,
) -> Batch {
    let entity = model.entity(mutation.entity);
    let root = Path::input();
    let (mut items, mut count) = (vec![], 1);
    if mutation.verb.is_bulk() {
        let list = match member(input, "items") {
            Some(ConstValue::List(list)) => list.as_slice(),
            _ => &[],
        };
        count = list.len();
        if list.len() > MAX_ITEMS {
            count = 0;
            let line = format!("At most {MAX_ITEMS} items at a time.");
            errors.push((0, UserError::new(UserCode::TooLong, root.at("items"), line).with("max", MAX_ITEMS)));
        } else {
            for (index, given) in list.iter().enumerate() {
                let at = root.at("items").at(index);
                items.extend(read_item(entity, mutation.verb, index, &at, given, errors));
            }
        }
    } else {
        items.extend(read_item(entity, mutation.verb, 0, &root, input, errors));
    }
    Batch { items, count, keeps_good: text(input, "errorPolicy").as_deref() == Some("REJECT_FAILED") }
}

fn read_item(
    entity: &'static Entity,
    verb: Verb,
    index: usize,
    at: &Path,
    given: &ConstValue,
    errors: &mut Vec<(usize, UserError)>,
) -> Option<Item> {
    let nothing = ConstValue::Object(IndexMap::new());
    let (fields, path) = match verb {
        Verb::Create | Verb::BulkCreate => (given.clone(), at.clone()),
        Verb::Update | Verb::BulkUpdate | Verb::BulkUpsert => {
            (member(given, "patch").cloned().unwrap_or(nothing), at.at("patch"))
        }
        Verb::Archive | Verb::Unarchive | Verb::Delete | Verb::Act | Verb::BulkAct | Verb::Other => {
            (nothing, at.clone())
        }
    };
    let target = match verb {
        Verb::Create | Verb::BulkCreate => Ok(Target::New),
        _ => target(given, at),
    };
    let if_version = match text(given, "ifVersion").as_deref() {
        None | Some("*") => IfVersion::Any,
        Some(version) => IfVersion::Is(version.parse().unwrap_or_default()),
    };
    let mut good = true;
    let mut fail = |error: UserError| {
        errors.push((index, error));
        good = false;
    };
    if verb == Verb::BulkUpdate && text(given, "ifVersion").is_none() {
        let line = "Give the version that was read, or `*`.";
        fail(UserError::new(UserCode::Required, at.at("ifVersion"), line));
    }
    let target = target.map_err(&mut fail).ok();
    let (assignments, wrong) = assignments(entity, &fields, &path);
    wrong.into_iter().for_each(&mut fail);
    let named_at = match &target {
        Some(Target::Id(_)) if member(given, "id").is_some() => at.at("id"),
        Some(Target::Id(_)) => at.at("ref").at("id"),
        Some(Target::Key(_)) => at.at("ref").at("key"),
        Some(Target::External { .. }) => at.at("ref").at("external"),
        Some(Target::New) | None => at.clone(),
    };
    let upserts = verb == Verb::BulkUpsert;
    // A step has members of its own, which its slice reads.
    let is_step = matches!(verb, Verb::Act | Verb::BulkAct);
    let fields = if is_step { given.clone() } else { fields };
    let target = target?;
    good.then_some(Item {
        index,
        root: at.clone(),
        at: named_at,
        path,
        target,
        upserts,
        if_version,
        assignments,
        given: fields,
    })
}

fn target(given: &ConstValue, at: &Path) -> Result<Target, UserError> {
    let by_ref = member(given, "ref").filter(|v| **v != ConstValue::Null);
    match (text(given, "id"), by_ref) {
        (Some(_), Some(_)) => Err(UserError::new(UserCode::Invalid, at.at("ref"), "Give `id` or `ref`, not both.")),
        (None, None) => Err(UserError::new(UserCode::Required, at.at("id"), "Say which row, with `id` or `ref`.")),
        (Some(id), None) => Ok(Target::Id(id)),
        (None, Some(by)) => {
            if let Some(id) = text(by, "id") {
                return Ok(Target::Id(id));
            }
            if let Some(key) = text(by, "key") {
                return Ok(Target::Key(key));
            }
            let external = member(by, "external").cloned().unwrap_or_default();
            let part = |name| text(&external, name).unwrap_or_default();
            Ok(Target::External { system: part("system"), id: part("id") })
        }
    }
}

/// An element of a list that is stored with commas between.
fn short_text(value: &ConstValue) -> Option<String> {
    match value {
        ConstValue::String(text) if !text.contains(',') => Some(text.trim().to_owned()),
        _ => None,
    }
}

/// The fields that an input object gives, each with what it is to become.
fn assignments(entity: &'static Entity, given: &ConstValue, path: &Path) -> (Vec<Assignment>, Vec<UserError>) {
    let (mut out, mut errors) = (vec![], vec![]);
    for field in &entity.fields {
        let Some(pen) = field.pen else { continue };
        let mut take = |name: &str, read: &dyn Fn(&ConstValue) -> Result<Assigned, UserError>| {
            let Some(value) = member(given, name) else { return };
            let path = path.at(name);
            let value = if *value == ConstValue::Null { Ok(Assigned::Clear) } else { read(value) };
            match value {
                Ok(value) => out.push(Assignment { field, pen, path, value }),
                Err(error) => errors.push(error),
            }
        };
        let wrong = |name: &str, line: String| UserError::new(UserCode::Invalid, path.at(name), line);
        match &field.kind {
            Kind::Scalar { ty, .. } => take(field.name, &|value| {
                Leaf::Scalar(*ty).read(value).map(Assigned::Value).map_err(|e| wrong(field.name, e.message))
            }),
            Kind::Enum { ty, .. } => take(field.name, &|value| {
                Leaf::Enum(ty.values).read(value).map(Assigned::Value).map_err(|e| wrong(field.name, e.message))
            }),
            Kind::Enums { ty, .. } => take(field.name, &|value| {
                let leaf = Leaf::Enum(ty.values);
                let names: Result<Vec<String>, _> = listed(value)
                    .into_iter()
                    .map(|v| match leaf.read(v) {
                        Ok(DbValue::Text(name)) => Ok(name),
                        Ok(_) => Err(wrong(field.name, "Names are due here.".into())),
                        Err(e) => Err(wrong(field.name, e.message)),
                    })
                    .collect();
                names.map(|names| Assigned::Value(DbValue::Text(names.join(","))))
            }),
            Kind::Texts { .. } => take(field.name, &|value| {
                let texts: Option<Vec<String>> = listed(value).into_iter().map(short_text).collect();
                let texts = texts.ok_or_else(|| wrong(field.name, "Texts without commas are due here.".into()))?;
                Ok(Assigned::Value(DbValue::Text(texts.join(","))))
            }),
            Kind::Money { .. } => take(field.name, &|value| money(value, &path.at(field.name))),
            Kind::One { .. } => {
                let (by_id, by_key) = (format!("{}Id", field.name), format!("{}Key", field.name));
                if member(given, &by_id).is_some() && member(given, &by_key).is_some() {
                    errors.push(wrong(&by_key, format!("Give `{by_id}` or `{by_key}`, not both.")));
                    continue;
                }
                let text = |value: &ConstValue| match value {
                    ConstValue::String(text) => text.clone(),
                    other => other.to_string(),
                };
                take(&by_id, &|value| Ok(Assigned::LinkId(text(value))));
                let Some(value) = member(given, &by_key) else { continue };
                let value = if *value == ConstValue::Null { Assigned::Clear } else { Assigned::LinkKey(text(value)) };
                out.push(Assignment { field, pen, path: path.at(&by_key), value });
            }
            Kind::Union { .. } => {
                let name = format!("{}Id", field.name);
                take(&name, &|value| match value {
                    ConstValue::String(text) => Ok(Assigned::LinkId(text.clone())),
                    _ => Err(wrong(&name, "An id is due here.".into())),
                });
            }
            Kind::Id | Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => {}
        }
    }
    (out, errors)
}

fn money(value: &ConstValue, path: &Path) -> Result<Assigned, UserError> {
    let given = member(value, "amount").cloned().unwrap_or_default();
    let units = amount(&given).map_err(|e| {
        let code = match e.code {
            crate::error::Code::OutOfRange if e.message.contains("decimals") => UserCode::TooPrecise,
            crate::error::Code::OutOfRange => UserCode::OutOfRange,
            _ => UserCode::Invalid,
        };
        UserError::new(code, path.at("amount"), e.message)
    })?;
    Ok(Assigned::Money(units, text(value, "currency").unwrap_or_default()))
}
