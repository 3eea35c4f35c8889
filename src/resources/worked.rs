//! What people have worked, as figures read it: what is approved or posted counts, by resource and day, less what was reversed;
//! and when they handed their weeks in.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    time_entry::{self, Column as E},
    timesheet::{self, Column as S},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::load::{Run, Span, runs::compress};
use crate::error::Error;

/// States in which what is recorded counts as worked.
const WORKED: [&str; 2] = ["APPROVED", "POSTED"];
/// Ids in one condition.
const AT_ONCE: usize = 400;

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

/// What resources have worked on projects within a span, by resource, as far as it is not confidential: for figures that many
/// read.
pub async fn open_work(
    db: &impl ConnectionTrait,
    resources: &[Uuid],
    span: Span,
) -> Result<HashMap<Uuid, Vec<Run>>, Error> {
    let mut days: HashMap<Uuid, Vec<(NaiveDate, i64)>> = HashMap::new();
    for some in resources.chunks(AT_ONCE) {
        let rows = time_entry::Entity::find()
            .select_only()
            .columns([E::ResourceId, E::WorkOn, E::Minutes])
            .filter(E::ResourceId.is_in(some.iter().copied()))
            .filter(E::WorkOn.between(span.first(), span.last()))
            .filter(E::ItemId.is_not_null())
            .filter(E::IsRestricted.eq(false))
            .filter(E::State.is_in(WORKED));
        for (resource, day, minutes) in rows.into_tuple::<(Uuid, NaiveDate, i32)>().all(db).await? {
            days.entry(resource).or_default().push((day, minutes.into()));
        }
    }
    Ok(days.into_iter().map(|(resource, days)| (resource, worked_runs(span, days))).collect())
}

/// When the sheets of resources were submitted, by resource and the Monday of the week; those that are not are not in it.
pub async fn submissions(
    db: &impl ConnectionTrait,
    resources: &[Uuid],
    span: Span,
) -> Result<HashMap<(Uuid, NaiveDate), Option<DateTime<Utc>>>, Error> {
    let mut all = HashMap::new();
    for some in resources.chunks(AT_ONCE) {
        let sheets = timesheet::Entity::find()
            .filter(S::ResourceId.is_in(some.iter().copied()))
            .filter(S::WeekStartOn.between(span.first(), span.last()));
        let sheets = sheets.all(db).await?.into_iter();
        all.extend(sheets.map(|sheet| ((sheet.resource_id, sheet.week_start_on), sheet.submitted_at)));
    }
    Ok(all)
}

/// Whether time was recorded on a project and is not posted yet.
pub async fn has_open_time(db: &impl ConnectionTrait, project: Uuid) -> Result<bool, Error> {
    let open = time_entry::Entity::find().select_only().column(E::Id).filter(E::ItemId.eq(project));
    let open = open.filter(E::State.ne("POSTED")).limit(1);
    Ok(open.into_tuple::<Uuid>().one(db).await?.is_some())
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
