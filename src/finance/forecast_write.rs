//! Writing forecasts: drafts and their lines, and their publishing.

use async_graphql_value::ConstValue;
use entity::{
    forecast::{self, Column as C, Model},
    forecast_line, portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    lines::{self, APART, Whole},
    versions,
};
use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, archived, follow, open, save},
        usual, written,
    },
};

type Forecasts = forecast::Entity;

/// Forecasts as wholes of lines.
const WHOLE: Whole = Whole {
    name: "Forecast",
    link: "forecast",
    by: "forecast_id",
    line: "ForecastLine",
    needs: "FIN_WRITE",
    sum: "allocated_amount",
    is_limit: false,
    apart: APART.0,
    apart_by: APART.1,
};

/// The mutations of forecasts and their lines.
pub fn mutations() -> Vec<Mutation> {
    let fin = Some(Class::Fin.write());
    let act = |ending: &str, doc: &str, needs, run| Mutation {
        name: format!("forecast{ending}"),
        doc: doc.to_owned(),
        needs,
        entity: "Forecast",
        verb: Verb::Act,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run,
    };
    let gone =
        |what: &str| format!("Removes a {what} while its forecast is a draft. Nothing of it is left but its trail.");
    [
        usual("Forecast", "forecast", fin, false, write),
        vec![
            delete("Forecast", "forecast", fin, gone("Forecast, with its lines,"), remove),
            act("Revise", "Makes a new draft from a version, with its lines.", fin, revise),
            act("Publish", "Publishes a draft: it is the item's current forecast, never changes again, and the one before is superseded.", None, publish),
        ],
        written("ForecastLine", "forecastLine", fin, write_lines),
        vec![delete("ForecastLine", "forecastLine", fin, gone("ForecastLine"), write_lines)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Forecast"), Class::Fin.write());
        let scopes = work.lens.caller.rights.scopes(needs);
        let needs = needs.to_string();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Forecasts>(work, entity, &batch, scopes, &needs).await?;
            versions::stays(work, &rows, action, &["PUBLISHED"], "The current forecast is not archived.");
            return save::<Forecasts>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Forecasts>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        versions::are_drafts(work, &rows, WHOLE);
        versions::number::<Forecasts>(work, &mut rows, scopes, &needs).await?;
        for row in rows.iter().filter(|row| row.after.state == "DRAFT") {
            of_item::money_agrees(work, row);
        }
        save::<Forecasts>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A draft for nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        revision: 0,
        state: "DRAFT".to_owned(),
        as_of_on: work.now.date_naive(),
        currency: String::new(),
        amount: None,
        note: None,
        allocated_amount: 0,
        reported_portfolio_id: None,
        source: None,
        published_at: None,
        published_by_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn write_lines<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let scopes = work.lens.caller.rights.scopes(Class::Fin.write());
        lines::write::<Forecasts, forecast_line::Entity>(work, input, WHOLE, scopes, blank_line, |_, _| ()).await
    }
    .boxed()
}

/// A line of nothing.
pub fn blank_line(work: &Work<'_>) -> forecast_line::Model {
    forecast_line::Model {
        id: work.clock.new_id(),
        forecast_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        period_id: Uuid::nil(),
        category_id: None,
        expenditure: None,
        currency: String::new(),
        amount: None,
        note: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// The forecasts that are removed or made again, for who writes them.
async fn open_to_write(work: &mut Work<'_>, batch: &Batch) -> Result<Vec<Row<Model>>, Error> {
    let rows = open::<Forecasts>(work, work.lens.model.entity("Forecast"), &batch.items, blank).await?;
    let scopes = work.lens.caller.rights.scopes(Class::Fin.write());
    rows::demand(work, &rows, scopes, WHOLE.needs).await?;
    of_item::items_are_open(work, &rows).await?;
    Ok(rows)
}

fn remove<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to_write(work, &batch).await?;
        versions::remove::<Forecasts, forecast_line::Entity>(work, rows, &batch, WHOLE).await
    }
    .boxed()
}

fn revise<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open_to_write(work, &batch).await?;
        versions::revise::<Forecasts, forecast_line::Entity>(work, rows, &batch, WHOLE, again).await
    }
    .boxed()
}

/// A version as a draft again, published by nobody.
fn again(work: &Work<'_>, version: &Model) -> Model {
    let fresh = blank(work);
    Model {
        id: fresh.id,
        state: fresh.state,
        source: None,
        published_at: None,
        published_by_id: None,
        archived_at: None,
        ..version.clone()
    }
}

fn publish<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open::<Forecasts>(work, work.lens.model.entity("Forecast"), &batch.items, blank).await?;
        rows::demand(work, &rows, work.lens.caller.takes(Step::ForecastPublish), Step::ForecastPublish.as_str())
            .await?;
        of_item::items_are_open(work, &rows).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
        // Two who publish for the same item wait for each other here.
        rows::lock::<portfolio_item::Entity>(work, &ids).await?;
        let former = Forecasts::find().filter(C::ItemId.is_in(ids)).filter(C::State.eq("PUBLISHED"));
        let former = former.order_by_asc(C::Id).lock_exclusive().all(work.txn).await?;
        let mut superseded = vec![];
        for row in &mut rows {
            if work.is_refused(row.index) {
                continue;
            }
            if row.after.state != "DRAFT" {
                let line = format!("A forecast that is {} is not published.", row.after.state);
                let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
                work.fail(row, error.with("state", &row.after.state).with("allowed", "DRAFT"));
                continue;
            }
            for before in former.iter().filter(|before| before.item_id == row.after.item_id) {
                if before.as_of_on > row.after.as_of_on {
                    let line = format!("A forecast of {} is published already.", before.as_of_on);
                    work.fail(row, UserError::rule(row.path.clone(), "FORECASTS_IN_ORDER", line));
                }
                let after = Model { state: "SUPERSEDED".to_owned(), ..before.clone() };
                superseded.push(Row::derived(row.entity, before.clone(), after));
            }
            "PUBLISHED".clone_into(&mut row.after.state);
            row.after.published_at = Some(work.now);
            row.after.published_by_id = work.lens.caller.person;
        }
        let rejected = work.rejects(&batch);
        let done = save::<Forecasts>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            follow::<Forecasts>(work, superseded).await?;
        }
        Ok(done)
    }
    .boxed()
}
