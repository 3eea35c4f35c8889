//! What a change leaves behind: an audit entry and an event for each object, written in the change's own transaction.

use std::collections::{BTreeSet, HashMap};

use entity::{audit_event, outbox_event};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QuerySelect,
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Work,
    insert::insert,
    rows::Row,
    value::{self, column},
};
use crate::{
    auth::Class,
    error::Error,
    graph::{
        decl::{Entity, Kind, Labor, Model, RowScope, Scalar},
        encode_id,
    },
    kpi::ledger,
};

/// Fields that every write changes; they are the entry's own facts.
const STAMPS: [&str; 5] = ["version", "createdAt", "createdBy", "updatedAt", "updatedBy"];
/// Fields of an item that decide what its figures count.
const FIGURED: [&str; 4] = ["category", "confidentiality", "baseCurrency", "fxRateSet"];

/// What was done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Made or changed.
    Written,
    /// Archived.
    Archived,
    /// Taken out of the archive.
    Unarchived,
    /// Removed: only what was never more than a draft.
    Deleted,
}

/// Where an object stands among the scopes of rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The item that it is or belongs to.
    pub item: Option<Uuid>,
    /// That item's nearest portfolio.
    pub portfolio: Option<Uuid>,
    /// Whether that item is restricted.
    pub is_restricted: bool,
    /// An item's state.
    pub state: Option<String>,
    /// The person that it belongs to.
    pub person: Option<Uuid>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether it tells what people's work costs.
    pub is_labor: bool,
    /// The resource that it is about.
    pub resource: Option<Uuid>,
    /// The pool that it asks.
    pub pool: Option<Uuid>,
}

/// A link to an item that a list of the object gained or lost. The read path shows it to who sees the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkChange {
    /// The list.
    pub field: &'static str,
    /// The class of its values.
    pub class: Class,
    /// The item that is no longer linked.
    pub before: Option<Uuid>,
    /// The item that is linked now.
    pub after: Option<Uuid>,
}

/// What became of a field. Its members are written in this order, which is that of their names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The value that it has.
    pub after: Json,
    /// The value that it had.
    pub before: Json,
    /// The class of both.
    pub class: &'static str,
    /// The field.
    pub field: &'static str,
    /// Whether it is a link to an item, of which the entry keeps the ids.
    #[serde(rename = "item", skip_serializing_if = "std::ops::Not::not")]
    pub is_item: bool,
}

impl FieldChange {
    /// A change from one value to another.
    pub fn told(field: &'static str, class: Class, before: Json, after: Json) -> Self {
        Self { after, before, class: class.as_str(), field, is_item: false }
    }

    /// A change that is told without its values.
    pub fn unsaid(field: &'static str, class: Class) -> Self {
        Self::told(field, class, Json::Null, Json::Null)
    }
}

/// One object's change.
#[derive(Debug, Clone)]
pub struct Trace {
    entity: &'static Entity,
    id: Uuid,
    version: i64,
    action: &'static str,
    changes: Vec<FieldChange>,
    links: (Option<Uuid>, Option<Uuid>),
    listed: Vec<LinkChange>,
    owners: Vec<(&'static str, Uuid)>,
    before: Option<Standing>,
    after: Standing,
}

impl Standing {
    fn of<M: ModelTrait>(entity: &Entity, model: &M) -> Self {
        match entity.rows {
            RowScope::Item => Self {
                item: Some(value::id(model)),
                portfolio: value::optional_id(model, "portfolio_id"),
                is_restricted: value::truth(model, "is_restricted"),
                state: value::text(model, "state"),
                ..Self::default()
            },
            RowScope::OfItem(of) => Self {
                item: value::optional_id(model, of.item),
                portfolio: value::optional_id(model, of.portfolio),
                is_restricted: value::truth(model, of.restricted),
                person: of.person.and_then(|person| value::optional_id(model, person)),
                is_draft: of.draft.is_some_and(|draft| value::truth(model, draft)),
                is_labor: matches!(of.labor, Labor::In(labor) if value::truth(model, labor)),
                state: None,
                resource: of.resource.and_then(|resource| value::optional_id(model, resource)),
                pool: of.pool.and_then(|pool| value::optional_id(model, pool)),
            },
            RowScope::OfResource { resource } | RowScope::OfWorker { resource } => {
                Self { resource: value::optional_id(model, resource), ..Self::default() }
            }
            RowScope::OfPerson { person } => Self { person: value::optional_id(model, person), ..Self::default() },
            // No table of ours has the columns of a state before: the outbox alone, which is not written this way.
            RowScope::Directory | RowScope::Reference | RowScope::Resource | RowScope::ItemBefore => Self::default(),
        }
    }
}

impl Trace {
    /// The change of a row that is about to be written.
    pub fn of<E: EntityTrait>(model: &Model, row: &Row<E::Model>, action: Action) -> Self
    where
        E::Model: Clone,
    {
        if action == Action::Deleted {
            return Self::of_removed::<E>(model, row);
        }
        let (mut changes, mut links) = (row.beside.clone(), (None, None));
        // What a draft says is for who reads drafts, in the trail as everywhere, also after it was published.
        let standing = Standing::of(row.entity, &row.after);
        let draft = row.entity.drafts.filter(|_| standing.is_draft);
        for field in &row.entity.fields {
            if STAMPS.contains(&field.name) {
                continue;
            }
            let get = |name: &str| {
                let column = column::<E>(name);
                (row.before.as_ref().map(|before| before.get(column)), row.after.get(column))
            };
            let mut note = |differs: bool, before: Json, after: Json, is_item: bool| {
                if differs {
                    let class = draft.unwrap_or_else(|| row.entity.class_of(field)).as_str();
                    changes.push(FieldChange { after, before, class, field: field.name, is_item });
                }
            };
            let shown = |value: &Option<sea_orm::Value>| value.as_ref().map_or(Json::Null, value::to_json);
            match &field.kind {
                Kind::Scalar { column, ty: Scalar::Decimal | Scalar::Percent, .. } => {
                    let (before, after) = get(column);
                    let (old, new) = (before.map_or(Json::Null, |v| value::ratio_json(&v)), value::ratio_json(&after));
                    note(old != new, old, new, false);
                }
                Kind::Scalar { column, .. } | Kind::Enum { column, .. } => {
                    let (before, after) = get(column);
                    let (old, new) = (shown(&before), value::to_json(&after));
                    note(old != new, old, new, false);
                }
                Kind::Enums { column, .. } | Kind::Texts { column } => {
                    let names = |value: Option<sea_orm::Value>| match value {
                        Some(sea_orm::Value::String(Some(names))) => json!(names.split(',').collect::<Vec<_>>()),
                        _ => Json::Null,
                    };
                    let (before, after) = get(column);
                    let (old, new) = (names(before), names(Some(after)));
                    note(old != new, old, new, false);
                }
                Kind::Money { amount, currency, .. } => {
                    let ((amount_before, amount), (currency_before, currency)) = (get(amount), get(currency));
                    let old = amount_before.zip(currency_before).map_or(Json::Null, |(a, c)| value::money_json(&a, &c));
                    let new = value::money_json(&amount, &currency);
                    note(old != new, old, new, false);
                }
                // Who reads the entry may not see what stands beside the row: only the item there is told, as every item is.
                Kind::One { column, to } if model.entity(to).rows != RowScope::Item && row.entity.is_beside(column) => {
                }
                Kind::One { column, to } => {
                    let (before, after) = get(column);
                    note_link(&mut note, &mut links, model.entity(to), before.as_ref(), &after);
                }
                Kind::Union { arms, .. } => {
                    for (column, to) in arms {
                        let (before, after) = get(column);
                        note_link(&mut note, &mut links, model.entity(to), before.as_ref(), &after);
                    }
                }
                Kind::Id | Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => {}
            }
        }
        Self {
            entity: row.entity,
            id: value::id(&row.after),
            version: value::version(&row.after),
            action: match action {
                Action::Archived => "ARCHIVED",
                Action::Unarchived => "UNARCHIVED",
                Action::Deleted => "DELETED",
                Action::Written if row.before.is_none() => "CREATED",
                Action::Written => "UPDATED",
            },
            changes,
            links,
            listed: row.links.clone(),
            owners: owners::<E>(model, row),
            before: row.before.as_ref().map(|before| Standing::of(row.entity, before)),
            after: standing,
        }
    }

    /// What is gone is told as it was: a row made, the other way round.
    fn of_removed<E: EntityTrait>(model: &Model, row: &Row<E::Model>) -> Self
    where
        E::Model: Clone,
    {
        let was = row.before.clone().unwrap_or_else(|| row.after.clone());
        let mut trace = Self::of::<E>(model, &Row::made(row.entity, was), Action::Written);
        for change in &mut trace.changes {
            change.before = change.after.take();
        }
        trace.links = (trace.links.1, trace.links.0);
        trace.before = Some(trace.after.clone());
        Self { action: "DELETED", version: trace.version + 1, ..trace }
    }

    /// Whether figures of the item may be others because of what it is, not of what belongs to it.
    fn refigures(&self) -> bool {
        let is_item = self.entity.rows == RowScope::Item;
        is_item && self.changes.iter().any(|change| FIGURED.contains(&change.field))
    }

    /// What measures are kept by.
    fn changed(&self) -> ledger::Changed {
        ledger::Changed {
            entity: self.entity.name,
            id: self.id,
            fields: self.changes.iter().map(|change| change.field).collect(),
            owners: self.owners.clone(),
        }
    }

    fn reference(&self) -> String {
        encode_id(self.entity.prefix.unwrap_or_default(), self.id)
    }
}

/// What a row belongs to, or belonged to, as far as measures ask for it.
fn owners<E: EntityTrait>(model: &Model, row: &Row<E::Model>) -> Vec<(&'static str, Uuid)>
where
    E::Model: Clone,
{
    let of = |column| row.before.iter().chain([&row.after]).filter_map(move |model| value::optional_id(model, column));
    model
        .measures
        .owner_columns(row.entity.name)
        .into_iter()
        .flat_map(|name| of(name).map(move |id| (name, id)))
        .collect()
}

/// A changed link. One to an item is not spelled out: its reader may not be allowed to see the item, so the entry keeps
/// the item's id apart and the read path decides.
fn note_link(
    note: &mut impl FnMut(bool, Json, Json, bool),
    links: &mut (Option<Uuid>, Option<Uuid>),
    to: &Entity,
    before: Option<&sea_orm::Value>,
    after: &sea_orm::Value,
) {
    let id = |value: Option<&sea_orm::Value>| match value {
        Some(sea_orm::Value::Uuid(id)) => *id,
        _ => None,
    };
    let (old, new) = (id(before), id(Some(after)));
    if to.rows == RowScope::Item {
        // Where one that keeps scope columns changes with it, the first counts.
        if old != new && *links == (None, None) {
            *links = (old, new);
            note(true, Json::Null, Json::Null, true);
        }
        return;
    }
    let prefix = to.prefix.unwrap_or_default();
    let spelled = |id: Option<Uuid>| id.map_or(Json::Null, |id| json!(encode_id(prefix, id)));
    note(old != new, spelled(old), spelled(new), false);
}

/// Writes the audit entries and, last of all, the events: by then the transaction holds every lock that it will ever
/// hold, which is what makes the order of events right.
pub async fn leave(work: &mut Work<'_>) -> Result<(), Error> {
    let transaction = work.clock.new_id();
    super::scope::lock_dependents(work).await?;
    let traces = std::mem::take(&mut work.traces);
    let entries = traces.iter().flat_map(|t| audit_entries(work, transaction, t));
    let entries = entries.map(IntoActiveModel::into_active_model).collect();
    insert::<audit_event::Entity>(work.txn, entries, &[]).await?;
    let events = traces.iter().map(|t| event(work, transaction, t)).collect();
    insert::<outbox_event::Entity>(work.txn, events, &[]).await?;
    super::scope::touch_dependents(work, transaction).await?;
    let changed = traces.iter().map(Trace::changed).collect();
    let cause = ledger::Cause {
        at: work.now,
        request_id: work.request_id,
        mutation: &work.mutation.name,
        actor: work.lens.caller.person,
    };
    let mut refigured = std::mem::take(&mut work.refigured);
    refigured.extend(traces.iter().filter(|t| t.refigures()).map(|t| (t.id, None)));
    let outdated = std::mem::take(&mut work.outdated);
    ledger::keep(work.txn, work.lens.model, &changed, (refigured, outdated), &cause).await
}

/// The entry of a change, and one for each item that a list gained or lost.
fn audit_entries(work: &Work<'_>, transaction: Uuid, t: &Trace) -> Vec<audit_event::Model> {
    let entry = |action: &str, changes: &[FieldChange], links| audit_event::Model {
        action: action.to_owned(),
        changes: serde_json::to_string(changes).unwrap_or_default(),
        ..audit_entry(work, transaction, t, links)
    };
    let mut entries = vec![];
    if !t.changes.is_empty() || t.listed.is_empty() {
        entries.push(entry(t.action, &t.changes, t.links));
    }
    entries.extend(t.listed.iter().map(|link| {
        let change = FieldChange { is_item: true, ..FieldChange::unsaid(link.field, link.class) };
        entry("UPDATED", &[change], (link.before, link.after))
    }));
    entries
}

fn audit_entry(
    work: &Work<'_>,
    transaction_id: Uuid,
    t: &Trace,
    links: (Option<Uuid>, Option<Uuid>),
) -> audit_event::Model {
    audit_event::Model {
        id: work.clock.new_id(),
        at: work.now,
        transaction_id,
        request_id: work.request_id.to_owned(),
        mutation: work.mutation.name.clone(),
        principal: work.principal.clone(),
        actor_id: work.lens.caller.person,
        action: String::new(),
        target_type: t.entity.name.to_owned(),
        target_id: t.id,
        target_ref: t.reference(),
        target_version: t.version,
        changes: String::new(),
        before_item_id: links.0,
        after_item_id: links.1,
        item_id: t.after.item,
        portfolio_id: t.after.portfolio,
        is_restricted: t.after.is_restricted,
    }
}

fn event(work: &Work<'_>, transaction: Uuid, t: &Trace) -> outbox_event::ActiveModel {
    let was = t.before.clone().unwrap_or_default();
    outbox_event::ActiveModel {
        seq: sea_orm::ActiveValue::NotSet,
        position: Set(None),
        transaction_id: Set(transaction),
        at: Set(work.now),
        request_id: Set(work.request_id.to_owned()),
        mutation: Set(work.mutation.name.clone()),
        actor_id: Set(work.lens.caller.person),
        target_type: Set(t.entity.name.to_owned()),
        target_id: Set(t.id),
        version: Set(t.version),
        was_there: Set(t.before.is_some()),
        was_item_id: Set(was.item),
        was_portfolio_id: Set(was.portfolio),
        was_restricted: Set(was.is_restricted),
        was_state: Set(was.state),
        was_person_id: Set(was.person),
        was_draft: Set(was.is_draft),
        was_labor: Set(was.is_labor),
        was_resource_id: Set(was.resource),
        was_pool_id: Set(was.pool),
    }
}

/// The fields of each of these objects that were changed after a version of it.
pub async fn fields_since(
    txn: &DatabaseTransaction,
    objects: impl Iterator<Item = (String, i64)>,
) -> Result<HashMap<String, BTreeSet<String>>, Error> {
    use audit_event::Column as C;
    let had: HashMap<String, i64> = objects.collect();
    let entries: Vec<(String, i64, String)> = audit_event::Entity::find()
        .select_only()
        .columns([C::TargetRef, C::TargetVersion, C::Changes])
        .filter(C::TargetRef.is_in(had.keys()))
        .filter(C::TargetVersion.gt(had.values().copied().min().unwrap_or_default()))
        .into_tuple()
        .all(txn)
        .await?;
    let mut fields: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (object, version, changes) in entries {
        if had.get(&object).is_some_and(|had| version > *had) {
            let changes: Vec<Json> = serde_json::from_str(&changes).map_err(Error::internal)?;
            let names = changes.iter().filter_map(|c| c["field"].as_str().map(str::to_owned));
            fields.entry(object).or_default().extend(names);
        }
    }
    Ok(fields)
}
