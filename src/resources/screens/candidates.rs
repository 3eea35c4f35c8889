//! `ResourceRequest.candidates`: who fits a request best, and why. Only those come into question of whom the caller reads what
//! they do and what they can do: the score of anybody else would tell it.

use std::{collections::HashMap, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::ids,
    candidate_reasons::{self, reasons},
    chosen::Chosen,
    demand::{Demand, Which, demands},
    holdings,
    page::minutes,
    people::{Member as Person, Wish, link, never, people},
    stock::Stock,
};
use crate::{
    error::{Code, Error},
    graph::decl::{Answer, Asking, Price},
    resources::{
        demand::spread,
        load::{
            Counting, Span,
            candidates::{Candidate, Profile, Wanted, Weights, judge},
            held::{Held, SkillLevel, has_all},
        },
    },
    write::{Member, PlainType, Shape},
};

/// Candidates where nobody says how many, and at most.
const MOST: (usize, usize) = (10, 100);
/// The most requests and resources that are held against each other in one answer.
const MOST_PAIRS: usize = 200_000;
/// Days of the longest request that candidates are found for: ten years.
const MOST_DAYS: usize = 3_660;

/// The field of requests.
pub fn answer() -> Answer {
    let member = |name, ty, doc| Member { name, ty, doc };
    Answer {
        name: "candidates",
        doc: "Who fits best, the highest score first, equal ones by key: of the pool that is asked, or of all where none is, those who have all mandatory skills and of whom the caller reads work and skills. What is free is what no booking that she reads takes.",
        args: vec![
            member("first", "Int", "How many; 10 if not said, at most 100."),
            member(
                "certifications",
                "[ID!]",
                "Certificates that whoever answers the request is to hold on all its days; they count in the score. None if not said.",
            ),
        ],
        ty: "RequestCandidates!",
        price: |question| {
            let names = question.parents.saturating_mul(question.first(MOST.0));
            Price { own: names.saturating_add(question.parents.saturating_mul(2)), names }
        },
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut all = vec![
        PlainType {
            name: "RequestCandidates",
            doc: "Who comes into question for a request.",
            shape: Shape::Guarded(
                vec![
                    member(
                        "nodes",
                        "[RequestCandidate!]",
                        "The best of them; masked for who may be told the capacity of nobody.",
                    ),
                    member("totalCount", "Int", "How many come into question; masked likewise."),
                ],
                &["nodes", "totalCount"],
            ),
        },
        PlainType {
            name: "RequestCandidate",
            doc: "A resource and how it fits. Scores are in parts per thousand, rounded down; what is not asked for does not count.",
            shape: Shape::Object(vec![
                member("resource", "Resource", "The resource."),
                member(
                    "score",
                    "Int!",
                    "The whole score, 0 to 1,000: of the role 20, of skills 35, of certificates 15, of free capacity 25 and of the location 5 parts in a hundred.",
                ),
                member("roleScore", "Int!", "Of the role: 1,000 for the one that is asked for, else 0."),
                member(
                    "skillScore",
                    "Int",
                    "The levels that it has, at most those asked for, of the levels asked for; null where no skill is asked for.",
                ),
                member(
                    "certificateScore",
                    "Int",
                    "The certificates that hold on all days, of those asked for; null where none is asked for.",
                ),
                member(
                    "freeScore",
                    "Int",
                    "The asked minutes that are free on their days, of all; null where nobody knows the capacity.",
                ),
                member(
                    "locationScore",
                    "Int",
                    "Of the location: 1,000 for the same one, else 0; null where none is asked for.",
                ),
                member(
                    "askedMinutes",
                    "Int!",
                    "What is asked of one resource: the minutes of the request ÷ its quantity, laid evenly over its weekdays.",
                ),
                member(
                    "freeMinutes",
                    "Int",
                    "How many of these are free on their days; null where nobody knows the capacity.",
                ),
                member("isWished", "Boolean!", "Whether the request wishes for this resource."),
                member("reasons", "[CandidateReason!]!", "Why it fits and why not."),
            ]),
        },
    ];
    all.extend(candidate_reasons::types());
    all
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let requests: Arc<[Uuid]> = asking.parents.unwrap_or_default().into();
        let first = asking.first(MOST.0, MOST.1)?;
        let certificates = ids(asking, "Certification", asking.argument("certifications"))?.unwrap_or_default();
        if let Some(instead) = never(asking) {
            return Ok(vec![json!({ "nodes": instead.clone(), "totalCount": instead }); requests.len()]);
        }
        let asked = demands(asking, &Which::These(&requests)).await?;
        let Some(span) = whole(&asked)? else {
            return Ok(vec![json!({ "nodes": [], "totalCount": 0 }); requests.len()]);
        };
        // Of one pool only those in it are read.
        let pool = asked[0].pool.filter(|pool| asked.iter().all(|one| one.pool == Some(*pool)));
        let chosen = pool.map(Chosen::within_pool).unwrap_or_default();
        let people = people(asking, (&chosen, span), &Wish { is_told: true, ..Wish::default() }).await?;
        if people.len().saturating_mul(asked.len()) > MOST_PAIRS {
            let line = format!(
                "{} requests and {} resources are more than one answer is made of: ask for fewer requests.",
                asked.len(),
                people.len()
            );
            return Err(Error::new(Code::QueryTooExpensive, line));
        }
        let staff = Staff {
            stock: Stock::read(asking, &people, span).await?,
            skills: holdings::skills(asking, &people).await?,
            held: holdings::certificates(asking, &people, &certificates).await?,
            certificates,
            people,
        };
        let of: HashMap<Uuid, &Demand> = asked.iter().map(|demand| (demand.id, demand)).collect();
        let shown = |request: &Uuid| match of.get(request) {
            Some(demand) => staff.candidates(asking, demand, first),
            None => Ok(json!({ "nodes": [], "totalCount": 0 })),
        };
        requests.iter().map(shown).collect()
    }
    .boxed()
}

/// The days of all requests; none where there is no request.
fn whole(asked: &[Demand]) -> Result<Option<Span>, Error> {
    let days = asked.iter().map(|demand| demand.from).min().zip(asked.iter().map(|demand| demand.to).max());
    let Some((from, to)) = days else { return Ok(None) };
    let span = Span::new(from, to).filter(|span| span.days() <= MOST_DAYS);
    let line = "Candidates are found for requests that lie within ten years altogether.";
    span.map(Some).ok_or_else(|| Error::new(Code::QueryTooExpensive, line))
}

/// Who comes into question for any of the requests.
struct Staff {
    people: Vec<Person>,
    stock: Stock,
    skills: HashMap<Uuid, Vec<SkillLevel<Uuid>>>,
    held: HashMap<Uuid, Vec<Held<Uuid>>>,
    certificates: Vec<Uuid>,
}

impl Staff {
    /// The best for a request.
    fn candidates(&self, asking: &Asking<'_, '_>, demand: &Demand, first: usize) -> Result<Json, Error> {
        let span = Span::new(demand.from, demand.to).ok_or_else(|| Error::internal("a request beyond its span"))?;
        let curve = spread(demand.minutes / demand.quantity, (demand.from, demand.to), span);
        let skills: Vec<SkillLevel<Uuid>> = demand.skills.iter().map(|asks| asks.skill).collect();
        let mandatory: Vec<SkillLevel<Uuid>> =
            demand.skills.iter().filter(|asks| asks.is_mandatory).map(|asks| asks.skill).collect();
        let wanted = Wanted {
            role: Some(demand.role),
            skills: &skills,
            certificates: &self.certificates,
            location: demand.location.as_deref(),
            span,
            curve: &curve,
            counting: Counting::HardAndSoft,
        };
        let mut found: Vec<(&Person, Candidate<Uuid>)> = vec![];
        for person in &self.people {
            let has = self.skills.get(&person.id).map_or(&[][..], Vec::as_slice);
            if demand.pool.is_some_and(|pool| person.pool != Some(pool)) || !has_all(&mandatory, has) {
                continue;
            }
            let profile = Profile {
                primary_role: person.role,
                roles: &[],
                skills: has,
                certificates: self.held.get(&person.id).map_or(&[][..], Vec::as_slice),
                location: person.location.as_deref(),
                load: self.stock.load(person),
            };
            found.push((person, judge(&wanted, &profile, Weights::default())));
        }
        // They stand in the order of their keys, which a stable order keeps for equal scores.
        found.sort_by_key(|(_, candidate)| std::cmp::Reverse(candidate.score));
        let total = found.len();
        let shown = |(person, candidate): &(&Person, Candidate<Uuid>)| shown(asking, demand, person, candidate);
        let nodes = found.iter().take(first).map(shown).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "nodes": nodes, "totalCount": total }))
    }
}

fn shown(
    asking: &Asking<'_, '_>,
    demand: &Demand,
    person: &Person,
    candidate: &Candidate<Uuid>,
) -> Result<Json, Error> {
    let parts = candidate.parts;
    let free = match candidate.free_minutes {
        Ok(free) => minutes(free)?,
        Err(_) => Json::Null,
    };
    Ok(json!({
        "resource": link(asking, "Resource", person.id),
        "score": candidate.score,
        "roleScore": parts.role.unwrap_or_default(),
        "skillScore": parts.skills,
        "certificateScore": parts.certificates,
        "freeScore": parts.free.and_then(Result::ok),
        "locationScore": parts.location,
        "askedMinutes": minutes(candidate.asked_minutes)?,
        "freeMinutes": free,
        "isWished": demand.wished == Some(person.id),
        "reasons": reasons(asking, demand, person, candidate),
    }))
}
