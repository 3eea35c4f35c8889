//! Tasks among those of their project: below what may hold them, apportioned to what is measured by itself, each number given
//! once. Whoever asks has locked the project.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use entity::task::{self, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    earned,
    rules::{TaskKind, Technique},
};
use crate::{
    error::Error,
    write::{
        Action, Row, UserCode, UserError, Work,
        hierarchy::{Places, path},
    },
};

/// Tasks by id.
pub type Known = HashMap<Uuid, Model>;

/// Tasks from the top to the deepest.
const MAX_DEPTH: usize = 20;

/// All tasks of these projects.
pub async fn known(work: &Work<'_>, projects: &[Uuid]) -> Result<Known, Error> {
    let all = task::Entity::find().filter(task::Column::ItemId.is_in(projects.iter().copied()));
    Ok(all.all(work.txn).await?.into_iter().map(|task| (task.id, task)).collect())
}

/// The archive is filled from below and emptied from above, as that of items.
pub fn archives_from_below(work: &mut Work<'_>, rows: &[Row<Model>], known: &Known, action: Action) {
    for row in rows {
        let is_open = |other: &&Model| other.parent_id == Some(row.after.id) && other.archived_at.is_none();
        let parent = row.after.parent_id.and_then(|id| known.get(&id));
        let line = match action {
            Action::Archived if known.values().any(|task| is_open(&task)) => "What is part of it is archived first.",
            Action::Unarchived if parent.is_some_and(|parent| parent.archived_at.is_some()) => {
                "What it is part of is taken out of the archive first."
            }
            _ => continue,
        };
        work.fail(row, UserError::rule(row.path.clone(), "ARCHIVED_FROM_BELOW", line));
    }
}

/// Refuses a number that another task of the project has, archived ones apart. Of two rows of one list the last is to blame.
pub fn numbers_are_free(work: &mut Work<'_>, rows: &[Row<Model>], known: &Known) {
    // A row that is refused stays where it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| row.after.id).collect();
        let number = |task: &Model| {
            let wbs = task.wbs.clone().filter(|_| task.archived_at.is_none())?;
            Some((task.item_id, wbs))
        };
        let mut taken: HashSet<(Uuid, String)> =
            known.values().filter(|task| !written.contains(&task.id)).filter_map(number).collect();
        let twice = |row: &&Row<Model>| number(&row.after).is_some_and(|number| !taken.insert(number));
        let twice: Vec<&Row<Model>> = good.into_iter().filter(twice).collect();
        if twice.is_empty() {
            return;
        }
        for row in twice {
            let line = "Another task of the project has this number.";
            let path = if row.gives("wbs") { row.place("wbs") } else { row.named_at.clone() };
            work.fail(row, UserError::new(UserCode::Duplicate, path, line));
        }
    }
}

/// Refuses rows that would stand below themselves, too deep, or below what does not hold them, and those that would earn with
/// what cannot be earned with. What cannot change stays as it is and may then stand in another's way: so until all stand.
pub fn stays_a_tree(work: &mut Work<'_>, rows: &[Row<Model>], known: &Known) {
    loop {
        let mut after: HashMap<Uuid, &Model> = known.iter().map(|(id, task)| (*id, task)).collect();
        let good = rows.iter().filter(|row| !work.has_failed(row.index));
        after.extend(good.map(|row| (row.after.id, &row.after)));
        let mut wrong = misplaced(work, rows, &after);
        wrong.extend(misapportioned(work, rows, &after));
        if wrong.is_empty() {
            return;
        }
        for (at, error) in wrong {
            work.fail(&rows[at], error);
        }
    }
}

type Wrong = BTreeMap<usize, UserError>;

fn misplaced(work: &Work<'_>, rows: &[Row<Model>], after: &HashMap<Uuid, &Model>) -> Wrong {
    let places: Places = after.values().map(|task| (task.id, task.parent_id)).collect();
    let is_moved = |row: &Row<Model>| row.before.as_ref().is_none_or(|before| before.parent_id != row.after.parent_id);
    let good = || (0..rows.len()).filter(|at| !work.has_failed(rows[*at].index));
    let moved: BTreeMap<usize, Uuid> =
        good().filter(|at| is_moved(&rows[*at])).map(|at| (at, rows[at].after.id)).collect();
    let rule = |at: usize, field: &str, line: &str| (at, UserError::rule(rows[at].place(field), "TASK_PARENT", line));
    // First the rings: who hangs below one is not to blame for it.
    let is_ring = |id: Uuid| path(&places, id, MAX_DEPTH).last().and_then(|top| places.get(top)) == Some(&Some(id));
    let rings = moved.iter().filter(|(_, id)| is_ring(**id));
    let rings: Wrong = rings.map(|(at, _)| rule(*at, "parent", "A task is no part of itself.")).collect();
    if !rings.is_empty() {
        return rings;
    }
    let mut wrong = Wrong::new();
    for id in places.keys().filter(|_| !moved.is_empty()) {
        let path = path(&places, *id, MAX_DEPTH);
        if path.len() > MAX_DEPTH
            && let Some((at, _)) = moved.iter().find(|(_, moved)| path.contains(moved))
        {
            wrong.extend([rule(*at, "parent", "The tree would be deeper than twenty tasks.")]);
        }
    }
    let by_id: HashMap<Uuid, usize> = good().map(|at| (rows[at].after.id, at)).collect();
    for part in after.values().filter(|part| part.archived_at.is_none()) {
        let Some(parent) = part.parent_id else { continue };
        let holds = after.get(&parent).is_some_and(|parent| parent.item_id == part.item_id && may_hold(parent, part));
        if holds {
            continue;
        }
        // Whoever is written is to blame: the part by its place, else what holds it by its kind.
        if let Some(at) = by_id.get(&part.id) {
            let field = if rows[*at].gives("parent") { "parent" } else { "kind" };
            let line =
                "A part stands below a summary of its project; a milestone also below the task that it measures.";
            wrong.extend([rule(*at, field, line)]);
        } else if let Some(at) = by_id.get(&parent) {
            let field = if rows[*at].gives("kind") { "kind" } else { "earnedValueTechnique" };
            wrong.extend([rule(*at, field, "What has parts stays what may hold them.")]);
        }
    }
    wrong
}

fn may_hold(parent: &Model, part: &Model) -> bool {
    let kinds = TaskKind::parse(&parent.kind).zip(TaskKind::parse(&part.kind));
    kinds.is_some_and(|(kind, part)| kind.may_hold(earned::technique(parent), part))
}

/// A task earns with one that is measured by itself, of the same project.
fn misapportioned(work: &Work<'_>, rows: &[Row<Model>], after: &HashMap<Uuid, &Model>) -> Wrong {
    let by_id: BTreeMap<Uuid, usize> =
        (0..rows.len()).filter(|at| !work.has_failed(rows[*at].index)).map(|at| (rows[at].after.id, at)).collect();
    let named: BTreeSet<Uuid> = after.values().filter_map(|task| task.apportioned_to_id).collect();
    let mut wrong = Wrong::new();
    if named.is_empty() {
        return wrong;
    }
    for task in after.values() {
        let Some(base) = task.apportioned_to_id else { continue };
        let measured =
            after.get(&base).filter(|base| base.item_id == task.item_id).and_then(|base| earned::technique(base));
        let cannot = [Some(Technique::Apportioned), Some(Technique::LevelOfEffort), None];
        if base != task.id && !cannot.contains(&measured) {
            continue;
        }
        let line = "A task earns with a task of its project that is measured by itself.";
        let (at, field) = match (by_id.get(&task.id), by_id.get(&base)) {
            (Some(at), _) => (*at, "apportionedTo"),
            (None, Some(at)) => (*at, "earnedValueTechnique"),
            (None, None) => continue,
        };
        wrong.insert(at, UserError::rule(rows[at].place(field), "APPORTIONED", line));
    }
    wrong
}
