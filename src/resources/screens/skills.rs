//! `skillsGap`: what requests ask of a skill, against what those who have it could do of it in the same period.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, Asked, PAGE},
    chosen::Chosen,
    conflicts::nothing,
    demand::{Demand, Which, demands},
    holdings,
    page::{self, minutes, number_of, text_of},
    people::{Member as Person, Wish, id, link, never, people, text},
    stock::Stock,
};
use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{
        Cell, ListType, Param,
        decl::{Answer, Asking},
    },
    resources::load::{
        Fraction, Reason,
        flow::{Demand as Flowing, coverable},
        heatmap::Heatmap,
        held::{SkillLevel, has_all},
        runs::by_periods,
    },
    write::{Member, PlainType, Shape},
};

const NAME: &str = "skillsGap";
/// The most requests and periods of one answer: each period is a question of its own for all of them together.
const MOST_QUESTIONS: usize = 20_000;

/// The field.
pub fn answer() -> Answer {
    Answer {
        name: NAME,
        doc: "What open requests ask of each skill and level beyond what is booked, against what people who have it have free in the same period, by what the caller reads. `total` is found for all requests together: a free minute covers one of them only, and only of a request all of whose mandatory skills its owner has.",
        args: asked::args(),
        ty: "SkillsGap",
        price: asked::price_of_cells,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let figures = || {
        vec![
            member("demand", "Int!", "What is asked for and not booked, in minutes."),
            member(
                "coverable",
                "Int!",
                "How much of it free minutes of able people can cover at most, each in its own period, in minutes.",
            ),
            member("lacking", "Int!", "`demand` − `coverable`, in minutes."),
            member("share", "Percent", "`coverable` ÷ `demand`; null where nothing is asked for."),
        ]
    };
    let mut row = vec![
        member("skill", "Skill", "The skill."),
        member("leastLevel", "Int!", "The least level that is asked for, 1 to 5."),
        member("requestCount", "Int!", "How many requests ask for it at that level."),
        member("peopleCount", "Int!", "How many of the resources have it at that level or above."),
    ];
    row.extend(figures());
    let mut whole = vec![
        member(
            "nodes",
            "[SkillsGapRow!]",
            "The rows of this page, by key of the skill and by level; masked for who may be told the capacity of nobody.",
        ),
        member("total", "SkillsGapTotal", "All requests together; masked likewise."),
    ];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "SkillsGap",
            doc: "Which skills are lacking.",
            shape: Shape::Guarded(whole, &["nodes", "total", "totalCount"]),
        },
        PlainType {
            name: "SkillsGapRow",
            doc: "A skill at a level. Rows are not to be summed: they may want the same people, and a request stands in one for each of its skills.",
            shape: Shape::Object(row),
        },
        PlainType {
            name: "SkillsGapTotal",
            doc: "All open requests that ask for skills, together.",
            shape: Shape::Object(figures()),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let asked = Asked::of(asking).await?;
        let chosen = Chosen::of(asking)?;
        let (first, after) = (asking.first(PAGE.0, PAGE.1)?, asking.after(NAME)?);
        if let Some(instead) = never(asking) {
            let mut answer = nothing(asking, &instead);
            answer["total"] = instead;
            return Ok(vec![answer]);
        }
        let mut open = demands(asking, &Which::Open(&chosen, asked.span())).await?;
        open.retain(|demand| !demand.skills.is_empty());
        if open.len().saturating_mul(asked.periods.len()) > MOST_QUESTIONS {
            let line = format!(
                "{} requests in {} periods are more than one answer is made of: filter, or take longer periods.",
                open.len(),
                asked.periods.len()
            );
            return Err(Error::new(Code::QueryTooExpensive, line));
        }
        let people = people(asking, (&chosen, asked.span()), &Wish { is_told: true, ..Wish::default() }).await?;
        let market = Market::of(asking, &asked, &open, people).await?;
        let keys = skill_keys(asking, &open).await?;
        let mut rows: BTreeMap<(String, u8), (Uuid, Vec<usize>)> = BTreeMap::new();
        for (at, demand) in open.iter().enumerate() {
            for asks in &demand.skills {
                let Some(key) = keys.get(&asks.skill.skill) else { continue };
                let row = rows.entry((key.clone(), asks.skill.level)).or_insert_with(|| (asks.skill.skill, vec![]));
                row.1.push(at);
            }
        }
        let last = after.as_deref().and_then(|keys| Some((text_of(keys, 0)?, number_of(keys, 1)?)));
        let is_after =
            |place: &(String, u8)| last.as_ref().is_none_or(|last| (&place.0, i64::from(place.1)) > (&last.0, last.1));
        let mut rest = rows.iter().filter(|(place, _)| is_after(place));
        let on_page: Vec<_> = rest.by_ref().take(first).collect();
        let cursor = |((key, level), _): &(&(String, u8), &(Uuid, Vec<usize>))| {
            asking.cursor(NAME, &[Cell::Text(key), Cell::Int(i64::from(*level))])
        };
        let cursors: Vec<String> = on_page.iter().map(cursor).collect();
        let mut nodes = vec![];
        for ((_, level), (skill, requests)) in on_page {
            let able = market.able(&[SkillLevel { skill: *skill, level: *level }]);
            let of: Vec<(usize, &[usize])> = requests.iter().map(|at| (*at, able.as_slice())).collect();
            let mut node = market.figures(&of)?;
            node["skill"] = link(asking, "Skill", *skill);
            node["leastLevel"] = (*level).into();
            node["requestCount"] = requests.len().into();
            node["peopleCount"] = able.len().into();
            nodes.push(node);
        }
        let total = if asking.shows("total") { market.total(&open)? } else { Json::Null };
        Ok(vec![json!({
            "nodes": nodes,
            "total": total,
            "pageInfo": page::page_info(&cursors, after.is_some(), rest.next().is_some()),
            "totalCount": rows.len(),
            "basis": page::basis_of(asking),
        })])
    }
    .boxed()
}

/// What is asked for and what is free, by period, and who can do what.
struct Market {
    /// Of each request, its minutes in each period.
    demand: Vec<Vec<u64>>,
    /// Of each resource, its free minutes in each period.
    free: Vec<Vec<u64>>,
    /// The skills of each resource.
    skills: Vec<Vec<SkillLevel<Uuid>>>,
    periods: usize,
}

impl Market {
    async fn of(
        asking: &mut Asking<'_, '_>,
        asked: &Asked,
        open: &[Demand],
        mut people: Vec<Person>,
    ) -> Result<Self, Error> {
        let mut of = holdings::skills(asking, &people).await?;
        people.retain(|person| of.contains_key(&person.id));
        let stock = Stock::read(asking, &people, asked.span()).await?;
        let mut heatmap = Heatmap::new(&asked.periods);
        let (mut free, mut skills) = (vec![], vec![]);
        for person in &people {
            // Whoever has no known capacity covers nothing, and is able all the same.
            let row = heatmap.row(&stock.load(person)).measured;
            free.push(row.map_or_else(|_| vec![0; asked.periods.len()], |measured| measured.free));
            skills.push(of.remove(&person.id).unwrap_or_default());
        }
        let demand = open.iter().map(|demand| by_periods(&asked.periods, &demand.runs(asked.span()))).collect();
        Ok(Self { demand, free, skills, periods: asked.periods.len() })
    }

    /// The places of those who have all these skills.
    fn able(&self, asked: &[SkillLevel<Uuid>]) -> Vec<usize> {
        (0..self.skills.len()).filter(|at| has_all(asked, &self.skills[*at])).collect()
    }

    /// What is asked for by some requests and can be covered, each by those who are able.
    fn figures<'s>(&self, requests: &[(usize, &'s [usize])]) -> Result<Json, Error> {
        let (mut sum, mut covered) = (0_u64, 0_u64);
        for period in 0..self.periods {
            let of =
                |(at, able): &(usize, &'s [usize])| Flowing { minutes: self.demand[*at][period], coverable_by: able };
            let asked: Vec<Flowing<'s>> = requests.iter().map(of).collect();
            let free: Vec<u64> = self.free.iter().map(|free| free[period]).collect();
            sum = asked.iter().fold(sum, |sum, one| sum.saturating_add(one.minutes));
            covered = covered.saturating_add(coverable(&asked, &free));
        }
        Ok(json!({
            "demand": minutes(sum)?,
            "coverable": minutes(covered)?,
            "lacking": minutes(sum.saturating_sub(covered))?,
            "share": page::ratio(Fraction::of(covered, sum, Reason::ZeroDemand)),
        }))
    }

    /// All requests together, each by those who have all its mandatory skills.
    fn total(&self, open: &[Demand]) -> Result<Json, Error> {
        let mandatory = |demand: &Demand| -> Vec<SkillLevel<Uuid>> {
            demand.skills.iter().filter(|asks| asks.is_mandatory).map(|asks| asks.skill).collect()
        };
        let mut known: HashMap<Vec<SkillLevel<Uuid>>, Arc<[usize]>> = HashMap::new();
        let mut able: Vec<Arc<[usize]>> = vec![];
        for demand in open {
            let asked = mandatory(demand);
            let of = known.entry(asked.clone()).or_insert_with(|| self.able(&asked).into());
            able.push(Arc::clone(of));
        }
        let requests: Vec<(usize, &[usize])> = able.iter().enumerate().map(|(at, able)| (at, &**able)).collect();
        self.figures(&requests)
    }
}

/// The keys of the skills that are asked for, of those that the caller sees.
async fn skill_keys(asking: &mut Asking<'_, '_>, open: &[Demand]) -> Result<HashMap<Uuid, String>, Error> {
    let mut ids: Vec<Uuid> = open.iter().flat_map(|demand| &demand.skills).map(|asks| asks.skill.skill).collect();
    ids.sort_unstable();
    ids.dedup();
    let entity = asking.model.entity("Skill");
    let scopes = asking.session.caller.rights.read(Class::Basic);
    if ids.is_empty() || scopes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.id, t0.key FROM skill t0 WHERE t0.id").is_any(ListType::Id, Param::Keys);
    sql.visible(0, entity, scopes, " AND ");
    let rows = asking.session.all(&sql.finish(), &ids.into()).await?;
    Ok(rows.iter().filter_map(|row| Some((id(row, 0)?, text(row, 1)?))).collect())
}
