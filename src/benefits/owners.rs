//! Who answers for a benefit is never who runs the item that is to bring it: that would be her own judge.

use std::collections::HashSet;

use entity::{
    benefit::{self, Column as C},
    portfolio_item,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    error::Error,
    write::{Row, UserError, Work},
};

/// The rule that both sides name.
const RULE: &str = "BENEFIT_OWNER";
/// Pairs of one statement; databases bound the number of parameters.
const CHUNK: usize = 400;

/// Refuses a benefit whose owner manages its item.
pub(super) fn stands_apart(work: &mut Work<'_>, row: &Row<benefit::Model>, item: Option<&portfolio_item::Model>) {
    let (owner, manager) = (row.after.owner_id, item.and_then(|item| item.project_manager_id));
    let is_settled = row.before.as_ref().is_some_and(|b| (b.owner_id, b.archived_at) == (owner, row.after.archived_at));
    if owner.is_some() && owner == manager && !is_settled && !work.is_refused(row.index) {
        let line = "The owner of a benefit is another than the item's project manager.";
        work.fail(row, UserError::rule(row.place("owner"), RULE, line));
    }
}

/// Refuses to let items be run by who owns a benefit of theirs. The items are locked, so no benefit changes its owner
/// meanwhile.
pub async fn stand_apart(work: &mut Work<'_>, rows: &[Row<portfolio_item::Model>]) -> Result<(), Error> {
    let newly = |row: &&Row<portfolio_item::Model>| {
        row.before.as_ref().is_some_and(|before| before.project_manager_id != row.after.project_manager_id)
    };
    let named = |row: &Row<portfolio_item::Model>| Some((row.after.id, row.after.project_manager_id?));
    let pairs: Vec<(Uuid, Uuid)> = rows.iter().filter(newly).filter_map(named).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    // Looked up in sets: a condition of its own for each pair would grow with the list, and with it the depth of the text.
    let mut found: HashSet<(Uuid, Option<Uuid>)> = HashSet::new();
    for some in pairs.chunks(CHUNK) {
        let owned = benefit::Entity::find()
            .select_only()
            .columns([C::ItemId, C::OwnerId])
            .filter(C::ItemId.is_in(some.iter().map(|(item, _)| *item)))
            .filter(C::OwnerId.is_in(some.iter().map(|(_, person)| *person)))
            .filter(C::ArchivedAt.is_null())
            .into_tuple::<(Uuid, Option<Uuid>)>()
            .all(work.txn)
            .await?;
        found.extend(owned);
    }
    for row in rows.iter().filter(newly) {
        if found.contains(&(row.after.id, row.after.project_manager_id)) && !work.is_refused(row.index) {
            let line = "Who is to run this owns a benefit of it.";
            work.fail(row, UserError::rule(row.place("projectManager"), RULE, line));
        }
    }
    Ok(())
}
