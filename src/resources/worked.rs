//! What people have worked, as heatmaps and figures read it: what is approved or posted counts, by resource and day, less what
//! was reversed; and who hands sheets in in time.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    resource,
    time_entry::{self, Column as E},
    timesheet::{self, Column as S},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use super::{
    load::{Run, Span, runs::compress},
    rules::{self, Timeliness, Week, timeliness},
    staff::capacities,
};
use crate::error::Error;

/// States in which what is recorded counts as worked.
const WORKED: [&str; 2] = ["APPROVED", "POSTED"];
/// Ids in one condition.
const AT_ONCE: usize = 400;

/// What a resource has worked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Worked {
    /// On projects.
    pub on_projects: Vec<Run>,
    /// On projects and beside them.
    pub all: Vec<Run>,
}

/// The minutes of days as runs: in order, on each day what its minutes come to, none where they come to nothing. What is
/// reversed is there with its opposite. Days outside the span are left out.
pub fn worked_runs(span: Span, minutes: impl IntoIterator<Item = (NaiveDate, i64)>) -> Vec<Run> {
    let mut sums: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for (day, minutes) in minutes.into_iter().filter(|(day, _)| span.first() <= *day && *day <= span.last()) {
        *sums.entry(day).or_default() += minutes;
    }
    let on = |at: usize| sums.get(&span.day(at)).copied().unwrap_or_default();
    // A day has 24 hours, so no sum is beyond what a run holds.
    let days: Vec<u64> = (0..span.days()).map(|at| u32::try_from(on(at)).unwrap_or_default().into()).collect();
    compress(span.first(), &days).unwrap_or_default()
}

/// What resources have worked within a span, by resource; those who have not are not in it.
pub async fn worked(db: &impl ConnectionTrait, resources: &[Uuid], span: Span) -> Result<HashMap<Uuid, Worked>, Error> {
    type Sum = (Uuid, NaiveDate, i64, i64);
    let mut days: HashMap<Uuid, Vec<(NaiveDate, i64, i64)>> = HashMap::new();
    for some in resources.chunks(AT_ONCE) {
        let on_projects = Expr::case(Expr::col(E::ItemId).is_null(), 0).finally(Expr::col(E::Minutes));
        let sums = time_entry::Entity::find()
            .select_only()
            .columns([E::ResourceId, E::WorkOn])
            .column_as(E::Minutes.sum(), "minutes")
            .column_as(Expr::expr(on_projects).sum(), "on_projects")
            .filter(E::ResourceId.is_in(some.iter().copied()))
            .filter(E::WorkOn.between(span.first(), span.last()))
            .filter(E::State.is_in(WORKED))
            .group_by(E::ResourceId)
            .group_by(E::WorkOn);
        for (resource, day, all, on_projects) in sums.into_tuple::<Sum>().all(db).await? {
            days.entry(resource).or_default().push((day, all, on_projects));
        }
    }
    let runs = |days: Vec<(NaiveDate, i64, i64)>| Worked {
        all: worked_runs(span, days.iter().map(|(day, all, _)| (*day, *all))),
        on_projects: worked_runs(span, days.iter().map(|(day, _, on_projects)| (*day, *on_projects))),
    };
    Ok(days.into_iter().map(|(resource, days)| (resource, runs(days))).collect())
}

/// Whether time was recorded on a project and is not posted yet.
pub async fn has_open_time(db: &impl ConnectionTrait, project: Uuid) -> Result<bool, Error> {
    let open = time_entry::Entity::find().select_only().column(E::Id).filter(E::ItemId.eq(project));
    let open = open.filter(E::State.ne("POSTED")).limit(1);
    Ok(open.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// How many sheets of weeks that begin within some days were due by now, and how many of those came in time, by person. A sheet
/// is expected of a week in which an active person had any time to work, whether or not she ever made it.
pub async fn sheets_in_time(
    db: &impl ConnectionTrait,
    people: &[&resource::Model],
    (from, to): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, Timeliness>, Error> {
    let people: Vec<&resource::Model> =
        people.iter().copied().filter(|person| person.kind == "PERSON" && person.archived_at.is_none()).collect();
    let first = from.iter_days().take(7).find(|day| rules::week_start(*day) == Some(*day)).unwrap_or(from);
    let mondays: Vec<NaiveDate> = first.iter_weeks().take_while(|monday| *monday <= to).collect();
    let Some(end) = mondays.last().and_then(|monday| rules::week_end(*monday)) else { return Ok(HashMap::new()) };
    let capacities = capacities(db, people.iter().copied(), first, end).await?;
    let mut submitted: HashMap<(Uuid, NaiveDate), DateTime<Utc>> = HashMap::new();
    for some in people.chunks(AT_ONCE) {
        let sheets = timesheet::Entity::find()
            .filter(S::ResourceId.is_in(some.iter().map(|person| person.id)))
            .filter(S::WeekStartOn.between(first, to))
            .filter(S::SubmittedAt.is_not_null())
            .order_by_asc(S::Id);
        let sheets = sheets.all(db).await?.into_iter();
        submitted.extend(sheets.filter_map(|s| Some(((s.resource_id, s.week_start_on), s.submitted_at?))));
    }
    let of = |person: &resource::Model| {
        let week = |monday: &NaiveDate| {
            let capacity = capacities.get(&person.id);
            let minutes = capacity.zip(rules::week_end(*monday)).map(|(capacity, end)| capacity.sum(*monday, end));
            Some(Week {
                due_at: rules::due_at(*monday)?,
                has_capacity: minutes.is_some_and(|minutes| minutes > 0),
                submitted_at: submitted.get(&(person.id, *monday)).copied(),
            })
        };
        timeliness(mondays.iter().filter_map(week), now)
    };
    Ok(people.into_iter().map(|person| (person.id, of(person))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::load::{runs::expand, testing::Random};
    use super::*;

    #[test]
    fn runs_are_what_each_day_comes_to() {
        let mut random = Random(7);
        for _ in 0..2_000 {
            let span = random.span();
            let mut minutes: Vec<(NaiveDate, i64)> = vec![];
            let mut due = vec![0_u64; span.days()];
            for _ in 0..random.below(12) {
                let (day, worked) = (random.day(span.first() - chrono::Days::new(3), 50), random.below(600) + 1);
                // Some of it is reversed, so that nothing of it is left.
                let is_reversed = random.one_in(4);
                minutes.push((day, worked.into()));
                if is_reversed {
                    minutes.push((day, -i64::from(worked)));
                } else if span.first() <= day && day <= span.last() {
                    due[usize::try_from((day - span.first()).num_days()).expect("a place")] += u64::from(worked);
                }
            }
            let runs = worked_runs(span, minutes.iter().copied());
            assert_eq!(expand(span, &runs), due);
            assert!(runs.iter().all(|run| !run.is_empty() && span.first() <= run.from && run.to <= span.last()));
            assert!(runs.windows(2).all(|pair| pair[0].to < pair[1].from), "in order and apart");
            // In whatever order it was recorded.
            minutes.reverse();
            assert_eq!(worked_runs(span, minutes), runs);
        }
    }

    #[test]
    fn what_was_reversed_before_it_counted_is_nothing() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let span = Span::new(day("2026-03-02"), day("2026-03-08")).expect("a span");
        assert_eq!(worked_runs(span, [(day("2026-03-03"), -60)]), []);
        let run = Run { from: day("2026-03-03"), to: day("2026-03-04"), minutes: 60 };
        assert_eq!(worked_runs(span, [(run.to, 60), (run.from, 120), (run.from, -60)]), [run]);
    }
}
