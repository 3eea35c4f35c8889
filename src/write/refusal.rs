//! Why an item is refused: a right that is missing, a row that has changed meanwhile. No refusal tells more of a row than
//! the caller may read.

use uuid::Uuid;

use super::{
    Path, UserCode, UserError, Verb, Work,
    input::{Assignment, Item, list_change},
};
use crate::{
    error::Error,
    graph::{decl::Entity, encode_id},
};

impl Work<'_> {
    /// Whether an item is refused: the caller may not do it, or cannot see what it names. No check that looks at rows
    /// which she may not see tells her anything then.
    pub fn is_refused(&self, index: usize) -> bool {
        let refuses = |error: &UserError| matches!(error.code, UserCode::Forbidden | UserCode::NotFound);
        self.errors.iter().any(|(at, error)| *at == index && refuses(error))
    }
}

/// Whether a patch gives nothing at all: then no field's right decides, and the row's own does.
pub(super) fn changes_nothing(work: &Work<'_>, entity: &Entity, item: &Item) -> bool {
    matches!(work.mutation.verb, Verb::Update | Verb::BulkUpdate | Verb::BulkUpsert)
        && item.assignments.is_empty()
        && entity.lists.iter().all(|list| list_change(&item.given, list.name).is_none())
}

/// The error for a field that the caller may not write on this row.
pub fn forbidden(entity: &Entity, a: &Assignment) -> UserError {
    let needs = a.pen.needs(entity, a.field);
    let line = format!("Writing `{}` of this {} needs {needs}.", a.field.name, entity.name);
    UserError::new(UserCode::Forbidden, a.path.clone(), line).with("needs", needs)
}

/// The error for a row that has another version than the caller read, with what changed meanwhile as far as she may read it.
pub(super) async fn conflict(
    work: &Work<'_>,
    entity: &'static Entity,
    item: &Item,
    had: i64,
    current: i64,
    id: Uuid,
) -> Result<UserError, Error> {
    let reference = encode_id(entity.prefix.unwrap_or_default(), id);
    let changed = super::trace::fields_since(work.txn, &reference, had).await?;
    let readable = |name: &&String| {
        let list = entity.lists.iter().find(|list| list.name == **name).map(|list| list.class);
        let class = list.or_else(|| entity.field(name).map(|f| entity.class_of(f)));
        class.is_some_and(|class| !work.lens.caller.rights.read(class).is_empty())
    };
    let fields: Vec<&str> = changed.iter().filter(readable).map(String::as_str).collect();
    let at = if item.at == Path::input() { Path::input() } else { item.at.up() };
    Ok(UserError::new(
        UserCode::VersionConflict,
        at.at("ifVersion"),
        format!("This {} has changed since you read it: it has version {current} now.", entity.name),
    )
    .with("currentVersion", current)
    .with("conflictingFields", fields.join(",")))
}
