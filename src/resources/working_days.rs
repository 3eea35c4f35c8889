//! `workingDays`: what a calendar says of each day, by itself, its bases and their exceptions.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use entity::{calendar_exception, work_calendar};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    stored_time::{exception, week},
    worktime::calendar::{Calendar, Exception, Row, resolve},
};
use crate::{
    error::{Code, Error},
    graph::decl::{Answer, Asking},
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
        let calendars = calendars(asking).await?;
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

/// All calendars: each may be the base of any other.
async fn calendars(asking: &Asking<'_, '_>) -> Result<BTreeMap<Uuid, Arc<Calendar>>, Error> {
    let unread = || Error::internal("a calendar that cannot be read");
    let orm = &asking.session.database.orm;
    let rows = work_calendar::Entity::find().all(orm).await?;
    let exceptions = calendar_exception::Entity::find()
        .filter(calendar_exception::Column::ArchivedAt.is_null())
        .order_by_asc(calendar_exception::Column::CreatedAt)
        .order_by_asc(calendar_exception::Column::Id)
        .all(orm)
        .await?;
    let mut of: HashMap<Uuid, Vec<Exception>> = HashMap::new();
    for row in &exceptions {
        of.entry(row.calendar_id).or_default().push(exception(row).map_err(|_| unread())?);
    }
    let read = |row: &work_calendar::Model| {
        let exceptions = of.remove(&row.id).unwrap_or_default();
        Ok(Row { id: row.id, base: row.base_id, week: week(row).map_err(|_| unread())?, exceptions })
    };
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    resolve(rows).map_err(|_| unread())
}
