//! `benchList`: who has free capacity, how much, and for how long without a break.

use std::cmp::Ordering;

use async_graphql_value::ConstValue;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, PAGE, span},
    chosen::Chosen,
    conflicts::{COUNTING, counting, nothing},
    page::{self, minutes, number_of, text_of},
    people::{Wish, link, never, people},
    stock::Stock,
};
use crate::{
    error::{Code, Error},
    graph::{
        Cell, DbValue,
        decl::{Answer, Asking},
    },
    resources::load::bench::{self, Bench, Free},
    write::{Member, PlainType, Shape},
};

const NAME: &str = "benchList";
/// Minutes of the longest day.
const DAY: i64 = 14_400;

/// The field.
pub fn answer() -> Answer {
    let mut args = asked::days();
    args.extend([
        asked::FILTER,
        COUNTING,
        Member {
            name: "leastMinutesPerDay",
            ty: "Int",
            doc: "How many minutes are to be free on a day that counts in `longest`, 1 to 14,400; 1 if not said.",
        },
    ]);
    args.extend(asked::page_args());
    Answer {
        name: NAME,
        doc: "Who has free capacity, the greatest part of it first, equal ones by key, by what the caller reads. Resources whose capacity nobody knows, or the caller may not be told, are not in it. At most 4,000,000 days of all resources together: QUERY_TOO_EXPENSIVE.",
        args,
        ty: "BenchList",
        price: asked::price_of_rows,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut whole = vec![member(
        "nodes",
        "[BenchEntry!]",
        "Who is on this page; masked for who may be told the capacity of nobody.",
    )];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "BenchList",
            doc: "Who has free capacity.",
            shape: Shape::Guarded(whole, &["nodes", "totalCount"]),
        },
        PlainType {
            name: "BenchEntry",
            doc: "A resource with free capacity.",
            shape: Shape::Object(vec![
                member("resource", "Resource", "The resource."),
                member("free", "Int!", "What is free: the sum over days, never below 0 on a day, in minutes; above 0."),
                member("capacity", "Int!", "What can be worked, in minutes."),
                member("freeShare", "Percent!", "`free` ÷ `capacity`."),
                member(
                    "longest",
                    "FreeSpan",
                    "Where most days in a row are free, of equal ones the earliest; null where no day has as much free as is asked for.",
                ),
            ]),
        },
        PlainType {
            name: "FreeSpan",
            doc: "Days in a row that are free: days without capacity, such as a weekend, do not break them.",
            shape: Shape::Object(vec![
                member("startOn", "LocalDate!", "The first of them."),
                member("endOn", "LocalDate!", "The last of them."),
                member("dayCount", "Int!", "How many of the days are free."),
                member("minutes", "Int!", "What is free on all of them, in minutes."),
            ]),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let (span, chosen) = (span(asking)?, Chosen::of(asking)?);
        let what = Free { counting: counting(asking), least: least(asking)? };
        let (first, after) = (asking.first(PAGE.0, PAGE.1)?, asking.after(NAME)?);
        if let Some(instead) = never(asking) {
            return Ok(vec![nothing(asking, &instead)]);
        }
        let people = people(asking, (&chosen, span), &Wish { is_told: true, ..Wish::default() }).await?;
        let stock = Stock::read(asking, &people, span).await?;
        // A place in the order of keys stands for the resource, so that equal shares are in that order.
        let mut free: Vec<Bench<usize>> = people
            .iter()
            .enumerate()
            .map(|(at, person)| {
                let found = bench::of(span, &stock.load(person), what);
                Bench { id: at, free: found.free, share: found.share, longest: found.longest }
            })
            .filter(|one| one.free.is_ok_and(|free| free > 0))
            .collect();
        bench::sort(&mut free);
        let is_after =
            |one: &&Bench<usize>| after.as_deref().is_none_or(|keys| follows(one, &people[one.id].key, keys));
        let mut rest = free.iter().filter(is_after);
        let on_page: Vec<&Bench<usize>> = rest.by_ref().take(first).collect();
        let cursor = |one: &&Bench<usize>| {
            let (part, whole) = parts(one);
            asking.cursor(NAME, &[Cell::Int(part), Cell::Int(whole), Cell::Text(&people[one.id].key)])
        };
        let cursors: Vec<String> = on_page.iter().map(cursor).collect();
        let nodes = on_page.iter().map(|one| shown(asking, one, people[one.id].id)).collect::<Result<Vec<_>, _>>()?;
        Ok(vec![json!({
            "nodes": nodes,
            "pageInfo": page::page_info(&cursors, after.is_some(), rest.next().is_some()),
            "totalCount": free.len(),
            "basis": page::basis_of(asking),
        })])
    }
    .boxed()
}

/// How many minutes are to be free on a day.
fn least(asking: &Asking<'_, '_>) -> Result<u32, Error> {
    let given = match asking.argument("leastMinutesPerDay") {
        ConstValue::Number(given) => given.as_i64().unwrap_or_default(),
        _ => 1,
    };
    let found = u32::try_from(given).ok().filter(|_| (1..=DAY).contains(&given));
    found.ok_or_else(|| Error::new(Code::BadVariables, "`leastMinutesPerDay` is 1 to 14,400."))
}

/// What is free, and of what.
fn parts(one: &Bench<usize>) -> (i64, i64) {
    one.share.map_or((0, 1), |share| (share.numerator(), i64::try_from(share.denominator()).unwrap_or(i64::MAX)))
}

/// Whether an entry comes after the one of a cursor.
fn follows(one: &Bench<usize>, key: &str, keys: &[Option<DbValue>]) -> bool {
    let (Some(part), Some(whole), Some(last)) = (number_of(keys, 0), number_of(keys, 1), text_of(keys, 2)) else {
        return true;
    };
    let (own_part, own_whole) = parts(one);
    let (own, other) = (i128::from(own_part) * i128::from(whole), i128::from(part) * i128::from(own_whole));
    match other.cmp(&own) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => key > last.as_str(),
    }
}

fn shown(asking: &Asking<'_, '_>, one: &Bench<usize>, resource: Uuid) -> Result<Json, Error> {
    let longest = match one.longest {
        None => Json::Null,
        Some(longest) => json!({
            "startOn": longest.from.to_string(),
            "endOn": longest.to.to_string(),
            "dayCount": longest.days,
            "minutes": minutes(longest.minutes)?,
        }),
    };
    let capacity = one.share.map_or(0, crate::resources::load::Fraction::denominator);
    Ok(json!({
        "resource": link(asking, "Resource", resource),
        "free": minutes(one.free.unwrap_or_default())?,
        "capacity": minutes(capacity)?,
        "freeShare": page::ratio(one.share),
        "longest": longest,
    }))
}
