//! Writing people, units and role assignments. Whoever writes them decides who may do what: nobody gives herself a role,
//! and nobody becomes somebody else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{external_link as link, org_unit, person, person_identity, role_assignment};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::role_assignment::takes_an_item;
use crate::{
    auth::{Class, Role},
    error::Error,
    portfolios::external_link,
    write::{
        Action, Done, FieldChange, Mutation, Path, Row, UserCode, UserError, Verb, Work, input,
        rows::{self, archived, keys_are_free, open, save},
        usual,
    },
};

/// The mutations of this domain.
pub fn mutations() -> Vec<Mutation> {
    [
        people(),
        usual("OrgUnit", "orgUnit", Some(Class::Basic.write()), true, write_units),
        usual("RoleAssignment", "roleAssignment", Some(Class::Sec.write()), false, write_roles),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Fields and identities of a person are of two classes, so each is decided by itself where both may change.
fn people() -> Vec<Mutation> {
    let mut all = usual("Person", "person", Some(Class::Basic.write()), true, write_people);
    for mutation in &mut all {
        if matches!(mutation.verb, Verb::Update | Verb::BulkUpdate | Verb::BulkUpsert) {
            mutation.needs = None;
        }
    }
    all
}

fn write_people<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        work.touches_rights = true;
        let (entity, class) = (work.lens.model.entity("Person"), Class::Basic.write());
        let scopes = work.lens.caller.rights.scopes(class);
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<person::Entity>(work, entity, &batch, scopes, &class.to_string()).await?;
            return save::<person::Entity>(work, rows, &batch, action).await;
        }
        let mut rows = open::<person::Entity>(work, entity, &batch.items, blank_person).await?;
        rows::demand_new(work, &rows, scopes, &class.to_string());
        keys_are_free::<person::Entity>(work, &rows, None).await?;
        external_link::check_new(work, &rows, "PERSON").await?;
        let identities = Identities::read(work, &mut rows).await?;
        let links = external_link::of_new(work, &rows, |person, blank| link::Model {
            target_type: "PERSON".to_owned(),
            person_id: Some(person.id),
            ..blank
        });
        let rejected = work.rejects(&batch);
        let failed: HashSet<usize> = work.errors.iter().map(|(index, _)| *index).collect();
        let done = save::<person::Entity>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            identities.write(work, &failed).await?;
            rows::follow::<link::Entity>(work, links).await?;
        }
        Ok(done)
    }
    .boxed()
}

fn blank_person(work: &Work<'_>) -> person::Model {
    person::Model {
        id: work.clock.new_id(),
        key: String::new(),
        display_name: String::new(),
        display_name_fold: String::new(),
        email: None,
        is_active: true,
        org_unit_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Issuer and subject.
type Name = (String, String);

/// What changes in the identities of people.
#[derive(Default)]
struct Identities {
    removed: Vec<(usize, Uuid)>,
    added: Vec<(usize, person_identity::Model)>,
}

impl Identities {
    /// Reads the lists of the input, checks them, and notes them for the trail.
    async fn read(work: &mut Work<'_>, rows: &mut [Row<person::Model>]) -> Result<Self, Error> {
        let asked: Vec<usize> =
            (0..rows.len()).filter(|at| input::list_change(&rows[*at].input, "identities").is_some()).collect();
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let people: Vec<Uuid> = asked.iter().map(|at| rows[*at].after.id).collect();
        let mut changes = vec![];
        for at in asked {
            let Some(change) = input::list_change(&rows[at].input, "identities") else { continue };
            let places = places(&rows[at].path.at("identities"), &change);
            let wrong: Vec<UserError> = places.iter().filter_map(|(name, path)| unfit(name, path)).collect();
            if wrong.is_empty() {
                changes.push((at, change, places));
            }
            for error in wrong {
                work.fail(&rows[at], error);
            }
        }
        let given: Vec<&ConstValue> =
            changes.iter().flat_map(|(_, c, _)| c.add.iter().chain(c.set.iter().flatten())).collect();
        let subjects: BTreeSet<String> = given.iter().map(|v| name(v).1).collect();
        let known = person_identity::Entity::find()
            .filter(
                sea_orm::Condition::any()
                    .add(person_identity::Column::PersonId.is_in(people))
                    .add(person_identity::Column::Subject.is_in(subjects)),
            )
            .all(work.txn)
            .await?;
        let mut owner: HashMap<Name, (Uuid, Uuid)> =
            known.iter().map(|i| ((i.issuer.clone(), i.subject.clone()), (i.person_id, i.id))).collect();
        let mut out = Self::default();
        for (at, change, places) in changes {
            let row = &mut rows[at];
            let path = row.path.at("identities");
            if !work.lens.caller.rights.scopes(Class::Sec.write()).is_all() {
                let needs = Class::Sec.write();
                let line = format!("Writing `identities` needs {needs}.");
                work.fail(row, UserError::new(UserCode::Forbidden, path, line).with("needs", needs));
                continue;
            }
            let before: BTreeSet<Name> =
                owner.iter().filter(|(_, (person, _))| *person == row.after.id).map(|(name, _)| name.clone()).collect();
            let mut after = before.clone();
            if let Some(set) = &change.set {
                after = set.iter().map(name).collect();
            }
            after.extend(change.add.iter().map(name));
            for gone in &change.remove {
                after.remove(&name(gone));
            }
            if before != after
                && let Err(error) = may_change(work, row, &before, &after)
            {
                work.fail(row, error);
                continue;
            }
            let me = (work.lens.caller.identity.issuer.clone(), work.lens.caller.identity.subject.clone());
            for new in after.difference(&before) {
                let path = places.get(new).unwrap_or(&path);
                if *new == me {
                    let line = "Nobody makes her own credential somebody's.";
                    work.fail(row, UserError::new(UserCode::Forbidden, path.clone(), line));
                } else if owner.contains_key(new) {
                    let line = "This subject means somebody already.";
                    work.fail(row, UserError::new(UserCode::Duplicate, path.clone(), line));
                } else {
                    let id = work.clock.new_id();
                    let (issuer, subject) = new.clone();
                    out.added
                        .push((row.index, person_identity::Model { id, person_id: row.after.id, issuer, subject }));
                    owner.insert(new.clone(), (row.after.id, id));
                }
            }
            out.removed
                .extend(before.difference(&after).filter_map(|name| owner.get(name)).map(|(_, id)| (row.index, *id)));
            if before != after {
                let told = |names: &BTreeSet<Name>| {
                    names.iter().map(|(issuer, subject)| json!({ "issuer": issuer, "subject": subject })).collect()
                };
                row.beside.push(FieldChange::told("identities", Class::Sec, told(&before), told(&after)));
            }
        }
        Ok(out)
    }

    async fn write(self, work: &Work<'_>, failed: &HashSet<usize>) -> Result<(), Error> {
        let removed: Vec<Uuid> =
            self.removed.into_iter().filter(|(at, _)| !failed.contains(at)).map(|(_, id)| id).collect();
        if !removed.is_empty() {
            let of = person_identity::Column::Id.is_in(removed);
            person_identity::Entity::delete_many().filter(of).exec(work.txn).await?;
        }
        let added: Vec<_> =
            self.added.into_iter().filter(|(at, _)| !failed.contains(at)).map(|(_, m)| m.into_active_model()).collect();
        if !added.is_empty() {
            person_identity::Entity::insert_many(added).exec_without_returning(work.txn).await?;
        }
        Ok(())
    }
}

/// Who takes a credential from somebody makes a stranger of it, with whatever roles its tokens name: so nobody loses her
/// own, behind which a conflict of duty would no longer be seen, and who left keeps hers.
fn may_change(
    work: &Work<'_>,
    row: &Row<person::Model>,
    before: &BTreeSet<Name>,
    after: &BTreeSet<Name>,
) -> Result<(), UserError> {
    let refuse = |line: &str| UserError::new(UserCode::Forbidden, row.path.at("identities"), line);
    if work.lens.caller.person == Some(row.after.id) {
        let line = "Your own credentials are for somebody else to change.";
        return Err(refuse(line).with("conflictOfDuty", "SELF"));
    }
    if !row.after.is_active && !before.is_subset(after) {
        return Err(refuse("Who left keeps her credentials, so that they go on giving nothing."));
    }
    Ok(())
}

/// Where the identities of a change stand in the input.
fn places(path: &Path, change: &input::ListChange) -> BTreeMap<Name, Path> {
    let lists = [("set", change.set.as_deref().unwrap_or_default()), ("add", change.add.as_slice())];
    let all = lists.into_iter().flat_map(|(list, given)| given.iter().enumerate().map(move |(at, v)| (list, at, v)));
    all.map(|(list, at, value)| (name(value), path.at(list).at(at))).collect()
}

/// Why a name can be nobody's.
fn unfit((issuer, subject): &Name, path: &Path) -> Option<UserError> {
    [("issuer", issuer, 2_000), ("subject", subject, 255)].into_iter().find_map(|(member, text, max)| {
        let wrong = |code, line: String| Some(UserError::new(code, path.at(member), line));
        if text.trim().is_empty() {
            wrong(UserCode::Required, "An identity has an issuer and a subject.".to_owned())
        } else if text.chars().count() > max {
            wrong(UserCode::TooLong, format!("`{member}` has at most {max} characters.")).map(|e| e.with("max", max))
        } else if text.chars().any(char::is_control) {
            wrong(UserCode::Invalid, format!("`{member}` is one line, without control characters."))
        } else {
            None
        }
    })
}

fn name(value: &ConstValue) -> Name {
    let part = |member| input::text(value, member).unwrap_or_default();
    (part("issuer"), part("subject"))
}

fn write_units<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, class) = (work.lens.model.entity("OrgUnit"), Class::Basic.write());
        let scopes = work.lens.caller.rights.scopes(class);
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<org_unit::Entity>(work, entity, &batch, scopes, &class.to_string()).await?;
            return save::<org_unit::Entity>(work, rows, &batch, action).await;
        }
        if batch.moves() {
            work.alone().await?;
        }
        let rows = open::<org_unit::Entity>(work, entity, &batch.items, blank_unit).await?;
        rows::demand_new(work, &rows, scopes, &class.to_string());
        keys_are_free::<org_unit::Entity>(work, &rows, None).await?;
        external_link::check_new(work, &rows, "ORG_UNIT").await?;
        stays_a_tree(work, &rows).await?;
        let links = external_link::of_new(work, &rows, |unit, blank| link::Model {
            target_type: "ORG_UNIT".to_owned(),
            org_unit_id: Some(unit.id),
            ..blank
        });
        let rejected = work.rejects(&batch);
        let done = save::<org_unit::Entity>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            rows::follow::<link::Entity>(work, links).await?;
        }
        Ok(done)
    }
    .boxed()
}

fn blank_unit(work: &Work<'_>) -> org_unit::Model {
    org_unit::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        parent_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A unit does not stand below itself, also by way of others in the same list. The units above are locked meanwhile.
async fn stays_a_tree(work: &mut Work<'_>, rows: &[Row<org_unit::Model>]) -> Result<(), Error> {
    let moved = |row: &&Row<org_unit::Model>| row.before.as_ref().is_none_or(|b| b.parent_id != row.after.parent_id);
    let mut parents: HashMap<Uuid, Option<Uuid>> = HashMap::new();
    let mut wanted: Vec<Uuid> = rows.iter().filter(moved).filter_map(|row| row.after.parent_id).collect();
    while !wanted.is_empty() {
        wanted.sort_unstable();
        wanted.dedup();
        let of = org_unit::Column::Id.is_in(std::mem::take(&mut wanted));
        for unit in org_unit::Entity::find().filter(of).lock_shared().all(work.txn).await? {
            wanted.extend(unit.parent_id.filter(|id| !parents.contains_key(id)));
            parents.insert(unit.id, unit.parent_id);
        }
    }
    parents.extend(rows.iter().map(|row| (row.after.id, row.after.parent_id)));
    for row in rows.iter().filter(moved) {
        let (mut at, mut steps) = (row.after.parent_id, 0);
        while let Some(id) = at {
            steps += 1;
            if id == row.after.id || steps > parents.len() {
                let line = "A unit cannot stand below itself.";
                work.fail(row, UserError::rule(row.place("parent"), "HIERARCHY", line));
                break;
            }
            at = parents.get(&id).copied().flatten();
        }
    }
    Ok(())
}

fn write_roles<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        work.touches_rights = true;
        let (entity, class) = (work.lens.model.entity("RoleAssignment"), Class::Sec.write());
        let scopes = work.lens.caller.rights.scopes(class);
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<role_assignment::Entity>(work, entity, &batch, scopes, &class.to_string()).await?;
            if action == Action::Unarchived {
                refuse_own_roles(work, &rows);
            }
            return save::<role_assignment::Entity>(work, rows, &batch, action).await;
        }
        let rows = open::<role_assignment::Entity>(work, entity, &batch.items, blank_role).await?;
        rows::demand_new(work, &rows, scopes, &class.to_string());
        keys_are_free::<role_assignment::Entity>(work, &rows, None).await?;
        refuse_own_roles(work, &rows);
        for row in &rows {
            role_makes_sense(work, row);
        }
        save::<role_assignment::Entity>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn blank_role(work: &Work<'_>) -> role_assignment::Model {
    role_assignment::Model {
        id: work.clock.new_id(),
        key: String::new(),
        person_id: Uuid::nil(),
        role: String::new(),
        item_id: None,
        valid_from_on: work.now.date_naive(),
        valid_to_on: None,
        approval_limit_amount: None,
        approval_limit_currency: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Nobody gives herself a role, nor makes one of hers last longer.
fn refuse_own_roles(work: &mut Work<'_>, rows: &[Row<role_assignment::Model>]) {
    for row in rows {
        if work.lens.caller.person == Some(row.after.person_id) {
            let line = "Your own roles are for somebody else to give.";
            let error = UserError::new(UserCode::Forbidden, row.place("person"), line);
            work.fail(row, error.with("conflictOfDuty", "SELF"));
        }
    }
}

fn role_makes_sense(work: &mut Work<'_>, row: &Row<role_assignment::Model>) {
    let m = &row.after;
    let Some(role) = Role::parse(&m.role) else { return };
    if m.item_id.is_some() && !takes_an_item(role) {
        let line = format!("{} holds on all rows; an item would seem to narrow it and does not.", role.as_str());
        work.fail(row, UserError::rule(row.place("item"), "SCOPE_OF_ROLE", line));
    }
    if m.valid_to_on.is_some_and(|to| to < m.valid_from_on) {
        let place = if row.gives("validToOn") { "validToOn" } else { "validFromOn" };
        work.fail(row, UserError::rule(row.place(place), "DATES_IN_ORDER", "The role would end before it begins."));
    }
    if m.approval_limit_amount.is_some_and(|n| n < 0) {
        let line = "A limit is not negative.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("approvalLimit"), line));
    }
    if m.approval_limit_amount.is_some() && role != Role::Sponsor {
        let line = "Only a sponsor approves up to a limit.";
        work.fail(row, UserError::rule(row.place("approvalLimit"), "LIMIT_OF_SPONSOR", line));
    }
}
