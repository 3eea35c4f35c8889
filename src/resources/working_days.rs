//! `workingDays`: what a calendar says of each day, by itself, its bases and their exceptions.

use chrono::NaiveDate;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{staff::calendars, worktime::calendar::Calendar};
use crate::{
    error::{Code, Error},
    graph::decl::{Answer, Asking, Price},
    kpi::answers::day,
    write::{Member, PlainType, Shape},
};

/// The most days that are told of at a time.
const MOST: i64 = 400;

/// The field of calendars.
pub fn answer() -> Answer {
    let member = |name, ty, doc| Member { name, ty, doc };
    Answer {
        name: "workingDays",
        doc: "When there is work on each day from one to another: at most 400 days. Exceptions that are archived are left out, and a calendar that is archived still says what it said.",
        args: vec![
            member("from", "LocalDate!", "The first day."),
            member("to", "LocalDate!", "The last day, itself too; not before the first."),
        ],
        ty: "[WorkingDay!]!",
        price: |question| {
            let days = question.day("from").zip(question.day("to")).map_or(0, |(from, to)| (to - from).num_days() + 1);
            let days = usize::try_from(days).unwrap_or(0);
            Price::of(question, question.parents.saturating_mul(days))
        },
        run,
    }
}

/// Its type.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![PlainType {
        name: "WorkingDay",
        doc: "What a calendar says of a day.",
        shape: Shape::Object(vec![
            member("on", "LocalDate!", "The day."),
            member("minutes", "Int!", "Its working minutes, 0 to 1,440; 0 is a day off."),
            member("times", "String!", "Its working times such as `08:00-12:00 13:00-17:00`; empty on a day off."),
        ]),
    }]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let no_days = || Error::new(Code::BadVariables, "`from` and `to` are days.");
        let (from, to) = day(asking, "from").zip(day(asking, "to")).ok_or_else(no_days)?;
        if to < from {
            return Err(Error::new(Code::BadVariables, "`to` comes before `from`."));
        }
        if (to - from).num_days() >= MOST {
            return Err(Error::new(Code::PageSizeTooLarge, format!("At most {MOST} days at a time.")));
        }
        let asked = asking.parents.unwrap_or_default().to_vec();
        let calendars = calendars(&asking.session.database.orm).await?;
        let of = |id: &Uuid| {
            let calendar = calendars.get(id).ok_or_else(|| Error::internal("a calendar without working time"))?;
            let days = from.iter_days().take_while(|on| *on <= to).map(|on| shown(calendar, on));
            Ok(days.collect::<Vec<_>>().into())
        };
        asked.iter().map(of).collect()
    }
    .boxed()
}

fn shown(calendar: &Calendar, on: NaiveDate) -> Json {
    let shifts = calendar.shifts(on);
    json!({ "on": on.to_string(), "minutes": shifts.minutes(), "times": shifts.to_string() })
}
