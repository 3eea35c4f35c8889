//! Deciding on what was measured: validated, given back, or taken back after all. Finance decides where it is cash, the
//! office everywhere, and nobody on what she wrote herself.

use async_graphql_value::ConstValue;
use entity::{
    benefit,
    benefit_actual::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};

use super::{
    actual_write::{blank, finish},
    due,
    parts::Parts,
};
use crate::{
    auth::{Class, Step, steps::Duty},
    error::Error,
    write::{Done, Member, Mutation, Row, UserCode, UserError, Verb, Work, duty, input, rows::text_fits},
};

/// Characters of the longest note on a decision.
const LONGEST_NOTE: usize = 4_000;
/// What a note is asked for with.
const NOTE: Member = Member { name: "note", ty: "String!", doc: "Why; at most 4,000 characters." };

/// The mutations that decide.
pub fn mutations() -> Vec<Mutation> {
    let act = |ending: &str, doc: &str, input: &[Member], run| Mutation {
        name: format!("benefitActual{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "BenefitActual",
        verb: Verb::Act,
        input: input.to_vec(),
        payload: vec![],
        inputs: vec![],
        run,
    };
    vec![
        act(
            "Validate",
            "Confirms what was measured: it never changes again. By finance where the benefit is cash, else by the office, and never by who recorded it.",
            &[],
            validate,
        ),
        act(
            "Return",
            "Gives back what was recorded, with a note: it counts as not measured until it is written again.",
            &[NOTE],
            give_back,
        ),
        act(
            "Reverse",
            "Takes back what was validated, with a note: it counts no longer, and its due date is open again.",
            &[NOTE],
            reverse,
        ),
    ]
}

fn validate<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (mut parts, _) = open(work, input, "RECORDED").await?;
        for row in &mut parts.rows {
            "VALIDATED".clone_into(&mut row.after.state);
            row.after.validated_at = Some(work.now);
            row.after.validated_by_id = work.lens.caller.person;
        }
        finish(work, parts).await
    }
    .boxed()
}

fn give_back<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (mut parts, note) = open(work, input, "RECORDED").await?;
        parts.refuse(work, |_, of| {
            (!due::is_measured(of)).then_some((UserCode::IllegalState, "nobody could write it again."))
        });
        for row in &mut parts.rows {
            "RETURNED".clone_into(&mut row.after.state);
            row.after.decision_note.clone_from(&note);
        }
        finish(work, parts).await
    }
    .boxed()
}

fn reverse<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (mut parts, note) = open(work, input, "VALIDATED").await?;
        for row in &mut parts.rows {
            "REVERSED".clone_into(&mut row.after.state);
            row.after.decision_note.clone_from(&note);
            row.after.reversed_at = Some(work.now);
            row.after.reversed_by_id = work.lens.caller.person;
        }
        finish(work, parts).await
    }
    .boxed()
}

/// Finds and locks the row, and refuses who may not decide on it, or what cannot be decided now. With the note, if any.
async fn open(work: &mut Work<'_>, given: &ConstValue, due: &str) -> Result<(Parts<Model>, Option<String>), Error> {
    let parts = Parts::of_measures::<benefit_actual::Entity>(work, given, Class::BenActual, &[], blank).await?;
    let note = input::text(given, "note");
    for row in &parts.rows {
        if let Some(note) = note.as_ref().filter(|_| !work.is_refused(row.index)) {
            note_fits(work, row, note);
        }
        let Some(of) = parts.of(row) else { continue };
        may_decide(work, row, of).await?;
        if row.after.state != due && !work.is_refused(row.index) {
            let line = format!("This is {}.", row.after.state);
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
    }
    Ok((parts, note))
}

fn note_fits(work: &mut Work<'_>, row: &Row<Model>, note: &str) {
    let at = row.path.at("note");
    if note.trim().is_empty() {
        work.fail(row, UserError::new(UserCode::Required, at, "Say why."));
    } else {
        text_fits(work, row, at, note, LONGEST_NOTE);
    }
}

/// Refuses who may not decide on this kind of benefit, or wrote what is to be decided on.
async fn may_decide(work: &mut Work<'_>, row: &Row<Model>, of: &benefit::Model) -> Result<(), Error> {
    let is_cash = of.kind == "FINANCIAL_CASHABLE";
    let step = if is_cash { Step::BenefitValidateCashable } else { Step::BenefitValidate };
    let refuse = |line: &str| UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", step.as_str());
    let held = work.lens.holds(row.entity, &[row.after.id], &[work.lens.caller.takes(step)]).await?;
    if !held.get(&row.after.id).is_some_and(|held| held[0]) {
        work.fail(row, refuse("This step is not yours to take."));
        return Ok(());
    }
    if duty::is_caller(work, row.after.recorded_by_id, row.after.recorded_principal.as_deref()).await? {
        let error = refuse("Who recorded it does not decide on it.");
        work.fail(row, error.with("conflictOfDuty", Duty::Recorder.as_str()));
    }
    Ok(())
}
