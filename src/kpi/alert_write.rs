//! Writing what is watched, and taking note of alerts. Alerts themselves are raised and closed by the deriver alone.

use async_graphql_value::ConstValue;
use entity::{alert, alert_rule};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::{
    of_day::{kpis, refigure},
    threshold_write::place,
};
use crate::{
    auth::Step,
    error::Error,
    graph::encode_id,
    write::{
        Action, Done, Member, Mutation, UserCode, UserError, Verb, Work, input,
        rows::{self, archived, keys_are_free, open, save},
        usual,
    },
};

type Rules = alert_rule::Entity;
type Alerts = alert::Entity;

/// Characters of the longest note.
const LONGEST: usize = 4_000;

/// The mutations of rules and alerts.
pub fn mutations() -> Vec<Mutation> {
    let mut all = usual("AlertRule", "alertRule", None, false, write);
    all.push(Mutation {
        name: "alertAcknowledge".to_owned(),
        doc: "Takes note of an Alert that is open: it stays until the KPI is back, and nobody is told again."
            .to_owned(),
        needs: None,
        entity: "Alert",
        verb: Verb::Act,
        input: vec![Member { name: "note", ty: "String", doc: "What is done about it; at most 4,000 characters." }],
        payload: vec![],
        inputs: vec![],
        run: acknowledge,
    });
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("AlertRule");
        let (scopes, needs) = (work.lens.caller.takes(Step::KpiSetUp), Step::KpiSetUp.as_str());
        let (mut rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Rules>(work, entity, &batch, scopes, needs).await?, action),
            None => (open::<Rules>(work, entity, &batch.items, blank).await?, Action::Written),
        };
        for row in rows.iter_mut().filter(|row| row.before.is_none() && !row.gives("key")) {
            row.after.key = encode_id("arl", row.after.id);
        }
        place(work, &mut rows, Step::KpiSetUp).await?;
        keys_are_free::<Rules>(work, &rows, None).await?;
        let kpis = kpis(work, &rows).await?;
        for row in rows.iter().filter(|row| row.before.is_none() && !work.is_refused(row.index)).collect::<Vec<_>>() {
            if kpis.get(&row.after.kpi_id).is_some_and(|kpi| kpi.direction == "NONE") {
                let line = "The KPI has neither direction nor color.";
                work.fail(row, UserError::new(UserCode::Invalid, row.place("kpi"), line));
            }
        }
        if !work.rejects(&batch) {
            refigure(work, &rows, &kpis, |rule| rule.has_descendants).await?;
        }
        save::<Rules>(work, rows, &batch, action).await
    }
    .boxed()
}

/// A rule about nothing.
pub fn blank(work: &Work<'_>) -> alert_rule::Model {
    alert_rule::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        kpi_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        has_descendants: false,
        status: "RED".to_owned(),
        is_enabled: true,
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn acknowledge<'a>(work: &'a mut Work<'_>, given: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(given);
        let entity = work.lens.model.entity("Alert");
        // Alerts are made by the deriver alone.
        let mut rows = open::<Alerts>(work, entity, &batch.items, |_| unreachable!("an alert is there")).await?;
        let scopes = work.lens.caller.takes(Step::AlertAcknowledge);
        rows::demand(work, &rows, scopes, Step::AlertAcknowledge.as_str()).await?;
        let note = input::text(given, "note").filter(|note| !note.trim().is_empty());
        for row in &mut rows {
            if work.is_refused(row.index) {
                continue;
            }
            let is_long = note.as_ref().is_some_and(|note| note.chars().count() > LONGEST);
            if is_long || note.as_ref().is_some_and(|note| note.contains('\0')) {
                let (code, line) = if is_long {
                    (UserCode::TooLong, format!("`note` has at most {LONGEST} characters."))
                } else {
                    (UserCode::Invalid, "A text cannot hold the character NUL.".to_owned())
                };
                let error = UserError::new(code, row.path.at("note"), line);
                work.fail(row, if is_long { error.with("max", LONGEST) } else { error });
                continue;
            }
            if row.after.state != "OPEN" {
                let line = format!("An alert that is {} is not acknowledged.", row.after.state);
                let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
                work.fail(row, error.with("state", row.after.state.clone()).with("allowed", "OPEN"));
                continue;
            }
            "ACKNOWLEDGED".clone_into(&mut row.after.state);
            row.after.acknowledged_at = Some(work.now);
            row.after.acknowledged_by_id = work.lens.caller.person;
            row.after.note.clone_from(&note);
        }
        save::<Alerts>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}
