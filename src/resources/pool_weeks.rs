//! The weeks of pools: what their people can do and are booked for, found on each day of each of them and then summed. Made
//! again in the background. What is confidential counts in none, nor does a week in which fewer than three people can work:
//! figures would tell of it, or of one of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveDate, Utc, Weekday};
use entity::{
    pool_week::{Column as W, Entity as Weeks, Model},
    request_skill, resource, resource_request, resource_skill,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    affected::{hiding, pools},
    booking::open_bookings,
    demand::{SETTLED, booked, unfilled},
    load::{
        Booked, Load, Run, Span,
        flow::{Demand, coverable},
        heatmap::Heatmap,
        periods::{Grain, Periods},
        runs::by_periods,
    },
    rules::{FEW, Timeliness, Week as Sheet, due_at, timeliness, week_start},
    staff::capacities,
    worked::{open_work, submissions},
    worktime::capacity::Capacity,
};
use crate::{
    error::Error,
    kpi::{
        derivation::{Derivation, Making},
        measure::Fact,
    },
    write::insert::insert,
};

/// Weeks before the present one that are made again; what is older stays as it was.
const WEEKS_BACK: u64 = 104;
/// Weeks after it.
const WEEKS_AHEAD: u64 = 52;
/// Rows of one statement.
const AT_ONCE: usize = 400;
/// The name of the source.
pub const SOURCE: &str = "POOL";

/// What outdates the weeks of a pool.
pub fn derivation() -> Derivation {
    let facts = vec![
        Fact::owner("ResourcePool"),
        Fact::of("Resource", "pool_id"),
        Fact::of("ResourceRequest", "pool_id"),
        Fact::of("RequestSkill", "pool_id"),
        Fact::behind("TimeOff", pools::OF_TIME_OFF),
        Fact::behind("ResourceSkill", pools::OF_SKILLS),
        Fact::behind("Allocation", pools::OF_ALLOCATIONS),
        Fact::behind("TimeEntry", pools::OF_TIME),
        Fact::behind("Timesheet", pools::OF_SHEETS),
        Fact::behind("WorkCalendar", pools::BY_CALENDARS),
        Fact::behind("CalendarException", pools::BY_EXCEPTIONS),
    ];
    Derivation {
        source: SOURCE,
        facts: facts.into_iter().chain(hiding(pools::ON_ITEMS)).collect(),
        owners: "SELECT id FROM resource_pool",
        make,
    }
}

fn make<'a>(making: Making<'a>, pools: &'a [Uuid]) -> BoxFuture<'a, Result<(), Error>> {
    async move {
        let txn = making.txn;
        let Some(span) = span(making.clock.today()) else { return Ok(()) };
        let weeks = Periods::of(span, Grain::Week).map_err(|_| Error::internal("weeks beyond all limits"))?;
        for pool in pools {
            let made = Pool::read(txn, *pool, span).await?.weeks(&weeks, making.clock.now());
            store(txn, *pool, span, made).await?;
        }
        Ok(())
    }
    .boxed()
}

/// From a Monday to a Sunday.
fn span(today: NaiveDate) -> Option<Span> {
    let monday = today.week(Weekday::Mon).checked_first_day()?;
    let first = monday.checked_sub_days(Days::new(7 * WEEKS_BACK))?;
    Span::new(first, monday.checked_add_days(Days::new(7 * WEEKS_AHEAD + 6))?)
}

/// Writes the weeks of a pool in the place of those that were there.
async fn store(txn: &DatabaseTransaction, pool: Uuid, span: Span, weeks: Vec<Week>) -> Result<(), Error> {
    let was = Weeks::delete_many().filter(W::PoolId.eq(pool)).filter(W::EndsOn.between(span.first(), span.last()));
    was.exec(txn).await?;
    let count = |minutes: u64| i64::try_from(minutes).unwrap_or(i64::MAX);
    let row = |week: &Week| Model {
        pool_id: pool,
        ends_on: week.ends_on,
        capacity: count(week.capacity),
        free: count(week.free),
        over_capacity: count(week.over),
        demand: count(week.demand),
        skill_demand: count(week.skill_demand),
        skill_covered: count(week.skill_covered),
        recorded: count(week.recorded),
        worked: count(week.worked),
        sheets_expected: count(week.sheets.expected),
        sheets_in_time: count(week.sheets.in_time),
    };
    let made = weeks.iter().map(row).map(IntoActiveModel::into_active_model).collect();
    insert::<Weeks>(txn, made, &[]).await
}

/// A week of a pool, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Week {
    ends_on: NaiveDate,
    capacity: u64,
    free: u64,
    over: u64,
    demand: u64,
    skill_demand: u64,
    skill_covered: u64,
    recorded: u64,
    worked: u64,
    sheets: Timeliness,
    /// How many people can work in it.
    people: usize,
}

/// A pool with its people, what they are booked for, and what is asked of it.
struct Pool {
    people: Vec<Uuid>,
    capacities: HashMap<Uuid, Capacity>,
    booked: HashMap<Uuid, Vec<Booked<Uuid>>>,
    worked: HashMap<Uuid, Vec<Run>>,
    /// When sheets were submitted, by whose they are and their Monday.
    sheets: HashMap<(Uuid, NaiveDate), Option<DateTime<Utc>>>,
    /// The Monday of the first of them.
    recorded_since: Option<NaiveDate>,
    asked: Vec<Asked>,
}

/// What a request asks for and nobody is booked for yet, and which of the people can do it: all, where it asks for no skill.
struct Asked {
    days: Vec<Run>,
    able: Option<Vec<usize>>,
}

impl Pool {
    async fn read(txn: &DatabaseTransaction, pool: Uuid, span: Span) -> Result<Self, Error> {
        use resource::Column as R;
        let people = resource::Entity::find()
            .filter(R::PoolId.eq(pool))
            .filter(R::Kind.eq("PERSON"))
            .filter(R::ArchivedAt.is_null())
            .order_by_asc(R::Id)
            .all(txn)
            .await?;
        let capacities = capacities(txn, &people, span.first(), span.last()).await?;
        let people: Vec<Uuid> = people.into_iter().map(|resource| resource.id).collect();
        let booked = open_bookings(txn, &people, span).await?;
        let (worked, sheets) = (open_work(txn, &people, span).await?, submissions(txn, &people, span).await?);
        let recorded_since = sheets.keys().map(|(_, monday)| *monday).min();
        let asked = asked(txn, pool, &people, span).await?;
        Ok(Self { people, capacities, booked, worked, sheets, recorded_since, asked })
    }

    fn weeks(&self, weeks: &Periods, now: DateTime<Utc>) -> Vec<Week> {
        let mut heatmap = Heatmap::new(weeks);
        let mut made: Vec<Week> =
            weeks.as_slice().iter().map(|week| Week { ends_on: week.to, ..Week::default() }).collect();
        let mut free: Vec<Vec<u64>> = vec![];
        for person in &self.people {
            // Whoever's capacity nobody knows is in no figure.
            let row = self.capacities.get(person).map(|capacity| {
                let booked = self.booked.get(person).map_or(&[][..], Vec::as_slice);
                let actual = self.worked.get(person).map_or(&[][..], Vec::as_slice);
                heatmap.row(&Load { id: *person, capacity: Ok(capacity), booked, actual })
            });
            let measured = row.as_ref().and_then(|row| Some((row, row.measured.as_ref().ok()?)));
            free.push(measured.map(|(_, measured)| measured.free.clone()).unwrap_or_default());
            let Some((row, measured)) = measured else { continue };
            for (at, week) in made.iter_mut().enumerate() {
                week.capacity += measured.capacity[at];
                week.people += usize::from(measured.capacity[at] > 0);
                week.free += measured.free[at];
                week.over += measured.over[at];
                week.demand += row.hard[at] + row.soft[at];
                week.worked += row.actual[at];
                let sheet = self.sheet(*person, week.ends_on, measured.capacity[at]);
                week.recorded += sheet.map_or(0, |_| measured.capacity[at]);
                let sheets = timeliness(sheet, now);
                week.sheets.expected += sheets.expected;
                week.sheets.in_time += sheets.in_time;
            }
        }
        let asked: Vec<(Vec<u64>, &Asked)> =
            self.asked.iter().map(|asked| (by_periods(weeks, &asked.days), asked)).collect();
        for (at, week) in made.iter_mut().enumerate() {
            let demands: Vec<Demand<'_>> = asked
                .iter()
                .filter_map(|(minutes, asked)| Some((minutes[at], asked.able.as_deref()?)))
                .map(|(minutes, coverable_by)| Demand { minutes, coverable_by })
                .collect();
            week.demand += asked.iter().map(|(minutes, _)| minutes[at]).sum::<u64>();
            week.skill_demand = demands.iter().map(|demand| demand.minutes).sum();
            if week.skill_demand > 0 {
                let free: Vec<u64> = free.iter().map(|free| free.get(at).copied().unwrap_or(0)).collect();
                week.skill_covered = coverable(&demands, &free);
            }
        }
        made.retain(|week| week.people >= FEW);
        made
    }

    /// The sheet of somebody's week, if one is expected: not before anybody of the pool made any.
    fn sheet(&self, person: Uuid, ends_on: NaiveDate, capacity: u64) -> Option<Sheet> {
        let monday = week_start(ends_on)?;
        self.recorded_since.filter(|first| *first <= monday)?;
        let submitted_at = self.sheets.get(&(person, monday)).copied().flatten();
        Some(Sheet { due_at: due_at(monday)?, has_capacity: capacity > 0, submitted_at })
    }
}

/// What requests ask a pool for that nobody is booked for yet.
async fn asked(txn: &DatabaseTransaction, pool: Uuid, people: &[Uuid], span: Span) -> Result<Vec<Asked>, Error> {
    use resource_request::Column as Q;
    let requests = resource_request::Entity::find()
        .filter(Q::PoolId.eq(pool))
        .filter(Q::State.is_not_in(SETTLED))
        .filter(Q::IsRestricted.eq(false))
        .filter(Q::StartOn.lte(span.last()))
        .filter(Q::EndOn.gte(span.first()))
        .order_by_asc(Q::Id)
        .all(txn)
        .await?;
    let ids: Vec<Uuid> = requests.iter().map(|request| request.id).collect();
    let booked = booked(txn, &ids).await?;
    let mut needs: HashMap<Uuid, Vec<(Uuid, i32)>> = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        use request_skill::Column as S;
        let rows = request_skill::Entity::find()
            .filter(S::RequestId.is_in(some.iter().copied()))
            .filter(S::IsMandatory.eq(true))
            .filter(S::ArchivedAt.is_null());
        for row in rows.all(txn).await? {
            needs.entry(row.request_id).or_default().push((row.skill_id, row.least_level));
        }
    }
    let skills = if needs.is_empty() { HashMap::new() } else { skills(txn, people).await? };
    let able = |needs: &Vec<(Uuid, i32)>| {
        let has = |person: &Uuid| {
            let held = skills.get(person);
            needs.iter().all(|(skill, least)| held.and_then(|held| held.get(skill)).is_some_and(|has| has >= least))
        };
        people.iter().enumerate().filter(|(_, person)| has(person)).map(|(at, _)| at).collect()
    };
    let of = |request: &resource_request::Model| Asked {
        days: unfilled(request, booked.get(&request.id).copied().unwrap_or(0), span),
        able: needs.get(&request.id).map(able),
    };
    Ok(requests.iter().map(of).collect())
}

/// The skills of people with their levels.
async fn skills(txn: &DatabaseTransaction, people: &[Uuid]) -> Result<HashMap<Uuid, BTreeMap<Uuid, i32>>, Error> {
    use resource_skill::Column as S;
    let mut all: HashMap<Uuid, BTreeMap<Uuid, i32>> = HashMap::new();
    for some in people.chunks(AT_ONCE) {
        let rows = resource_skill::Entity::find().filter(S::ResourceId.is_in(some.iter().copied()));
        for row in rows.filter(S::ArchivedAt.is_null()).all(txn).await? {
            all.entry(row.resource_id).or_default().insert(row.skill_id, row.level);
        }
    }
    Ok(all)
}
