//! Declarations of mutations: names, inputs and payloads, from which the schema's types come, and the plain function that
//! does the work.

use async_graphql_value::ConstValue;
use futures_util::future::BoxFuture;

use super::{Action, Done, Work};
use crate::{auth::Permission, error::Error};

/// A member of an input or a payload.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its type, as written in the schema.
    pub ty: &'static str,
    /// What it says.
    pub doc: &'static str,
}

/// A type besides those of entities.
#[derive(Debug, Clone)]
pub struct PlainType {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What it is made of.
    pub shape: Shape,
}

impl PlainType {
    /// Whether a member may be masked.
    pub fn is_guarded(&self, member: &str) -> bool {
        matches!(&self.shape, Shape::Guarded(_, guarded) if guarded.contains(&member))
    }
}

/// What a plain type is made of.
#[derive(Debug, Clone)]
pub enum Shape {
    /// One of these values, each with what it means.
    Choice(Vec<(&'static str, &'static str)>),
    /// These members.
    Object(Vec<Member>),
    /// These members; those that are named may be masked, each by the class that its value needs.
    Guarded(Vec<Member>, &'static [&'static str]),
    /// These members, in arguments.
    Input(Vec<Member>),
    /// One of these members, in arguments.
    OneOf(Vec<Member>),
    /// An object of one of these types.
    Union(Vec<&'static str>),
}

/// An input type of one mutation's own.
#[derive(Debug, Clone)]
pub struct InputType {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// Its members.
    pub members: Vec<Member>,
}

/// What a mutation does with rows of its entity; it decides the shape of input and payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Makes one row.
    Create,
    /// Changes one row by a patch.
    Update,
    /// Archives one row.
    Archive,
    /// Takes one row out of the archive.
    Unarchive,
    /// Removes one row that is no more than a draft.
    Delete,
    /// Makes many rows.
    BulkCreate,
    /// Changes many rows.
    BulkUpdate,
    /// Makes or changes many rows.
    BulkUpsert,
    /// Takes a step with one row: a business verb.
    Act,
    /// Takes a step with many rows. The members of its input stand at each of them.
    BulkAct,
    /// Anything with an input of its own. Its payload has no row but what it declares.
    Other,
}

impl Verb {
    /// Whether it takes many rows at once.
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::BulkCreate | Self::BulkUpdate | Self::BulkUpsert | Self::BulkAct)
    }

    /// What it does with the archive; none for all that leaves it alone.
    pub fn archives(self) -> Option<Action> {
        match self {
            Self::Archive => Some(Action::Archived),
            Self::Unarchive => Some(Action::Unarchived),
            _ => None,
        }
    }
}

/// The function behind a mutation.
pub type Run = for<'a> fn(&'a mut Work<'_>, &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>>;

/// One mutation.
#[derive(Debug)]
pub struct Mutation {
    /// Its name, object first: `projectUpdate`.
    pub name: String,
    /// What it does.
    pub doc: String,
    /// The permission without which it never does anything; none where steps or rows decide.
    pub needs: Option<Permission>,
    /// The entity of the row that it is about.
    pub entity: &'static str,
    /// What it does with it.
    pub verb: Verb,
    /// Members of its input besides those that the verb gives it.
    pub input: Vec<Member>,
    /// Members of its payload besides those that every payload has.
    pub payload: Vec<Member>,
    /// Input types that its members are made of.
    pub inputs: Vec<InputType>,
    /// What does it.
    pub run: Run,
}

/// The mutation that removes a row while it is no more than a draft.
pub fn delete(entity: &'static str, single: &str, needs: Option<Permission>, doc: String, run: Run) -> Mutation {
    let deleted =
        Member { name: super::DELETED, ty: "ID", doc: "The id of the row that is gone; null where there are errors." };
    let (name, payload) = (format!("{single}Delete"), vec![deleted]);
    Mutation { name, doc, needs, entity, verb: Verb::Delete, input: vec![], payload, inputs: vec![], run }
}

/// The mutations that every entity has alike: create, update, archive, take out of the archive, and the bulk forms.
pub fn usual(entity: &'static str, single: &str, needs: Option<Permission>, upserts: bool, run: Run) -> Vec<Mutation> {
    let of = |ending: &str, verb: Verb, doc: String| plain(entity, format!("{single}{ending}"), doc, needs, verb, run);
    let mut all = written(entity, single, needs, run);
    all.extend([
        of("Archive", Verb::Archive, format!("Archives a {entity}: it stays readable and can no longer be changed.")),
        of("Unarchive", Verb::Unarchive, format!("Takes a {entity} out of the archive.")),
    ]);
    if upserts {
        all.push(upsert(entity, single, needs, run));
    }
    all
}

/// The mutation that makes rows whose external ids are unknown, and changes the others.
pub fn upsert(entity: &'static str, single: &str, needs: Option<Permission>, run: Run) -> Mutation {
    let doc = format!(
        "Creates the {entity} rows whose external id is unknown and changes the others, up to 1,000 in one transaction. A row that would stay as it is writes nothing."
    );
    plain(entity, format!("{single}BulkUpsert"), doc, needs, Verb::BulkUpsert, run)
}

/// The mutations of an entity whose rows are never archived by themselves: create, update, and the bulk forms.
pub fn written(entity: &'static str, single: &str, needs: Option<Permission>, run: Run) -> Vec<Mutation> {
    let of = |ending: &str, verb: Verb, doc: String| plain(entity, format!("{single}{ending}"), doc, needs, verb, run);
    vec![
        of("Create", Verb::Create, format!("Creates a {entity}.")),
        of("Update", Verb::Update, format!("Changes a {entity}: what the patch leaves out stays, null clears.")),
        of("BulkCreate", Verb::BulkCreate, format!("Creates up to 1,000 {entity} rows in one transaction.")),
        of("BulkUpdate", Verb::BulkUpdate, format!("Changes up to 1,000 {entity} rows in one transaction.")),
    ]
}

fn plain(entity: &'static str, name: String, doc: String, needs: Option<Permission>, verb: Verb, run: Run) -> Mutation {
    Mutation { name, doc, needs, entity, verb, input: vec![], payload: vec![], inputs: vec![], run }
}
