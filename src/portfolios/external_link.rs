//! What another system calls something here: the key of imports and of two-way synchronization.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    external_link::{self, Model},
    portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    auth::Class,
    error::Error,
    graph::{
        decl::{Entity, EnumDecl, Field, RowScope, Scalar},
        value::DbValue,
    },
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work,
        input::{Assigned, Assignment},
        rows::{archived, open, save},
        usual, value,
    },
};

/// `LinkDirection`.
static DIRECTION: EnumDecl = EnumDecl {
    name: "LinkDirection",
    doc: "Which way data flows over a link.",
    values: &[
        ("IN", "The other system is the source."),
        ("OUT", "The other system is kept up to date from here."),
        ("BOTH", "Both ways."),
    ],
};

/// `ExternalLink`.
pub fn declare() -> Entity {
    use external_link::Column as C;
    Entity::new(
        "ExternalLink",
        &external_link::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "The id that another system gave to something here.",
    )
    .node("ext", "externalLink", "externalLinks")
    .fields([
        Field::scalar("system", Scalar::String, C::System, "The other system, such as `JIRA`.")
            .required()
            .grouped()
            .written()
            .longest(64),
        Field::scalar(
            "externalId",
            Scalar::String,
            C::ExternalId,
            "The id there; unique within system and type of thing.",
        )
        .required()
        .written(),
        Field::scalar("url", Scalar::Url, C::Url, "Where it can be seen there; null when unknown.")
            .written()
            .longest(2_000),
        Field::choice("direction", &DIRECTION, C::Direction, "Which way data flows; both ways if not said.")
            .required()
            .written()
            .defaulted(),
        Field::union(
            "target",
            "ExternalTarget",
            vec![("item_id", "PortfolioItem"), ("person_id", "Person"), ("org_unit_id", "OrgUnit")],
            "What it is the id of; null when the caller cannot see it.",
        )
        .written()
        .once(),
    ])
    .audited()
    .archivable()
}

type Links = external_link::Entity;

/// The mutations of links.
pub fn mutations() -> Vec<Mutation> {
    usual("ExternalLink", "externalLink", Some(Class::Work.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        if let Some(action) = work.mutation.verb.archives() {
            let scopes = work.lens.caller.rights.scopes(Class::Work.write());
            let rows = archived::<Links>(work, entity, &batch, scopes, &Class::Work.write().to_string()).await?;
            if action == Action::Unarchived {
                names_are_free(work, &rows).await?;
            }
            return save::<Links>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Links>(work, entity, &batch.items, blank).await?;
        targets_are_the_callers(work, &mut rows).await?;
        names_are_free(work, &rows).await?;
        save::<Links>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A link of nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        target_type: String::new(),
        system: String::new(),
        external_id: String::new(),
        url: None,
        etag: None,
        direction: "BOTH".to_owned(),
        item_id: None,
        person_id: None,
        org_unit_id: None,
        portfolio_id: None,
        is_restricted: false,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A new link takes its scope from its target, and only who may write links there makes one.
async fn targets_are_the_callers(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<(), Error> {
    let scopes = work.lens.caller.rights.scopes(Class::Work.write());
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.after.item_id).collect();
    let held = work.lens.holds(work.lens.model.entity("PortfolioItem"), &ids, &[scopes]).await?;
    let items: HashMap<Uuid, portfolio_item::Model> = portfolio_item::Entity::find()
        .filter(portfolio_item::Column::Id.is_in(ids))
        .order_by_asc(portfolio_item::Column::Id)
        .lock_shared()
        .all(work.txn)
        .await?
        .into_iter()
        .map(|item| (item.id, item))
        .collect();
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        let link = &mut row.after;
        let may = match link.item_id {
            Some(id) => held.get(&id).is_some_and(|held| held[0]),
            None => scopes.is_all(),
        };
        if let Some(item) = link.item_id.and_then(|id| items.get(&id)) {
            (link.portfolio_id, link.is_restricted) = (item.portfolio_id, item.is_restricted);
            link.target_type.clone_from(&item.kind);
        } else if link.person_id.is_some() {
            "PERSON".clone_into(&mut link.target_type);
        } else {
            "ORG_UNIT".clone_into(&mut link.target_type);
        }
        let named = link.item_id.or(link.person_id).or(link.org_unit_id).is_some();
        if named && !may {
            let needs = Class::Work.write();
            let told = format!("Linking this needs {needs} on it.");
            let error = UserError::new(UserCode::Forbidden, row.place("target"), told).with("needs", needs);
            work.fail(row, error);
        }
    }
    Ok(())
}

/// A system gives an id to one thing of a type; what is archived gives none.
async fn names_are_free(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let name = |link: &Model| (link.target_type.clone(), link.system.clone(), link.external_id.clone());
    let renamed: Vec<&Row<Model>> = rows
        .iter()
        .filter(|row| {
            let is_back =
                row.before.as_ref().is_some_and(|b| b.archived_at.is_some() && row.after.archived_at.is_none());
            is_back || row.before.as_ref().is_none_or(|before| name(before) != name(&row.after))
        })
        .filter(|row| !work.is_refused(row.index))
        .collect();
    let taken: HashMap<_, Uuid> = Links::find()
        .filter(external_link::Column::ExternalId.is_in(renamed.iter().map(|row| row.after.external_id.clone())))
        .filter(external_link::Column::ArchivedAt.is_null())
        .all(work.txn)
        .await?
        .into_iter()
        .map(|link| (name(&link), link.id))
        .collect();
    let mut seen = HashSet::new();
    for row in renamed {
        let is_taken = taken.get(&name(&row.after)).is_some_and(|id| *id != row.after.id);
        if is_taken || !(work.has_failed(row.index) || seen.insert(name(&row.after))) {
            let line = "The system gives this id to something else already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("externalId"), line));
        }
    }
    Ok(())
}

/// What other systems call new rows is a link like any other: its name fits the fields of a link and is nobody else's.
pub async fn check_new<M>(work: &mut Work<'_>, rows: &[Row<M>], target_type: &str) -> Result<(), Error> {
    let links = work.lens.model.entity("ExternalLink");
    let mut named = vec![];
    for row in rows.iter().filter(|row| row.before.is_none()) {
        if work.is_refused(row.index) {
            continue;
        }
        let Some((system, external_id)) = row.external.clone() else { continue };
        for (field, member, text) in [("system", "system", &system), ("externalId", "id", &external_id)] {
            let Some(field) = links.fields.iter().find(|f| f.name == field) else { continue };
            let Some(pen) = field.pen else { continue };
            let given = Assignment { field, pen, path: row.named_at.at(member), value: Assigned::Clear };
            if let Err(error) = value::checked(Scalar::String, &DbValue::Text(text.clone()), &given) {
                work.fail(row, error);
            }
        }
        named.push((row, (system, external_id)));
    }
    let Some(entity) = named.first().map(|(row, _)| row.entity) else { return Ok(()) };
    let taken: HashSet<(String, String)> = Links::find()
        .select_only()
        .columns([external_link::Column::System, external_link::Column::ExternalId])
        .filter(external_link::Column::TargetType.eq(target_type))
        .filter(external_link::Column::ArchivedAt.is_null())
        .filter(external_link::Column::ExternalId.is_in(named.iter().map(|(_, (_, id))| id.replace('\0', ""))))
        .into_tuple()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    // One that is taken, and that the caller sees now, was made after she looked.
    let known: Vec<_> = named.iter().map(|(_, name)| name.clone()).filter(|name| taken.contains(name)).collect();
    work.lost_race |= !known.is_empty() && !work.lens.by_external(entity, &known).await?.is_empty();
    let mut seen = HashSet::new();
    for (row, name) in named {
        let is_taken = taken.contains(&name);
        if is_taken || !(work.has_failed(row.index) || seen.insert(name)) {
            let line = "The system gives this id to something else already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.named_at.clone(), line));
        }
    }
    Ok(())
}

/// The links of rows that were made because their external ids were unknown; `lead` has a link lead to its row.
pub fn of_new<M>(work: &Work<'_>, rows: &[Row<M>], lead: impl Fn(&M, Model) -> Model) -> Vec<Row<Model>> {
    let entity = work.lens.model.entity("ExternalLink");
    let new = rows.iter().filter(|row| row.before.is_none() && !work.has_failed(row.index));
    let links = new.filter_map(|row| {
        let (system, external_id) = row.external.clone()?;
        let link = Model { system, external_id, direction: "IN".to_owned(), ..blank(work) };
        Some(Row::made(entity, lead(&row.after, link)))
    });
    links.collect()
}
