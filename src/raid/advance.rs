//! The steps of the lives of risks, responses and issues: which may follow is in `rules`. A risk that occurs opens an
//! issue in the same transaction.

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{issue, risk, risk_response};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter};

use super::{
    issue_write, response_write, risk_write,
    rules::{self, Life},
};
use crate::{
    auth::Class,
    error::Error,
    graph::encode_id,
    write::{
        Action, Batch, Done, Member, Mutation, Row, Run, UserCode, UserError, Verb, Work, input, of_item,
        rows::{self, follow, open, save},
        value,
    },
};

/// The mutations that take a step.
pub fn mutations() -> Vec<Mutation> {
    let act = |entity: &'static str, single: &str, ty, doc: &str, day, run: Run| Mutation {
        name: format!("{single}StateAdvance"),
        doc: doc.to_owned(),
        needs: Some(Class::Work.write()),
        entity,
        verb: Verb::Act,
        input: vec![
            Member { name: "to", ty, doc: "The state that follows." },
            Member { name: "on", ty: "LocalDate", doc: day },
        ],
        payload: vec![],
        inputs: vec![],
        run,
    };
    vec![
        act(
            "Risk",
            "risk",
            "RiskState!",
            "Takes a Risk to the next state of its life. One that is ASSESSED has a probability and an impact level, one that is TREATED a response; one that has OCCURRED opens an Issue.",
            "The day on which it was closed or happened, not after today; today if not said. No other state has a day.",
            advance_risk,
        ),
        act(
            "RiskResponse",
            "riskResponse",
            "RiskResponseState!",
            "Takes a RiskResponse to the next state of its life.",
            "The day on which it was begun, completed or cancelled, not after today; today if not said.",
            advance_response,
        ),
        act(
            "Issue",
            "issue",
            "IssueState!",
            "Takes an Issue to the next state of its life, or opens it again. One that is RESOLVED says how.",
            "The day on which it was resolved or closed, not after today; today if not said. No other state has a day.",
            advance_issue,
        ),
    ]
}

/// A step that may be taken: the state, and its day.
struct Taken {
    to: String,
    on: NaiveDate,
}

/// The rows, for who writes them.
async fn found<E>(
    work: &mut Work<'_>,
    batch: &Batch,
    blank: impl Fn(&Work<'_>) -> E::Model,
) -> Result<Vec<Row<E::Model>>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let entity = work.lens.model.entity(work.mutation.entity);
    let rows = open::<E>(work, entity, &batch.items, blank).await?;
    let needs = Class::Work.write();
    rows::demand(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
    of_item::items_are_open(work, &rows).await?;
    Ok(rows)
}

/// The step that the input asks for; none where it may not follow. `dated` are the states that have a day, which is not
/// before `from`.
fn asked<M: ModelTrait>(
    work: &mut Work<'_>,
    row: &Row<M>,
    input: &ConstValue,
    states: Life,
    (dated, from): (&[&str], Option<NaiveDate>),
) -> Option<Taken> {
    if work.is_refused(row.index) {
        return None;
    }
    let to = input::text(input, "to")?;
    let state = value::text(&row.after, "state").unwrap_or_default();
    let next = states.followers(&state);
    if !next.contains(&to.as_str()) {
        let line = format!("From {state} it does not go to {to}.");
        let error = UserError::new(UserCode::IllegalState, row.path.at("to"), line).with("state", state);
        work.fail(row, error.with("allowed", next.join(",")));
        return None;
    }
    let today = work.now.date_naive();
    let given = input::text(input, "on").and_then(|on| on.parse::<NaiveDate>().ok());
    let line = match given {
        Some(_) if !dated.contains(&to.as_str()) => Some("This state has no day."),
        Some(on) if on > today => Some("`on` is not after today."),
        Some(on) if from.is_some_and(|from| on < from) => Some("`on` comes before what it ends was there."),
        _ => None,
    };
    if let Some(line) = line {
        work.fail(row, UserError::new(UserCode::OutOfRange, row.path.at("on"), line));
        return None;
    }
    Some(Taken { to, on: given.unwrap_or(today) })
}

fn advance_risk<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = found::<risk::Entity>(work, &batch, risk_write::blank).await?;
        let mut issues = vec![];
        for row in &mut rows {
            let dated = (&risk_write::OVER[..], Some(row.after.identified_on));
            let Some(Taken { to, on }) = asked(work, row, input, rules::RISK, dated) else { continue };
            if let Some(field) = risk_write::unassessed(&row.after).filter(|_| matches!(&*to, "ASSESSED" | "TREATED")) {
                let line = format!("It is assessed by a probability and an impact level: `{field}` is missing.");
                work.fail(row, UserError::rule(row.path.at("to"), "RISK_ASSESSED", line).with("field", field));
            }
            if to == "TREATED" && !is_answered(work, &row.after).await? {
                let line = "It is treated by a response, be it that it is accepted.";
                work.fail(row, UserError::rule(row.path.at("to"), "RISK_RESPONSE", line));
            }
            if risk_write::OVER.contains(&to.as_str()) {
                row.after.closed_on = Some(on);
            }
            if to == "OCCURRED" {
                issues.push(Row::made(work.lens.model.entity("Issue"), issue_of(work, &row.after, on)));
            }
            row.after.state = to;
        }
        let rejected = work.rejects(&batch);
        let done = save::<risk::Entity>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            follow::<issue::Entity>(work, issues).await?;
        }
        Ok(done)
    }
    .boxed()
}

/// Whether something is done about a risk, or was decided to be. Whoever writes its responses waits for its row, which is
/// locked.
async fn is_answered(work: &Work<'_>, risk: &risk::Model) -> Result<bool, Error> {
    use risk_response::Column as C;
    let responses = risk_response::Entity::find().filter(C::RiskId.eq(risk.id)).filter(C::State.ne("CANCELLED"));
    Ok(responses.filter(C::ArchivedAt.is_null()).count(work.txn).await? > 0)
}

/// The issue that a risk became.
fn issue_of(work: &Work<'_>, risk: &risk::Model, on: NaiveDate) -> issue::Model {
    let blank = issue_write::blank(work);
    let severity = match risk.impact_level.as_deref() {
        Some("VERY_LOW" | "LOW") => "LOW",
        Some("HIGH") => "HIGH",
        Some("VERY_HIGH") => "CRITICAL",
        _ => "MEDIUM",
    };
    issue::Model {
        key: encode_id("isu", blank.id),
        item_id: risk.item_id,
        portfolio_id: risk.portfolio_id,
        is_restricted: risk.is_restricted,
        title: risk.title.clone(),
        title_fold: risk.title_fold.clone(),
        description: risk.event.clone(),
        category: risk.category.clone(),
        severity: severity.to_owned(),
        owner_id: risk.owner_id,
        risk_id: Some(risk.id),
        escalated_to_id: risk.escalated_to_id,
        currency: risk.currency.clone(),
        impact_amount: risk.impact_amount,
        impact_days: risk.impact_days,
        raised_on: on,
        reported_portfolio_id: risk.reported_portfolio_id,
        ..blank
    }
}

fn advance_response<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = found::<risk_response::Entity>(work, &batch, response_write::blank).await?;
        // Whether a risk is treated is decided with its row locked.
        let risks: Vec<_> = rows.iter().map(|row| row.after.risk_id).collect();
        rows::lock::<risk::Entity>(work, &risks).await?;
        for row in &mut rows {
            let dated = (&["ACTIVE", "COMPLETED", "CANCELLED"][..], row.after.started_on);
            let Some(Taken { to, on }) = asked(work, row, input, rules::RESPONSE, dated) else { continue };
            let day = if to == "ACTIVE" { &mut row.after.started_on } else { &mut row.after.completed_on };
            *day = Some(on);
            row.after.state = to;
        }
        save::<risk_response::Entity>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn advance_issue<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = found::<issue::Entity>(work, &batch, issue_write::blank).await?;
        for row in &mut rows {
            let from = row.after.resolved_on.unwrap_or(row.after.raised_on);
            let dated = (&["RESOLVED", "CLOSED"][..], Some(from));
            let Some(Taken { to, on }) = asked(work, row, input, rules::ISSUE, dated) else { continue };
            let m = &mut row.after;
            match to.as_str() {
                "RESOLVED" => m.resolved_on = Some(on),
                "CLOSED" => m.closed_on = Some(on),
                _ => (m.resolved_on, m.closed_on) = (None, None),
            }
            if to == "RESOLVED" && m.resolution.is_none() {
                let line = "What is resolved says how: `resolution` is missing.";
                work.fail(row, UserError::rule(row.path.at("to"), "ISSUE_RESOLUTION", line));
            }
            row.after.state = to;
        }
        save::<issue::Entity>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}
