//! Writing what is known of resources: skills, certificates, time off. The resource is locked first, so that of two who
//! write at the same time each sees what the other did.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use chrono::{Months, NaiveDate};
use entity::{certification, certification_held, resource, resource_skill, time_off};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work, of_item,
        rows::{archived, lock, open, save},
        usual,
    },
};

/// Minutes of a day.
const DAY: i32 = 1_440;

/// The mutations of skills, certificates and time off.
pub fn mutations() -> Vec<Mutation> {
    [
        usual("ResourceSkill", "resourceSkill", None, false, write_skills),
        usual("CertificationHeld", "certificationHeld", None, false, write_certificates),
        usual("TimeOff", "timeOff", None, false, write_time_off),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The rows of a mutation that belong to resources, which are locked; nothing where all is done.
async fn opened<E>(
    work: &mut Work<'_>,
    batch: &Batch,
    blank: fn(&Work<'_>) -> E::Model,
    resource: fn(&E::Model) -> Uuid,
) -> Result<(Vec<Row<E::Model>>, Action), Error>
where
    E: EntityTrait,
    E::Model: Clone + PartialEq + Send + Sync + IntoActiveModel<E::ActiveModel>,
{
    let entity = work.lens.model.entity(work.mutation.entity);
    let (scopes, needs) = (work.lens.caller.takes(Step::ResourceManage), Step::ResourceManage.as_str());
    if let Some(action) = work.mutation.verb.archives() {
        let rows = archived::<E>(work, entity, batch, scopes, needs).await?;
        let resources: Vec<Uuid> = rows.iter().map(|row| resource(&row.after)).collect();
        lock::<resource::Entity>(work, &resources).await?;
        return Ok((rows, action));
    }
    let rows = open::<E>(work, entity, &batch.items, blank).await?;
    of_item::wholes::<resource::Entity, _>(work, &rows, "Resource", ("resource", "resource_id"), scopes, needs).await?;
    Ok((rows, Action::Written))
}

fn write_skills<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (rows, action) = opened::<resource_skill::Entity>(work, &batch, blank_skill, |m| m.resource_id).await?;
        let resources: HashSet<Uuid> = rows.iter().map(|row| row.after.resource_id).collect();
        let of = resource_skill::Column::ResourceId.is_in(resources);
        let stored = resource_skill::Entity::find().filter(of).all(work.txn).await?;
        let name = |m: &resource_skill::Model| (m.resource_id, m.skill_id, None);
        are_once(work, &rows, stored.iter().map(|m| (m.id, name(m))), name, "The resource has this skill already.");
        for row in &rows {
            let m = &row.after;
            if !(1..=5).contains(&m.level) {
                let line = "`level` is 1 to 5.";
                work.fail(row, UserError::new(UserCode::OutOfRange, row.place("level"), line));
            }
            if m.verified_by_id.is_some() != m.verified_on.is_some() {
                let field = if m.verified_on.is_some() { "verifiedOn" } else { "verifiedBy" };
                let line = "Whoever verified a level did so on a day: give both or none.";
                work.fail(row, UserError::rule(row.place(field), "VERIFIED_BY_SOMEBODY", line));
            }
        }
        save::<resource_skill::Entity>(work, rows, &batch, action).await
    }
    .boxed()
}

fn write_certificates<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (mut rows, action) =
            opened::<certification_held::Entity>(work, &batch, blank_certificate, |m| m.resource_id).await?;
        expire(work, &mut rows).await?;
        let resources: HashSet<Uuid> = rows.iter().map(|row| row.after.resource_id).collect();
        let of = certification_held::Column::ResourceId.is_in(resources);
        let stored = certification_held::Entity::find().filter(of).all(work.txn).await?;
        let name = |m: &certification_held::Model| (m.resource_id, m.certification_id, Some(m.issued_on));
        let line = "The resource holds this certificate from that day on already.";
        are_once(work, &rows, stored.iter().map(|m| (m.id, name(m))), name, line);
        for row in &rows {
            if row.after.expires_on.is_some_and(|end| end < row.after.issued_on) {
                ends_first(work, row, ["expiresOn", "issuedOn"]);
            }
        }
        save::<certification_held::Entity>(work, rows, &batch, action).await
    }
    .boxed()
}

/// New certificates hold for the months of theirs, where nothing else is said.
async fn expire(work: &mut Work<'_>, rows: &mut [Row<certification_held::Model>]) -> Result<(), Error> {
    let open = |row: &&mut Row<certification_held::Model>| row.before.is_none() && !row.gives("expiresOn");
    let ids: HashSet<Uuid> = rows.iter_mut().filter(open).map(|row| row.after.certification_id).collect();
    let which = certification::Column::Id.is_in(ids);
    let certificates = certification::Entity::find().filter(which).all(work.txn).await?;
    for row in rows.iter_mut().filter(open) {
        let of = certificates.iter().find(|certificate| certificate.id == row.after.certification_id);
        let months = of.and_then(|certificate| u32::try_from(certificate.valid_months?).ok());
        let ends = |months: u32| row.after.issued_on.checked_add_months(Months::new(months))?.pred_opt();
        row.after.expires_on = months.and_then(ends);
    }
    Ok(())
}

fn write_time_off<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (rows, action) = opened::<time_off::Entity>(work, &batch, blank_time_off, |m| m.resource_id).await?;
        for row in &rows {
            if row.after.end_on < row.after.start_on {
                ends_first(work, row, ["endOn", "startOn"]);
            }
            if row.after.minutes_per_day.is_some_and(|minutes| !(1..=DAY).contains(&minutes)) {
                let line = format!("`minutesPerDay` is 1 to {DAY}.");
                work.fail(row, UserError::new(UserCode::OutOfRange, row.place("minutesPerDay"), line));
            }
        }
        save::<time_off::Entity>(work, rows, &batch, action).await
    }
    .boxed()
}

fn ends_first<M>(work: &mut Work<'_>, row: &Row<M>, [end, start]: [&str; 2]) {
    if !work.is_refused(row.index) {
        let place = row.place(if row.gives(end) { end } else { start });
        work.fail(row, UserError::rule(place, "DATES_IN_ORDER", format!("`{end}` comes before `{start}`.")));
    }
}

/// What a resource has once: its id, that of what it has, and from when on where it may have it again later.
type Name = (Uuid, Uuid, Option<NaiveDate>);

/// Refuses what a resource has already, or another item of the list gives it.
fn are_once<M>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    stored: impl Iterator<Item = (Uuid, Name)>,
    name: impl Fn(&M) -> Name,
    line: &str,
) where
    M: sea_orm::ModelTrait,
{
    let id = crate::write::value::id;
    let written: HashSet<Uuid> = rows.iter().map(|row| id(&row.after)).collect();
    let mut taken: HashSet<Name> = stored.filter(|(id, _)| !written.contains(id)).map(|(_, name)| name).collect();
    for row in rows {
        if !work.is_refused(row.index) && !taken.insert(name(&row.after)) {
            work.fail(row, UserError::new(UserCode::Duplicate, row.path.clone(), line));
        }
    }
}

/// A skill of nobody.
fn blank_skill(work: &Work<'_>) -> resource_skill::Model {
    resource_skill::Model {
        id: work.clock.new_id(),
        resource_id: Uuid::nil(),
        skill_id: Uuid::nil(),
        level: 1,
        verified_by_id: None,
        verified_on: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A certificate of nobody.
fn blank_certificate(work: &Work<'_>) -> certification_held::Model {
    certification_held::Model {
        id: work.clock.new_id(),
        resource_id: Uuid::nil(),
        certification_id: Uuid::nil(),
        issued_on: work.now.date_naive(),
        expires_on: None,
        reference: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// Time off of nobody.
fn blank_time_off(work: &Work<'_>) -> time_off::Model {
    time_off::Model {
        id: work.clock.new_id(),
        resource_id: Uuid::nil(),
        start_on: work.now.date_naive(),
        end_on: work.now.date_naive(),
        minutes_per_day: None,
        reason: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}
