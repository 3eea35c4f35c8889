//! Who may approve which budget or cost plan, and what follows from approving a budget: the version before is superseded,
//! and the item has another budget.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    budget::{self, Model},
    item_ancestor, portfolio_item, role_assignment,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    decisions::{Decided, in_force},
    rules,
};
use crate::{
    auth::{Role, Scopes, Step, steps, steps::Duty},
    error::Error,
    graph::value::{MONEY_SCALE, write_decimal},
    write::{
        Row, UserCode, UserError, Work, duty,
        rows::{self, follow},
        value,
    },
};

/// Refuses what the caller may not approve, and what cannot be.
pub async fn check<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>], kind: Decided) -> Result<(), Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| value::id(&row.after)).collect();
    let beyond = unlimited(work, kind.approve);
    let held = work.lens.holds(work.lens.model.entity(kind.whole.name), &ids, &[beyond]).await?;
    let limits = limits(work, rows).await?;
    for row in rows {
        if work.is_refused(row.index) {
            continue;
        }
        let refuse = |line: &str| {
            UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", kind.approve.as_str())
        };
        let submitter = value::text(&row.after, "submitted_principal");
        let person = value::optional_id(&row.after, "submitted_by_id");
        if duty::is_caller(work, person, submitter.as_deref()).await? {
            let line = format!("Who submitted a {} does not approve it.", kind.noun);
            work.fail(row, refuse(&line).with("conflictOfDuty", Duty::Submitter.as_str()));
            continue;
        }
        if held.get(&value::id(&row.after)).is_some_and(|held| held[0]) {
            continue;
        }
        let parts = kind.counted.iter().filter_map(|column| value::integer(&row.after, column));
        let total = rules::sum(parts).unwrap_or(i64::MAX);
        let (item, currency) = place(row);
        let limit = limits.get(&(item, currency.clone())).copied();
        if limit.is_none_or(|limit| total > limit) {
            let error = refuse("This is above your approval limit.").with("rule", "APPROVAL_LIMIT");
            work.fail(
                row,
                match limit {
                    Some(limit) => error.with("limit", format!("{} {currency}", decimal(limit))),
                    None => error,
                },
            );
        }
    }
    Ok(())
}

/// The item of a version, and the currency of its money.
fn place<M: ModelTrait>(row: &Row<M>) -> (Uuid, String) {
    let item = value::optional_id(&row.after, "item_id").unwrap_or_default();
    (item, value::text(&row.after, "currency").unwrap_or_default())
}

fn decimal(units: i64) -> String {
    let mut text = vec![];
    write_decimal(&mut text, i128::from(units), MONEY_SCALE);
    String::from_utf8_lossy(&text).into_owned()
}

/// Where the caller approves whatever the amount: by any role but a sponsor's.
fn unlimited(work: &Work<'_>, step: Step) -> Scopes {
    let roles: Vec<Role> = work.lens.caller.roles.iter().copied().filter(|role| *role != Role::Sponsor).collect();
    if work.lens.caller.takes(step).is_empty() {
        return Scopes::NONE;
    }
    steps::scopes(&roles, step)
}

/// The highest limit for each item and currency that the caller's valid assignments as a sponsor give her: one that names
/// an item holds for it and all below it. Without an assignment that says one there is none, and nothing is approved.
async fn limits<M: ModelTrait>(work: &Work<'_>, rows: &[Row<M>]) -> Result<HashMap<(Uuid, String), i64>, Error> {
    use role_assignment::Column as A;
    let Some(me) = work.lens.caller.person else { return Ok(HashMap::new()) };
    let today = work.now.date_naive();
    let valid = Condition::all()
        .add(A::PersonId.eq(me))
        .add(A::Role.eq(Role::Sponsor.as_str()))
        .add(A::ArchivedAt.is_null())
        .add(A::ValidFromOn.lte(today))
        .add(Condition::any().add(A::ValidToOn.is_null()).add(A::ValidToOn.gte(today)));
    let assignments = role_assignment::Entity::find().filter(valid).all(work.txn).await?;
    let items: BTreeSet<Uuid> = rows.iter().map(|row| place(row).0).collect();
    let above: HashSet<(Uuid, Uuid)> = item_ancestor::Entity::find()
        .select_only()
        .columns([item_ancestor::Column::AncestorId, item_ancestor::Column::ItemId])
        .filter(item_ancestor::Column::ItemId.is_in(items.iter().copied()))
        .into_tuple::<(Uuid, Uuid)>()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    let mut limits: HashMap<(Uuid, String), i64> = HashMap::new();
    for assignment in assignments {
        let Some((limit, currency)) = assignment.approval_limit_amount.zip(assignment.approval_limit_currency) else {
            continue;
        };
        let holds = |item: &&Uuid| assignment.item_id.is_none_or(|scope| above.contains(&(scope, **item)));
        for item in items.iter().filter(holds) {
            let known = limits.entry((*item, currency.clone())).or_insert(limit);
            *known = limit.max(*known);
        }
    }
    Ok(limits)
}

/// What follows from approving budgets.
#[derive(Default)]
pub struct Effects {
    superseded: Vec<Row<Model>>,
    items: Vec<Row<portfolio_item::Model>>,
}

/// The versions that are superseded and the items that have another budget, locked. A version that is older than the one
/// in force is refused, and so is a transfer that would no longer sum to 0.
pub async fn effects(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<Effects, Error> {
    let former = in_force::<budget::Entity>(work, rows).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
    let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
    let mut effects = Effects::default();
    let mut moved = vec![];
    for row in rows {
        let version = &row.after;
        let before = former.get(&version.item_id);
        if version.transfer_id.is_some() {
            let amount = |version: &Model| version.amount.unwrap_or_default();
            moved.push((version.currency.as_str(), amount(version) - before.map(amount).unwrap_or_default()));
        }
        if let Some(before) = before {
            let after = Model { state: "SUPERSEDED".to_owned(), ..before.clone() };
            effects.superseded.push(Row::derived(row.entity, before.clone(), after));
        }
        if let Some(item) = items.get(&version.item_id).filter(|item| item.budget_amount != version.amount) {
            let after = portfolio_item::Model { budget_amount: version.amount, ..item.clone() };
            let entity = work.lens.model.of_kind("PortfolioItem", &item.kind);
            effects.items.push(Row::derived(entity, item.clone(), after));
        }
    }
    if !rules::unbalanced(moved).is_empty()
        && let Some(row) = rows.first()
    {
        let line = "The budgets have changed since the transfer was made: it no longer sums to 0.";
        let error = UserError::rule(row.path.clone(), "TRANSFER_SUM", line);
        work.fail(row, error);
    }
    Ok(effects)
}

impl Effects {
    /// Writes them.
    pub async fn write(self, work: &mut Work<'_>) -> Result<(), Error> {
        follow::<budget::Entity>(work, self.superseded).await?;
        follow::<portfolio_item::Entity>(work, self.items).await
    }
}
