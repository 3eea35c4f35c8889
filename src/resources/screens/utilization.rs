//! `utilization`: what was worked and what is booked as parts of the capacity, by resource, role or pool and by period. Sums
//! stand beside every ratio, and a ratio of many is the ratio of their sums.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked,
    line::{Line, coverage, list_or, sum_or},
    page,
    rows::{self, BY, Page},
};
use crate::{
    error::Error,
    graph::decl::{Answer, Asking},
    resources::load::{Fraction, Reason},
    write::{Member, PlainType, Shape},
};

const GUARDED: &[&str] = &["capacity", "booked", "bookedShare", "worked", "utilization"];
const NAME: &str = "utilization";

/// The field.
pub fn answer() -> Answer {
    let mut args = asked::args();
    args.push(BY);
    Answer {
        name: NAME,
        doc: "What is booked and what was worked as parts of the capacity, a row for each resource, role or pool and a place in each list for each period. All figures are of those resources whose capacity is counted. It costs as `capacityHeatmap`.",
        args,
        ty: "Utilization",
        price: asked::price_of_cells,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let figures = |minutes: &'static str, ratio: &'static str| {
        vec![
            member("capacity", minutes, "What can be worked, in minutes."),
            member("booked", minutes, "What is confirmed and planned, in minutes, of what the caller reads."),
            member("bookedShare", ratio, "`booked` ÷ `capacity`; null where there is no capacity."),
            member("worked", minutes, "What was worked on projects, in minutes."),
            member("utilization", ratio, "`worked` ÷ `capacity`; null where there is no capacity."),
        ]
    };
    let mut row = rows::about();
    row.extend(figures("[Int!]", "[Percent]"));
    row.extend([
        member("total", "UtilizationTotal!", "All periods together: sums, and ratios of sums."),
        member(
            "nullReason",
            "ResourcingNullReason",
            "Why `capacity` and what follows from it is null; null where it is there or masked.",
        ),
        member(
            "workedNullReason",
            "ResourcingNullReason",
            "Why `worked` and `utilization` are null; null where they are there or masked.",
        ),
        coverage(),
    ]);
    let mut whole = vec![
        member("periods", "[ResourcingPeriod!]!", "The periods in order, to which the places in the lists belong."),
        member(
            "nodes",
            "[UtilizationRow!]!",
            "The rows of this page, in the order of the keys of what they are about.",
        ),
    ];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "Utilization",
            doc: "Bookings and work as parts of the capacity, by rows and periods.",
            shape: Shape::Object(whole),
        },
        PlainType {
            name: "UtilizationRow",
            doc: "A row of utilization: lists with a place for each period.",
            shape: Shape::Guarded(row, GUARDED),
        },
        PlainType {
            name: "UtilizationTotal",
            doc: "All periods of a row together.",
            shape: Shape::Guarded(figures("Int", "Percent"), GUARDED),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    rows::answer(asking, NAME, row).boxed()
}

fn row(asking: &Asking<'_, '_>, page: &Page, id: Uuid, line: &Line) -> Result<Json, Error> {
    let mut row = page.about(asking, id);
    let measured = line.measured();
    let worked = measured.clone().and(page.work.clone()).and(line.worked());
    let capacity = line.within.measured.clone().unwrap_or_default().capacity;
    let booked: Vec<u64> =
        line.within.hard.iter().zip(&line.within.soft).map(|(hard, soft)| hard.saturating_add(*soft)).collect();
    let actual = &line.within.actual;
    let total = json!({
        "capacity": sum_or(&measured, &capacity)?,
        "booked": sum_or(&measured, &booked)?,
        "bookedShare": share(&measured, &booked, &capacity),
        "worked": sum_or(&worked, actual)?,
        "utilization": share(&worked, actual, &capacity),
    });
    row["capacity"] = list_or(&measured, &capacity)?;
    row["booked"] = list_or(&measured, &booked)?;
    row["bookedShare"] = shares(&measured, &booked, &capacity);
    row["worked"] = list_or(&worked, actual)?;
    row["utilization"] = shares(&worked, actual, &capacity);
    row["total"] = total;
    row["nullReason"] = line.why();
    let is_unknown = measured.is_ok() && page.work.is_ok() && line.worked().is_err();
    row["workedNullReason"] = if is_unknown { "NO_TIMESHEETS".into() } else { line.why() };
    row["coverage"] = line.coverage();
    Ok(row)
}

/// The ratio of sums, or what stands for it.
fn share(may: &Result<(), Json>, part: &[u64], whole: &[u64]) -> Json {
    let sum = |all: &[u64]| all.iter().fold(0_u64, |sum, more| sum.saturating_add(*more));
    match may {
        Ok(()) => page::ratio(Fraction::of(sum(part), sum(whole), Reason::ZeroCapacity)),
        Err(instead) => instead.clone(),
    }
}

/// The ratio of each period, or what stands for all.
fn shares(may: &Result<(), Json>, parts: &[u64], wholes: &[u64]) -> Json {
    let of = |(part, whole): (&u64, &u64)| page::ratio(Fraction::of(*part, *whole, Reason::ZeroCapacity));
    match may {
        Ok(()) => parts.iter().zip(wholes).map(of).collect::<Vec<_>>().into(),
        Err(instead) => instead.clone(),
    }
}
