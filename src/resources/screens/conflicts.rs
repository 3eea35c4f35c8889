//! `allocationConflicts`: where more is booked on a resource than it can do, by what the caller reads.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, PAGE, span},
    chosen::Chosen,
    page::{self, minutes, text_of},
    people::{Member as Person, Wish, link, never, people},
    stock::Stock,
};
use crate::{
    error::Error,
    graph::{
        Cell,
        decl::{Answer, Asking, Price},
        input,
    },
    resources::load::{
        Booking, Counting, Load, Run,
        conflicts::{Conflict, conflicts},
    },
    write::{Member, PlainType, Shape},
};

const NAME: &str = "allocationConflicts";

/// The argument that says which bookings count.
pub const COUNTING: Member =
    Member { name: "bookings", ty: "BookingsCounted", doc: "Which bookings count; HARD_AND_SOFT if not said." };

/// The field.
pub fn answer() -> Answer {
    let mut args = asked::days();
    args.extend([asked::FILTER, COUNTING]);
    args.extend(asked::page_args());
    Answer {
        name: NAME,
        doc: "Days on which more is booked on a resource than it can do, in the order of the keys of the resources and of the days, of what the caller reads. Resources whose capacity nobody knows, or the caller may not be told, have none here. At most 4,000,000 days of all resources together: QUERY_TOO_EXPENSIVE.",
        args,
        ty: "AllocationConflicts",
        price: |question| Price {
            names: question.first(PAGE.0).saturating_mul(MOST_BOOKINGS),
            ..asked::price_of_rows(question)
        },
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut whole = vec![member(
        "nodes",
        "[AllocationConflict!]",
        "The conflicts of this page; masked for who may be told the capacity of nobody.",
    )];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "BookingsCounted",
            doc: "Which bookings count.",
            shape: Shape::Choice(vec![
                ("HARD", "Those that are confirmed."),
                ("HARD_AND_SOFT", "Those that are confirmed and those that are planned."),
            ]),
        },
        PlainType {
            name: "AllocationConflicts",
            doc: "Where more is booked than can be done.",
            shape: Shape::Guarded(whole, &["nodes", "totalCount"]),
        },
        PlainType {
            name: "AllocationConflict",
            doc: "Days in a row on which too much is booked on a resource; days without capacity on which nothing is booked, such as a weekend, may lie between them. Cut where the days that are asked about begin and end.",
            shape: Shape::Object(vec![
                member("resource", "Resource", "The resource."),
                member("startOn", "LocalDate!", "The first day."),
                member("endOn", "LocalDate!", "The last day."),
                member("dayCount", "Int!", "On how many of the days it is too much."),
                member("capacity", "Int!", "What can be worked on all the days, in minutes."),
                member("hard", "Int!", "What is confirmed on them, in minutes."),
                member("soft", "Int!", "What is planned on them, in minutes; 0 where only HARD counts."),
                member("excess", "Int!", "What is too much: the sum over the days, in minutes."),
                member("peakExcess", "Int!", "What is too much on the worst day, in minutes."),
                member("isHard", "Boolean!", "Whether on some day already the confirmed bookings alone are too much."),
                member("allocations", "[Allocation]!", "The bookings with minutes on these days, those that count."),
            ]),
        },
    ]
}

/// Bookings that a conflict has as a rule.
const MOST_BOOKINGS: usize = 10;

/// Which bookings count.
pub fn counting(asking: &Asking<'_, '_>) -> Counting {
    match input::text(asking.argument("bookings")).as_deref() {
        Some("HARD") => Counting::Hard,
        _ => Counting::HardAndSoft,
    }
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let (span, chosen, counting) = (span(asking)?, Chosen::of(asking)?, counting(asking));
        let (first, after) = (asking.first(PAGE.0, PAGE.1)?, asking.after(NAME)?);
        if let Some(instead) = never(asking) {
            return Ok(vec![nothing(asking, &instead)]);
        }
        let wish = Wish { is_booked: true, is_told: true, ..Wish::default() };
        let people = people(asking, (&chosen, span), &wish).await?;
        let stock = Stock::read(asking, &people, span).await?;
        let after = after.and_then(|keys| Some((text_of(&keys, 0)?, text_of(&keys, 1)?)));
        let (mut found, mut before, mut total, mut is_more) = (vec![], 0, 0, false);
        for person in &people {
            let load = stock.load(person);
            for conflict in conflicts(span, &load, counting).unwrap_or_default() {
                total += 1;
                let place = (person.key.clone(), conflict.from.to_string());
                if after.as_ref().is_some_and(|after| place <= *after) {
                    before += 1;
                } else if found.len() < first {
                    found.push((shown(asking, person, &load, &conflict, counting)?, place));
                } else {
                    is_more = true;
                }
            }
        }
        let cursor =
            |(_, (key, from)): &(Json, (String, String))| asking.cursor(NAME, &[Cell::Text(key), Cell::Text(from)]);
        let cursors: Vec<String> = found.iter().map(cursor).collect();
        Ok(vec![json!({
            "nodes": found.into_iter().map(|(node, _)| node).collect::<Vec<_>>(),
            "pageInfo": page::page_info(&cursors, before > 0 || after.is_some(), is_more),
            "totalCount": total,
            "basis": page::basis_of(asking),
        })])
    }
    .boxed()
}

/// The answer for who may be told of nobody.
pub fn nothing(asking: &Asking<'_, '_>, instead: &Json) -> Json {
    json!({
        "nodes": instead, "totalCount": instead, "pageInfo": page::page_info(&[], false, false),
        "basis": page::basis_of(asking),
    })
}

fn shown(
    asking: &Asking<'_, '_>,
    person: &Person,
    load: &Load<'_, Uuid>,
    conflict: &Conflict<Uuid>,
    counting: Counting,
) -> Result<Json, Error> {
    let hard = booked(load, conflict, Booking::Hard);
    let soft = if counting == Counting::Hard { 0 } else { booked(load, conflict, Booking::Soft) };
    let allocations: Vec<Json> = conflict.allocations.iter().map(|id| link(asking, "Allocation", *id)).collect();
    Ok(json!({
        "resource": link(asking, "Resource", person.id),
        "startOn": conflict.from.to_string(),
        "endOn": conflict.to.to_string(),
        "dayCount": conflict.days,
        "capacity": minutes(conflict.capacity)?,
        "hard": minutes(hard)?,
        "soft": minutes(soft)?,
        "excess": minutes(conflict.over)?,
        "peakExcess": minutes(conflict.peak)?,
        "isHard": conflict.is_hard,
        "allocations": allocations,
    }))
}

/// What is booked so on the days of a conflict.
fn booked(load: &Load<'_, Uuid>, conflict: &Conflict<Uuid>, booking: Booking) -> u64 {
    let of = load.booked.iter().filter(|one| one.booking == booking);
    let within = |run: Run| Run { from: run.from.max(conflict.from), to: run.to.min(conflict.to), ..run };
    of.map(|one| within(one.run)).filter(|run| !run.is_empty()).map(Run::total).sum()
}
