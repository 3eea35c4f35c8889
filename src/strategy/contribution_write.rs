//! Writing what items contribute. The item is locked before its contributions are looked at, so that what is written at
//! the same time cannot give away more than the whole of it.

use std::collections::{BTreeMap, HashMap};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    objective_contribution::{self, Column as C, Model},
    portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{self, Span, WHOLE};
use crate::{
    auth::Step,
    error::Error,
    graph::value::write_decimal,
    write::{
        Action, Done, Mutation, Path, Row, UserCode, UserError, Work, of_item,
        rows::{self, archived, open, save},
        usual,
    },
};

type Contributions = objective_contribution::Entity;

/// The mutations of contributions.
pub fn mutations() -> Vec<Mutation> {
    usual("ObjectiveContribution", "objectiveContribution", None, false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("ObjectiveContribution");
        let (scopes, needs) = (work.lens.caller.takes(Step::StrategySteer), Step::StrategySteer.as_str());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Contributions>(work, entity, &batch, scopes, needs).await?;
            if action == Action::Unarchived {
                let items: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
                rows::lock::<portfolio_item::Entity>(work, &items).await?;
                fit_together(work, &rows).await?;
            }
            return save::<Contributions>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Contributions>(work, entity, &batch.items, blank).await?;
        let items = of_item::items(work, &rows, scopes, needs).await?;
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                of_item::take_scope(row, item);
            }
            agrees(work, row);
        }
        fit_together(work, &rows).await?;
        save::<Contributions>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A contribution of nothing to nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        objective_id: Uuid::nil(),
        rating: None,
        share: None,
        rationale: None,
        valid_from_on: None,
        valid_to_on: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What a contribution says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    if m.rating.is_none() && m.share.is_none() {
        let line = "A contribution has a rating, a share or both.";
        let error = match row.before {
            None => UserError::new(UserCode::Required, row.path.at("rating"), line),
            Some(_) => UserError::rule(place(row, &["share", "rating"]), "CONTRIBUTION_SAYS", line),
        };
        work.fail(row, error);
    }
    if m.share.is_some_and(|share| !(0..=WHOLE).contains(&share)) {
        let line = "A share is 0 to 1.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("share"), line));
    }
    if m.valid_from_on.zip(m.valid_to_on).is_some_and(|(from, to)| to < from) {
        let line = "`validToOn` comes before `validFromOn`.";
        work.fail(row, UserError::rule(place(row, &["validToOn", "validFromOn"]), "DATES_IN_ORDER", line));
    }
}

/// Where the first of these fields that was given stands.
fn place(row: &Row<Model>, fields: &[&str]) -> Path {
    fields.iter().find(|field| row.gives(field)).map_or_else(|| row.path.clone(), |field| row.place(field))
}

/// Refuses rows that contribute to one objective twice on a day, or more than the whole of their item. Of several rows in
/// one list the last is to blame; without it the others are looked at again.
async fn fit_together(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let items: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
    let stored = Contributions::find().filter(C::ItemId.is_in(items)).all(work.txn).await?;
    loop {
        let mut all: BTreeMap<Uuid, &Model> = stored.iter().map(|c| (c.id, c)).collect();
        let written = rows.iter().filter(|row| !work.has_failed(row.index));
        let written: HashMap<Uuid, &Row<Model>> = written.map(|row| (row.after.id, row)).collect();
        all.extend(written.iter().map(|(id, row)| (*id, &row.after)));
        all.retain(|_, c| c.archived_at.is_none());
        let mut by_item: BTreeMap<Uuid, Vec<&Model>> = BTreeMap::new();
        for c in all.into_values() {
            by_item.entry(c.item_id).or_default().push(c);
        }
        let mut wrong: BTreeMap<usize, UserError> = BTreeMap::new();
        for contributions in by_item.values() {
            if let Some((row, error)) = wrong_of_item(contributions, &written) {
                let at = rows.iter().position(|other| other.after.id == row.after.id).unwrap_or_default();
                wrong.insert(at, error);
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        for (at, error) in wrong {
            work.fail(&rows[at], error);
        }
    }
}

/// The row that is to blame for what is wrong with an item's contributions, if anything is.
fn wrong_of_item<'r>(
    contributions: &[&Model],
    written: &HashMap<Uuid, &'r Row<Model>>,
) -> Option<(&'r Row<Model>, UserError)> {
    let last = |among: &mut dyn Iterator<Item = &Model>| -> Option<&'r Row<Model>> {
        among.filter_map(|c| written.get(&c.id).copied()).max_by_key(|row| row.index)
    };
    for (at, one) in contributions.iter().enumerate() {
        let meets = |other: &&&Model| other.objective_id == one.objective_id && span(other).meets(span(one));
        let Some(other) = contributions[at + 1..].iter().find(meets) else { continue };
        let row = last(&mut [*one, *other].into_iter())?;
        let line = "The item contributes to this objective on some of these days already.";
        let at = place(row, &["validFromOn", "validToOn", "objective"]);
        return Some((row, UserError::new(UserCode::Duplicate, at, line)));
    }
    let parts: Vec<(Span, i64)> = contributions.iter().filter_map(|c| Some((span(c), c.share?))).collect();
    let (day, sum) = rules::overfull(&parts)?;
    let row = last(&mut contributions.iter().copied().filter(|c| c.share > Some(0) && span(c).holds_on(day)))?;
    // Contributions have their item's scope: who sees the item, as whoever writes one does, sees all that are summed.
    let (day, sum) = (shown_day(day), shown(sum));
    let line = format!(
        "The shares of the item would sum to {sum}{}.",
        day.as_ref().map_or(String::new(), |d| format!(" on {d}"))
    );
    let at = place(row, &["share", "validFromOn", "validToOn"]);
    let error = UserError::rule(at, "CONTRIBUTION_SHARES", line).with("sum", sum);
    Some((
        row,
        match day {
            Some(day) => error.with("day", day),
            None => error,
        },
    ))
}

/// The days on which a contribution holds.
fn span(c: &Model) -> Span {
    Span { from: c.valid_from_on, to: c.valid_to_on }
}

/// A day as the API writes it; none for one that stands for always.
fn shown_day(day: NaiveDate) -> Option<String> {
    (day != NaiveDate::MAX).then(|| day.to_string())
}

/// A ratio as the API writes it.
fn shown(ratio: i128) -> String {
    let mut text = vec![];
    write_decimal(&mut text, ratio, crate::graph::value::RATIO_SCALE);
    String::from_utf8_lossy(&text).into_owned()
}
