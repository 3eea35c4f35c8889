//! The steps of a booking's life. Whoever manages the resource confirms it, refuses it and decides on what is proposed; who
//! plans it gives it up as long as nobody confirmed it.

use async_graphql_value::ConstValue;
use entity::allocation::{self, Model};
use futures_util::{FutureExt as _, future::BoxFuture};

use super::allocation_write::{Bookings, blank};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Batch, Done, Member, Mutation, Row, Run, UserCode, UserError, Verb, Work,
        input::{self, member},
        of_item,
        rows::{self, open, text_fits},
    },
};

/// Characters of the longest text.
const LONGEST: usize = 2_000;

/// The mutations that take a step.
pub fn mutations() -> Vec<Mutation> {
    let act = |ending: &str, verb, doc: &str, input: Vec<Member>, run: Run| Mutation {
        name: format!("allocation{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "Allocation",
        verb,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    let reason = || Member {
        name: "excessReason",
        ty: "String",
        doc: "Why it may exceed the capacity of the resource, at most 2,000 characters; null where it may not.",
    };
    vec![
        act(
            "Confirm",
            Verb::Act,
            "Confirms an Allocation that is PROPOSED or SOFT: it becomes HARD. By who manages the resource. It is within the days of its project, and within the capacity of each day unless the excess is accepted.",
            vec![reason()],
            confirm,
        ),
        act(
            "BulkConfirm",
            Verb::BulkAct,
            "Confirms up to 1,000 Allocation rows in one transaction.",
            vec![reason()],
            confirm,
        ),
        act(
            "Decline",
            Verb::Act,
            "Refuses an Allocation that is PROPOSED or SOFT, by who manages the resource.",
            vec![],
            decline,
        ),
        act(
            "Release",
            Verb::Act,
            "Gives an Allocation up: a HARD one by who manages the resource, any other by who plans it, too.",
            vec![],
            release,
        ),
        act(
            "Complete",
            Verb::Act,
            "Ends a HARD Allocation whose last day is over, by who plans it or manages the resource.",
            vec![],
            complete,
        ),
        act(
            "ProposalDecide",
            Verb::Act,
            "Takes over what is proposed for a HARD Allocation, or drops it, by who manages the resource.",
            vec![Member { name: "isAccepted", ty: "Boolean!", doc: "Whether it is taken over." }, reason()],
            decide,
        ),
    ]
}

/// The rows, for who may take one of the steps, from one of the states.
async fn opened(
    work: &mut Work<'_>,
    input: &ConstValue,
    from: &[&str],
    steps: &[Step],
) -> Result<(Batch, Vec<Row<Model>>), Error> {
    let batch = work.read(input);
    let entity = work.lens.model.entity("Allocation");
    let rows = open::<allocation::Entity>(work, entity, &batch.items, blank).await?;
    let scopes = steps.iter().fold(crate::auth::Scopes::NONE, |all, step| all.or(work.lens.caller.takes(*step)));
    let needs: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
    rows::demand(work, &rows, scopes, &needs.join(" or ")).await?;
    of_item::items_are_open(work, &rows).await?;
    for row in &rows {
        if !from.contains(&row.after.state.as_str()) && !work.is_refused(row.index) {
            let line = format!("This booking is {}.", row.after.state);
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
    }
    Ok((batch, rows))
}

/// The reason that the input of a row gives, if it gives one that can be kept.
fn excess_reason(work: &mut Work<'_>, row: &Row<Model>) -> Option<String> {
    let given = input::text(&row.input, "excessReason")?;
    let path = row.path.at("excessReason");
    if given.trim().is_empty() {
        work.fail(row, UserError::new(UserCode::Required, path, "Say why, or leave it out."));
        return None;
    }
    text_fits(work, row, path, &given, LONGEST).then_some(given)
}

fn confirm<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (batch, mut rows) = opened(work, input, &["PROPOSED", "SOFT"], &[Step::AllocationConfirm]).await?;
        let bookings = Bookings::lock(work, &rows).await?;
        bookings.projects_go_on(work, &rows);
        for row in &mut rows {
            "HARD".clone_into(&mut row.after.state);
            row.after.excess_reason = excess_reason(work, row);
            row.after.confirmed_at = Some(work.now);
            row.after.confirmed_by_id = work.lens.caller.person;
        }
        bookings.finish(work, rows, &batch).await
    }
    .boxed()
}

fn decline<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (batch, rows) = opened(work, input, &["PROPOSED", "SOFT"], &[Step::AllocationConfirm]).await?;
        end(work, rows, &batch, "DECLINED").await
    }
    .boxed()
}

fn release<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let steps = [Step::AllocationPlan, Step::AllocationConfirm];
        let (batch, rows) = opened(work, input, &["PROPOSED", "SOFT", "HARD"], &steps).await?;
        let hard: Vec<Row<Model>> = rows.iter().filter(|row| row.after.state == "HARD").cloned().collect();
        let confirms = work.lens.caller.takes(Step::AllocationConfirm);
        rows::demand(work, &hard, confirms, Step::AllocationConfirm.as_str()).await?;
        end(work, rows, &batch, "RELEASED").await
    }
    .boxed()
}

fn complete<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let steps = [Step::AllocationPlan, Step::AllocationConfirm];
        let (batch, rows) = opened(work, input, &["HARD"], &steps).await?;
        for row in &rows {
            if row.after.end_on >= work.now.date_naive() && !work.is_refused(row.index) {
                let line = "Its last day is not over yet.";
                work.fail(row, UserError::rule(row.path.clone(), "DAYS_ARE_OVER", line));
            }
        }
        end(work, rows, &batch, "COMPLETED").await
    }
    .boxed()
}

fn decide<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (batch, mut rows) = opened(work, input, &["HARD"], &[Step::AllocationConfirm]).await?;
        let accepts = member(input, "isAccepted") == Some(&ConstValue::Boolean(true));
        for row in &mut rows {
            let m = &mut row.after;
            let Some(start_on) = m.proposed_start_on else {
                if !work.is_refused(row.index) {
                    let line = "Nothing is proposed for it.";
                    work.fail(row, UserError::new(UserCode::IllegalState, row.path.clone(), line));
                }
                continue;
            };
            if accepts {
                m.start_on = start_on;
                m.end_on = m.proposed_end_on.unwrap_or(m.end_on);
                m.minutes = m.proposed_minutes.unwrap_or(m.minutes);
            }
            (m.proposed_start_on, m.proposed_end_on, m.proposed_minutes) = (None, None, None);
            if accepts {
                row.after.excess_reason = excess_reason(work, row);
            }
        }
        // Read now: the days are others.
        let mut bookings = Bookings::lock(work, &rows).await?;
        if accepts {
            for row in &rows {
                bookings.respread(work, row);
            }
        }
        bookings.finish(work, rows, &batch).await
    }
    .boxed()
}

async fn end(work: &mut Work<'_>, mut rows: Vec<Row<Model>>, batch: &Batch, state: &str) -> Result<Done, Error> {
    let bookings = Bookings::lock(work, &rows).await?;
    for row in &mut rows {
        state.clone_into(&mut row.after.state);
        (row.after.proposed_start_on, row.after.proposed_end_on, row.after.proposed_minutes) = (None, None, None);
    }
    bookings.finish(work, rows, batch).await
}
