//! `capacityHeatmap`: capacity against what is booked and worked, by resource, role or pool and by period.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::Value as Json;
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
    write::{Member, PlainType, Shape},
};

/// Figures that need a capacity, and those of work, which need none.
const GUARDED: &[&str] = &["capacity", "hard", "soft", "actual", "free", "over"];
const NAME: &str = "capacityHeatmap";

/// The field.
pub fn answer() -> Answer {
    let mut args = asked::args();
    args.push(BY);
    Answer {
        name: NAME,
        doc: "Capacity against bookings and work, a row for each resource, role or pool and a place in each list for each period: whole minutes. It counts what the caller reads. A page costs 2 + rows + cells ÷ 50, of which a request may spend `serverInfo.limits.cost`: above it is refused, QUERY_TOO_EXPENSIVE. So are more than 4,000,000 days of all resources together.",
        args,
        ty: "CapacityHeatmap",
        price: asked::price_of_cells,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut row = rows::about();
    let figures = |ty: &'static str| {
        vec![
            member("capacity", ty, "What can be worked: the time of the calendar × full-time people, less time off."),
            member(
                "hard",
                ty,
                "What is confirmed, of what the caller reads; masked where she reads no work of the resource.",
            ),
            member("soft", ty, "What is planned, likewise."),
            member("actual", ty, "What was worked on projects."),
            member(
                "free",
                ty,
                "What is neither confirmed nor planned: the sum over resources and days, never below 0 on a day.",
            ),
            member(
                "over",
                ty,
                "What is confirmed and planned above the capacity: the sum over resources and days, never below 0 on a day.",
            ),
        ]
    };
    row.extend(figures("[Int!]"));
    row.extend([
        member("total", "CapacityHeatmapTotal!", "The sums over all periods."),
        member(
            "nullReason",
            "ResourcingNullReason",
            "Why `capacity`, `free` and `over` are null; null where they are there or masked.",
        ),
        member("actualNullReason", "ResourcingNullReason", "Why `actual` is null; null where it is there or masked."),
        coverage(),
    ]);
    let mut whole = vec![
        member("periods", "[ResourcingPeriod!]!", "The periods in order, to which the places in the lists belong."),
        member(
            "nodes",
            "[CapacityHeatmapRow!]!",
            "The rows of this page, in the order of the keys of what they are about.",
        ),
    ];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "CapacityHeatmap",
            doc: "Capacity against bookings and work, by rows and periods.",
            shape: Shape::Object(whole),
        },
        PlainType {
            name: "CapacityHeatmapRow",
            doc: "A row of a heatmap: lists with a place for each period, in whole minutes. A list is null where nobody knows it, which `nullReason` says, or where the caller may not read it.",
            shape: Shape::Guarded(row, GUARDED),
        },
        PlainType {
            name: "CapacityHeatmapTotal",
            doc: "The sums of a row over all periods, in whole minutes.",
            shape: Shape::Guarded(figures("Int"), GUARDED),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    rows::answer(asking, NAME, row).boxed()
}

fn row(asking: &Asking<'_, '_>, page: &Page, id: Uuid, line: &Line) -> Result<Json, Error> {
    let mut row = page.about(asking, id);
    let (work, measured) = (line.work(), line.measured());
    let figures = line.within.measured.clone().unwrap_or_default();
    let actual = work.clone().and(page.work.clone()).and(line.worked());
    let lists = [
        ("capacity", &measured, figures.capacity),
        ("hard", &work, line.all(|row| &row.hard)),
        ("soft", &work, line.all(|row| &row.soft)),
        ("actual", &actual, line.all(|row| &row.actual)),
        ("free", &measured, figures.free),
        ("over", &measured, figures.over),
    ];
    let mut total = Json::Object(serde_json::Map::new());
    for (name, may, list) in lists {
        row[name] = list_or(may, &list)?;
        total[name] = sum_or(may, &list)?;
    }
    row["total"] = total;
    row["nullReason"] = line.why();
    let is_unknown = work.is_ok() && page.work.is_ok() && line.worked().is_err();
    row["actualNullReason"] = if is_unknown { "NO_TIMESHEETS".into() } else { Json::Null };
    row["coverage"] = line.coverage();
    Ok(row)
}
