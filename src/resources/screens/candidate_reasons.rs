//! Why a candidate fits a request and why not: a code and a sentence for each part of the score.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    demand::Demand,
    line::Why,
    people::{Member as Person, link},
};
use crate::{
    graph::decl::Asking,
    resources::load::{
        candidates::Candidate,
        held::{SkillMatch, Validity},
    },
    write::{Member, PlainType, Shape},
};

/// Their types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "CandidateReason",
            doc: "Why a candidate fits a request, or why not.",
            shape: Shape::Object(vec![
                member("code", "CandidateReasonCode!", "What it is."),
                member("message", "String!", "The same as a sentence."),
                member("skill", "Skill", "The skill that it is about; null for others."),
                member("certification", "Certification", "The certificate that it is about; null for others."),
            ]),
        },
        PlainType {
            name: "CandidateReasonCode",
            doc: "A reason for which a candidate fits, or does not.",
            shape: Shape::Choice(vec![
                ("WISHED", "The request wishes for this very resource."),
                ("ROLE", "It has the role that is asked for."),
                ("OTHER_ROLE", "It has another role, or none."),
                ("SKILL", "It has the skill at the level that is asked for, or above."),
                ("SKILL_BELOW", "It has the skill at a lower level."),
                ("SKILL_MISSING", "It does not have the skill."),
                ("CERTIFIED", "The certificate holds on all days of the request."),
                ("CERTIFICATE_EXPIRING", "It ends before the request does."),
                ("CERTIFICATE_NOT_YET", "It holds only from a later day on."),
                ("CERTIFICATE_EXPIRED", "It held before, and holds no longer."),
                ("CERTIFICATE_MISSING", "It is not held."),
                ("FREE", "All minutes that are asked for are free."),
                ("PARTLY_FREE", "Some of them are free."),
                ("NOT_FREE", "None of them is."),
                ("CAPACITY_UNKNOWN", "Nobody knows its capacity."),
                ("LOCATION", "It works where the work is done."),
                ("OTHER_LOCATION", "It works elsewhere, or nobody knows where."),
            ]),
        },
    ]
}

/// The reasons for a candidate, in the order of the parts of the score.
pub fn reasons(asking: &Asking<'_, '_>, demand: &Demand, person: &Person, candidate: &Candidate<Uuid>) -> Vec<Json> {
    let plain =
        |code: &str, line: String| json!({ "code": code, "message": line, "skill": null, "certification": null });
    let mut all = vec![];
    if demand.wished == Some(person.id) {
        all.push(plain("WISHED", "The request wishes for this resource.".to_owned()));
    }
    all.push(if candidate.parts.role == Some(1_000) {
        plain("ROLE", "It has the role that is asked for.".to_owned())
    } else {
        plain("OTHER_ROLE", "It has another role than is asked for.".to_owned())
    });
    for found in &candidate.skills {
        let (code, line) = skill(found);
        let mut reason = plain(code, line);
        reason["skill"] = link(asking, "Skill", found.skill);
        all.push(reason);
    }
    for (certificate, validity) in &candidate.certificates {
        let (code, line) = certified(*validity);
        let mut reason = plain(code, line);
        reason["certification"] = link(asking, "Certification", *certificate);
        all.push(reason);
    }
    let (code, line) = free(person, candidate);
    all.push(plain(code, line));
    match candidate.parts.location {
        Some(1_000) => all.push(plain("LOCATION", "It works where the work is done.".to_owned())),
        Some(_) => all.push(plain("OTHER_LOCATION", "It works elsewhere.".to_owned())),
        None => {}
    }
    all
}

fn skill(found: &SkillMatch<Uuid>) -> (&'static str, String) {
    let asked = found.asked;
    match found.has {
        Some(has) if found.is_met() => ("SKILL", format!("It has the skill at level {has}; {asked} is asked for.")),
        Some(has) => ("SKILL_BELOW", format!("It has the skill only at level {has}; {asked} is asked for.")),
        None => ("SKILL_MISSING", format!("It does not have the skill; level {asked} is asked for.")),
    }
}

fn certified(validity: Validity) -> (&'static str, String) {
    match validity {
        Validity::Valid => ("CERTIFIED", "The certificate holds on all days.".to_owned()),
        Validity::Expiring(last) => ("CERTIFICATE_EXPIRING", format!("The certificate holds only until {last}.")),
        Validity::NotYet(first) => ("CERTIFICATE_NOT_YET", format!("The certificate holds only from {first} on.")),
        Validity::Expired(last) => ("CERTIFICATE_EXPIRED", format!("The certificate held until {last}.")),
        Validity::Missing => ("CERTIFICATE_MISSING", "The certificate is not held.".to_owned()),
    }
}

fn free(person: &Person, candidate: &Candidate<Uuid>) -> (&'static str, String) {
    let asked = candidate.asked_minutes;
    match candidate.free_minutes {
        Ok(free) if free == asked => ("FREE", format!("All of the {asked} minutes are free.")),
        Ok(0) => ("NOT_FREE", format!("None of the {asked} minutes is free.")),
        Ok(free) => ("PARTLY_FREE", format!("{free} of the {asked} minutes are free.")),
        Err(_) => {
            let why = match Why::of(person) {
                Why::NoHours => "it is not counted in time",
                Why::NoCalendar | Why::Nobody => "it has no calendar",
            };
            ("CAPACITY_UNKNOWN", format!("Nobody knows its capacity: {why}."))
        }
    }
}
