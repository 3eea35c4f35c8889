//! Conflicts of duty: whether what was done before was done by this caller, also behind a key of hers.

use entity::audit_event::{self, Column as A};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::Work;
use crate::error::Error;

/// Whether the caller is the person or the credential that did something, or made or changed the key that did it: she may
/// hold its secret.
pub async fn is_caller(work: &Work<'_>, person: Option<Uuid>, principal: Option<&str>) -> Result<bool, Error> {
    let is_me = person.is_some() && person == work.lens.caller.person;
    if is_me || principal == Some(work.principal.as_str()) {
        return Ok(true);
    }
    let key = principal.and_then(|principal| principal.strip_prefix("key:")?.parse().ok());
    holds_key(work, key.as_slice()).await
}

/// Whether the caller made or changed one of these keys.
pub async fn holds_key(work: &Work<'_>, keys: &[Uuid]) -> Result<bool, Error> {
    if keys.is_empty() {
        return Ok(false);
    }
    let mut mine = Condition::any().add(A::Principal.eq(&work.principal));
    if let Some(me) = work.lens.caller.person {
        mine = mine.add(A::ActorId.eq(me));
    }
    let handed = audit_event::Entity::find().select_only().column(A::Id);
    let handed = handed.filter(A::TargetId.is_in(keys.iter().copied())).filter(mine);
    Ok(handed.into_tuple::<Uuid>().one(work.txn).await?.is_some())
}
