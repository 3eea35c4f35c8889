//! Writing issues: their days follow each other, and a closed one changes only once it is open again.

use async_graphql_value::ConstValue;
use entity::issue::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::begin::{are_idle, are_open, begin, not_to_come, within};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserError, Work, of_item,
        rows::{archived, open, save},
        usual,
    },
};

type Issues = issue::Entity;

/// The mutations of issues, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    usual("Issue", "issue", Some(Class::Work.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("Issue"), Class::Work.write());
        if let Some(action) = work.mutation.verb.archives() {
            let scopes = work.lens.caller.rights.scopes(needs);
            let rows = archived::<Issues>(work, entity, &batch, scopes, &needs.to_string()).await?;
            of_item::items_are_open(work, &rows).await?;
            are_idle(work, &rows, action, &["IN_PROGRESS", "RESOLVED"]);
            return save::<Issues>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Issues>(work, entity, &batch.items, blank).await?;
        begin::<Issues>(work, &mut rows).await?;
        are_open(work, &rows, &["CLOSED"]);
        for row in &rows {
            of_item::money_agrees(work, row);
            agrees(work, row);
        }
        save::<Issues>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// An issue of nothing yet, raised today.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        description: None,
        category: None,
        severity: "MEDIUM".to_owned(),
        state: "OPEN".to_owned(),
        owner_id: None,
        risk_id: None,
        escalated_to_id: None,
        currency: String::new(),
        impact_amount: None,
        impact_days: None,
        resolution: None,
        raised_on: work.now.date_naive(),
        due_on: None,
        resolved_on: None,
        closed_on: None,
        reported_portfolio_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    within(work, row, &[("impactDays", m.impact_days.map(i64::from))], i64::MAX);
    not_to_come(work, row, "raisedOn", m.raised_on);
    let place = |field| row.place(if row.gives(field) { field } else { "raisedOn" });
    for (field, day) in [("dueOn", m.due_on), ("resolvedOn", m.resolved_on)] {
        if day.is_some_and(|day| day < m.raised_on) {
            let line = format!("`{field}` comes before `raisedOn`.");
            work.fail(row, UserError::rule(place(field), "DATES_IN_ORDER", line));
        }
    }
    if m.state == "RESOLVED" && m.resolution.is_none() {
        let line = "What is resolved says how.";
        work.fail(row, UserError::rule(place("resolution"), "ISSUE_RESOLUTION", line));
    }
}
