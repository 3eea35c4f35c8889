//! Rows by resource, role or pool, a page at a time: what is not on the page is neither read nor counted.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{Asked, PAGE},
    chosen::Chosen,
    line::Line,
    page::{self, text_of},
    people::{By, Groups, Member, Wish, count, count_groups, groups, link, people},
    stock::Stock,
};
use crate::{
    error::Error,
    graph::{Cell, decl::Asking, input},
    resources::load::heatmap::Heatmap,
    write::{Member as SchemaMember, PlainType, Shape},
};

/// The argument that says what rows are about.
pub const BY: SchemaMember = SchemaMember {
    name: "by",
    ty: "ResourcingRowKind",
    doc: "What a row is about; RESOURCE if not said. Whoever has no role or pool is in no row of roles or pools.",
};

/// Its type, and that of periods.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| SchemaMember { name, ty, doc };
    vec![
        PlainType {
            name: "ResourcingRowKind",
            doc: "What a row of resourcing is about.",
            shape: Shape::Choice(vec![
                ("RESOURCE", "A resource."),
                ("ROLE", "All resources that mostly have a role."),
                ("POOL", "All resources of a pool."),
            ]),
        },
        PlainType {
            name: "ResourcingGrain",
            doc: "How long periods of resourcing are. The first and the last are cut where the days that are asked about begin and end.",
            shape: Shape::Choice(vec![
                ("DAY", "Every day."),
                ("WEEK", "From Monday to Sunday."),
                ("MONTH", "A month of the calendar."),
                ("QUARTER", "A quarter of the calendar."),
                ("FISCAL_PERIOD", "A month of a fiscal calendar; days that are in none are in no period."),
            ]),
        },
        PlainType {
            name: "ResourcingPeriod",
            doc: "Some days, to which a place in each list of figures belongs.",
            shape: Shape::Object(vec![
                member("startOn", "LocalDate!", "The first of the days that are asked about."),
                member("endOn", "LocalDate!", "The last of them."),
                member(
                    "label",
                    "String!",
                    "What it is called: `2026-03-05`, `2026-W10`, `2026-03`, `2026-Q1`, or the key of the fiscal period.",
                ),
            ]),
        },
    ]
}

/// The members of a row that say what it is about.
pub fn about() -> Vec<SchemaMember> {
    let member = |name, ty, doc| SchemaMember { name, ty, doc };
    vec![
        member("resource", "Resource", "The resource, in rows of resources; null in others."),
        member("role", "ResourceRole", "The role, in rows of roles; null in others."),
        member("pool", "ResourcePool", "The pool, in rows of pools; null in others."),
    ]
}

/// A page of rows.
pub struct Page {
    /// What rows are about.
    by: By,
    /// Their ids with their lines.
    pub rows: Vec<(Uuid, Line)>,
    /// Whether what was worked can be told: if not, what stands for it.
    pub work: Result<(), Json>,
    info: Json,
    total: Option<i64>,
}

/// The answer of a list: its page, with each row as it is shown.
pub async fn answer(
    asking: &mut Asking<'_, '_>,
    list: &'static str,
    row: fn(&Asking<'_, '_>, &Page, Uuid, &Line) -> Result<Json, Error>,
) -> Result<Vec<Json>, Error> {
    let asked = Asked::of(asking).await?;
    let chosen = Chosen::of(asking)?;
    let page = page(asking, list, &asked, &chosen).await?;
    let rows = page.rows.iter().map(|(id, line)| row(asking, &page, *id, line)).collect::<Result<Vec<_>, _>>()?;
    Ok(vec![page.shown(asking, &asked, &rows)])
}

/// The page that is asked for.
async fn page(asking: &mut Asking<'_, '_>, list: &str, asked: &Asked, chosen: &Chosen) -> Result<Page, Error> {
    let by = match input::text(asking.argument("by")).as_deref() {
        Some("ROLE") => By::Role,
        Some("POOL") => By::Pool,
        _ => By::Resource,
    };
    let first = asking.first(PAGE.0, PAGE.1)?;
    let after = asking.after(list)?;
    let key = after.as_deref().and_then(|keys| text_of(keys, 0));
    let which = Groups { chosen, asked, besides: vec![] };
    let (mut on_page, members) = if by == By::Resource {
        let wish = Wish { after: key, limit: Some(first + 1), ..Wish::default() };
        let members = people(asking, (chosen, asked.span()), &wish).await?;
        (members.iter().map(|member| (member.id, member.key.clone())).collect::<Vec<_>>(), members)
    } else {
        (groups(asking, by, &which, (key, first + 1)).await?, vec![])
    };
    let has_next = on_page.len() > first;
    on_page.truncate(first);
    let members = if by == By::Resource {
        members.into_iter().take(first).collect()
    } else {
        let of = on_page.iter().map(|(id, _)| *id).collect();
        people(asking, (chosen, asked.span()), &Wish { of: Some((by, of)), ..Wish::default() }).await?
    };
    let stock = Stock::read_with_work(asking, &members, asked.span()).await?;
    let mut heatmap = Heatmap::new(&asked.periods);
    let mut of: HashMap<Uuid, Vec<&Member>> = HashMap::new();
    for member in &members {
        if let Some(id) = by.of(member) {
            of.entry(id).or_default().push(member);
        }
    }
    let line =
        |(id, _): &(Uuid, String)| (*id, Line::of(&mut heatmap, &stock, of.get(id).into_iter().flatten().copied()));
    let rows = on_page.iter().map(line).collect();
    let cursors: Vec<String> = on_page.iter().map(|(_, key)| asking.cursor(list, &[Cell::Text(key)])).collect();
    let total = match (asking.shows("totalCount"), by) {
        (false, _) => None,
        (true, By::Resource) => Some(count(asking, (chosen, asked.span()), &Wish::default()).await?),
        (true, _) => Some(count_groups(asking, by, &which).await?),
    };
    let info = page::page_info(&cursors, after.is_some(), has_next);
    Ok(Page { by, rows, work: stock.worked().told(asking), info, total })
}

impl Page {
    /// What a row is about.
    pub fn about(&self, asking: &Asking<'_, '_>, id: Uuid) -> Json {
        let of = |by: By| if by == self.by { link(asking, by.entity(), id) } else { Json::Null };
        json!({ "resource": of(By::Resource), "role": of(By::Role), "pool": of(By::Pool) })
    }

    /// The answer with these rows.
    pub fn shown(&self, asking: &Asking<'_, '_>, asked: &Asked, rows: &[Json]) -> Json {
        json!({
            "periods": asked.shown(), "nodes": rows, "pageInfo": self.info, "totalCount": self.total,
            "basis": page::basis_of(asking),
        })
    }
}
