//! Items in their tree: where a new or moved item stands, what that makes of its scope columns, and of those below it.
//! Every item that the answer depends on is locked until the transaction ends, so that the tree stays a tree.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::portfolio_item::{self, Column as C, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::{
    error::Error,
    write::{
        Row, UserCode, UserError, Work,
        hierarchy::{Places, path},
    },
};

/// Items from the top to the deepest.
pub const MAX_DEPTH: usize = 10;

/// The tree around the rows that are being written.
pub struct Around {
    /// All items above them, where they stood and where they are to stand.
    above: HashMap<Uuid, Model>,
    /// What stands below those that move, each with what it stands right below.
    below: HashMap<Uuid, Uuid>,
    /// Those of them that the caller sees: a hidden one stands in nobody's way.
    seen: Vec<Uuid>,
}

impl Around {
    /// Reads the tree around the rows, a generation at a time, and locks what is above them; nothing where none is placed.
    pub async fn load(work: &Work<'_>, rows: &[Row<Model>]) -> Result<Self, Error> {
        let mut around = Self { above: HashMap::new(), below: HashMap::new(), seen: vec![] };
        if !rows.iter().any(is_placed) {
            return Ok(around);
        }
        let mut wanted: Vec<Uuid> = rows.iter().filter_map(|row| row.after.parent_id).collect();
        while !wanted.is_empty() {
            wanted.sort_unstable();
            wanted.dedup();
            let found = portfolio_item::Entity::find()
                .filter(C::Id.is_in(std::mem::take(&mut wanted)))
                .order_by_asc(C::Id)
                .lock_shared()
                .all(work.txn)
                .await?;
            for item in found {
                wanted.extend(item.parent_id.filter(|parent| !around.above.contains_key(parent)));
                around.above.insert(item.id, item);
            }
        }
        let is_carried = |row: &&Row<Model>| row.before.is_some() && moves(row) && row.after.kind != "PROJECT";
        let mut front: Vec<Uuid> = rows.iter().filter(is_carried).map(|row| row.after.id).collect();
        while !front.is_empty() {
            let found: Vec<(Uuid, Uuid)> = portfolio_item::Entity::find()
                .select_only()
                .columns([C::Id, C::ParentId])
                .filter(C::ParentId.is_in(std::mem::take(&mut front)))
                .into_tuple()
                .all(work.txn)
                .await?;
            front.extend(found.iter().map(|(id, _)| *id).filter(|id| !around.below.contains_key(id)));
            around.below.extend(found);
        }
        if !around.below.is_empty() {
            let ids: Vec<Uuid> = around.below.keys().copied().collect();
            let seen = work.lens.by_id(work.lens.model.entity("PortfolioItem"), &ids).await?;
            around.seen = seen.into_keys().collect();
        }
        Ok(around)
    }

    /// Settles the scope columns of the rows; what cannot stand where it is to stand is an error.
    pub fn place(&self, work: &mut Work<'_>, rows: &mut [Row<Model>]) {
        if !rows.iter().any(is_placed) {
            return;
        }
        // What cannot go stays where it is, and may then stand in another's way: so until all of them stand.
        let places = loop {
            let places = self.places(work, rows);
            let misplaced = self.misplaced(work, rows, &places);
            if misplaced.is_empty() {
                break places;
            }
            for (at, error) in misplaced {
                work.fail(&rows[at], error);
            }
        };
        let index: HashMap<Uuid, usize> = rows.iter().enumerate().map(|(at, row)| (row.after.id, at)).collect();
        let mut settled: HashMap<Uuid, Model> = HashMap::new();
        for at in 0..rows.len() {
            if work.has_failed(rows[at].index) {
                continue;
            }
            // From the top down: whatever stands between may get another scope from a row of this very list.
            for id in path(&places, rows[at].after.id, MAX_DEPTH).into_iter().rev() {
                let written = index.get(&id).map(|at| &rows[*at]).filter(|row| !work.has_failed(row.index));
                let Some(item) = written.map(|row| &row.after).or_else(|| self.above.get(&id)) else { continue };
                let mut item = item.clone();
                let parent = item.parent_id.and_then(|id| settled.get(&id).or_else(|| self.above.get(&id)));
                scope(&mut item, parent);
                settled.insert(id, item);
            }
            if let Some(item) = settled.get(&rows[at].after.id) {
                rows[at].after = item.clone();
            }
        }
    }

    fn places(&self, work: &Work<'_>, rows: &[Row<Model>]) -> Places {
        let mut places: Places = self.below.iter().map(|(id, parent)| (*id, Some(*parent))).collect();
        places.extend(self.above.values().map(|item| (item.id, item.parent_id)));
        for row in rows {
            let stays = row.before.as_ref().filter(|_| work.has_failed(row.index));
            places.insert(row.after.id, stays.unwrap_or(&row.after).parent_id);
        }
        places
    }

    /// The rows that cannot stand where they are to stand.
    fn misplaced(&self, work: &Work<'_>, rows: &[Row<Model>], places: &Places) -> Vec<(usize, UserError)> {
        let rule = |at: usize, line: &str| (at, UserError::rule(rows[at].place("parent"), "HIERARCHY", line));
        let open = |at: &usize| moves(&rows[*at]) && !work.has_failed(rows[*at].index);
        let moved: Vec<usize> = (0..rows.len()).filter(open).collect();
        // First the rings: who hangs below one is not to blame for it.
        let is_ring = |at: &usize| {
            let path = path(places, rows[*at].after.id, MAX_DEPTH);
            path.last().is_some_and(|top| places.get(top) == Some(&Some(rows[*at].after.id)))
        };
        let rings: Vec<_> =
            moved.iter().copied().filter(is_ring).map(|at| rule(at, "An item cannot stand below itself.")).collect();
        if !rings.is_empty() {
            return rings;
        }
        let mut wrong = BTreeMap::new();
        for at in &moved {
            let Some(parent) = rows[*at].after.parent_id else { continue };
            let place = || rows[*at].place("parent");
            let Some(parent) = self.above.get(&parent) else {
                let line = "There is no such item that you can see.";
                wrong.insert(*at, UserError::new(UserCode::NotFound, place(), line));
                continue;
            };
            if !rules::may_stand_below(&rows[*at].after.kind, &parent.kind) {
                let line =
                    "A portfolio stands below a portfolio; a program or a project below a portfolio or a program.";
                wrong.extend([rule(*at, line)]);
            } else if parent.archived_at.is_some() {
                let line = "Nothing is put below an archived item.";
                wrong.insert(*at, UserError::new(UserCode::IllegalState, place(), line));
            }
        }
        let index: HashMap<Uuid, usize> = moved.iter().map(|at| (rows[*at].after.id, *at)).collect();
        for id in index.keys().chain(&self.seen) {
            let path = path(places, *id, MAX_DEPTH);
            if path.len() > MAX_DEPTH
                && let Some(at) = path.iter().find_map(|id| index.get(id))
            {
                wrong.entry(*at).or_insert_with(|| rule(*at, "The tree would be deeper than ten items.").1);
            }
        }
        wrong.into_iter().collect()
    }
}

/// Whether a row is new, or stands elsewhere than before.
fn moves(row: &Row<Model>) -> bool {
    row.before.as_ref().is_none_or(|before| before.parent_id != row.after.parent_id)
}

/// Whether a row is new, or stands elsewhere or is more or less confidential than before.
fn is_placed(row: &Row<Model>) -> bool {
    moves(row) || row.before.as_ref().is_some_and(|before| before.confidentiality != row.after.confidentiality)
}

/// The items that are new, or those that were moved, among the rows that will be written.
pub fn placed(work: &Work<'_>, rows: &[Row<Model>], new: bool) -> Vec<Uuid> {
    let written = rows.iter().filter(|row| !work.has_failed(row.index) && row.before.is_none() == new);
    written.filter(|row| moves(row)).map(|row| row.after.id).collect()
}

/// The scope columns of an item below its parent.
fn scope(item: &mut Model, parent: Option<&Model>) {
    item.portfolio_id = if item.kind == "PORTFOLIO" { Some(item.id) } else { parent.and_then(|p| p.portfolio_id) };
    item.program_id = match parent {
        Some(parent) if item.kind == "PROJECT" && parent.kind == "PROGRAM" => Some(parent.id),
        _ => None,
    };
    item.is_restricted = item.confidentiality == "CONFIDENTIAL" || parent.is_some_and(|p| p.is_restricted);
}

/// The items below those whose scope changed, with the scope that they have now. They are changed rows like any other:
/// whoever follows them is told.
pub async fn below(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<Vec<Row<Model>>, Error> {
    // One with an error stays as it is, but follows what is above it all the same.
    let named: HashSet<Uuid> = rows.iter().filter(|row| !work.has_failed(row.index)).map(|row| row.after.id).collect();
    let mut front: HashMap<Uuid, Model> = rows
        .iter()
        .filter(|row| {
            !work.has_failed(row.index) && row.before.as_ref().is_some_and(|b| scope_of(b) != scope_of(&row.after))
        })
        .map(|row| (row.after.id, row.after.clone()))
        .collect();
    let mut out: Vec<Row<Model>> = vec![];
    while !front.is_empty() {
        let mut ids: Vec<Uuid> = front.keys().copied().collect();
        ids.sort_unstable();
        let children = portfolio_item::Entity::find()
            .filter(C::ParentId.is_in(ids))
            .order_by_asc(C::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let mut next = HashMap::new();
        for before in children {
            let Some(parent) = before.parent_id.and_then(|id| front.get(&id)) else { continue };
            if named.contains(&before.id) {
                continue;
            }
            let mut after = before.clone();
            scope(&mut after, Some(parent));
            if scope_of(&after) != scope_of(&before) {
                next.insert(after.id, after.clone());
                out.push(Row::derived(super::entity_of(work, &before.kind), before, after));
            }
        }
        front = next;
    }
    let moved = rows.iter().filter(|row| !work.has_failed(row.index)).chain(&out);
    let moved = moved.filter(|row| row.before.as_ref().is_some_and(|b| scope_of(b) != scope_of(&row.after)));
    work.rescoped = moved.map(|row| row.after.id).collect();
    Ok(out)
}

fn scope_of(item: &Model) -> (Option<Uuid>, Option<Uuid>, bool) {
    (item.portfolio_id, item.program_id, item.is_restricted)
}
