//! Resources of a file. One of a known e-mail address is the person of that address; one that is kept here under another
//! name already is taken as it is and not changed.

use std::collections::HashMap;

use entity::{
    person,
    resource::{self, Column as C, Model},
    resource_pool, work_calendar,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    calendars,
    keys::Keys,
    tally::{Tally, Wish},
    wanted::{Resource, Wanted},
};
use crate::{
    importers::report::{ElementFault, ImportError, ImportOption, NoteKind},
    resources::{blank_resource, worktime::capacity::Fte},
    write::{Row, Work},
};

/// Ids of one condition.
const AT_ONCE: usize = 400;

/// A resource that bookings and rates can be of.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub id: Uuid,
    pub fte: Option<i64>,
    pub calendar: Option<Uuid>,
    pub is_archived: bool,
}

/// The resources of a file, by the ids that it gives them.
pub(super) type Known = HashMap<String, Kept>;

/// What is there already of the resources of a file.
struct Found {
    by_name: HashMap<String, Model>,
    by_key: HashMap<String, Model>,
    by_person: HashMap<Uuid, Model>,
    people: HashMap<String, Uuid>,
    pools: HashMap<String, Uuid>,
}

/// Writes them, with their calendars: those of the file, or the one that is said for resources that name none.
pub(super) async fn write(
    work: &mut Work<'_>,
    wanted: &Wanted,
    calendars: &calendars::Known,
    default_calendar: Option<Uuid>,
    tally: &mut Tally<'_>,
) -> Result<Known, ImportError> {
    tally.read("Resource", wanted.resources.len());
    let found = find(work, wanted).await?;
    let mut keys = Keys::load::<resource::Entity>(work, wanted.system).await?;
    let entity = work.lens.model.entity("Resource");
    let mut known = Known::new();
    let (mut wishes, mut faults) = (vec![], vec![]);
    for told in &wanted.resources {
        let calendar = told.calendar.as_ref().and_then(|id| calendars.get(id)).copied().or(default_calendar);
        if let Some(other) = found.elsewhere(told) {
            let why = format!("taken as {}, which is kept here already and stays as it is", other.key);
            tally.note(&told.place, NoteKind::Doubtful, &why);
            tally.count("Resource", "UNCHANGED");
            known.insert(told.id.clone(), kept(other));
            continue;
        }
        let before = found.by_name.get(&told.id);
        if let Some(old) = before.filter(|row| row.archived_at.is_some()) {
            tally.skipped("Resource", &told.place, "it is archived here");
            known.insert(told.id.clone(), kept(old));
            continue;
        }
        let mut row = if let Some(before) = before {
            Row::derived(entity, before.clone(), before.clone())
        } else {
            let key = keys.free(&format!("{}-{}", wanted.system, told.id));
            Row::made(entity, new(work, wanted, told, key, found.person(told)))
        };
        fill(&mut row.after, told, calendar, &found);
        if let Err(text) = holds(&row.after) {
            faults.push(ElementFault { line: told.place.line, text: format!("{}: {text}", told.place.what) });
        }
        if told.group.is_some() && row.after.pool_id.is_none() {
            tally.left(
                &format!("group of {}", told.place.what),
                1,
                "there is no pool of that name or key, and an import makes none",
            );
        }
        known.insert(told.id.clone(), kept(&row.after));
        wishes.push(Wish { place: told.place.clone(), row });
    }
    if !faults.is_empty() {
        return Err(tally.refuse(faults));
    }
    // Who manages a pool sees what is known of its resources.
    work.touches_rights = true;
    tally.save::<resource::Entity>(work, "Resource", wishes).await?;
    Ok(known)
}

/// The calendar of that key, which the caller sees.
pub(super) async fn calendar_of_key(work: &Work<'_>, key: &str) -> Result<Uuid, ImportError> {
    let found = work.lens.by_key(work.lens.model.entity("WorkCalendar"), &[key.to_owned()]).await?;
    let found = found.get(key).and_then(|found| found.first()).filter(|found| !found.is_archived);
    let nothing = || ImportError::Option {
        option: ImportOption::Calendar,
        is_missing: false,
        text: format!("there is no calendar {key} that can be worked by"),
    };
    let id = found.ok_or_else(nothing)?.id;
    work_calendar::Entity::find_by_id(id).lock_shared().one(work.txn).await?.ok_or_else(nothing)?;
    Ok(id)
}

fn kept(row: &Model) -> Kept {
    Kept { id: row.id, fte: row.fte, calendar: row.calendar_id, is_archived: row.archived_at.is_some() }
}

fn new(work: &Work<'_>, wanted: &Wanted, told: &Resource, key: String, person: Option<Uuid>) -> Model {
    Model {
        key,
        kind: if person.is_some() { "PERSON" } else { told.kind }.to_owned(),
        person_id: person,
        fte: None,
        external_system: Some(wanted.system.to_owned()),
        external_id: Some(told.id.clone()),
        ..blank_resource(work)
    }
}

/// What the file does not say stays as it is.
fn fill(row: &mut Model, told: &Resource, calendar: Option<Uuid>, found: &Found) {
    row.name.clone_from(&told.name);
    row.name_fold = told.name.to_lowercase();
    row.calendar_id = calendar.filter(|_| told.calendar.is_some() || row.calendar_id.is_none()).or(row.calendar_id);
    if row.kind != "MATERIAL" {
        row.fte = told.fte.or(row.fte);
    }
    if told.has_days {
        (row.employed_from_on, row.employed_to_on) = (told.from, told.to);
    }
    let pool = told.group.as_ref().and_then(|group| found.pools.get(&group.to_lowercase()));
    row.pool_id = pool.copied().or(row.pool_id);
}

fn holds(row: &Model) -> Result<(), String> {
    if row.fte.is_some_and(|fte| Fte::of_stored(fte).is_none()) {
        return Err(format!("it is worth more than 0 and at most {} full-time people", Fte::MOST));
    }
    if row.employed_from_on.zip(row.employed_to_on).is_some_and(|(from, to)| to < from) {
        return Err("its last day comes before its first".to_owned());
    }
    Ok(())
}

impl Found {
    /// The person of the resource, if it is a human of a known address.
    fn person(&self, told: &Resource) -> Option<Uuid> {
        let email = told.email.as_ref().filter(|_| told.kind == "GENERIC" || told.kind == "PERSON")?;
        self.people.get(&email.to_lowercase()).copied()
    }

    /// The resource that is meant, where the system did not bring it in.
    fn elsewhere(&self, told: &Resource) -> Option<&Model> {
        if self.by_name.contains_key(&told.id) {
            return None;
        }
        let by_key = self.by_key.get(&told.id).filter(|_| told.matches_key);
        by_key.or_else(|| self.by_person.get(&self.person(told)?))
    }
}

async fn find(work: &Work<'_>, wanted: &Wanted) -> Result<Found, ImportError> {
    let mut rows: Vec<Model> = vec![];
    let (mut people, mut keys) = (HashMap::new(), HashMap::new());
    for some in wanted.resources.chunks(AT_ONCE) {
        let ids = || some.iter().map(|told| told.id.as_str());
        let emails: Vec<String> = some.iter().filter_map(|told| told.email.clone()).collect();
        let lower = emails.iter().map(|email| email.to_lowercase());
        let of = person::Entity::find()
            .filter(person::Column::Email.is_in(emails.iter().cloned().chain(lower)))
            .filter(person::Column::ArchivedAt.is_null())
            .all(work.txn)
            .await?;
        let of: HashMap<String, Uuid> =
            of.into_iter().filter_map(|row| Some((row.email?.to_lowercase(), row.id))).collect();
        let named = Condition::all().add(C::ExternalSystem.eq(wanted.system)).add(C::ExternalId.is_in(ids()));
        let meant = Condition::any().add(named).add(C::Key.is_in(ids())).add(C::PersonId.is_in(of.values().copied()));
        let found = resource::Entity::find().filter(meant).order_by_asc(C::Id).lock_exclusive().all(work.txn).await?;
        people.extend(of);
        rows.extend(found);
    }
    let (mut by_name, mut by_person) = (HashMap::new(), HashMap::new());
    for row in rows {
        if let (Some(system), Some(id)) = (&row.external_system, &row.external_id)
            && system == wanted.system
        {
            by_name.insert(id.clone(), row.clone());
        }
        if let Some(person) = row.person_id {
            by_person.insert(person, row.clone());
        }
        keys.insert(row.key.clone(), row);
    }
    Ok(Found { by_name, by_key: keys, by_person, people, pools: pools(work, wanted).await? })
}

/// Pools by name and key, in lower case.
async fn pools(work: &Work<'_>, wanted: &Wanted) -> Result<HashMap<String, Uuid>, ImportError> {
    if wanted.resources.iter().all(|told| told.group.is_none()) {
        return Ok(HashMap::new());
    }
    let of = resource_pool::Entity::find().filter(resource_pool::Column::ArchivedAt.is_null());
    let mut all = HashMap::new();
    for pool in of.order_by_asc(resource_pool::Column::Id).all(work.txn).await? {
        all.entry(pool.name_fold).or_insert(pool.id);
        all.insert(pool.key.to_lowercase(), pool.id);
    }
    Ok(all)
}
