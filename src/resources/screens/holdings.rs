//! What people can do and what is attested to them, of as many as are asked about in one statement each. Only rows that the
//! caller reads are in it.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use super::people::{Member, id};
use crate::{
    error::Error,
    graph::{ColumnType, ListType, Param, date_of, decl::Asking},
    resources::load::held::{Held, SkillLevel},
};

/// The skills of people, by person.
pub async fn skills(
    asking: &mut Asking<'_, '_>,
    people: &[Member],
) -> Result<HashMap<Uuid, Vec<SkillLevel<Uuid>>>, Error> {
    let entity = asking.model.entity("ResourceSkill");
    let scopes = asking.session.caller.rights.read(entity.class);
    let mut all: HashMap<Uuid, Vec<SkillLevel<Uuid>>> = HashMap::new();
    if people.is_empty() || scopes.is_empty() {
        return Ok(all);
    }
    let keys: Arc<[Uuid]> = people.iter().map(|person| person.id).collect();
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.resource_id, t0.skill_id, t0.level FROM resource_skill t0 WHERE t0.archived_at IS NULL");
    sql.push(" AND t0.resource_id").is_any(ListType::Id, Param::Keys);
    sql.visible(0, entity, scopes, " AND ");
    for row in asking.session.all(&sql.finish(), &keys).await? {
        if let (Some(resource), Some(skill)) = (id(&row, 0), id(&row, 1)) {
            let level = u8::try_from(row.int(2)).unwrap_or_default();
            all.entry(resource).or_default().push(SkillLevel { skill, level });
        }
    }
    Ok(all)
}

/// These certificates of people, by person.
pub async fn certificates(
    asking: &mut Asking<'_, '_>,
    people: &[Member],
    certificates: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Held<Uuid>>>, Error> {
    let entity = asking.model.entity("CertificationHeld");
    let scopes = asking.session.caller.rights.read(entity.class);
    let mut all: HashMap<Uuid, Vec<Held<Uuid>>> = HashMap::new();
    if people.is_empty() || certificates.is_empty() || scopes.is_empty() {
        return Ok(all);
    }
    let keys: Arc<[Uuid]> = people.iter().map(|person| person.id).collect();
    let of = Param::Const(crate::graph::DbValue::Ids(certificates.into()));
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.resource_id, t0.certification_id, t0.issued_on, t0.expires_on FROM certification_held t0 ");
    sql.push("WHERE t0.archived_at IS NULL AND t0.resource_id").is_any(ListType::Id, Param::Keys);
    sql.push(" AND t0.certification_id").is_any(ListType::Id, of);
    sql.visible(0, entity, scopes, " AND ");
    for row in asking.session.all(&sql.finish(), &keys).await? {
        if let (Some(resource), Some(certificate)) = (id(&row, 0), id(&row, 1)) {
            let (issued, expires) = (date_of(row.at(2, ColumnType::Date)), date_of(row.at(3, ColumnType::Date)));
            all.entry(resource).or_default().push(Held { certificate, issued, expires });
        }
    }
    Ok(all)
}
