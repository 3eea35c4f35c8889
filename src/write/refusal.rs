//! Why an item is refused: a right that is missing, a row that has changed meanwhile. No refusal tells more of a row than
//! the caller may read.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Path, Row, UserCode, UserError, Verb, Work,
    input::{Assigned, Assignment, Item, list_change},
};
use crate::{
    auth::Scopes,
    error::Error,
    graph::{
        decl::{Entity, Kind},
        encode_id,
    },
};

impl Work<'_> {
    /// Whether an item is refused: the caller may not do it, or cannot see what it names. No check that looks at rows
    /// which she may not see tells her anything then.
    pub fn is_refused(&self, index: usize) -> bool {
        let refuses = |error: &UserError| matches!(error.code, UserCode::Forbidden | UserCode::NotFound);
        self.errors.iter().any(|(at, error)| *at == index && refuses(error))
    }
}

/// Refuses a text of an input that cannot be kept. Whether it can.
pub fn text_fits<M>(work: &mut Work<'_>, row: &Row<M>, path: Path, text: &str, most: usize) -> bool {
    let error = if text.contains('\0') {
        UserError::new(UserCode::Invalid, path, "A text holds no NUL.")
    } else if text.chars().count() > most {
        UserError::new(UserCode::TooLong, path, format!("At most {most} characters.")).with("max", most)
    } else {
        return true;
    };
    work.fail(row, error);
    false
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

/// Whether the value of a field tells nothing to who may write the row: it is readable wherever the row is. That there is
/// no link may not be, since a hidden one looks like none.
pub(super) fn may_repeat(entity: &Entity, a: &Assignment) -> bool {
    let is_link = matches!(a.field.kind, Kind::One { .. } | Kind::Union { .. });
    entity.class_of(a.field) == entity.class && !(is_link && a.value == Assigned::Clear)
}

/// An item whose row has changed since it was read.
pub(super) struct Stale<'i> {
    pub item: &'i Item,
    pub id: Uuid,
    pub had: i64,
    pub current: i64,
}

/// Tells what has changed, as far as the caller may read it on this very row.
pub(super) async fn tell_conflicts(
    work: &mut Work<'_>,
    entity: &'static Entity,
    stale: &[Stale<'_>],
) -> Result<(), Error> {
    if stale.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = stale.iter().map(|s| s.id).collect();
    let changed = super::trace::fields_since(
        work.txn,
        stale.iter().map(|s| (encode_id(entity.prefix.unwrap_or_default(), s.id), s.had)),
    )
    .await?;
    let rights = &work.lens.caller.rights;
    let fields: BTreeSet<&str> = changed.values().flatten().map(String::as_str).collect();
    let fields: Vec<(&str, Scopes)> = fields
        .into_iter()
        .filter_map(|name| {
            let list = entity.lists.iter().find(|list| list.name == name).map(|list| (list.name, list.class));
            let (name, class) = list.or_else(|| entity.field(name).map(|f| (f.name, entity.class_of(f))))?;
            Some((name, rights.read(class)))
        })
        .collect();
    let scopes: Vec<Scopes> = fields.iter().map(|(_, scopes)| *scopes).collect();
    let held = work.lens.holds(entity, &ids, &scopes).await?;
    for s in stale {
        let reference = encode_id(entity.prefix.unwrap_or_default(), s.id);
        let readable = |name: &str| {
            let at = fields.iter().position(|(known, _)| *known == name);
            at.zip(held.get(&s.id)).is_some_and(|(at, held)| held[at])
        };
        let names: Vec<&str> =
            changed.get(&reference).into_iter().flatten().map(String::as_str).filter(|name| readable(name)).collect();
        let line = format!("This {} has changed since you read it: it has version {} now.", entity.name, s.current);
        let error = UserError::new(UserCode::VersionConflict, s.item.root.at("ifVersion"), line)
            .with("currentVersion", s.current)
            .with("conflictingFields", names.join(","));
        work.errors.push((s.item.index, error));
    }
    Ok(())
}
