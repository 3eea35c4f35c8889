//! Writing lines of budgets, forecasts and cost plans: only while the whole is a draft, in open periods, one for each period,
//! category and expenditure. What the lines sum to stands on the whole, in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{cost_category, fiscal_period};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::{
    auth::Scopes,
    error::Error,
    write::{
        Action, Done, Row, UserCode, UserError, Verb, Work, of_item,
        rows::{self, drop_rows, follow, open, save},
        value::{self, column},
    },
};

/// What lines are parts of.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    /// The entity, such as `Budget`.
    pub name: &'static str,
    /// The field of a line that leads to it, such as `budget`.
    pub link: &'static str,
    /// The column of a line that leads to it.
    pub by: &'static str,
    /// The entity of the lines.
    pub line: &'static str,
    /// What writing it needs.
    pub needs: &'static str,
    /// The column of the whole that has what its lines sum to.
    pub sum: &'static str,
    /// Whether the lines may not sum to more than its amount.
    pub is_limit: bool,
    /// What tells the lines of a whole apart.
    pub apart: &'static [&'static str],
    /// The same as columns.
    pub apart_by: &'static [&'static str],
}

/// What tells lines of budgets and forecasts apart, as fields and as columns.
pub const APART: (&[&str], &[&str]) =
    (&["period", "category", "expenditure"], &["period_id", "category_id", "expenditure"]);

/// Columns that a line has from its whole, besides the item's scope.
const SHARED: [&str; 2] = ["currency", "reported_portfolio_id"];

/// Creates, changes or removes lines. `settle` does what is left to do to a line that is written.
pub async fn write<W, L>(
    work: &mut Work<'_>,
    input: &ConstValue,
    whole: Whole,
    scopes: Scopes,
    blank: impl Fn(&Work<'_>) -> L::Model,
    settle: impl Fn(&mut Work<'_>, &mut Row<L::Model>),
) -> Result<Done, Error>
where
    W: EntityTrait,
    W::Model: IntoActiveModel<W::ActiveModel> + Clone + Send + Sync + PartialEq,
    W::ActiveModel: ActiveModelTrait<Entity = W> + Send,
    L: EntityTrait,
    L::Model: IntoActiveModel<L::ActiveModel> + Clone + Send + Sync + PartialEq,
    L::ActiveModel: ActiveModelTrait<Entity = L> + Send,
{
    let batch = work.read(input);
    let entity = work.lens.model.entity(whole.line);
    let mut rows = open::<L>(work, entity, &batch.items, blank).await?;
    let wholes = of_item::wholes::<W, _>(work, &rows, whole.name, (whole.link, whole.by), scopes, whole.needs).await?;
    for row in &mut rows {
        let Some(of) = value::optional_id(&row.after, whole.by).and_then(|id| wholes.get(&id)) else { continue };
        if row.before.is_none() {
            of_item::take(row, of, &SHARED);
        }
        let state = value::text(of, "state").unwrap_or_default();
        if state != "DRAFT" && !work.is_refused(row.index) {
            let path = if row.before.is_none() { row.place(whole.link) } else { row.named_at.clone() };
            of_item::immutable(work, row, path, whole.name, &state);
        } else if row.before.is_some() && value::is_archived(of) && !work.is_refused(row.index) {
            let line = format!("The {} is archived; take it out of the archive first.", whole.name);
            work.fail(row, UserError::new(UserCode::Immutable, row.named_at.clone(), line));
        }
    }
    of_item::items_are_open(work, &rows).await?;
    let removes = work.mutation.verb == Verb::Delete;
    if removes {
        rows::demand(work, &rows, scopes, whole.needs).await?;
    }
    periods_are_open(work, &rows).await?;
    if !removes {
        for row in &mut rows {
            of_item::money_agrees(work, row);
            settle(work, row);
        }
        categories_allow(work, &rows).await?;
        each_once::<L>(work, &rows, whole).await?;
    }
    let summed = sum::<W, L>(work, &rows, &wholes, whole, removes).await?;
    let rejected = work.rejects(&batch);
    let done = if removes {
        rows::remove::<L>(work, rows, &batch).await?
    } else {
        save::<L>(work, rows, &batch, Action::Written).await?
    };
    if !rejected {
        follow::<W>(work, summed).await?;
    }
    Ok(done)
}

/// Removes all lines of a whole that is removed itself.
pub async fn remove_all<L>(work: &mut Work<'_>, whole: Whole, id: Uuid) -> Result<(), Error>
where
    L: EntityTrait,
    L::Model: Clone + Send + Sync,
{
    let entity = work.lens.model.entity(whole.line);
    let lines = L::find().filter(column::<L>(whole.by).eq(id)).all(work.txn).await?;
    let rows = lines.into_iter().map(|line| Row::derived(entity, line.clone(), line)).collect();
    drop_rows::<L>(work, rows).await
}

/// The lines of a whole again, as those of another.
pub async fn copy_all<L>(work: &Work<'_>, whole: Whole, from: Uuid, to: Uuid) -> Result<Vec<Row<L::Model>>, Error>
where
    L: EntityTrait,
    L::Model: Clone + Send + Sync,
{
    let entity = work.lens.model.entity(whole.line);
    let lines = L::find().filter(column::<L>(whole.by).eq(from)).all(work.txn).await?;
    let copy = |mut line: L::Model| {
        line.set(column::<L>("id"), work.clock.new_id().into());
        line.set(column::<L>(whole.by), to.into());
        Row::made(entity, line)
    };
    Ok(lines.into_iter().map(copy).collect())
}

/// Figures of a closed period stand: refuses rows with a `period_id` of one.
pub async fn periods_are_open<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>]) -> Result<(), Error> {
    use fiscal_period::Column as C;
    let ids: BTreeSet<Uuid> = rows.iter().filter_map(|row| value::optional_id(&row.after, "period_id")).collect();
    // Locked, or it could be closed before this line is there.
    let closed = fiscal_period::Entity::find().filter(C::Id.is_in(ids)).lock_shared().all(work.txn).await?;
    let closed: HashMap<Uuid, String> =
        closed.into_iter().filter(|p| p.state == "CLOSED").map(|p| (p.id, p.key)).collect();
    for row in rows {
        let Some(key) = value::optional_id(&row.after, "period_id").and_then(|id| closed.get(&id)) else { continue };
        let path = if row.before.is_none() { row.place("period") } else { row.named_at.clone() };
        let error = UserError::new(UserCode::PeriodClosed, path, format!("{key} is closed."));
        work.fail(row, error.with("period", key));
    }
    Ok(())
}

/// Capital expenditure stands only in categories that allow it.
pub async fn categories_allow<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>]) -> Result<(), Error> {
    let category = |row: &Row<M>| value::optional_id(&row.after, "category_id");
    let is_capex = |row: &&Row<M>| value::text(&row.after, "expenditure").as_deref() == Some("CAPEX");
    let ids: BTreeSet<Uuid> = rows.iter().filter(is_capex).filter_map(category).collect();
    if ids.is_empty() {
        return Ok(());
    }
    // Locked, or the category could be closed to it before this line is there.
    let known = cost_category::Entity::find().filter(cost_category::Column::Id.is_in(ids)).lock_shared();
    let known = known.all(work.txn).await?;
    let allows: HashMap<Uuid, bool> = known.into_iter().map(|c| (c.id, c.is_capex_allowed)).collect();
    for row in rows.iter().filter(is_capex) {
        if category(row).is_some_and(|id| allows.get(&id) == Some(&false)) {
            let line = "This category is not for capital expenditure.";
            let place = if row.gives("expenditure") { "expenditure" } else { "category" };
            work.fail(row, UserError::rule(row.place(place), "CAPEX_ALLOWED", line));
        }
    }
    Ok(())
}

async fn each_once<L>(work: &mut Work<'_>, rows: &[Row<L::Model>], whole: Whole) -> Result<(), Error>
where
    L: EntityTrait,
{
    let columns = || std::iter::once(&whole.by).chain(whole.apart_by).map(|name| column::<L>(name));
    let name = |line: &L::Model| -> Vec<String> { columns().map(|column| format!("{:?}", line.get(column))).collect() };
    let of: BTreeSet<Uuid> = rows.iter().filter_map(|row| value::optional_id(&row.after, whole.by)).collect();
    let stored = L::find().filter(column::<L>(whole.by).is_in(of)).all(work.txn).await?;
    // A row that is refused stays where it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<L::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| value::id(&row.after)).collect();
        let mut taken: HashSet<Vec<String>> =
            stored.iter().filter(|line| !written.contains(&value::id(*line))).map(name).collect();
        let twice: Vec<&Row<L::Model>> = good.into_iter().filter(|row| !taken.insert(name(&row.after))).collect();
        if twice.is_empty() {
            return Ok(());
        }
        for row in twice {
            let (last, first) = whole.apart.split_last().unwrap_or((&"", &[]));
            let line = format!("This {} has a line for the {} and {last} already.", whole.name, first.join(", "));
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("period"), line));
        }
    }
}

/// The wholes with what their lines will sum to.
async fn sum<W, L>(
    work: &mut Work<'_>,
    rows: &[Row<L::Model>],
    wholes: &HashMap<Uuid, W::Model>,
    whole: Whole,
    removes: bool,
) -> Result<Vec<Row<W::Model>>, Error>
where
    W: EntityTrait,
    W::Model: Clone + PartialEq,
    L: EntityTrait,
{
    let amount = |line: &L::Model| value::integer(line, "amount").unwrap_or_default();
    let of = |line: &L::Model| value::optional_id(line, whole.by);
    let stored = L::find().filter(column::<L>(whole.by).is_in(wholes.keys().copied())).all(work.txn).await?;
    let entity = work.lens.model.entity(whole.name);
    // Of several rows in one list the last is to blame; without it the others are looked at again.
    loop {
        let good: Vec<&Row<L::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let replaced: HashSet<Uuid> = good.iter().map(|row| value::id(&row.after)).collect();
        let mut amounts: HashMap<Uuid, Vec<i64>> = HashMap::new();
        let kept = stored.iter().filter(|line| !replaced.contains(&value::id(*line)));
        let new = good.iter().filter(|_| !removes).map(|row| &row.after);
        for line in kept.chain(new) {
            if let Some(id) = of(line) {
                amounts.entry(id).or_default().push(amount(line));
            }
        }
        let last: BTreeMap<Option<Uuid>, &Row<L::Model>> = good.iter().map(|row| (of(&row.after), *row)).collect();
        let (mut out, mut wrong) = (vec![], vec![]);
        for (id, row) in last {
            let Some((id, model)) = id.and_then(|id| wholes.get(&id).map(|model| (id, model))) else { continue };
            let total = rules::sum(amounts.remove(&id).unwrap_or_default());
            let limit = value::integer(model, "amount").filter(|_| whole.is_limit && !removes);
            let path = row.place("amount");
            match total {
                None => {
                    let line = "The lines sum to more than can be kept.";
                    wrong.push((row, UserError::new(UserCode::OutOfRange, path, line)));
                }
                Some(total) if limit.is_some_and(|limit| total > limit) => {
                    let line = format!("The lines would sum to more than the amount of the {}.", whole.name);
                    wrong.push((row, UserError::rule(path, "LINES_WITHIN_AMOUNT", line)));
                }
                Some(total) => {
                    let mut after = model.clone();
                    after.set(column::<W>(whole.sum), total.into());
                    if after != *model {
                        out.push(Row::derived(entity, model.clone(), after));
                    }
                }
            }
        }
        if wrong.is_empty() {
            return Ok(out);
        }
        for (row, error) in wrong {
            work.fail(row, error);
        }
    }
}
