//! What budgets and cost plans have alike: a draft is submitted, and another than its submitter approves or rejects it. What
//! is approved supersedes the version that was in force.

use std::collections::HashMap;

use async_graphql_value::ConstValue;
use entity::portfolio_item;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{lines::Whole, rules::VersionState};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Batch, Done, Member, Path, Row, UserCode, UserError, Work, input, of_item,
        rows::{self, open, save},
        value::{self, column},
    },
};

/// Characters of the longest note on a decision.
pub const LONGEST_NOTE: usize = 4_000;

/// A kind of version that is decided on.
#[derive(Debug, Clone, Copy)]
pub struct Decided {
    /// Its lines.
    pub whole: Whole,
    /// What it is called in a line for humans.
    pub noun: &'static str,
    /// Handing it in.
    pub submit: Step,
    /// Approving or rejecting it.
    pub approve: Step,
    /// Columns with the money that a limit counts.
    pub counted: &'static [&'static str],
}

/// The member of an input that says why it is decided so.
pub fn note_member() -> Member {
    Member { name: "note", ty: "String", doc: "Why it is decided so, at most 4,000 characters." }
}

/// Refuses a text of an input that cannot be kept.
pub fn check_note<M>(work: &mut Work<'_>, row: &Row<M>, path: Path, text: &str) {
    if text.chars().count() > LONGEST_NOTE {
        let error = UserError::new(UserCode::TooLong, path.clone(), "A note has at most 4,000 characters.");
        work.fail(row, error.with("max", LONGEST_NOTE));
    }
    if text.contains('\0') {
        work.fail(row, UserError::new(UserCode::Invalid, path, "A text cannot hold the character NUL."));
    }
}

/// The versions that a step is about, for who may take it.
pub async fn open_to<W>(
    work: &mut Work<'_>,
    batch: &Batch,
    kind: Decided,
    step: Step,
    blank: impl Fn(&Work<'_>) -> W::Model,
) -> Result<Vec<Row<W::Model>>, Error>
where
    W: EntityTrait,
    W::Model: Clone + Send + Sync,
{
    let rows = open::<W>(work, work.lens.model.entity(kind.whole.name), &batch.items, blank).await?;
    rows::demand(work, &rows, work.lens.caller.takes(step), step.as_str()).await?;
    of_item::items_are_open(work, &rows).await?;
    Ok(rows)
}

/// Hands drafts in; `check` says what else a version needs.
pub async fn submit<W>(
    work: &mut Work<'_>,
    input: &ConstValue,
    kind: Decided,
    blank: impl Fn(&Work<'_>) -> W::Model,
    check: impl Fn(&mut Work<'_>, &Row<W::Model>),
) -> Result<Done, Error>
where
    W: EntityTrait,
    W::Model: IntoActiveModel<W::ActiveModel> + Clone + Send + Sync + PartialEq,
    W::ActiveModel: ActiveModelTrait<Entity = W> + Send,
{
    let batch = work.read(input);
    let mut rows = open_to::<W>(work, &batch, kind, kind.submit, blank).await?;
    for row in &mut rows {
        if may_become(work, row, kind, VersionState::Submitted) {
            check(work, row);
            hand_in(work, &mut row.after);
        }
    }
    save::<W>(work, rows, &batch, Action::Written).await
}

/// Notes who submits a version.
pub fn hand_in<M: ModelTrait>(work: &Work<'_>, version: &mut M) {
    let mut set = |name: &str, value: sea_orm::Value| version.set(column::<M::Entity>(name), value);
    set("state", VersionState::Submitted.as_str().into());
    set("submitted_at", work.now.into());
    set("submitted_by_id", work.lens.caller.person.into());
    set("submitted_principal", work.principal.clone().into());
}

/// A copy of a version begins as a draft of nobody's deciding: what was noted of its life is not the copy's.
pub fn forget_decision<M: ModelTrait>(version: &mut M) {
    let mut set = |name: &str, value: sea_orm::Value| version.set(column::<M::Entity>(name), value);
    let (nobody, never) = (None::<Uuid>, None::<chrono::DateTime<chrono::Utc>>);
    set("state", VersionState::Draft.as_str().into());
    for name in ["submitted_at", "decided_at", "archived_at"] {
        set(name, never.into());
    }
    for name in ["submitted_by_id", "decided_by_id"] {
        set(name, nobody.into());
    }
    for name in ["submitted_principal", "decision_note"] {
        set(name, None::<String>.into());
    }
}

/// Whether the state may follow, for who may know it.
pub fn may_become<M: ModelTrait>(work: &mut Work<'_>, row: &Row<M>, kind: Decided, to: VersionState) -> bool {
    if work.is_refused(row.index) {
        return false;
    }
    let state = value::text(&row.after, "state").unwrap_or_default();
    let is_next = to.leads().any(|from| from == state);
    if !is_next {
        let line = format!("A {} that is {state} does not become {}.", kind.noun, to.as_str());
        let error = UserError::new(UserCode::IllegalState, row.path.clone(), line).with("state", state);
        work.fail(row, error.with("allowed", to.leads().collect::<Vec<_>>().join(",")));
    }
    is_next
}

/// The version that is decided on, none where it cannot become what it is to be, and the note.
pub async fn open_to_decide<W>(
    work: &mut Work<'_>,
    input: &ConstValue,
    batch: &Batch,
    (kind, to): (Decided, VersionState),
    blank: impl Fn(&Work<'_>) -> W::Model,
) -> Result<(Vec<Row<W::Model>>, Option<String>), Error>
where
    W: EntityTrait,
    W::Model: Clone + Send + Sync,
{
    let note = input::text(input, "note");
    let mut rows = open_to::<W>(work, batch, kind, kind.approve, blank).await?;
    for row in rows.clone() {
        if !may_become(work, &row, kind, to) {
            rows.clear();
        }
        if let Some(note) = &note {
            check_note(work, &row, row.path.at("note"), note);
        }
    }
    Ok((rows, note))
}

/// Notes the decision.
pub fn mark<M: ModelTrait>(work: &Work<'_>, rows: &mut [Row<M>], to: VersionState, note: Option<&String>) {
    for row in rows {
        let mut set = |name: &str, value: sea_orm::Value| row.after.set(column::<M::Entity>(name), value);
        set("state", to.as_str().into());
        set("decided_at", work.now.into());
        set("decided_by_id", work.lens.caller.person.into());
        set("decision_note", note.cloned().into());
    }
}

/// The versions that are in force, by item, locked together with the items. What is older than the one in force is refused.
pub async fn in_force<W>(work: &mut Work<'_>, rows: &[Row<W::Model>]) -> Result<HashMap<Uuid, W::Model>, Error>
where
    W: EntityTrait,
    W::Model: Clone + Send + Sync,
{
    let item = |version: &W::Model| value::optional_id(version, "item_id").unwrap_or_default();
    let ids: Vec<Uuid> = rows.iter().map(|row| item(&row.after)).collect();
    rows::lock::<portfolio_item::Entity>(work, &ids).await?;
    let former = W::find().filter(column::<W>("item_id").is_in(ids)).filter(column::<W>("state").eq("APPROVED"));
    let former = former.order_by_asc(column::<W>("id")).lock_exclusive().all(work.txn).await?;
    let former: HashMap<Uuid, W::Model> = former.into_iter().map(|version| (item(&version), version)).collect();
    for row in rows {
        let revision = |version: &W::Model| match version.get(column::<W>("revision")) {
            sea_orm::Value::Int(revision) => revision,
            _ => None,
        };
        let before = former.get(&item(&row.after));
        if before.is_some_and(|before| revision(before) > revision(&row.after)) {
            let line = "A later version is in force.";
            let state = value::text(&row.after, "state").unwrap_or_default();
            work.fail(row, UserError::new(UserCode::IllegalState, row.path.clone(), line).with("state", state));
        }
    }
    Ok(former)
}
