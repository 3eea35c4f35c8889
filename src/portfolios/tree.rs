//! Items in their tree: where a new or moved item stands, what that makes of its scope columns, and of those below it.
//! Every item that the answer depends on is locked until the transaction ends, so that the tree stays a tree.

use std::collections::{HashMap, HashSet};

use entity::portfolio_item::{self, Column as C, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::{
    error::Error,
    write::{Row, UserCode, UserError, Work},
};

/// Items from the top to the deepest.
pub const MAX_DEPTH: usize = 10;

/// The items above those that are being written.
pub struct Above(HashMap<Uuid, Model>);

impl Above {
    /// Reads and locks all items above the rows, a generation at a time.
    pub async fn load(work: &Work<'_>, rows: &[Row<Model>]) -> Result<Self, Error> {
        let mut known: HashMap<Uuid, Model> = HashMap::new();
        let mut wanted: Vec<Uuid> =
            rows.iter().filter(|row| is_placed(row)).filter_map(|r| r.after.parent_id).collect();
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
                wanted.extend(item.parent_id.filter(|parent| !known.contains_key(parent)));
                known.insert(item.id, item);
            }
        }
        Ok(Self(known))
    }

    /// Settles the scope columns of rows that are new or moved; what cannot stand where it is to stand is an error.
    pub fn place(&self, work: &mut Work<'_>, rows: &mut [Row<Model>]) {
        let mut settled: HashMap<Uuid, Model> = HashMap::new();
        let index: HashMap<Uuid, usize> = rows.iter().enumerate().map(|(at, row)| (row.after.id, at)).collect();
        for at in 0..rows.len() {
            if !is_placed(&rows[at]) {
                continue;
            }
            let mut chain = vec![at];
            // Rows of this very list may stand above each other: the upper ones are settled first.
            while let Some(parent) = rows[chain[chain.len() - 1]].after.parent_id
                && let Some(next) = index.get(&parent)
                && !chain.contains(next)
            {
                chain.push(*next);
            }
            for at in chain.into_iter().rev() {
                let error = self.settle(work, &rows[at], &settled, &index, rows);
                match error {
                    Ok(after) => {
                        settled.insert(after.id, after.clone());
                        rows[at].after = after;
                    }
                    Err(error) if !work.has_failed(rows[at].index) => work.fail(&rows[at], error),
                    Err(_) => {}
                }
            }
        }
    }

    fn settle(
        &self,
        work: &Work<'_>,
        row: &Row<Model>,
        settled: &HashMap<Uuid, Model>,
        index: &HashMap<Uuid, usize>,
        rows: &[Row<Model>],
    ) -> Result<Model, UserError> {
        let mut item = row.after.clone();
        let wrong = |code: UserCode, line: &str| UserError::new(code, row.place("parent"), line);
        let rule = |line: &str| UserError::rule(row.place("parent"), "HIERARCHY", line);
        let parent = match item.parent_id {
            None => None,
            Some(id) => {
                let parent = settled.get(&id).or_else(|| self.0.get(&id));
                Some(parent.ok_or_else(|| wrong(UserCode::NotFound, "There is no such item that you can see."))?)
            }
        };
        if let Some(parent) = parent {
            if !rules::may_stand_below(&item.kind, &parent.kind) {
                return Err(rule(
                    "A portfolio stands below a portfolio; a program below a portfolio or a program; a project below any of them.",
                ));
            }
            if parent.archived_at.is_some() {
                return Err(wrong(UserCode::IllegalState, "Nothing is put below an archived item."));
            }
        }
        // Up to the top, through the places that the rows of this list will have.
        let up = |id: Uuid| {
            let moved = index.get(&id).map(|at| &rows[*at]).filter(|row| !work.has_failed(row.index));
            moved.map_or_else(|| self.0.get(&id).and_then(|item| item.parent_id), |row| row.after.parent_id)
        };
        let (mut at, mut depth) = (item.parent_id, 1);
        while let Some(id) = at {
            depth += 1;
            if id == item.id {
                return Err(rule("An item cannot stand below itself."));
            }
            if depth > MAX_DEPTH {
                return Err(rule("The tree would be deeper than ten items."));
            }
            at = up(id);
        }
        scope(&mut item, parent);
        Ok(item)
    }
}

/// Whether a row is new, or stands elsewhere or is more or less confidential than before.
fn is_placed(row: &Row<Model>) -> bool {
    row.before.as_ref().is_none_or(|before| {
        before.parent_id != row.after.parent_id || before.confidentiality != row.after.confidentiality
    })
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
    let named: HashSet<Uuid> = rows.iter().map(|row| row.after.id).collect();
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
