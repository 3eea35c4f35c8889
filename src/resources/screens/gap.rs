//! `capacityGap`: what is asked for and not yet booked against what is free, by role and period.

use std::collections::HashMap;

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, Asked, PAGE},
    chosen::Chosen,
    demand::{Demand, Which, demands},
    line::{Line, coverage, list_or, sum_or},
    page::{self, signed, text_of},
    people::{By, Groups, Member as Person, Wish, count_groups, groups, link, people},
    stock::Stock,
};
use crate::{
    auth::Class,
    error::Error,
    graph::{
        Cell,
        decl::{Answer, Asking, denied},
    },
    resources::load::{gap::Gap, heatmap::Heatmap},
    write::{Member, PlainType, Shape},
};

const NAME: &str = "capacityGap";
const GUARDED: &[&str] = &["demand", "free", "lacking"];

/// The field.
pub fn answer() -> Answer {
    Answer {
        name: NAME,
        doc: "What requests ask for that nobody was booked for, against what is free of the resources of the role, a row for each role and a place in each list for each period, by what the caller reads. A request's minutes lie evenly on its weekdays. It costs as `capacityHeatmap`.",
        args: asked::args(),
        ty: "CapacityGap",
        price: asked::price_of_cells,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let figures = |ty: &'static str| {
        vec![
            member("demand", ty, "What open requests ask for beyond what was booked in answer to them, in minutes."),
            member(
                "free",
                ty,
                "What resources of the role have free, neither confirmed nor planned, in minutes; 0 where there is nobody.",
            ),
            member("lacking", ty, "`demand` − `free`: above 0 something is lacking, below 0 something is left."),
        ]
    };
    let mut row = vec![member("role", "ResourceRole", "The role.")];
    row.extend(figures("[Int!]"));
    row.extend([
        member("total", "CapacityGapTotal!", "The sums over all periods."),
        member(
            "nullReason",
            "ResourcingNullReason",
            "Why `free` and `lacking` are null; null where they are there or masked.",
        ),
        coverage(),
    ]);
    let mut whole = vec![
        member("periods", "[ResourcingPeriod!]!", "The periods in order, to which the places in the lists belong."),
        member(
            "nodes",
            "[CapacityGapRow!]!",
            "The roles of this page that somebody has or is asked for, in the order of their keys.",
        ),
    ];
    whole.extend(page::members());
    vec![
        PlainType { name: "CapacityGap", doc: "What is asked for against what is free.", shape: Shape::Object(whole) },
        PlainType {
            name: "CapacityGapRow",
            doc: "What is asked of a role against what it has free: lists with a place for each period.",
            shape: Shape::Guarded(row, GUARDED),
        },
        PlainType {
            name: "CapacityGapTotal",
            doc: "All periods of a row together, in minutes.",
            shape: Shape::Guarded(figures("Int"), GUARDED),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let asked = Asked::of(asking).await?;
        let chosen = Chosen::of(asking)?;
        let first = asking.first(PAGE.0, PAGE.1)?;
        let after = asking.after(NAME)?;
        let open = demands(asking, &Which::Open(&chosen, asked.span())).await?;
        let mut besides: Vec<Uuid> = open.iter().map(|demand| demand.role).collect();
        besides.sort_unstable();
        besides.dedup();
        let which = Groups { chosen: &chosen, asked: &asked, besides };
        let key = after.as_deref().and_then(|keys| text_of(keys, 0));
        let mut roles = groups(asking, By::Role, &which, (key, first + 1)).await?;
        let has_next = roles.len() > first;
        roles.truncate(first);
        let of = roles.iter().map(|(id, _)| *id).collect();
        let wish = Wish { of: Some((By::Role, of)), ..Wish::default() };
        let members = people(asking, (&chosen, asked.span()), &wish).await?;
        let stock = Stock::read(asking, &members, asked.span()).await?;
        let mut of: HashMap<Uuid, Vec<&Person>> = HashMap::new();
        for member in &members {
            of.entry(member.role.unwrap_or_default()).or_default().push(member);
        }
        let mut heatmap = Heatmap::new(&asked.periods);
        let mut rows = vec![];
        for (role, _) in &roles {
            let people = of.get(role).map_or(&[][..], Vec::as_slice);
            let line = Line::of(&mut heatmap, &stock, people.iter().copied());
            rows.push(row(asking, &asked, *role, &open, (&line, people.is_empty()))?);
        }
        let cursors: Vec<String> = roles.iter().map(|(_, key)| asking.cursor(NAME, &[Cell::Text(key)])).collect();
        let total = if asking.shows("totalCount") { Some(count_groups(asking, By::Role, &which).await?) } else { None };
        Ok(vec![json!({
            "periods": asked.shown(),
            "nodes": rows,
            "pageInfo": page::page_info(&cursors, after.is_some(), has_next),
            "totalCount": total,
            "basis": page::basis_of(asking),
        })])
    }
    .boxed()
}

/// The row of a role, with the figures of its people and whether there are none.
fn row(
    asking: &Asking<'_, '_>,
    asked: &Asked,
    role: Uuid,
    open: &[Demand],
    (line, is_nobody): (&Line, bool),
) -> Result<Json, Error> {
    let mut gap = Gap::new(asked.periods.len());
    for demand in open.iter().filter(|demand| demand.role == role) {
        gap.add_demand(&asked.periods, &demand.runs(asked.span()));
    }
    let measured = line.within.measured.clone().unwrap_or_default();
    gap.add_sums(Ok(&measured.free));
    let rights = &asking.session.caller.rights;
    let work = if rights.read(Class::Work).is_empty() { Err(denied(Class::Work.read())) } else { Ok(()) };
    // Where there is nobody nothing is free, which is known.
    let free = if is_nobody { work.clone() } else { line.measured() };
    let both = work.clone().and(free.clone());
    let lacking = |at: usize| gap.at(at).gap().map_or(Ok(Json::Null), signed);
    let lists = (0..asked.periods.len()).map(lacking).collect::<Result<Vec<_>, _>>()?;
    let sum = gap.total().gap().map_or(Ok(Json::Null), signed)?;
    Ok(json!({
        "role": link(asking, "ResourceRole", role),
        "demand": list_or(&work, &gap.demand)?,
        "free": list_or(&free, &measured.free)?,
        "lacking": both.clone().map_or_else(|instead| instead, |()| lists.into()),
        "total": {
            "demand": sum_or(&work, &gap.demand)?,
            "free": sum_or(&free, &measured.free)?,
            "lacking": both.map_or_else(|instead| instead, |()| sum),
        },
        "nullReason": if is_nobody { Json::Null } else { line.why() },
        "coverage": line.coverage(),
    }))
}
